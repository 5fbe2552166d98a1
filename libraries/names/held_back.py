"""What holds a text back before it is public: numbers of people, and what reads like a person's name.

A text that names somebody goes on going around under the office's own title. What is found wrongly its author says to
be no name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from banshi import FieldProblem
from banshi.sdk.cases import personal_in
from names.finding import names_in
from names.sentences import say

_NUMBER = say("It is held back: a telephone, e-mail or document number is in it. Take it out.")
_NAME = "It is held back: {names} reads like a person's name. Take it out; if it is none, say so below."


def held_back(
    words: Mapping[str, Any], nobody: Collection[str], without: Collection[str] = ()
) -> Iterator[FieldProblem]:
    """Why texts are held back, each at its place in `words`, lists and objects within them too.

    `nobody` are words that read like a name and are none; `without` are members that aren't texts for people. What an
    address of the web says it says too.
    """
    for at, text in _texts(words, without):
        plain = unquote(text)
        if personal_in(plain):
            yield FieldProblem(at, _NUMBER, "personal")
        if names := "、".join(sorted(names_in(plain).difference(nobody))):
            yield FieldProblem(at, say(_NAME, names=names), "names-a-person")


def _texts(value: Any, without: Collection[str], pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text that people read, with its pointer."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping | list):
        for name, one in value.items() if isinstance(value, Mapping) else enumerate(value):
            if name not in without:
                yield from _texts(one, without, f"{pointer}/{name}")
