"""What a child's plugin logs and prints, sent to the platform's log: so many lines a second, none of them long."""

from __future__ import annotations

import io
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from banshi.builtin.isolation.protocol.frames import MAX_LINE_BYTES, packed

#: Lines a second that a child sends, and bytes; what is beyond is counted and told with the next.
MAX_LINES_PER_S, MAX_BYTES_PER_S = 100, 262_144

#: Characters of a text, fields of a line.
MAX_TEXT_SIGNS, MAX_FIELDS = 500, 20

#: Characters of its texts where a line with longer ones is no frame: with the last, any is.
TEXT_SIGNS_TRIED = (MAX_TEXT_SIGNS, 150, 40)


class Speaker:
    """Sends lines, from whichever thread; `send` takes a frame."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self.send = send
        self._lock = threading.RLock()
        self._second = self._said = self._sent = self._dropped = 0

    def say(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        with self._lock:
            now = int(time.monotonic())
            if now != self._second:
                self._second, self._said, self._sent = now, 0, 0
            self._said += 1
            if self._said > MAX_LINES_PER_S or self._sent > MAX_BYTES_PER_S - MAX_LINE_BYTES:
                self._dropped += 1
                return
            document: dict[str, Any] = {"is": "log", "level": level[:20], "event": event, "fields": fields}
            if self._dropped:
                document["dropped"] = self._dropped
            with suppress(OSError, TypeError, ValueError):  # a line that can't be sent must stop nobody's work
                frame = _fitting(document)
                self._dropped = 0
                self._sent += len(frame)
                self.send(frame)

    def structlog_line(self, _: Any, level: str, event: MutableMapping[str, Any]) -> str:
        """A structlog processor, the last one."""
        self.say(level, str(event.pop("event", "")), event)
        raise structlog.DropEvent


def _fitting(document: Mapping[str, Any]) -> bytes:
    """A line as a frame, its texts cut until it is one. Raises TypeError and ValueError for what can't be told."""
    fields = list(document["fields"].items())[:MAX_FIELDS]
    for longest in TEXT_SIGNS_TRIED[:-1]:
        with suppress(ValueError):
            return _cut(document, fields, longest)
    return _cut(document, fields, TEXT_SIGNS_TRIED[-1])


def _cut(document: Mapping[str, Any], fields: list[tuple[str, Any]], longest: int) -> bytes:
    told = {str(name)[:50]: _plain(value, longest) for name, value in fields}
    return packed({**document, "event": str(document["event"])[:longest], "fields": told}, MAX_LINE_BYTES)


def _plain(value: Any, longest: int) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    return str(value)[:longest]


class Bridge(logging.Handler):
    """The standard library's log; an exception by its type alone, since its text may quote somebody."""

    def __init__(self, speaker: Speaker) -> None:
        super().__init__()
        self._speaker = speaker

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info and record.exc_info[0]
        fields = {"logger": record.name, **({"error": error.__name__} if error else {})}
        message = record.getMessage().partition("\n")[0]
        self._speaker.say(record.levelname.lower(), message, fields)


class Printed(io.TextIOBase):
    """Standard output and error: what is printed there is a line of the log."""

    def __init__(self, speaker: Speaker) -> None:
        super().__init__()
        self._speaker = speaker
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, begun = (self._begun + text).split("\n")
        self._begun = begun[-MAX_TEXT_SIGNS:]
        for line in lines:
            if line.strip():
                self._speaker.say("info", line, {"printed": True})
        return len(text)


def speak_through(send: Callable[[bytes], object], level: str) -> Speaker:
    """Let structlog, the standard library's log and what is printed be sent; gives the one who sends."""
    speaker = Speaker(send)
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[speaker.structlog_line],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [Bridge(speaker)]
    root.setLevel(max(number, logging.WARNING))
    logging.captureWarnings(True)
    sys.stdout = sys.stderr = Printed(speaker)
    return speaker
