"""The way to one service: a few HTTP/2 connections that carry all requests, and HTTP/1.1 where there is no HTTP/2.

One connection carries 100 requests at once, so there is one for each hundred that may be under way, each in a client of
its own: a client opens a second connection only when it loses the first. The first is there from the start; the others
are made while more is to be sent than those carry that are there, one after the other: to make all is a tenth of a
second in which nothing would be sent. What goes wrong is a receipt.
"""

from __future__ import annotations

import asyncio
import logging
import urllib.request
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestPanicError
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder

from mobile_push.providers.addresses import trusting
from mobile_push.providers.provider import CONNECTION, NO_CONNECTION, TIMEOUT, Receipt

logger = logging.getLogger(__name__)

#: Requests that one HTTP/2 connection carries at once: as many as Google lets it.
MAX_STREAMS = 100
#: Bytes of an answer that are read; a service's have a few hundred, and a proxy's error page must not fill the memory.
MAX_ANSWER_BYTES = 64 * 1024
#: Seconds after which a silent connection is asked for a sign of life, and that it may take to give one.
PING_AFTER = timedelta(seconds=20)
#: Seconds that opening a connection beforehand may hold messages up, and for which the others wait for the first one.
OPEN_TIMEOUT_S, MORE_AFTER_S = 1.0, 0.2
#: Among the causes of a request's failure: no connection was made for it.
UNCONNECTED = "client error (Connect)"

#: What requests have in common, and a name and a value of what one has alone: that is written into no table of headers.
Headers = tuple[Mapping[str, str] | tuple[str, str], ...]


class Failed(Exception):
    """There is no answer, or no access token to send with; `receipt` says what that means for the message."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        super().__init__(receipt.code)


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """A client, which is made when it is first needed, and whether its connection is known to work."""

    __slots__ = ("client", "first", "make", "works")

    def __init__(self, make: Callable[[], Client]) -> None:
        #: Makes the client, which reads all authorities of the system; None once this is closed.
        self.make: Callable[[], Client] | None = make
        #: None before it is made, and once it is closed. Its sockets close when nothing refers to it any more, not when
        #: it is told to close.
        self.client: Client | None = None
        #: Without it, each of the first hundred requests would open a connection, and all but one be thrown away.
        self.first = asyncio.Lock()
        self.works = False

    async def ready(self) -> None:
        """See that there is a client, unless this is closed; for whoever holds `first`."""
        if self.client is None and self.make is not None:
            client = await asyncio.to_thread(self.make)
            # Closed meanwhile, it stays without.
            self.client = client if self.make is not None else None

    async def open(self, url: Url) -> None:
        """Connect before a message needs it, by a question about nothing; what fails, messages find out."""
        async with self.first:
            await self.ready()
            if self.client is not None:
                with suppress(TimeoutError, PyreqwestError):
                    async with asyncio.timeout(OPEN_TIMEOUT_S), self.client.head(url).build_streamed():
                        self.works = True

    async def close(self) -> None:
        client, self.client, self.make = self.client, None, None
        if client is not None:
            await client.close()


class Connections:
    """Posts JSON to one server.

    Args:
        url: Where the requests go; it decides whether a proxy stands in between.
        at_once: Requests under way at most.
        timeout: Seconds until a request without a whole answer has failed, waiting for a connection included.
        ca_file: PEM file of certificate authorities to trust beside the system's.
        known: Whether it is known that the service speaks HTTP/2: then a connection that it says goodbye on is followed
            by one, and not by one for each request that waits. What it hasn't begun by then goes again by itself.

    Raises:
        ValueError: `ca_file` or the environment's proxy can't be used; the text says what to do.
    """

    def __init__(self, url: str, at_once: int, timeout: float, ca_file: Path | None, *, known: bool = False) -> None:
        self._timeout = timeout
        proxy, authorities = proxy_of(url), _authorities(ca_file)

        def make() -> Client:
            return _client(timeout, proxy, authorities, known)

        self._all = [Connection(make) for _ in range(-(-at_once // MAX_STREAMS))]
        # What can't be used is told at once.
        self._all[0].client = make()
        #: Those that carry nothing yet, each with the requests that it may carry at once; and who makes them.
        self._to_come = deque(
            (one, len(range(number, at_once, len(self._all)))) for number, one in enumerate(self._all)
        )
        self._growing: asyncio.Task[None] | None = None
        #: A connection for each request that may still begin. Waiting is done here and not in the client, which sends
        #: what waits there even when its caller has given it up.
        self._free: deque[Connection] = deque()
        self._room = asyncio.Semaphore(0)
        self._use_for(*self._to_come.popleft())

    async def close(self) -> None:
        """Close all connections: what is under way fails at once, and then what waits, which never leaves."""
        self._to_come.clear()
        if self._growing is not None:
            self._growing.cancel()
        for one in self._all:
            await one.close()

    async def prepare(self, url: Url) -> None:
        """Have a connection for requests that may come soon."""
        await self._all[0].open(url)

    def _use_for(self, connection: Connection, requests: int) -> None:
        self._free.extend([connection] * requests)
        for _ in range(requests):
            self._room.release()

    async def _grow(self, url: Url) -> None:
        """Make the others while requests wait; not before the first one works, unless its answer takes long."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(MORE_AFTER_S), self._all[0].first:
                    pass
            async with asyncio.TaskGroup() as opening:
                while self._to_come and self._room.locked():
                    connection, requests = self._to_come[0]
                    await connection.ready()
                    self._to_come.popleft()
                    opening.create_task(self._join(connection, requests, url))
        finally:
            self._growing = None

    async def _join(self, connection: Connection, requests: int, url: Url) -> None:
        try:
            await connection.open(url)
        finally:
            self._use_for(connection, requests)

    async def post(self, url: Url, body: bytes, *headers: Mapping[str, str] | tuple[str, str]) -> Answer:
        """The answer, of which at most MAX_ANSWER_BYTES bytes are read; redirects are answers too.

        Raises:
            Failed: there is none.
        """
        if not self._room.locked():
            async with self._room:
                return await self._use(url, body, headers)
        if self._to_come and self._growing is None:
            self._growing = asyncio.create_task(self._grow(url), name="push-connections")
        try:
            async with asyncio.timeout(self._timeout), self._room:
                return await self._use(url, body, headers)
        except TimeoutError:
            raise Failed(TIMEOUT) from None

    async def _use(self, url: Url, body: bytes, headers: Headers) -> Answer:
        connection = self._free.popleft()
        try:
            if connection.works:
                return await self._post(connection, url, body, headers)
            async with asyncio.timeout(self._timeout):
                async with connection.first:
                    if not connection.works:
                        await connection.ready()
                        answer = await self._post(connection, url, body, headers)
                        connection.works = True
                        return answer
                return await self._post(connection, url, body, headers)
        except (TimeoutError, PyreqwestError) as error:  # RequestTimeoutError is both
            if is_unsent(error):
                connection.works = False
                raise Failed(NO_CONNECTION) from None
            if isinstance(error, TimeoutError):
                raise Failed(TIMEOUT) from None
            connection.works = False
            if isinstance(error, RequestPanicError):
                logger.error("the HTTP client failed: %s", error)
            raise Failed(CONNECTION) from None
        finally:
            self._free.append(connection)

    async def _post(self, connection: Connection, url: Url, body: bytes, headers: Headers) -> Answer:
        client = connection.client
        if client is None:
            raise Failed(CONNECTION)
        request = client.post(url).body_bytes(body)
        for one in headers:
            request = request.header(*one, is_sensitive=True) if isinstance(one, tuple) else request.headers(one)
        async with request.build_streamed() as response:
            answer = await response.body_reader.read(MAX_ANSWER_BYTES)
            return Answer(response.status, response.headers, bytes(answer or b""))


