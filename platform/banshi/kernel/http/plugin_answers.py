"""What a plugin's route may answer: so much as a process can hold for many at once, and a proxy passes on."""

from __future__ import annotations

from typing import Any

import structlog
from aiohttp import web

from banshi.foundation.errors import Problem
from banshi.foundation.logs import place_of
from banshi.kernel.contract.routes import Route
from banshi.kernel.http.dispatch import Handler
from banshi.kernel.runtime.mistakes import Mistake
from banshi.kernel.runtime.running import Platform

#: Bytes of an answer that is made in memory.
MAX_ANSWER_BYTES = 16 << 20

#: Bytes of an answer's headers: what nginx takes of them without being told to take more.
MAX_HEADERS_BYTES = 4_096

log = structlog.get_logger("banshi.web")


def bounded_route(platform: Platform, plugin: str, route: Route, handler: Handler) -> Handler:
    """The handler of a plugin's route, with what is wrong with its answer told to its author and nobody else."""

    async def bounded(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
            if isinstance(response, web.StreamResponse) and not response.prepared:
                _hold(response)
        except Mistake as mistake:
            code: Any = getattr(route.handler, "__code__", None)
            where = f"{code.co_filename}:{code.co_firstlineno}" if code else place_of(mistake)
            told = f"{route.method} {route.path} {mistake}"
            log.error("a plugin's route failed", plugin=plugin, operation=route.operation, mistake=told, where=where)
            problem = Problem()
            problem.members |= {"plugin": plugin, "mistake": told} if platform.settings.development else {}
            raise problem from None
        return response

    return bounded


def _hold(response: web.StreamResponse) -> None:
    """Raise Mistake for an answer that is too much."""
    body = getattr(response, "body", None)
    if isinstance(body, bytes | bytearray) and len(body) > MAX_ANSWER_BYTES:
        what = f"answers {len(body)} bytes, and {MAX_ANSWER_BYTES} at most are held in memory"
        raise Mistake(f"{what}: give it PAGE_PARAMETERS and page_answer, or answer with a SpooledAnswer")
    size = sum(len(f"{name}: {text}\r\n".encode()) for name, text in response.headers.items())
    if size > MAX_HEADERS_BYTES:
        longest = max(response.headers.items(), key=lambda one: len(one[1]))[0]
        what = f"answers headers of {size} bytes, and proxies pass on {MAX_HEADERS_BYTES}"
        raise Mistake(f"{what}: put what {longest} says into the body")
