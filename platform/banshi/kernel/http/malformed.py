"""What comes over a connection and can't be read as a request, or as JSON: answered as everything else, not repeated.

What comes too slowly to be one is waited for, and then the connection is closed.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from banshi.foundation import errors
from banshi.foundation.files.toml_and_json import json_fault
from banshi.kernel.http.responses import JSON, language_of, problem_reply
from banshi.kernel.sentences import say

log = structlog.get_logger("banshi.web")

TOO_LONG = say("The address or a header is longer than is read; an address has at most 8,190 bytes as it is sent.")

#: Seconds within which a request's line and headers have to be there, from the connection's beginning or, where there
#: were requests before it, from its own first byte.
HEAD_TIMEOUT_S = 15.0

#: The language that a request's head asks for, should the rest of it be unreadable.
SPOKEN = re.compile(rb"(?im)^accept-language:[ \t]*([^\r\n]{1,200})")

#: Deepest nesting of a JSON body; forms need a handful of levels.
MAX_JSON_DEPTH = 32


class Connection(web.RequestHandler):
    """One connection. aiohttp's own would answer in plain text, and log what came: a token, or a tip.

    It would also wait for an hour for a head that never ends, and whoever opens thousands of those leaves no connection
    to anybody else.
    """

    __slots__ = ("_awaited", "_head")

    _awaited: asyncio.TimerHandle | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._awaited, self._head = self._loop.call_later(HEAD_TIMEOUT_S, self._give_up), b""
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        known = self._request_count
        if self._awaited is not None or self._waiter is not None:
            self._head = ((self._head if self._awaited is not None else b"") + data)[:16_384]
        super().data_received(data)
        if self._request_count != known:
            self._stop_waiting()
        elif self._awaited is None and self._waiter is not None and data:
            # Nothing is under way: it is the beginning of a further request.
            self._awaited = self._loop.call_later(HEAD_TIMEOUT_S, self._give_up)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None

    def _give_up(self) -> None:
        self._awaited = None
        log.info("a request did not come to the end of its headers", seconds=HEAD_TIMEOUT_S)
        self.force_close()

    def handle_error(
        self, request: Any, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        if not isinstance(exc, HttpProcessingError) or request.writer.output_size:
            return super().handle_error(request, status, exc, message)
        log.info("a request can't be read", error=type(exc).__name__)
        spoken = SPOKEN.search(self._head)
        language = language_of(spoken[1].decode("latin-1") if spoken else None)
        reply = problem_reply(errors.MalformedRequest(TOO_LONG if isinstance(exc, LineTooLong) else None), language)
        reply.force_close()
        return reply


class Server(web.Server):
    """Every connection of a runner."""

    def __call__(self) -> Connection:
        return Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """aiohttp's runner, with connections of our own, whose requests `answer` answers."""

    def __init__(
        self, app: web.Application, answer: Callable[[Any], Awaitable[web.StreamResponse]], **kwargs: Any
    ) -> None:
        super().__init__(app, **kwargs)
        self._answer = answer

    async def _make_server(self) -> Server:
        made = await super()._make_server()
        return Server(
            self._answer,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
        )


def parse(raw: bytes, request: web.Request) -> dict[str, Any]:
    """One JSON object. Raises MalformedBody."""
    charset = (request.charset or "utf-8").lower()
    if charset not in {"utf-8", "utf8"}:
        raise errors.UnsupportedMediaType(say("Send the body in UTF-8."), accepted=[JSON])
    if not raw:
        raise errors.MalformedBody(say("The body is empty: send one JSON object."))
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        try:
            told = json_fault(raw.decode(), error.lineno, error.colno)
        except UnicodeDecodeError as other:
            wrong = say("The body is not JSON in UTF-8: byte {start} begins no character.", start=other.start)
            raise errors.MalformedBody(wrong) from None
        at, told = {"line": error.lineno, "column": error.colno}, told or say(error.msg)
        wrong = say("The body is not JSON in UTF-8, at line {line}, column {column}: {told}.", told=told, **at)
        raise errors.MalformedBody(wrong) from None
    if not isinstance(document, dict):
        raise errors.MalformedBody(say("The body has to be one JSON object."))
    # As deep as it is, so many brackets it has at least: most have fewer, and aren't walked through.
    if raw.count(b"{") + raw.count(b"[") > MAX_JSON_DEPTH and deeper(document, MAX_JSON_DEPTH):
        raise errors.MalformedBody(say("The body nests deeper than {levels} levels.", levels=MAX_JSON_DEPTH))
    if b"\\u0000" in raw and has_nul(document):
        raise errors.MalformedBody(say("The body has a NUL character (\\u0000), which can't be stored: leave it out."))
    _refuse_twins(raw, document)
    return document


def _refuse_twins(raw: bytes, document: Any) -> None:
    """Raise MalformedBody for an object that has a key twice: two readers would read two different things."""

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
            raise errors.MalformedBody(
                say("The body has the key {value!r} twice in one object: leave one of them out.", value=twice[:64])
            )
        return found

    # What most clients send is what we would write, so that nothing can be missing from it.
    if orjson.dumps(document) != raw:
        json.loads(raw, object_pairs_hook=distinct)


def deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value nests deeper than so many levels."""
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(deeper(part, levels - 1) for part in parts)


def has_nul(value: Any) -> bool:
    """Whether a NUL character is anywhere in a JSON value."""
    if isinstance(value, dict):
        return any(has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(has_nul, value))
    return isinstance(value, str) and "\0" in value
