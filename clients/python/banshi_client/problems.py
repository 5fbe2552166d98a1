"""What went wrong, as typed errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field's problem as the platform tells it, in the reader's language."""

    pointer: str
    detail: str
    code: str


class ProblemError(Exception):
    """A problem document (RFC 9457) of the platform; an answer of a server on the way has no code."""

    def __init__(self, status: int, document: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(document.get("detail") or f"The platform answered {status}.")
        self.status = status
        #: Stable: `invalid-fields`, `action-not-permitted` …
        self.code = str(document.get("code", ""))
        self.problems = [
            FieldProblem(one["pointer"], one["detail"], one["code"]) for one in document.get("problems", ())
        ]
        self.document = document
        self.headers = headers

    def inside(self, part: str = "/answers") -> list[FieldProblem]:
        """The problems of a part of the body, with pointers into that part: those of `/answers` are the form's own."""
        own = [one for one in self.problems if one.pointer == part or one.pointer.startswith(f"{part}/")]
        return [replace(one, pointer=one.pointer.removeprefix(part)) for one in own]


class Unreachable(Exception):
    """Nobody answered, however often it was asked. What was sent may have arrived: send the same again."""
