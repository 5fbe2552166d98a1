"""Refusals of the kinds that say what to do instead, in both languages: each is a class with its own code."""

from __future__ import annotations

from typing import Any, ClassVar

from banshi.foundation.errors import Conflict


class Refused(Conflict):
    """This can't be done now."""

    #: The docstring, in Chinese.
    zh: ClassVar[str] = "现在不能这样办理。"

    def __init__(self, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        """`members` fill the texts' braces and stand in the problem, but for those in two languages."""
        texts = {"en": (type(self).__doc__ or "").strip(), "zh-CN": self.zh}
        filled = {
            language: text.format(**{name: _said(value, language) for name, value in members.items()})
            for language, text in texts.items()
        }
        told = {name: value for name, value in members.items() if not (isinstance(value, dict) and "zh-CN" in value)}
        super().__init__(filled, headers=headers, **told)


def _said(value: Any, language: str) -> Any:
    return value[language] if isinstance(value, dict) and language in value else value
