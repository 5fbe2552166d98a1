"""Server-sent events: the head of such an answer, when to come back, and a reader that takes nothing any more."""

from __future__ import annotations

import asyncio
import random

from aiohttp import HttpVersion11, web

from banshi.kernel.contract.routes import EVENTS
from banshi.kernel.http.ready import GUARDED

#: Milliseconds after which a browser or app reconnects a broken stream: each stream is told another time in between,
#: so that ten thousand phones come back after a restart one by one and none waits behind all the others.
MIN_COMEBACK_MS, MAX_COMEBACK_MS = 1_000, 9_000

#: A proxy that gathers the answer would keep every event to itself.
HEADERS = {"Content-Type": EVENTS, "Cache-Control": "no-store", **GUARDED, "X-Accel-Buffering": "no"}


async def event_stream(request: web.Request) -> web.StreamResponse:
    """The answer whose head is sent, and whose body are server-sent events."""
    response = web.StreamResponse(headers=HEADERS)
    if request.version >= HttpVersion11:
        response.enable_chunked_encoding()
    await response.prepare(request)
    return response


def comeback() -> bytes:
    """The line that says when to come back after the stream broke."""
    return b"retry: %d\n\n" % random.randint(MIN_COMEBACK_MS, MAX_COMEBACK_MS)  # noqa: S311 - no secret


async def is_taken(request: web.Request, response: web.StreamResponse, data: bytes, seconds: float) -> bool:
    """Write to a stream; False where its reader takes nothing for so long and is cut: whoever is there comes back."""
    try:
        async with asyncio.timeout(seconds):
            await response.write(data)
    except TimeoutError:
        cut(request)
        return False
    return True


def cut(request: web.Request) -> None:
    """End a stream at once, whatever is still to be read of it."""
    if request.transport is not None:
        request.transport.abort()
