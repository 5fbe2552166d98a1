"""A server that is a provider: its calls fail on demand, and what is below /sandbox tells it what to do."""

from __future__ import annotations

import asyncio
import ssl
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from functools import cached_property, partial
from inspect import isawaitable
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar, cast

import orjson
from aiohttp import HttpVersion, web
from aiohttp.http import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from sandboxes.faults import Faults, is_of, of
from sandboxes.header_blocks import block
from sandboxes.http2 import Connection
from sandboxes.shares import Shares

F = TypeVar("F", bound=Faults)

#: What stands in for an answer where something between us and the provider gives it.
GARBAGE = b"<html><body>Please sign in to this network"

#: Seconds by which time may be moved at once: thirty years.
MAX_AHEAD_S = 1e9


class Clock:
    """Seconds since 1970 as the provider counts them, which a test moves on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Asked(NamedTuple):
    """What a control is given."""

    #: What stands behind its own path.
    below: str
    query: Mapping[str, str]
    body: bytes


Call = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

#: It answers a document, 200, or a response; what it raises as ValueError, TypeError or KeyError is the caller's fault.
Control = Callable[[Asked], Any]


class Sandbox(ABC, Generic[F]):
    """A provider on this machine.

    `PUT /sandbox/faults` sets every switch of its `Faults` (what is left out goes back to its default) and GET shows
    them; `POST /sandbox/clock` with `{"seconds": 3600}` lets time pass; `GET /sandbox/calls` counts what was called.
    """

    #: Bytes of a request that are read.
    MAX_REQUEST_BYTES: ClassVar[int] = 1 << 20

    def __init__(
        self, faults: F, host: str, port: int, *, tls: ssl.SSLContext | None = None, http2: bool = False
    ) -> None:
        """Port 0 takes any that is free; with `tls` it is https, and with `http2` a client may speak that as well."""
        self.faults, self.host, self.port, self.tls, self.http2 = faults, host, port, tls, http2
        self.clock, self.shares = Clock(), Shares()
        #: Calls by path and what became of them: the provider's code, or what a fault has put in its place.
        self.counted: Counter[tuple[str, int | str]] = Counter()

    @abstractmethod
    def calls(self) -> Mapping[str, Call]:
        """The provider's interfaces by path; with "/" at its end, all below it."""

    def controls(self) -> Mapping[str, Control]:
        """What is below /sandbox/, as "GET messages"; with "/" at its end, all below it."""
        return {
            "GET faults": lambda _: self.faults,
            "PUT faults": lambda asked: self.set_faults(type(self.faults).read(asked.body)),
            "POST clock": self._let_pass,
            "GET calls": lambda _: [{"path": at, "code": what, "count": n} for (at, what), n in self.counted.items()],
        }

    @abstractmethod
    def refused(self, code: int | str) -> web.StreamResponse:
        """The provider's answer of that code. Raises ValueError for one that it hasn't."""

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        made = partial(web.BaseRequest, loop=loop, client_max_size=self.MAX_REQUEST_BYTES)
        server = web.Server(self.serve, request_factory=made, access_log=None, handler_cancellation=True)
        # Handlers that hang on purpose must not hold up the end.
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        self._listener = await loop.create_server(
            self.protocol(server), self.host, self.port, ssl=self.tls, backlog=1024
        )
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        await self._runner.cleanup()

    def protocol(self, http1: Callable[[], asyncio.BaseProtocol]) -> Callable[[], asyncio.BaseProtocol]:
        """What speaks on a new connection."""
        if not self.http2:
            return http1
        import hpack  # noqa: F401 - what lacks is said at the start

        return lambda: Connection(self.respond, http1, self.MAX_REQUEST_BYTES)

    def set_faults(self, faults: F) -> None:
        """Raises ValueError for a path or a code that isn't there; then nothing has changed."""
        for switch, path in faults.paths():
            if not any(is_of(call, path) or is_of(path, call) for call in self._calls):
                raise ValueError(f"{switch}: {path} is no path of this provider: {', '.join(sorted(self._calls))}")
        for code in faults.codes.values():
            self.refused(code)
        # In place: whoever holds them sees what they are now.
        for one in fields(faults):
            setattr(self.faults, one.name, getattr(faults, one.name))

    # -- requests --------------------------------------------------------------------------------------------------

    @cached_property
    def _calls(self) -> Mapping[str, Call]:
        return self.calls()

    @cached_property
    def _controls(self) -> Mapping[str, Control]:
        return self.controls()

    def respond(self, connection: Connection, stream: int, headers: dict[str, str], body: bytes) -> None:
        """Answer a request of HTTP/2, sooner or later."""
        work = asyncio.create_task(self._respond(connection, stream, whole(connection, headers, body)))
        connection.tasks.add(work)
        work.add_done_callback(connection.tasks.discard)

    async def _respond(self, connection: Connection, stream: int, request: web.BaseRequest) -> None:
        try:
            response = cast("web.Response", await self.serve(request))
        except Exception:  # a mistake of the sandbox's own: nobody is to wait for an answer
            connection.transport.abort()
            raise
        head = block(response.status, tuple((str(name), value) for name, value in response.headers.items()))
        connection.answer(stream, head, cast("bytes", response.body or b""))
        connection.flush()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to a request."""
        path = request.path
        if path.startswith("/sandbox/"):
            return await self.control(request, f"{request.method} {path.removeprefix('/sandbox/')}")
        name = path if path in self._calls else of(self._calls, path)
        if name is None:
            return self.missing(request)
        fault = self.faults.at(path, self.shares)
        if fault.latency:
            await asyncio.sleep(fault.latency)
        if fault.instead:
            return await self._fail(request, name, fault.instead)
        if fault.code is None:
            response = await self._calls[name](request)
        else:
            self.counted[name, fault.code] += 1
            response = self.refused(fault.code)
        if fault.lose_answer:
            cut(request)
        return response

    async def _fail(self, request: web.BaseRequest, name: str, instead: int | str) -> web.StreamResponse:
        self.counted[name, instead] += 1
        if instead == "hang":
            await asyncio.get_running_loop().create_future()
        if instead == "cut":
            cut(request)
        else:
            await request.read()
        status = instead if isinstance(instead, int) else 200
        return web.Response(status=status, body=GARBAGE, content_type="text/html")

    async def control(self, request: web.BaseRequest, what: str) -> web.StreamResponse:
        """What is below /sandbox/, by its method and what stands behind that."""
        name = of(self._controls, what)
        if name is None:
            return self.missing(request)
        try:
            found = self._controls[name](Asked(what.removeprefix(name), request.query, await request.read()))
            found = await found if isawaitable(found) else found
        except (ValueError, TypeError, KeyError) as error:
            return answered({"detail": str(error)}, 400)
        return found if isinstance(found, web.StreamResponse) else answered({} if found is None else found)

    @staticmethod
    def missing(request: web.BaseRequest) -> web.Response:
        return answered({"detail": f"{request.method} {request.path} is no path of the sandbox"}, 404)

    def _let_pass(self, asked: Asked) -> None:
        seconds = float(orjson.loads(asked.body)["seconds"])
        if not -MAX_AHEAD_S <= seconds <= MAX_AHEAD_S:
            raise ValueError(f"seconds: at most {MAX_AHEAD_S:.0f} at once")
        self.clock.ahead += seconds


def whole(connection: Connection, headers: dict[str, str], body: bytes) -> web.BaseRequest:
    """A request of HTTP/2 as aiohttp has those of HTTP/1.1."""
    named = CIMultiDictProxy(CIMultiDict((name, value) for name, value in headers.items() if name[0] != ":"))
    method, path, none, loop = headers[":method"], headers[":path"], cast("Any", None), asyncio.get_running_loop()
    url = URL(path, encoded=True)
    message = RawRequestMessage(method, path, HttpVersion(2, 0), named, (), False, None, False, False, url)
    request = web.BaseRequest(message, none, cast("Any", connection), none, none, loop)
    request._read_bytes = body
    return request


def cut(request: web.BaseRequest) -> None:
    """End the connection: whatever is answered now reaches nobody."""
    if request.transport is not None:
        request.transport.abort()


def answered(document: Any, status: int = 200) -> web.Response:
    """A document as JSON; dataclasses by their fields, sets and named tuples as lists."""
    body = orjson.dumps(document, default=list)
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json; charset=UTF-8"})
