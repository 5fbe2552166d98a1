"""What a maker's service asks of words: how long they may be in its own counting, and which it takes from nobody.

A text that doesn't fit is made to: nobody loses a message for a word of it. The inbox has it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import regex

from mobile_push.providers.provider import Push
from mobile_push.screen.presentation import Kind

#: A character as people see one: an emoji of several code points is never cut in two.
CHARACTER = regex.compile(r"\X")

#: Stands for what was cut off.
ELLIPSIS = "…"


def utf8(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode())


def utf16(text: str) -> int:
    """Units of UTF-16, as services in Java count characters."""
    return len(text.encode("utf-16-le")) // 2


class TextRules(NamedTuple):
    """What a service takes of a title and a body."""

    #: Lengths at most, as `count` counts; None for any.
    title: int | None = None
    body: int | None = None
    #: Counts a text as the service does; `len` counts code points.
    count: Callable[[str], int] = len
    #: What it takes in no text.
    forbidden: regex.Pattern[str] | None = None
    #: What is shown in place of a title of which nothing may stay.
    instead: str = "新消息"

    def fitted(self, push: Push) -> Push:
        """The push with a title and a body that the service takes."""
        title = self._fit(push.title, self.title) or self._fit(self.instead, self.title)
        return push._replace(title=title, body=self._fit(push.body, self.body))

    def _fit(self, text: str, most: int | None) -> str:
        """The text without what is forbidden, and cut behind a whole character where it is too long."""
        if self.forbidden is not None:
            text = " ".join(self.forbidden.sub("", text).split())
        if most is None or self.count(text) <= most:
            return text
        left, kept = most - self.count(ELLIPSIS), 0
        for found in CHARACTER.finditer(text):
            left -= self.count(found.group())
            if left < 0:
                break
            kept = found.end()
        return f"{text[:kept].rstrip()}{ELLIPSIS}" if kept else ""


@dataclass(frozen=True, kw_only=True)
class Classes:
    """How a maker's service classes messages, by kind: what it has granted the app (`….settings.<provider>.classes`).

    A class's keys are the service's own (`category`, `template_id`, `channel_id` …), and are sent as they stand here.
    """

    case: Mapping[str, str] = field(default_factory=dict)
    notice: Mapping[str, str] = field(default_factory=dict)
    alert: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: Kind) -> Mapping[str, str]:
        """The class of messages of that kind; empty where nothing was granted."""
        found: Mapping[str, str] = getattr(self, kind)
        return found

    def check(self, keys: Mapping[str, Callable[[str], bool]]) -> None:
        """Raise ValueError for a key that isn't among `keys`, and for a value that its check does not take."""
        for kind in ("case", "notice", "alert"):
            for key, value in self.of(kind).items():
                if key not in keys:
                    raise ValueError(f"classes.{kind}.{key} is none of this service's keys: {', '.join(sorted(keys))}")
                if not keys[key](value):
                    raise ValueError(f"classes.{kind}.{key} is {value[:60]!r}, which this service has not; mend it")
