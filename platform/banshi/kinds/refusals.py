"""Refusals of the kinds that say what to do instead, in both languages: each is a class with its own code."""

from __future__ import annotations

from typing import Any, ClassVar

from banshi.foundation.errors import Conflict, Problem
from banshi.kinds.sentences import say


class InTwoLanguages(Problem):
    """A problem whose docstring is what is read in English."""

    #: The docstring, in Chinese.
    zh: ClassVar[str]
    says = say

    def __init__(self, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        """`members` fill the texts' braces and stand in the problem, but for those in two languages."""
        texts = {"en": " ".join((type(self).__doc__ or "").split()), "zh-CN": self.zh}
        filled = {
            language: text.format(**{name: _said(value, language) for name, value in members.items()})
            for language, text in texts.items()
        }
        told = {name: value for name, value in members.items() if not (isinstance(value, dict) and "zh-CN" in value)}
        super().__init__(filled, headers=headers, **told)


class Refused(InTwoLanguages, Conflict):
    """This can't be done now."""

    zh = "现在不能这样办理。"


def _said(value: Any, language: str) -> Any:
    return value[language] if isinstance(value, dict) and language in value else value
