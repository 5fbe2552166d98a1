"""Structured logs: one JSON object a line on standard error, each with the request that it belongs to.

No personal data: a route is logged by its pattern, never by its path or query; a caller not at all; an exception by its
type and place, since its text may quote somebody.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import time
import traceback
import weakref
from collections.abc import Callable, Collection, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

#: The request that the present task works on.
REQUEST_ID: contextvars.ContextVar[str] = contextvars.ContextVar("banshi_request_id", default="")


class Output:
    """Standard error, whose reader may be gone: a line that can't be written must stop nobody's work."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: bytes) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(line)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


#: Where the lines of requests go; None until logs are configured, and where their level is not asked for.
_requests_to: Output | None = None


def configure(level: str = "info") -> None:
    """Send all logs, the libraries' too, to standard error as JSON lines."""
    global _requests_to
    number = logging.getLevelNamesMapping()[level.upper()]
    output = Output(sys.stderr.buffer)
    _requests_to = output if number <= logging.INFO else None
    structlog.configure(
        processors=[_line],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", output)),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    # Libraries speak only when something is wrong: their lower levels quote SQL with values.
    root.setLevel(max(number, logging.WARNING))
    logging.captureWarnings(True)


def request_log() -> Callable[[str, int, float], None]:
    """What an answered request is logged by: `say(operation, status, seconds)`.

    The lines of one turn of the event loop are made and written together, past structlog: one by one they are a fifth
    of what a read costs.
    """
    out = _requests_to
    if out is None:
        log = structlog.get_logger("banshi.web")
        return lambda operation, status, seconds: log.info("request", **_request(operation, status, seconds))
    waiting: list[tuple[float, str, str, int, float]] = []
    #: How the lines of an operation and a status begin.
    begins: dict[tuple[str, int], str] = {}

    def write() -> None:
        lines = []
        for at, identity, operation, status, seconds in waiting:
            begin = begins.get((operation, status))
            if begin is None:
                event = {"event": "request", "level": "info", "operation": operation, "status": status}
                begin = begins[operation, status] = _json(event).decode().rstrip("}")
            when = f"{_second(int(at))}.{int(at % 1 * 1_000_000):06}Z"
            lines.append(f'{begin},"ms":{seconds * 1000:.2f},"timestamp":"{when}","request":"{identity}"}}\n')
        waiting.clear()
        out.write("".join(lines).encode())
        out.flush()

    def say(operation: str, status: int, seconds: float) -> None:
        if not waiting:
            asyncio.get_running_loop().call_soon(write)
        waiting.append((time.time(), REQUEST_ID.get(), operation, status, seconds))

    return say


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


def _request(operation: str, status: int, seconds: float) -> dict[str, Any]:
    return {"operation": operation, "status": status, "ms": round(seconds * 1000, 2)}


def _json(event: Mapping[str, Any]) -> bytes:
    return orjson.dumps(event, default=repr, option=orjson.OPT_UTC_Z)


def place_of(error: BaseException) -> str:
    """Where an exception was raised, innermost first. Its text is left out: it may quote somebody."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def refusal_of(error: BaseException) -> dict[str, str]:
    """What kept a connection to another service from being made, for who operates it: `error`, and in a line `why`.

    Not for what may quote somebody: an answer to a request, a row of the database.
    """
    return {"error": type(error).__name__, "why": str(error).partition("\n")[0][:200]}


class Absence:
    """Says once that a service is away, and why, and once that it is back.

    Lines that name one of `errors` would say the same, and are left out meanwhile.
    """

    def __init__(self, log: FilteringBoundLogger, away: str, back: str, errors: Collection[str] = ()) -> None:
        self._log, self._said_away, self._said_back, self.errors = log, away, back, errors
        self.lasts = False

    def begin(self, error: BaseException) -> None:
        if not self.lasts:
            self._log.warning(self._said_away, **refusal_of(error))
            _lasting.add(self)
        self.lasts = True

    def end(self) -> bool:
        """Whether it was away until now."""
        was, self.lasts = self.lasts, False
        _lasting.discard(self)
        if was:
            self._log.info(self._said_back)
        return was


#: Those of this process, for as long as somebody has them.
_lasting: weakref.WeakSet[Absence] = weakref.WeakSet()


def _line(_: Any, level: str, event: MutableMapping[str, Any]) -> bytes:
    """An event as a line of JSON. One step in place of structlog's four: each request pays for it."""
    if _lasting and any(event.get("error") in one.errors for one in _lasting):
        raise structlog.DropEvent
    event["level"] = level
    event["timestamp"] = datetime.now(UTC)
    if identity := REQUEST_ID.get():
        event["request"] = identity
    return _json(event)


class _Bridge(logging.Handler):
    """Hands what libraries log to structlog, with the type of an exception in place of its text."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"library": record.name}
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = record.exc_info[0].__name__
        message = record.msg if record.args else record.getMessage().partition("\n")[0]
        if record.name == "py.warnings":
            # "file:line: Category: text", and the text may quote what a citizen sent.
            place, fields["error"] = [*record.getMessage().split(": "), ""][:2]
            message, fields["where"] = "a library warns", Path(place).name
        structlog.get_logger().log(record.levelno, str(message), **fields)
