"""What a maker's service asks of words: how long they may be in its own counting, and which it takes from nobody.

A text that doesn't fit is made to: nobody loses a message for a word of it. The inbox has it whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mobile_push.providers.provider import Push

if TYPE_CHECKING:
    import regex

#: A character as people see one: an emoji of several code points is never cut in two.
CHARACTER = r"\X"

#: Stands for what was cut off.
ELLIPSIS = "…"


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
        import regex  # which no start needs

        left, kept = most - self.count(ELLIPSIS), 0
        for found in regex.finditer(CHARACTER, text):
            left -= self.count(found.group())
            if left < 0:
                break
            kept = found.end()
        return f"{text[:kept].rstrip()}{ELLIPSIS}" if kept else ""
