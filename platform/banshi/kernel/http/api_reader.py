"""The API, asked by code of this process that speaks for somebody: the same handlers answer it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast
from urllib.parse import unquote

import orjson
from aiohttp import MultipartReader, StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from multidict import CIMultiDict
from yarl import URL

from banshi.foundation.errors import NotFound, Problem, Unauthenticated
from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import WITHOUT_KEY, Audience, Call, Route
from banshi.kernel.http.dispatch import SPOKEN_FOR, Handler, Query, endpoint
from banshi.kernel.http.idempotency import HEADER
from banshi.kernel.http.responses import JSON
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say

#: Bytes that a body's stream takes at once; nothing waits behind it.
STREAM_BYTES = 2**20


@dataclass
class _Sent:
    """What the way of a request looks at in aiohttp's, of one with or without a body."""

    method: str
    rel_url: URL
    #: Without any of a caller's the answer is whole, and in no encoding.
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytes = b""
    match_info: Mapping[str, str] = field(default_factory=dict)
    remote: str | None = None
    scheme: str = "http"
    host: str = "localhost"
    #: JSON is in UTF-8.
    charset: None = None
    state: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path, self.query_string, self.query = self.rel_url.path, self.rel_url.query_string, self.rel_url.query
        self.body_exists, self.content_length = bool(self.body), len(self.body)
        self.content_type = self.headers.get("Content-Type", "application/octet-stream").partition(";")[0]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.state[key] = value

    def get(self, key: Any, default: Any = None) -> Any:
        return self.state.get(key, default)

    @cached_property
    def content(self) -> StreamReader:
        loop = asyncio.get_running_loop()
        stream = StreamReader(BaseProtocol(loop), STREAM_BYTES, loop=loop)
        stream.feed_data(self.body)
        stream.feed_eof()
        return stream

    async def multipart(self) -> MultipartReader:
        return MultipartReader(self.headers, self.content)


class AsBefore(Problem, status=409, code="conflict"):
    """This was refused before, and so it is again."""

    says = say


class ApiReader:
    """Asks the API at an address, such as one of the links of another answer."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        #: By the verb: each route with its path, its query, and its way of a request once that was gone.
        self._routes: dict[str, list[tuple[re.Pattern[str], Route, Query]]] = {}
        for _, route in platform.registry.routes:
            path = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path))
            self._routes.setdefault(route.method, []).append((path, route, Query(route.parameters)))
        self._ways: dict[str, Handler] = {}

    async def get(self, address: str, principal: Principal | None, language: str) -> Any:
        """The document at `/v1/…`. Raises what the route raises, and NotFound where none answers in JSON."""
        url = URL(address)
        route, query, names = self._found("GET", url.raw_path)
        unnamed = principal is None and route.unnamed_at is not None and route.unnamed_at(names)
        caller = None if unnamed else self._caller(route, principal)
        request = cast("web.Request", _Sent("GET", url))
        call = Call(self._platform, request, route, language, caller, names, query.read(request), {}, WITHOUT_KEY)
        body = getattr(await route.handler(call), "body", None)
        if not isinstance(body, bytes):
            raise NotFound
        return orjson.loads(body)

    async def post(self, address: str, principal: Principal | None, language: str, body: Any, *, key: str = "") -> Any:
        """Send JSON to `/v1/…`, as `send` does; the document that answers."""
        answer: Any = await self.send("POST", address, principal, language, body, key=key)
        return orjson.loads(answer.body)

    async def send(
        self,
        method: str,
        address: str,
        principal: Principal | None,
        language: str,
        body: Any = None,
        *,
        media_type: str = JSON,
        key: str = "",
        sender: str | None = None,
    ) -> web.StreamResponse:
        """Send something to `/v1/…`, checked and counted as any request is; the answer, as the route gives it.

        Args:
            body: JSON, or the bytes of another media type.
            key: The Idempotency-Key, where there is one.
            sender: The address that counts for whoever says no name.

        Raises what the route raises.
        """
        url = URL(address)
        route, _, names = self._found(method, url.raw_path)
        headers = CIMultiDict({"Accept-Language": language} | ({HEADER: key} if key else {}))
        raw = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        if body is not None:
            headers["Content-Type"] = media_type
        sent = _Sent(method, url, headers, raw, names, sender)
        if principal is not None:
            # As with a token: where others need none, whoever has a name isn't taken for one of them.
            sent[SPOKEN_FOR], headers["Authorization"] = principal, ""
        way = self._ways.setdefault(route.operation, endpoint(self._platform, route))
        answer = await way(cast("web.Request", sent))
        if answer.status >= 400:
            told = orjson.loads(cast("bytes", getattr(answer, "body", None)) or b"{}")
            raise AsBefore({language: str(told.get("detail", ""))}, problems=told.get("problems", ()))
        return answer

    async def follow(self, call: Call, address: str, principal: Principal) -> web.StreamResponse:
        """Let a request of theirs be answered live, as `address` answers; raises what the route raises."""
        url = URL(address)
        route, query, names = self._found("GET", url.raw_path)
        asked, caller = query.read(cast("web.Request", _Sent("GET", url))), self._caller(route, principal)
        return await route.handler(replace(call, route=route, caller=caller, path=names, query=asked))

    def _found(self, method: str, path: str) -> tuple[Route, Query, Mapping[str, str]]:
        for pattern, route, query in self._routes.get(method, ()):
            if found := pattern.fullmatch(path):
                # As on the way from outside: a name may have a slash in it.
                return route, query, {name: unquote(one) for name, one in found.groupdict().items()}
        raise NotFound

    def _caller(self, route: Route, principal: Principal | None) -> Principal | None:
        if route.audience is Audience.ANYONE:
            return None
        if principal is None or not route.audience.admits(principal):
            raise Unauthenticated
        return principal


#: Asks the API of this platform, for whoever is meant.
READER: Key[ApiReader] = Key("the reader of the API")
