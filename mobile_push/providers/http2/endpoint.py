"""One service, as whom it knows us: connections, access token, and a second try with a fresh one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from pyreqwest.http import HeaderMap, Url

from banshi.sdk.outgoing import AccessToken, Consequence, NoToken
from mobile_push.providers.http2.connections import Connections, Failed
from mobile_push.providers.provider import NO_ACCESS_TOKEN, OnceAMinute, Outcome, Receipt

logger = logging.getLogger(__name__)

T = TypeVar("T")
#: No headers.
NONE: Mapping[str, str] = {}
#: Makes of an answer's status, headers and body one receipt for the whole request, or something finer.
Read = Callable[[int, Mapping[str, str], bytes], Receipt | T]


class Endpoint:
    """Posts JSON to one service.

    Args:
        connections: The way there.
        token: The Authorization header of all requests.
        headers: What every request has beside it.
        timeout: Seconds for one try.
        expired: Codes of receipts after which a fresh access token is worth a second try.
        name: What operators call the service.
    """

    def __init__(
        self,
        connections: Connections,
        token: AccessToken,
        headers: Mapping[str, str],
        timeout: float,
        expired: Collection[str],
        name: str,
    ) -> None:
        self._connections = connections
        self._token = token
        self._timeout = timeout
        self._expired, self._name = expired, name
        self._fixed = {"Content-Type": "application/json", **headers}
        self._authorization, self._shared = "", NONE
        self._headers = HeaderMap(self._fixed)
        self._told = OnceAMinute()

    async def close(self) -> None:
        """Close the connections; what is under way fails at once."""
        await self._connections.close()

    async def prepare(self, url: Url) -> None:
        """Have an access token and a connection for what may be posted soon."""
        self._token.prepare()
        await self._connections.prepare(url)

    async def post(
        self,
        url: Url,
        payload: bytes,
        read: Read[T],
        shared: Mapping[str, str] = NONE,
        *own: tuple[str, str],
    ) -> Receipt | T:
        """Post once, and once more with a fresh access token when the one that it was sent with is refused.

        All of it takes two timeouts at most: one is a send's, however long the token took, since a send that is cut
        short may have arrived. Every failure is a receipt, only cancellation is raised.

        Args:
            url: Where it goes.
            payload: The body.
            read: What the answer means.
            shared: Headers of one push's requests, one and the same object for all of them.
            own: What this request has alone.
        """
        token, loop = self._token, asyncio.get_running_loop()
        last_begin = loop.time() + self._timeout
        try:
            for is_again in (False, True):
                if is_again and loop.time() > last_begin:
                    raise Failed(NO_ACCESS_TOKEN)
                value = token.current() or await token.value(last_begin - loop.time())
                verdict = await self._once(value, (url, payload), read, shared, own)
                if not isinstance(verdict, Receipt):
                    token.accepted(value)
                elif verdict.code in self._expired:
                    token.refuse(value, verdict.code)
                    continue
                elif token.suspect and verdict.outcome is not Outcome.RETRY:
                    token.accepted(value)
                return verdict
        except NoToken as error:
            ours = error.consequence is Consequence.OURS
            return Receipt(Outcome.MISCONFIGURED, error.code) if ours else NO_ACCESS_TOKEN
        except Failed as failed:
            return failed.receipt
        return verdict

    async def _once(
        self,
        authorization: str,
        what: tuple[Url, bytes],
        read: Read[T],
        shared: Mapping[str, str],
        own: tuple[tuple[str, str], ...],
    ) -> Receipt | T:
        if authorization is not self._authorization or shared is not self._shared:
            self._authorization, self._shared = authorization, shared
            self._headers = HeaderMap({**self._fixed, "Authorization": authorization, **shared})
        answer = await self._connections.post(*what, self._headers, *own)
        verdict = read(answer.status, answer.headers, answer.body)
        if isinstance(verdict, Receipt) and verdict.outcome is Outcome.MISCONFIGURED:
            code = verdict.code
            if code not in self._expired and self._told.is_due(code):
                told = answer.body.decode(errors="replace")
                logger.warning("%s refuses us (%s): %.500s", self._name, code, told)
        return verdict
