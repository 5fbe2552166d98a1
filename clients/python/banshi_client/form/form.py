"""The form of an item or of an action, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from banshi_client.form.fields import Field, Group, fields_of, groups_of
from banshi_client.form.judging import Judge, Path, is_asked, is_text, referred
from banshi_client.form.numbers import STORED, closed, spelled, typed

#: The zone of the city's days, unless the app says another.
CITY = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of the answers: the keyword is the code, as in the platform's problem documents."""

    #: JSON Pointer into the answers.
    pointer: str
    code: str
    #: What the keyword says: a limit, a list of values, a format's name, the last day that is taken.
    says: Any = None
    #: What the author says of a pattern.
    hint: str = ""


def pointer(path: Path) -> str:
    """The JSON Pointer of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


class Form:
    """A served form. It is only read, and may be kept as long as its item's ETag holds."""

    def __init__(self, schema: Mapping[str, Any], city: ZoneInfo = CITY) -> None:
        self.schema = schema
        self._city = city

    def spelled(self, answers: Any, verified: str = "") -> Any:
        """The answers with each number as the platform stores it, however it was typed."""
        return self._spelled(self.schema, answers, verified)

    def problems(self, answers: Any, at: datetime | None = None, verified: str = "") -> list[Problem]:
        """Everything that the platform would find in the answers at a moment (now), each once.

        `verified` is the person's ID number as the identity provider has it: it is right whatever document it is of.
        """
        if not is_text(answers):
            return [Problem("", "invalid")]
        moment = (at or datetime.now(self._city)).astimezone(self._city)
        found = list(Judge(self.schema, moment, verified).problems(self.schema, self.spelled(answers, verified)))
        unasked = {one.path for one in found if one.code == "x-when"}
        told = [one for one in found if one.code != "falseSchema" or one.path not in unasked]
        by_place = {(one.path, one.code): one for one in reversed(told)}
        return [Problem(pointer(one.path), one.code, one.says, one.hint) for one in reversed(by_place.values())]

    def fields(self, answers: Mapping[str, Any]) -> list[Field]:
        """The fields that are asked now, by the answers so far, in the form's order."""
        return fields_of(self.schema, answers)

    def groups(self, answers: Mapping[str, Any]) -> list[Group]:
        """The same by their groups. A group in which nothing is asked now is not there."""
        return groups_of(self.schema, answers)

    def asked(self, answers: Any) -> Any:
        """The answers without what is not asked now: a choice that was changed leaves nothing behind."""
        return _asked(self.schema, answers)

    def _spelled(self, schema: Any, value: Any, verified: str) -> Any:
        if not isinstance(schema, dict):
            return value
        if "$id" in schema and schema is not self.schema:
            return Form(schema).spelled(value, verified)
        if isinstance(value, str) and (name := schema.get("format")) in STORED:
            own = name == "cn-resident-id" and verified and closed(typed(value)) == verified
            value = verified if own else spelled(name, value)
        elif isinstance(value, dict):
            value = {name: self._each(schema, name, held, verified) for name, held in value.items()}
        elif isinstance(value, list):
            first = schema.get("prefixItems", [])
            below = [first[place] if place < len(first) else schema.get("items") for place in range(len(value))]
            value = [self._spelled(one, held, verified) for one, held in zip(below, value, strict=True)]
        for other in _alike(self.schema, schema):
            value = self._spelled(other, value, verified)
        return value

    def _each(self, schema: Mapping[str, Any], name: str, value: Any, verified: str) -> Any:
        return self._spelled(
            schema.get("properties", {}).get(name, schema.get("additionalProperties")), value, verified
        )


def _alike(form: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Any]:
    """What else a schema says of the same value."""
    if "$ref" in schema:
        yield referred(form, schema["$ref"])
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(keyword, ())
    yield from (schema[keyword] for keyword in ("then", "else") if keyword in schema)


def _asked(schema: Any, answers: Any) -> Any:
    if isinstance(answers, list) and isinstance(schema, dict):
        return [_asked(schema.get("items"), one) for one in answers]
    if not isinstance(answers, dict) or not isinstance(schema, dict):
        return answers
    fields, left = schema.get("properties", {}), dict(answers)
    while gone := [name for name in left if not is_asked(schema, name, left)]:
        # One that goes may have been what another was asked for.
        left = {name: value for name, value in left.items() if name not in gone}
    return {name: _asked(fields.get(name), value) for name, value in left.items()}
