"""What comes over a connection and can't be read as a request: answered as everything else, and not repeated."""

from __future__ import annotations

from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from banshi.errors import MalformedRequest
from banshi.replies import problem_reply

log = structlog.get_logger("banshi.web")

TOO_LONG = (
    "The address or a header is longer than is read; an address has at most 8,190 bytes, percent signs and digits of "
    "encoded characters included."
)


class Connection(web.RequestHandler):
    """One connection. aiohttp's own would answer in plain text, and log what came: a token, or a tip."""

    __slots__ = ()

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
    """aiohttp's runner, with connections of our own."""

    async def _make_server(self) -> Server:
        made = await super()._make_server()
        return Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
        )
