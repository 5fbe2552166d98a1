"""What a plugin's child says, in the platform's log: data of a stranger's, and so many bytes of it a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog
from prometheus_client import Counter

log = structlog.get_logger("banshi.isolation")

#: Characters of a text in its lines, fields of one.
MAX_TEXT_SIGNS, MAX_FIELDS = 500, 20

#: Bytes of a line that are the log's own: time, level, which plugin.
LINE_BYTES = 150

#: Levels that a child's lines may have; anything else is an error.
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Heard:
    """One plugin's lines, whichever of its children sends them; `budget` is bytes a minute."""

    def __init__(self, plugin: str, budget: int, cut: Counter, clock: Callable[[], float] = time.monotonic) -> None:
        self.plugin, self._budget, self._cut, self._clock = plugin, budget, cut.labels(plugin), clock
        self._minute = self._written = self._dropped = 0

    def take(self, document: Mapping[str, Any]) -> None:
        """Write one line, or count it. Raises KeyError, TypeError and ValueError for what no child of ours sends."""
        said, fields = text(document["event"], MAX_TEXT_SIGNS), _fields(document["fields"])
        level = LEVELS.get(document["level"], LEVELS["error"])
        sent_less = document.get("dropped")
        self._dropped += sent_less if isinstance(sent_less, int) and 0 < sent_less < 2**31 else 0
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute, self._written = minute, 0
        fits = self._written <= self._budget
        self._written += LINE_BYTES + len(orjson.dumps((said, fields)))
        if self._written <= self._budget:
            if self._dropped:
                fields["lines_dropped"], self._dropped = self._dropped, 0
            log.log(level, "plugin says", plugin=self.plugin, said=said, fields=fields)
            return
        self._dropped += 1
        self._cut.inc()
        if fits:
            which = {"plugin": self.plugin, "limits.log": self._budget}
            log.warning("a plugin says too much: its lines are cut for the rest of the minute", **which)


def text(value: Any, longest: int) -> str:
    """A child's text, cut. Raises ValueError for what is none: to make one of it may take long."""
    if not isinstance(value, str):
        raise ValueError("no text")
    return value[:longest]


def _fields(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or len(given) > MAX_FIELDS:
        raise ValueError("no fields")
    plain = bool | int | float | None
    return {n[:50]: value if isinstance(value, plain) else text(value, MAX_TEXT_SIGNS) for n, value in given.items()}
