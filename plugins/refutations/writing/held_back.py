"""What holds a record back: numbers of people, and what reads like a person's name.

A claim that names somebody goes on going around under the department's own title. What is found wrongly its author says
to be no name, and the second person reads that as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from banshi import FieldProblem
from banshi.sdk.cases import personal_in
from names import names_in
from refutations.sentences import say

_NUMBER = say("It is held back: a telephone, e-mail or document number is in it. Take it out.")
_NAME = "It is held back: {names} reads like a person's name. Take it out; if it is none, say so below."


def personal_problems(words: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """Why an edition is held back, each at its place."""
    known = frozenset(words.get("names_nobody", ()))
    for at, text in _texts(words):
        if personal_in(text):
            yield FieldProblem(at, _NUMBER, "personal")
        if names := "、".join(sorted(names_in(text) - known)):
            yield FieldProblem(at, say(_NAME, names=names), "names-a-person")


def _texts(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text that people read, with its pointer."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping | list):
        for name, one in value.items() if isinstance(value, Mapping) else enumerate(value):
            if name not in ("names_nobody", "pictures", "checked_at", "url"):
                yield from _texts(one, f"{pointer}/{name}")
