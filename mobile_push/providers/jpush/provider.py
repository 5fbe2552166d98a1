"""The `jpush` provider: one request for as many phones as get the same words."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import aiohttp

from banshi.sdk.outgoing import Consequence, Refused, Request, Vendor
from mobile_push.providers.addresses import trusting
from mobile_push.providers.jpush import answers, receipts
from mobile_push.providers.jpush.cids import A_CALL, A_VIP_CALL, Cids
from mobile_push.providers.jpush.payload import document
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.providers.provider import CONNECTION, NO_ACCESS_TOKEN, NO_CONNECTION, TIMEOUT, Outcome, Push, Receipt
from mobile_push.providers.told import Heard

#: A phone's registration id.
TOKEN = re.compile("[0-9A-Za-z_-]{8,64}")
NO_TOKEN = Receipt(Outcome.DEAD_TOKEN, "malformed-token")


class JPushProvider:
    """Sends through JPush.

    Example::

        async with JPushProvider(settings) as jpush:
            receipts = await jpush.send_many(push, tokens)
    """

    name = "jpush"
    one_service = badges = unseen = True
    #: Phones of one request at most.
    batch = 1000
    #: What JPush counts are requests, and it says with each answer how many are left.
    per_second = None
    day = answers.DAY

    def __init__(self, settings: JPushSettings) -> None:
        self.settings, self.at_once = settings, settings.at_once
        #: Seconds that one send takes at most.
        self.longest_send = 2 * settings.timeout
        self._proof = receipts.basic(settings.app_key, settings.master_secret)
        self._headers, self._cids = {"Authorization": self._proof}, Cids(self.fetch_cids)
        #: `time.monotonic()` from which JPush takes calls again.
        self._open_at = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connections; no request is made yet. Raises ValueError where the CA file can't be used."""
        trusted = await asyncio.to_thread(trusting, self.settings.ca_file)
        connector, jar = aiohttp.TCPConnector(limit=self.at_once + 1, ssl=trusted), aiohttp.DummyCookieJar()
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=jar, trust_env=True)
        self._vendor = Vendor(self._session, self.settings.base_url, self.settings.timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

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
        if answer.wait is not None:
            self._open_at = time.monotonic() + answer.wait
        dead = dict.fromkeys(answer.illegal.intersection(tokens), Receipt(Outcome.DEAD_TOKEN, answers.BAD_VALUE))
        left = tuple(token for token in tokens if token not in dead)
        if answer.code == answers.BAD_VALUE and dead and left:
            return dead | await self._send(push, left)
        return dead | dict.fromkeys(left, answer.receipt)

    async def _push(self, push: Push, tokens: tuple[str, ...]) -> answers.Answer | Receipt:
        """What JPush says of one request, which is sent again under the same id where its answer was lost."""
        key = push, tokens
        try:
            body = document(push, self.settings) | {"audience": {"registration_id": tokens}}
            body["cid"] = await self._cids.of(key)
        except TypeError:  # half a surrogate pair has no UTF-8
            return Receipt(Outcome.REJECTED, "not-text")
        except Refused as error:
            ours = error.consequence is Consequence.OURS
            return Receipt(Outcome.MISCONFIGURED, error.code) if ours else NO_ACCESS_TOKEN
        request = Request(method="POST", path="/v3/push", headers=self._headers, document=body)
        lost: Receipt | None = None
        for _ in range(2):
            try:
                answer = await self._vendor.ask(request, answers.read)
            except Refused as error:
                if lost is None and error.consequence is Consequence.SOON:
                    return NO_CONNECTION
                lost = lost or Receipt(Outcome.RETRY, error.code or CONNECTION.code)
            else:
                if answer.receipt.outcome is not Outcome.RETRY:
                    self._cids.settled(key)
                return answer
        return lost or CONNECTION

    async def fetch_cids(self) -> list[str]:
        """Ids for pushes to come. Raises Refused, also where JPush does not know us."""
        query = {"type": "push", "count": str(A_VIP_CALL if self.settings.vip else A_CALL)}
        request = Request(method="GET", path="/v3/push/cid", query=query, headers=self._headers, is_safe=True)
        return await self._vendor.ask(request, answers.read_cids)

    def heard(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, _: float) -> Heard:
        """What JPush tells us by itself. Raises Forged, or ValueError for what can't be read."""
        return receipts.heard(headers, query, body, self._proof)

    def preview(self, push: Push) -> dict[str, Any]:
        """The request without the phones."""
        return document(push, self.settings)
