"""What comes over a connection and can't be read as a request: answered as everything else, and not repeated.

What comes too slowly to be one is waited for, and then the connection is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from banshi.foundation.errors import MalformedRequest
from banshi.kernel.http.responses import problem_reply

log = structlog.get_logger("banshi.web")

TOO_LONG = (
    "The address or a header is longer than is read; an address has at most 8,190 bytes, percent signs and digits of "
    "encoded characters included."
)

#: Seconds within which a request's line and headers have to be there, from the connection's beginning or, where there
#: were requests before it, from its own first byte.
HEAD_TIMEOUT_S = 15.0


class Connection(web.RequestHandler):
    """One connection. aiohttp's own would answer in plain text, and log what came: a token, or a tip.

    It would also wait for an hour for a head that never ends, and whoever opens thousands of those leaves no connection
    to anybody else.
    """

    __slots__ = ("_awaited",)

    _awaited: asyncio.TimerHandle | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._awaited = self._loop.call_later(HEAD_TIMEOUT_S, self._give_up)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        known = self._request_count
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
        reply = problem_reply(MalformedRequest(TOO_LONG if isinstance(exc, LineTooLong) else None))
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
