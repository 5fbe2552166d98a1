"""An answer to anybody's read whose bytes, head included, are made before it is asked for.

aiohttp makes, orders and checks the same headers anew for each request: that costs more than all else a read needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE
from multidict import CIMultiDict

from banshi.foundation.logs import REQUEST_ID

#: The header that names the request, on each answer.
REQUEST_ID_HEADER = "X-Request-ID"

#: A browser takes each answer for what its Content-Type says, runs and frames nothing of it, and tells nobody where it
#: was read. An answer's own word on one of them goes before.
POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
GUARDED = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
#: The policy of files that people have sent.
SANDBOX = f"{POLICY}; sandbox"


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """The bytes of a 200 and its headers, without those that each request has of its own."""

    body: bytes
    headers: Mapping[str, str]
    #: The status line and the headers' lines, as they are sent.
    head: bytes


def ready_answer(body: bytes, headers: Mapping[str, str]) -> ReadyAnswer:
    """Raises ValueError for a header that would end its line."""
    sent = {**headers, "Content-Length": str(len(body)), "Server": SERVER_SOFTWARE}
    if not all(text.isprintable() and name.isprintable() for name, text in sent.items()):
        raise ValueError("a header of a ready answer has a control character")
    lines = "".join(f"{name}: {text}\r\n" for name, text in sent.items())
    return ReadyAnswer(body, headers, f"HTTP/1.1 200 OK\r\n{lines}".encode())


class ReadyResponse(web.Response):
    """Sends a ready answer to a plain GET of HTTP/1.1.

    To any other request, and once somebody has looked at its headers, it answers as aiohttp's own would.
    """

    _status, _reason = 200, "OK"

    def __init__(self, answer: ReadyAnswer) -> None:
        # Without aiohttp's own, which would make the headers.
        self._state = {}
        self._body = answer.body
        self._answer = answer
        self._made: CIMultiDict[str] | None = None

    @property
    def _headers(self) -> CIMultiDict[str]:  # type: ignore[override]  # an attribute of aiohttp's
        if self._made is None:
            self._made = CIMultiDict(self._answer.headers)
        return self._made

    async def prepare(self, request: Any) -> AbstractStreamWriter | None:
        identity = REQUEST_ID.get()
        plain = request.method == "GET" and request.version == HttpVersion11 and request.keep_alive
        if self._made is not None or not plain or self._keep_alive is not None:
            self._headers[REQUEST_ID_HEADER] = identity
            return await super().prepare(request)
        self._keep_alive = True
        own = f"{REQUEST_ID_HEADER}: {identity}\r\nDate: {rfc822_formatted_time()}\r\n\r\n"
        # For the writer it is all body: nothing is left for aiohttp to send.
        await request.writer.write_eof(b"".join((self._answer.head, own.encode(), self._answer.body)))
        self._eof_sent = True
        return None
