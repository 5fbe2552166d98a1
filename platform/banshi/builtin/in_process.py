"""What the API answers to a GET, for code of this process that speaks for somebody: the same handler answers it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from aiohttp import web
from yarl import URL

from banshi.foundation.errors import NotFound, Unauthenticated
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import WITHOUT_KEY, Audience, Call, Route
from banshi.kernel.http.dispatch import Query
from banshi.kernel.runtime.running import Platform


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a handler of a GET looks at in aiohttp's request."""

    rel_url: URL
    #: None of a caller's: the answer is whole, and in no encoding.
    headers: Mapping[str, str]
    remote: None = None
    scheme: str = "http"
    host: str = "localhost"

    @property
    def query_string(self) -> str:
        return self.rel_url.query_string

    @property
    def query(self) -> Mapping[str, str]:
        return self.rel_url.query


class ApiReader:
    """Reads what the API has at an address, such as one of the links of another answer."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._routes = [
            (re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)), route, Query(route.parameters))
            for _, route in platform.registry.routes
            if route.method == "GET"
        ]

    async def get(self, address: str, principal: Principal | None, language: str) -> Any:
        """The document at `/v1/…`. Raises what the route raises, and NotFound where none answers in JSON."""
        url = URL(address)
        matches = ((path.fullmatch(url.path), route, query) for path, route, query in self._routes)
        found, route, query = next((one for one in matches if one[0] is not None), (None, None, None))
        if found is None or route is None or query is None:
            raise NotFound
        caller = self._caller(route, principal)
        request = cast("web.Request", _Asked(url, {}))
        call = Call(
            self._platform, request, route, language, caller, found.groupdict(), query.read(request), {}, WITHOUT_KEY
        )
        body = getattr(await route.handler(call), "body", None)
        if not isinstance(body, bytes):
            raise NotFound
        return orjson.loads(body)

    def _caller(self, route: Route, principal: Principal | None) -> Principal | None:
        if route.audience is Audience.ANYONE:
            return None
        if principal is None or not route.audience.admits(principal):
            raise Unauthenticated
        return principal
