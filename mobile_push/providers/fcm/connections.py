"""The way to Google: a few HTTP/2 connections that carry all requests, and HTTP/1.1 where there is no HTTP/2.

One connection carries 100 requests at once, so there is one for each hundred that may be under way, each in a client of
its own: a client opens a second connection only when it loses the first. What goes wrong is a receipt.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import urllib.request
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestPanicError
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder

from mobile_push.providers.fcm.access_token import Failed
from mobile_push.providers.provider import CONNECTION, TIMEOUT

logger = logging.getLogger(__name__)

#: Requests that Google lets one HTTP/2 connection carry at once.
MAX_STREAMS = 100
#: Bytes of an answer that are read; FCM's have a few hundred, and a proxy's error page must not fill the memory.
MAX_ANSWER_BYTES = 64 * 1024
#: Seconds after which a silent connection is asked for a sign of life, and that it may take to give one.
PING_AFTER = timedelta(seconds=20)
#: An address, read once for all requests to it.
parsed = lru_cache(maxsize=16)(Url)


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

    Raises:
        ValueError: `ca_file` or the environment's proxy can't be used; the text says what to do.
    """

    def __init__(self, url: str, at_once: int, timeout: float, ca_file: Path | None) -> None:
        self._timeout = timeout
        proxy, authorities = proxy_of(url), _authorities(ca_file)

        def make() -> Client:
            return _client(timeout, proxy, authorities)

        self._all = [Connection(make) for _ in range(-(-at_once // MAX_STREAMS))]
        # What can't be used is told at once.
        self._all[0].client = make()
        #: A connection for each request that may still begin. Waiting is done here and not in the client, which sends
        #: what waits there even when its caller has given it up.
        self._free = deque(islice(cycle(self._all), at_once))
        self._room = asyncio.Semaphore(at_once)

    async def close(self) -> None:
        """Close all connections: what is under way fails at once, and then what waits, which never leaves."""
        for one in self._all:
            await one.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, of which at most MAX_ANSWER_BYTES bytes are read; redirects are answers too.

        Raises:
            Failed: there is none.
        """
        if not self._room.locked():
            async with self._room:
                return await self._use(url, body, headers)
        try:
            async with asyncio.timeout(self._timeout), self._room:
                return await self._use(url, body, headers)
        except TimeoutError:
            raise Failed(TIMEOUT) from None

    async def _use(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
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
        except TimeoutError:  # RequestTimeoutError is one
            raise Failed(TIMEOUT) from None
        except PyreqwestError as error:
            connection.works = False
            if isinstance(error, RequestPanicError):
                logger.error("the HTTP client failed: %s", error)
            raise Failed(CONNECTION) from None
        finally:
            self._free.append(connection)

    async def _post(self, connection: Connection, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        client = connection.client
        if client is None:
            raise Failed(CONNECTION)
        request = client.post(parsed(url)).headers(headers).body_bytes(body).build_streamed()
        async with request as response:
            answer = await response.body_reader.read(MAX_ANSWER_BYTES)
            return Answer(response.status, response.headers, bytes(answer or b""))


def _client(timeout: float, proxy: str | None, authorities: Iterable[bytes]) -> Client:
    builder = (
        ClientBuilder()
        .http2(True)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_AFTER)
        .timeout(timedelta(seconds=timeout))
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
    if proxy:
        builder = builder.proxy(ProxyBuilder.all(proxy))
    for authority in authorities:
        builder = builder.add_root_certificate_der(authority)
    return builder.build()


def proxy_of(url: str) -> str | None:
    """The proxy for that address, which is one. Raises ValueError."""
    if proxy := proxy_for(url):
        try:
            ProxyBuilder.all(proxy)
        except ValueError as error:  # without the address: it may hold a password
            name = f"{urlsplit(url).scheme}_proxy"
            raise ValueError(f"{name} in the environment is no proxy's address ({error.args[0]}); mend it") from None
    return proxy


def _authorities(ca_file: Path | None) -> list[bytes]:
    if ca_file is None:
        return []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"ca_file {ca_file} can't be used ({error}); name a PEM file of certificates") from None
    found = context.get_ca_certs(binary_form=True)
    if not found:
        raise ValueError(f"ca_file {ca_file} holds no authority's certificate; name the authority's, not the server's")
    return found


def proxy_for(url: str) -> str | None:
    """The proxy that HTTPS_PROXY and NO_PROXY ask for, read once: google-auth's client obeys them as well."""
    parts = urlsplit(url)
    return None if urllib.request.proxy_bypass(parts.hostname or "") else urllib.request.getproxies().get(parts.scheme)
