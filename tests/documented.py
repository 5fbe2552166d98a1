"""Every answer that any test gets has a status that the description of its route names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from banshi.builtin.openapi.document import statuses_of
from banshi.kernel.contract.routes import Route
from banshi.kernel.http import middleware
from banshi.kernel.http.dispatch import ROUTE
from banshi.kernel.runtime.running import Platform

#: What no description tells: a fault of ours or of a plugin's, a disk that is full, and a caller who has left.
OF_NO_ROUTE = frozenset({500, 507, middleware.CALLER_LEFT})

#: What a test got that its route's description doesn't name, as `POST /v1/cases: 418`.
UNDOCUMENTED: set[str] = set()

unwatched_envelope = middleware.envelope


def watched_envelope(platform: Platform) -> Callable[[web.Request, middleware.Next], Awaitable[web.StreamResponse]]:
    """`banshi.kernel.http.middleware.envelope`, with a look at each status."""
    surround = unwatched_envelope(platform)

    async def watched(request: web.Request, handler: middleware.Next) -> web.StreamResponse:
        response = await surround(request, handler)
        route: Route | None = request.get(ROUTE)
        if route is not None and response.status not in statuses_of(route) | OF_NO_ROUTE:
            UNDOCUMENTED.add(f"{route.method} {route.path}: {response.status}")
        return response

    return watched
