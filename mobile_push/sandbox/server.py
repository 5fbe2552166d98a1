"""What the sandboxes have in common: a server on this machine with paths of its own, and failures on demand."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Generic, Self, TypeVar

import orjson
from aiohttp import web

from mobile_push.sandbox.behaviour import Switches
from mobile_push.sandbox.shares import Shares

B = TypeVar("B", bound=Switches)

#: Messages that are kept to be looked at; the counts go on beyond. And those that one answer shows.
MAX_MESSAGES_KEPT, MAX_MESSAGES_SHOWN = 100_000, 1000

Query = dict[str, list[str]]


@dataclass(eq=False, repr=False)
class Sandbox(ABC, Generic[B]):
    """A push service on this machine."""

    host: str = "127.0.0.1"
    #: 0 takes any that is free.
    port: int = 0
    _: KW_ONLY
    ssl_context: ssl.SSLContext | None = None
    #: Whether messages are kept to be looked at.
    record: bool = True
    behaviour: B = field(init=False)
    _number: int = field(default=0, init=False)
    _shares: Shares = field(default_factory=Shares, init=False)

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.ssl_context else 'http'}://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        server = web.Server(self._handle, access_log=None, handler_cancellation=True)
        # Handlers that hang on purpose must not hold up the end.
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        loop, factory = asyncio.get_running_loop(), self.protocol(server)
        self._listener = await loop.create_server(factory, self.host, self.port, ssl=self.ssl_context, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        await self._runner.cleanup()

    def protocol(self, http1: Callable[[], asyncio.BaseProtocol]) -> Callable[[], asyncio.BaseProtocol]:
        """What speaks on a new connection: HTTP/1.1, unless a subclass adds to it."""
        return http1

    @abstractmethod
    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse: ...

    @abstractmethod
    def _messages(self, query: Query, after: int) -> dict[str, Any]:
        """What arrived behind the message of that number."""

    @abstractmethod
    def _own(self, method: str, path: str, body: bytes) -> tuple[int, Any] | None:
        """The answer of a path of the sandbox that only this one has. Raises ValueError for a wrong body."""

    def _control(self, method: str, path: str, query: Query, body: bytes) -> web.Response:
        """The answer of one of the sandbox's own paths."""
        try:
            status, document = self._answer(method, path, query, body)
        except ValueError as error:
            status, document = 400, {"detail": str(error)}
        return json_response(status, document)

    def _answer(self, method: str, path: str, query: Query, body: bytes) -> tuple[int, Any]:
        match method, path:
            case "PUT", "/sandbox/behaviour":
                self.behaviour = self.behaviour.read(body)
                return 200, self.behaviour
            case "GET", "/sandbox/behaviour":
                return 200, self.behaviour
            case "GET", "/sandbox/messages":
                after = query.get("after", ["0"])[0]
                if not (after.isascii() and after.isdigit()):
                    raise ValueError("after must be the number of a message")
                return 200, self._messages(query, int(after))
        missing = 404, {"detail": f"{method} {path} is no path of the sandbox"}
        return self._own(method, path, body) or missing

    async def _hesitate(self) -> None:
        """Let pass what the behaviour wants before an answer, for good where it hangs."""
        if self.behaviour.hang:
            await asyncio.get_running_loop().create_future()
        if self.behaviour.latency:
            await asyncio.sleep(self.behaviour.latency)


def json_response(status: int, document: Any) -> web.Response:
    body = orjson.dumps(document, default=list)
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json; charset=UTF-8"})
