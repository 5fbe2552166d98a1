"""Answers held against JSON Schema 2020-12: every problem at once, each with the JSON Pointer of its field.

A form is declared as a schema, or as a pydantic model whose schema is published. Its two readers are citizens, whose
problems are told in zh-CN or en and never repeat what they entered, and authors, who learn at start-up what is wrong
with a schema and where.

An answer comes from anybody and a schema from any integrator, so neither may cost more than it says: patterns run in
linear time, a schema can't reach outside itself, can't refer to itself and can't unfold without end, and only so many
problems are looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from banshi.forms.days import HANDED_IN, LIMITS
from banshi.forms.models import close, model_reader, words_reader
from banshi.forms.places import Place, is_verified, places_in, spelled_in
from banshi.forms.pointing import worded
from banshi.forms.rules import copied, faults_of, word_faults
from banshi.forms.schemas import compiled, schema_reader
from banshi.forms.vocabulary.conditions import compiled_in
from banshi.forms.vocabulary.served import Choices, described
from banshi.forms.vocabulary.texts import taken_out
from banshi.forms.words import Found, Path, Reader, say
from banshi.foundation.errors import FieldProblem, InvalidFields

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import TypeAdapter

__all__ = ["MOST_PROBLEMS", "Form"]

#: Problems that one answer lists; the reader has to send it again anyway.
MOST_PROBLEMS = 100


class Form:
    """What an item asks for. Made once at start-up by `from_schema` or `from_model`, then only read."""

    __slots__ = ("_is_right", "_places", "_read", "_schema", "_takes_files", "_told_in")

    def __init__(
        self,
        schema: Mapping[str, Any],
        read: Reader | None,
        places: Place | None = None,
        is_right: Callable[[Any], bool] | None = None,
    ) -> None:
        self._schema = schema
        self._read = read
        #: What knows right answers before anybody looks for what is wrong with them, once there is a reader.
        self._is_right = is_right
        #: Where it asks for numbers, known once there is a reader.
        self._places = places
        #: What was described, by language and shape.
        self._told_in: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._takes_files: bool | None = None

    @classmethod
    def from_schema(cls, schema: Mapping[str, Any]) -> Form:
        """The form that a JSON Schema 2020-12 describes.

        `format` is asserted. `x-pattern-hint` beside a `pattern`, a sentence or {"zh-CN": …, "en": …}, is what a
        citizen reads when the pattern isn't met. `x-not-before`, `x-not-after` and `x-in-order` limit days, as
        `banshi.forms.days` says; `x-when` says where a field is asked. docs/forms.md has all such words. Raises
        ValueError with every fault and its place in the schema; a `$ref` has to stay inside the schema ("#/$defs/…")
        and may not lead back to itself, and nothing is ever fetched.
        """
        own, faults = taken_out(copied(schema))
        if faults := faults or faults_of(own):
            raise ValueError("; ".join(faults))
        own = compiled_in(own)
        try:
            validator = compiled(own)
        except ValueError as error:
            raise ValueError(f"#: the schema can't be compiled: {str(error).splitlines()[0]}") from error
        return cls(own, schema_reader(own, validator), places_in(own), validator.is_valid)

    @classmethod
    def checked(cls, schema: Mapping[str, Any]) -> Form:
        """The form of a schema that `from_schema` has taken before: compiled when the first answers come."""
        return cls(schema, None)

    def _reader(self) -> Reader:
        if self._read is None:
            self._places = places_in(self._schema)
            validator = compiled(self._schema)
            self._read, self._is_right = schema_reader(self._schema, validator), validator.is_valid
        return self._read

    def _answers(self, answers: Any, verified: str, at: datetime | None) -> tuple[Any, Sequence[Found]]:
        answers, read, outer = self.spelled(answers, verified), self._reader(), HANDED_IN.set(at)
        try:
            with suppress(ValueError):  # the reader says what is wrong
                if self._is_right is not None and self._is_right(answers):
                    return answers, ()
            value, found = read(answers)
        finally:
            HANDED_IN.reset(outer)
        if found and verified:
            found = [one for one in found if not is_verified(one, answers, verified)]
        return value, found

    @classmethod
    def from_model(cls, model: Any) -> Form:
        """The form that a pydantic model, or any type that pydantic's TypeAdapter takes, describes.

        Answers are validated by the model alone, strictly, so that what is published is what is accepted; its schema
        is for publishing. Unknown fields are refused unless the model's own `extra` says otherwise. What limits a
        day stands in `json_schema_extra`, and is held to as in a schema. Raises ValueError for a type that pydantic
        can't read or publish, and for a limit that is none.
        """
        from pydantic import PydanticUserError, TypeAdapter  # a quarter of a second that schemas don't need

        try:
            adapter: TypeAdapter[Any] = TypeAdapter(model)
            schema = adapter.json_schema()
        except PydanticUserError as error:
            name = getattr(model, "__qualname__", repr(model))
            raise ValueError(f"{name} can't be read as a form: {str(error).splitlines()[0]}") from error
        schema, faults = taken_out(schema)
        if faults := faults + word_faults(schema):
            raise ValueError("; ".join(faults))
        closed, schema = close(model, schema), compiled_in(schema)
        places, words = places_in(schema), words_reader(schema)
        return cls(schema, model_reader(adapter, places, closed=closed, words=words), places)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The form as plain JSON Schema 2020-12, whose words in other languages stand beside it.

        `title` and `description` are in Chinese, and all their languages in `x-texts`; choices are an `enum`, and their
        words in `x-words`. It is shared: copy it before changing anything. `described` is what readers get.
        """
        return self._schema

    @property
    def takes_files(self) -> bool:
        """Whether one of its fields is a file."""
        if self._takes_files is None:
            self._takes_files = b'"x-attachment"' in orjson.dumps(self._schema)
        return self._takes_files

    def described(self, language: str, choices: Choices = "oneOf") -> Mapping[str, Any]:
        """The form in one language as plain JSON Schema 2020-12, its limits of days in words too. It is shared.

        A choice is a `oneOf` of `const` and `title`; with `choices="enum"` an `enum` with `x-enum-descriptions`.
        """
        told: Mapping[str, Any] | None = self._told_in.get((language, choices))
        if told is None:
            told = self._told_in[language, choices] = described(self._schema, language, choices)
        return told

    def spelled(self, answers: Any, verified: str = "") -> Any:
        """The answers with each number as it is stored, however it was typed: "+86 138-0000-0000" as 13800000000.

        What `problems` and `check` judge, and what is to be kept of answers. A number that is none stays as it is.
        `verified` is the ID number of whoever answers, as `Principal.resident_id` has it: where an ID number is asked
        for, it is right whatever document it is of.
        """
        self._reader()
        return answers if self._places is None else spelled_in(self._places, answers, verified)

    def problems(
        self, answers: Any, language: str = "en", verified: str = "", *, at: datetime | None = None, before: Any = None
    ) -> tuple[FieldProblem, ...]:
        """Everything that is wrong, at most `MOST_PROBLEMS` and then one that says so; empty if all is well.

        `at` is when the answers were handed in, in the city's zone (`platform.city_time()`): from its day the limits of
        days are counted. Without it they are counted from this machine's day. `before` are answers that were taken
        earlier and are corrected by these: a day that stands there too was right when it was handed in, and is not
        refused because another day has come.

        `code` is the JSON Schema keyword ("required", "pattern", …). Beyond those there are "invalid" and whatever
        codes a model's author raised, "nesting", "tooLarge" and "truncated".
        """
        found = self._answers(answers, verified, at)[1]
        if before is not None:
            found = [one for one in found if one.code not in LIMITS or not _alike(answers, before, one.path)]
        return self._told(found, language)

    def check(self, answers: Any, language: str = "en", *, at: datetime | None = None) -> Any:
        """The answers as the handler gets them: a model's instance, or what came in `spelled`. Raises InvalidFields."""
        value, found = self._answers(answers, "", at)
        if found:
            raise InvalidFields(self._told(found, language))
        return value

    def _told(self, found: Sequence[Found], language: str) -> tuple[FieldProblem, ...]:
        told = list(dict.fromkeys(say(worded(self._schema, one), language) for one in found[: MOST_PROBLEMS * 2]))
        if len(told) > MOST_PROBLEMS or len(found) > MOST_PROBLEMS * 2:
            told[MOST_PROBLEMS:] = [say(Found((), "truncated", MOST_PROBLEMS), language)]
        return tuple(told)


def _alike(answers: Any, before: Any, path: Path) -> bool:
    """Whether both have the same at one place."""
    try:
        for part in path:
            answers, before = answers[part], before[part]
    except (LookupError, TypeError):
        return False
    return bool(answers == before)
