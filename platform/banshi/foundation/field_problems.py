"""One thing wrong with one field, held to what can be sent and read from the moment on that it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from banshi.foundation.sentences import say
from banshi.foundation.texts import bounded, spoken

#: Characters of what is said of one field.
LONGEST_FIELD_DETAIL = 1_000

#: Fields that one problem names; the reader has to send it all again anyway.
MOST_FIELD_PROBLEMS = 100

#: Characters of a pointer, and of a field problem's code.
LONGEST_POINTER, LONGEST_CODE = 1_000, 64


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field of a submitted document.

    What is too long in it is cut, and what is no text is left out.
    """

    #: JSON Pointer (RFC 6901) of the field; "" is the whole document.
    pointer: str
    #: What is wrong and what would be right, in one sentence: a text, or {"zh-CN": …, "en": …}.
    detail: str | Mapping[str, str]
    #: Stable word for programs: the JSON Schema keyword, or a plugin's own.
    code: str = "invalid"

    def __post_init__(self) -> None:
        code = bounded(self.code, LONGEST_CODE) if isinstance(self.code, str) else ""
        object.__setattr__(self, "pointer", _shortened(self.pointer))
        detail = bounded(self.detail, LONGEST_FIELD_DETAIL) or say("This is not valid.")
        object.__setattr__(self, "detail", detail)
        object.__setattr__(self, "code", code or "invalid")

    def document(self, language: str = "en") -> dict[str, str]:
        """As it stands in a problem document."""
        return {"pointer": self.pointer, "detail": spoken(self.detail, language), "code": self.code}


def _shortened(pointer: object) -> str:
    """A pointer that can be sent; its parent's, where a name makes it absurdly long."""
    if not isinstance(pointer, str):
        return ""
    if len(pointer) > LONGEST_POINTER:
        pointer = pointer[: LONGEST_POINTER + 1].rpartition("/")[0]
    return pointer.encode("utf-8", "replace").decode()


def few(problems: Iterable[FieldProblem]) -> tuple[FieldProblem, ...]:
    """So many as one problem names, and then one that says that there are more."""
    found = tuple(islice(problems, MOST_FIELD_PROBLEMS + 1))
    if len(found) > MOST_FIELD_PROBLEMS and found[-1].code != "truncated":
        more = say("There are more problems; these are the first {most}.", most=MOST_FIELD_PROBLEMS)
        return (*found[:MOST_FIELD_PROBLEMS], FieldProblem("", more, "truncated"))
    return found
