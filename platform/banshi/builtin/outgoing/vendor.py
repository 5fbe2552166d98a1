"""Calls of a vendor's API: bounded in time and size, with its token, and each failure as what follows from it.

What certainly was not sent (no token, no connection) may go again soon; of what was sent and not answered nobody knows
what became of it, unless asking twice harms nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import orjson

from banshi.builtin.outgoing.access_token import AccessToken
from banshi.builtin.outgoing.caller import bounded
from banshi.builtin.outgoing.consequences import Consequence, Refused, is_unsent

#: Bytes of an answer; and seconds within which a connection has to stand, half of the call's at most.
MAX_ANSWER_BYTES, CONNECT_S = 1_048_576, 3.0

T = TypeVar("T")

#: What an answer says, by its status, headers and body. Raises Refused, UNKNOWN where it can't be read.
Read = Callable[[int, Mapping[str, str], bytes], T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of a vendor's API."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What is sent as JSON; None for no body.
    document: Any = None
    #: In its place fields of a form; or a file as multipart: its name, media type and bytes, in the field `media`.
    form: Mapping[str, str] | None = None
    file: tuple[str, str, bytes] | None = None
    max_bytes: int = MAX_ANSWER_BYTES
    #: Whether asking twice harms nobody: then an answer that is lost is asked for again soon.
    is_safe: bool = False


class Vendor:
    """Calls of a vendor's API as one of its accounts."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, timeout_s: float) -> None:
        self._session, self._base, self.timeout_s = session, base_url.rstrip("/"), timeout_s
        self._timeout = aiohttp.ClientTimeout(connect=min(CONNECT_S, timeout_s / 2))

    async def ask(self, request: Request, read: Read[T]) -> T:
        """What the answer says. Raises Refused."""
        try:
            return read(*await self._answer(request))
        except Refused as error:
            if error.consequence is Consequence.UNKNOWN and request.is_safe:
                raise Refused(error.code, Consequence.SOON, error.until) from None
            raise

    async def ask_with(self, token: AccessToken, made: Callable[[str], Request], read: Read[T]) -> T:
        """The same with a token, and once more with another where it is not good any more. Raises Refused."""
        code = ""
        for _ in range(2):
            value = await token.value(self.timeout_s)
            try:
                found = await self.ask(made(value), read)
            except Refused as error:
                if error.consequence is not Consequence.TOKEN:
                    if error.consequence not in (Consequence.SOON, Consequence.UNKNOWN):
                        token.accepted(value)
                    raise
                token.refuse(value, error.code)
                code = error.code
            else:
                token.accepted(value)
                return found
        raise Refused(code, Consequence.SOON)

    async def _answer(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        data: Any = request.form
        headers = dict(request.headers)
        if request.file is not None:
            name, media_type, content = request.file
            data = aiohttp.FormData()
            data.add_field("media", content, filename=name, content_type=media_type)
        elif request.document is not None:
            data, headers["Content-Type"] = orjson.dumps(request.document), "application/json"
        try:
            async with (
                asyncio.timeout(self.timeout_s),
                self._session.request(
                    request.method,
                    self._base + request.path,
                    params=request.query,
                    headers=headers,
                    data=data,
                    allow_redirects=False,
                    timeout=self._timeout,
                ) as response,
            ):
                return response.status, response.headers, await bounded(response, request.max_bytes)
        except OverflowError:
            raise Refused("", Consequence.REFUSED if request.is_safe else Consequence.UNKNOWN) from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            # Nothing of the error goes on: its text has the address, and that may have the token.
            raise Refused("", Consequence.SOON if is_unsent(error) else Consequence.UNKNOWN) from None