def is_unsent(error: BaseException) -> bool:
    """Whether no connection was made; the client's own types say that of every failure before an answer begins."""
    causes = getattr(error, "details", None) or {}
    return any(one.get("message") == UNCONNECTED for one in causes.get("causes") or ())


def _client(timeout: float, proxy: str | None, authorities: Iterable[bytes], known: bool) -> Client:
    builder = (
        ClientBuilder()
        .http2(True)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_AFTER)
        .timeout(timedelta(seconds=timeout))
        .connect_timeout(timedelta(seconds=timeout / 2))
        .follow_redirects(False)
        .default_cookie_store(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .referer(False)
        .user_agent("banshi")
    )
    builder = builder.no_proxy()  # what the environment asks for is read by us, as for the access token
    if known:
        builder = builder.http2_prior_knowledge()
    if proxy:
        builder = builder.proxy(ProxyBuilder.all(proxy))
    for authority in authorities:
        builder = builder.add_root_certificate_der(authority)
    return builder.build()


def proxy_of(url: str) -> str | None:
    """The proxy that HTTPS_PROXY and NO_PROXY ask for, read once: google-auth's client obeys them as well.

    Raises ValueError for what is none.
    """
    parts = urlsplit(url)
    proxy = None if urllib.request.proxy_bypass(parts.hostname or "") else urllib.request.getproxies().get(parts.scheme)
    try:
        if proxy:
            ProxyBuilder.all(proxy)
    except ValueError as error:  # without the address: it may hold a password
        told = f"{parts.scheme}_proxy in the environment is no proxy's address ({error.args[0]}); mend it"
        raise ValueError(told) from None
    return proxy


def _authorities(ca_file: Path | None) -> list[bytes]:
    found = trusting(ca_file).get_ca_certs(binary_form=True) if ca_file is not None else []
    if ca_file is not None and not found:
        raise ValueError(f"ca_file {ca_file} holds no authority's certificate; name the authority's, not the server's")
    return found
