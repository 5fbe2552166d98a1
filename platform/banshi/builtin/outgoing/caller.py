"""One call to an address that somebody gave us: guarded, bounded, and never raising anything but `CallFailed`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

import aiohttp
from yarl import URL

from banshi.builtin.outgoing.addresses import ForbiddenAddress, guarded_connector, is_allowed
from banshi.foundation.trace_context import present_trace
from banshi.kernel.loading.outside_systems import OutgoingRules
from banshi.kernel.runtime.running import Platform

#: Characters of an address.
LONGEST_URL = 2048

#: Bytes of an answer's head, by line and by field.
MAX_LINE_BYTES = 8190

#: Seconds until a connection stands, beside what the whole call may take.
CONNECT_TIMEOUT_S = 5.0


class CallFailed(Exception):
    """A call had no answer; `code` is a stable word for tables and programs, the text says what happened."""

    def __init__(self, code: str, told: str) -> None:
        self.code = code
        super().__init__(told)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: Seconds from the call's beginning to the answer's end.
    took: float

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def retry_after(self, now: float) -> float | None:
        """Seconds that its Retry-After asks for; None where it has none that can be read."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - now)
        except (ValueError, TypeError, OverflowError):
            return None


class Outgoing:
    """Calls through connections of its own: one plugin's slow receivers hold up no other plugin's."""

    def __init__(self, rules: OutgoingRules, session: aiohttp.ClientSession) -> None:
        self.rules = rules
        self._session = session

    def checked(self, address: str) -> str:
        """The address as it is called. Raises ValueError with what to do about one that is never called."""
        if len(address) > LONGEST_URL or not address.isascii() or not address.isprintable() or " " in address:
            raise ValueError(f"has to be an address of at most {LONGEST_URL} characters, percent-encoded")
        try:
            url = URL(address, encoded=True)
            host, port = url.host or "", url.port
            host.encode("idna")  # a part that is empty or too long can't be looked up
        except ValueError:
            raise ValueError("has to be an address, such as https://parks.example/banshi") from None
        if not host or url.user is not None or url.password is not None or url.raw_fragment:
            raise ValueError("has to be an address with a host, without a user, a password or a fragment")
        if url.scheme != "https" and not (url.scheme == "http" and _allows_http(self.rules, host)):
            raise ValueError("has to begin with https://")
        if port is None or not 1 <= port <= 65535:
            raise ValueError("has to have a port from 1 to 65535, or none")
        try:
            inside = not is_allowed(host, self.rules.networks)
        except ValueError:
            if host.rstrip(".").rpartition(".")[2].isdigit():
                raise ValueError("has to be an address with a name, or with all of an IP address") from None
            inside = False  # a name: where it leads is looked at when a connection is made
        if inside:
            raise ValueError(f"leads to {ip_address(host)}, which is not on the internet; the operator may allow it")
        return str(url)

    async def call(
        self, url: str, *, body: bytes, headers: Mapping[str, str], seconds: float, limit: int, method: str = "POST"
    ) -> Answered:
        """Send one request and read its whole answer. Raises CallFailed.

        Args:
            url: As `checked` gave it.
            seconds: The most that it may take, from the look-up of the name to the last byte.
            limit: Bytes of the answer at most.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(seconds):
                # As a payload already: to find out what bytes are takes aiohttp a tenth of the whole call.
                data = aiohttp.BytesPayload(body)
                # So that what the other side does is found with what it was done for.
                if (trace := present_trace()) and "traceparent" not in headers:
                    headers = {**headers, "traceparent": trace}
                async with self._session.request(
                    method, URL(url, encoded=True), data=data, headers=headers, allow_redirects=False
                ) as response:
                    received = await bounded(response, limit)
                    return Answered(response.status, response.headers, received, loop.time() - begun)
        except OverflowError:
            raise CallFailed("too-long", f"the answer has more than {limit} bytes") from None
        except aiohttp.ConnectionTimeoutError:
            told = f"no connection could be made within {CONNECT_TIMEOUT_S:g} seconds"
            raise CallFailed("unreachable", told) from None
        except TimeoutError:
            raise CallFailed("timeout", f"no whole answer within {seconds:g} seconds") from None
        except aiohttp.ClientConnectorCertificateError as error:
            why = getattr(error.certificate_error, "verify_message", "") or type(error.certificate_error).__name__
            raise CallFailed("certificate", f"its certificate is not good: {why}") from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, ForbiddenAddress):
                raise CallFailed("forbidden-address", str(error.os_error.strerror)) from None
            raise CallFailed("unreachable", "no connection could be made") from None
        except aiohttp.ClientConnectionError:
            raise CallFailed("unreachable", "the connection broke off") from None
        except (aiohttp.ClientError, ValueError):
            raise CallFailed("not-http", "what came back is not HTTP") from None
        except OSError:
            raise CallFailed("unreachable", "no connection could be made") from None


async def bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The answer's body. Raises OverflowError for one of more bytes."""
    received = b""
    async for piece in response.content.iter_any():
        received += piece
        if len(received) > limit:
            # Not read to its end: the connection goes with it.
            response.close()
            raise OverflowError(f"the answer has more than {limit} bytes")
    return received


@asynccontextmanager
async def open_outgoing(platform: Platform) -> AsyncIterator[Outgoing]:
    """Connections of one plugin's own, as `[platform.outgoing]` allows them. No request is made yet."""
    rules = platform.settings.outgoing
    trusted = await asyncio.to_thread(ssl.create_default_context, cafile=rules.ca_file)
    async with aiohttp.ClientSession(
        connector=guarded_connector(trusted=trusted, allowed=rules.networks, limit=0),
        headers={"Accept-Encoding": "identity", "User-Agent": "banshi"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        # What comes compressed is not expanded.
        auto_decompress=False,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_LINE_BYTES,
    ) as session:
        yield Outgoing(rules, session)


def _allows_http(rules: OutgoingRules, host: str) -> bool:
    """Whether a host may be called without TLS: this machine, where its network is allowed."""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    return address.is_loopback and is_allowed(str(address), rules.networks)
