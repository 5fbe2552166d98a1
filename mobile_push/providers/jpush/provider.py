"""The `jpush` provider: one request for as many phones as get the same words."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import aiohttp
import structlog

from banshi.sdk.outgoing import Consequence, Refused, Request, Vendor
from mobile_push.providers.jpush.answers import BAD_VALUE, DAY, Answer, basic, heard, read, read_cids
from mobile_push.providers.jpush.cids import A_CALL, A_VIP_CALL, Cids
from mobile_push.providers.jpush.payload import document
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.providers.provider import (
    CONNECTION,
    NO_ACCESS_TOKEN,
    NO_CONNECTION,
    TIMEOUT,
    OnceAMinute,
    Outcome,
    Push,
    Receipt,
)
from mobile_push.providers.told import Heard

log = structlog.get_logger("mobile_push.jpush")

#: A phone's registration id.
TOKEN = re.compile("[0-9A-Za-z_-]{8,64}")
NO_TOKEN = Receipt(Outcome.DEAD_TOKEN, "malformed-token")
NOT_TEXT = Receipt(Outcome.REJECTED, "not-text")


class JPushProvider:
    """Sends through JPush.

    Example::

        async with JPushProvider(settings) as jpush:
            receipts = await jpush.send_many(push, tokens)
    """

    name = "jpush"
    one_service = True
    #: Phones of one request at most.
    batch = 1000
    #: What JPush counts are requests, and it says with each answer how many are left.
    per_second = None
    day = DAY

    def __init__(self, settings: JPushSettings) -> None:
        self.settings = settings
        self.at_once = settings.at_once
        #: Seconds that one send takes at most.
        self.longest_send = 2 * settings.timeout
        self._proof = basic(settings.app_key, settings.master_secret)
        self._headers = {"Authorization": self._proof}
        self._cids = Cids(self._fetch_cids)
        self._told = OnceAMinute()
        #: `time.monotonic()` from which JPush takes calls again.
        self._open_at = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connections; no request is made yet. Raises ValueError where the CA file can't be used."""
        settings = self.settings
        try:
            trusted = await asyncio.to_thread(ssl.create_default_context, cafile=settings.ca_file)
        except OSError as error:  # ssl.SSLError is one
            told = f"ca_file {settings.ca_file} can't be used ({error}); name a PEM file of certificates"
            raise ValueError(told) from None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=settings.at_once + 1, ssl=trusted),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )
        self._vendor = Vendor(self._session, settings.base_url, settings.timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once to send `push` to `token`; every failure is a receipt, only cancellation is raised."""
        return (await self.send_many(push, [token]))[0]

    async def send_many(self, push: Push, tokens: Sequence[str]) -> list[Receipt]:
        """Try once to send `push` to all of `tokens`: a receipt for each, in their order."""
        found = dict.fromkeys(tokens, NO_TOKEN)
        good = tuple(token for token in found if TOKEN.fullmatch(token))
        try:
            async with asyncio.timeout(self.longest_send):
                found |= await self._send(push, good) if good else {}
        except TimeoutError:
            found |= dict.fromkeys(good, TIMEOUT)
        return [found[token] for token in tokens]

    async def _send(self, push: Push, tokens: tuple[str, ...]) -> dict[str, Receipt]:
        """What becomes of each phone; those that JPush names as illegal are left out, and the others sent to."""
        if self._session is None:
            return dict.fromkeys(tokens, CONNECTION)
        if (wait := self._open_at - time.monotonic()) > 0:
            return dict.fromkeys(tokens, Receipt(Outcome.RETRY, "service-paused", wait))
        answer = await self._push(push, tokens)
        if isinstance(answer, Receipt):
            return dict.fromkeys(tokens, answer)
        dead = {token: Receipt(Outcome.DEAD_TOKEN, BAD_VALUE) for token in tokens if token in answer.illegal}
        left = tuple(token for token in tokens if token not in dead)
        if answer.code == BAD_VALUE and dead and left:
            return dead | await self._send(push, left)
        return dead | dict.fromkeys(left, answer.receipt)

    async def _push(self, push: Push, tokens: tuple[str, ...]) -> Answer | Receipt:
        """What JPush says of one request, which is sent again under the same id where its answer was lost."""
        try:
            body = document(push, self.settings)
        except (TypeError, UnicodeEncodeError):  # half a surrogate pair has no UTF-8
            return NOT_TEXT
        key = push, tokens
        try:
            body |= {"cid": await self._cids.of(key), "audience": {"registration_id": tokens}}
        except Refused as error:
            return self._without(error)
        request = Request(method="POST", path="/v3/push", headers=self._headers, document=body)
        for is_again in (False, True):
            try:
                answer = await self._vendor.ask(request, read)
            except Refused as error:
                if error.consequence is Consequence.SOON:
                    return NO_CONNECTION
                if is_again:
                    return Receipt(Outcome.RETRY, "unreadable-answer") if error.code else CONNECTION
            else:
                break
        if answer.wait is not None:
            self._open_at = time.monotonic() + answer.wait
        if (receipt := answer.receipt).outcome is not Outcome.RETRY:
            self._cids.settled(key)
        if receipt.outcome is Outcome.MISCONFIGURED and self._told.is_due(answer.code):
            log.warning("JPush refuses this app: look its code up, and mend it there or here", code=answer.code)
        return answer

    async def _fetch_cids(self) -> list[str]:
        count = A_VIP_CALL if self.settings.vip else A_CALL
        query = {"type": "push", "count": str(count)}
        request = Request(method="GET", path="/v3/push/cid", query=query, headers=self._headers, is_safe=True)
        return await self._vendor.ask(request, read_cids)

    def _without(self, error: Refused) -> Receipt:
        """What it means for a push that there is no id for it: nothing was sent."""
        if error.consequence is Consequence.OURS:
            return Receipt(Outcome.MISCONFIGURED, error.code)
        return NO_ACCESS_TOKEN

    async def check(self) -> None:
        """Ask for something that costs nothing. Raises Refused where JPush does not know us."""
        await self._fetch_cids()

    def heard(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, _: float) -> Heard:
        """What JPush tells us by itself. Raises Forged, or ValueError for what can't be read."""
        return heard(headers, query, body, self._proof)

    def preview(self, push: Push) -> dict[str, Any]:
        """The request without the phones."""
        return document(push, self.settings)
