"""Every answer that any test gets is one that the description of its route has: its status, its type and its body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import jsonschema_rs
import orjson
from aiohttp import web

from banshi.builtin.openapi.document import responses_of, statuses_of
from banshi.builtin.openapi.kinds import KIND_TYPES, named_schemas
from banshi.kernel.contract.routes import Route
from banshi.kernel.http import middleware
from banshi.kernel.http.dispatch import ROUTE
from banshi.kernel.http.ready import ReadyResponse
from banshi.kernel.http.responses import JSON, PROBLEM
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform

#: What no description tells: a fault of ours or of a plugin's, a disk that is full, and a caller who has left.
OF_NO_ROUTE = frozenset({500, 507, middleware.CALLER_LEFT})

#: What a test got that its route's description doesn't have, as `POST /v1/cases: 418`.
UNDOCUMENTED: set[str] = set()

#: Characters of what is told of one wrong body, and of its wrong members how many are told.
MAX_TOLD_CHARS, MAX_TOLD = 300, 3

#: Bytes of a body that is held to its schema: a whole city's description says nothing that a small one doesn't.
MAX_BODY_BYTES = 1_000_000

#: Of each of those below that many are kept at most.
MAX_KEPT = 10_000

Content = Mapping[str, jsonschema_rs.Draft202012Validator]

#: The schemas that others refer to, as JSON, by the registry's revision and kinds. What ids stand for is kept with it.
NAMED: dict[tuple[int, ...], tuple[Sequence[Any], bytes]] = {}
#: By route, status and what is referred to, which are kept, too.
CONTENT: dict[tuple[int, int, int], tuple[Route, bytes, Content]] = {}
#: Bodies that were right, by their hashes, each with what found it so: they are again.
RIGHT: set[tuple[jsonschema_rs.Draft202012Validator, int]] = set()

B = TypeVar("B", bound="dict[Any, Any] | set[Any]")

unwatched_envelope = middleware.envelope


def watched_envelope(platform: Platform) -> Callable[[web.Request, middleware.Next], Awaitable[web.StreamResponse]]:
    """`banshi.kernel.http.middleware.envelope`, with a look at each answer."""
    surround = unwatched_envelope(platform)

    async def watched(request: web.Request, handler: middleware.Next) -> web.StreamResponse:
        response = await surround(request, handler)
        route: Route | None = request.get(ROUTE)
        if route is None or response.status in OF_NO_ROUTE:
            return response
        told = f"{route.method} {route.path}: {response.status}"
        if response.status not in statuses_of(route):
            UNDOCUMENTED.add(told)
        elif request.method == route.method and not 300 <= response.status < 400:  # HEAD has no body, another place any
            UNDOCUMENTED.update(f"{told}: {wrong}" for wrong in _faults(platform.registry, route, response))
        return response

    return watched


def _faults(registry: Registry, route: Route, response: web.StreamResponse) -> Iterator[str]:
    """What of a whole answer is not as its description says."""
    media_type, body = _sent(response)
    # In pieces, too large, or what a standard's own words failed to say.
    if not isinstance(body, bytes) or len(body) > MAX_BODY_BYTES or (media_type == PROBLEM and route.errors):
        return
    content = _content(registry, route, response.status)
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*") if body else ()
    validator = next((content[one] for one in ranges if one in content), None)
    if validator is None:
        if body or JSON in content:
            yield f"{media_type if body else 'nothing'} in place of {', '.join(content) or 'nothing'}"
    elif media_type.endswith("json") and (validator, hash(body)) not in RIGHT:
        wrong = list(validator.iter_errors(orjson.loads(body)))
        if not wrong:
            _bounded(RIGHT).add((validator, hash(body)))
        for error in wrong[:MAX_TOLD]:
            yield f"/{'/'.join(map(str, error.instance_path))}: {error.message}"[:MAX_TOLD_CHARS]


def _content(registry: Registry, route: Route, status: int) -> Content:
    """The media types that a route's description has for a status, each with what checks a body."""
    kinds = [*registry.kinds.values(), *(one.details for _, one in registry.offered(KIND_TYPES))]
    made_of = (registry.revision, *map(id, kinds))
    if made_of not in NAMED:
        _bounded(NAMED)[made_of] = kinds, orjson.dumps(named_schemas(registry))
    named = NAMED[made_of][1]
    key = (id(route), status, id(named))
    if key not in CONTENT:
        told = responses_of(route)[str(status)].get("content", {}).items()
        found = {name.partition(";")[0]: _validator(named, orjson.dumps(one["schema"])) for name, one in told}
        _bounded(CONTENT)[key] = route, named, found
    return CONTENT[key][2]


def _bounded(kept: B) -> B:
    """What is kept for the next answers, emptied once it is large."""
    if len(kept) > MAX_KEPT:
        kept.clear()
    return kept


def _sent(response: web.StreamResponse) -> tuple[str, Any]:
    """The media type and the body, where it is not sent in pieces; an answer that is ready stays so."""
    if isinstance(response, ReadyResponse):
        return response._answer.headers["Content-Type"], response._answer.body
    if isinstance(response, web.Response):
        return response.content_type, response.body or b""
    return response.content_type, None


@lru_cache(maxsize=10_000)
def _validator(named: bytes, schema: bytes) -> jsonschema_rs.Draft202012Validator:
    whole = {"components": {"schemas": orjson.loads(named)}, **orjson.loads(schema)}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
