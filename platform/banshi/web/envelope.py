"""What surrounds every request: its id, its log line, its metrics, and whatever went wrong as a problem document."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import Counter, Histogram
from tortoise.exceptions import DBConnectionError, OperationalError

from banshi import errors
from banshi.errors import Problem
from banshi.logs import REQUEST_ID, place_of
from banshi.replies import problem_reply
from banshi.runtime import Platform
from banshi.web.dispatch import ROUTE

log = structlog.get_logger("banshi.web")

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADER = "X-Request-ID"

#: A caller's own request id is kept if it looks like one.
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

#: What aiohttp's own refusals mean in ours.
REFUSALS: dict[int, type[Problem]] = {
    400: errors.MalformedBody,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
}


def envelope(platform: Platform) -> Any:
    """aiohttp's middleware around everything, unknown paths too."""
    names = ["operation", "method", "status"]
    requests = Counter("banshi_http_requests", "Requests by operation and status", names, registry=platform.metrics)
    seconds = Histogram("banshi_http_seconds", "Seconds to answer", ["operation"], registry=platform.metrics)
    meters: dict[tuple[str, str, int], tuple[Any, Any]] = {}
    # Unique between processes and restarts, and cheap: a random part for the process and a count.
    process, count = os.urandom(4).hex(), itertools.count(1)

    @web.middleware
    async def surround(request: web.Request, handler: Next) -> web.StreamResponse:
        started = time.perf_counter()
        given = request.headers.get(HEADER)
        identity = given if given and GIVEN_ID.match(given) else f"{process}-{next(count):x}"
        REQUEST_ID.set(identity)
        try:
            response = await handler(request)
            if not isinstance(response, web.StreamResponse):
                raise TypeError(f"a handler gave {type(response).__name__} in place of a response")
        except BaseException as error:  # a plugin's sys.exit would end the server; only a caller who left goes on
            caller = request.transport
            if _caller_left(error, caller):
                raise
            response = _told(error)
            if request.writer.output_size and caller is not None:
                # The answer has begun; a second one inside it would be read as more of the first.
                caller.abort()
        took = time.perf_counter() - started
        if not response.prepared:
            response.headers[HEADER] = identity
        route = request.get(ROUTE)
        operation = route.operation if route else "unknown"
        key = (operation, request.method if route else "", response.status)
        if key not in meters:
            meters[key] = (requests.labels(operation, key[1], response.status), seconds.labels(operation))
        meters[key][0].inc()
        meters[key][1].observe(took)
        log.info("request", operation=operation, status=response.status, ms=round(took * 1000, 2))
        return response

    return surround


def _caller_left(error: BaseException, caller: asyncio.Transport | None) -> bool:
    """Whether there is nobody to answer any more. A plugin can raise CancelledError just so: that is its own fault."""
    task = asyncio.current_task()
    cancelled = isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
    gone = isinstance(error, ConnectionError) and (caller is None or caller.is_closing())
    return cancelled or gone or isinstance(error, GeneratorExit)


def _told(error: BaseException) -> web.StreamResponse:
    """What the caller gets for whatever went wrong."""
    if isinstance(error, web.HTTPException):
        if error.status < 400:
            return error
        if cls := REFUSALS.get(error.status):
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
            return problem_reply(cls(headers=headers))
    if isinstance(error, Problem):
        try:
            return problem_reply(error)
        except TypeError as wrong:  # a plugin's problem has a member that is no JSON
            error = wrong
    return problem_reply(_unexpected(error))


def _unexpected(error: BaseException) -> Problem:
    """What the caller is told of an error that nobody foresaw; the log has its place, nobody gets its text."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return errors.StorageFull()
    where = place_of(error)
    if isinstance(error, DBConnectionError | OperationalError | ConnectionError | asyncio.TimeoutError):
        log.error("the database failed", error=type(error).__name__, where=where)
        return errors.Unavailable("The database does not answer.", headers={"Retry-After": "5"})
    log.error("unexpected error", error=type(error).__name__, where=where)
    return Problem()
