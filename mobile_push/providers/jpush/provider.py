"""The `jpush` provider: one request for as many phones as get the same words."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import aiohttp

from banshi import Platform
from banshi.sdk.outgoing import Refused, Request, Vendor
from mobile_push.providers.addresses import trusting
from mobile_push.providers.jpush import answers
from mobile_push.providers.jpush.payload import document
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.providers.provider import CONNECTION, MALFORMED, NOT_TEXT, TIMEOUT, Outcome, Push, Receipt
from mobile_push.providers.push_ids import PushIds
from mobile_push.providers.told import Heard

#: A phone's registration id.
TOKEN = re.compile("[0-9A-Za-z_-]{8,64}")


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

    def __init__(self, settings: JPushSettings, platform: Platform | None = None) -> None:
        self.settings, self.at_once = settings, settings.at_once
        #: Seconds that one send takes at most.
        self.longest_send = 2 * settings.timeout
        self._proof = answers.basic(settings.app_key, settings.master_secret)
        self._headers, self._ids = {"Authorization": self._proof}, PushIds(self.fetch_cids, platform)
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
        """Try once to send `push` to all of `tokens`: a receipt for each, in their order.

        Those that JPush names as illegal are left out, and the others sent to.
        """
        found = dict.fromkeys(tokens, MALFORMED)
        left = [token for token in found if TOKEN.fullmatch(token)]
        try:
            async with asyncio.timeout(self.longest_send):
                while left:
                    receipt, illegal, wait = await self._push(push, left)
                    if wait:
                        self._open_at = time.monotonic() + wait
                    bad = illegal.intersection(left)
                    found |= dict.fromkeys(bad, Receipt(Outcome.DEAD_TOKEN, answers.BAD_VALUE))
                    left = [token for token in left if token not in bad]
                    if not (bad and receipt.code == answers.BAD_VALUE):
                        found |= dict.fromkeys(left, receipt)
                        break
        except TimeoutError:
            found |= dict.fromkeys(left, TIMEOUT)
        return [found[token] for token in tokens]

    async def _push(self, push: Push, tokens: Sequence[str]) -> answers.Answer:
        """What JPush says of one request. Where that is lost, nothing comes twice: it has the id that it had."""
        if self._session is None:
            return answers.Answer(CONNECTION)
        if (wait := self._open_at - time.monotonic()) > 0:
            return answers.Answer(Receipt(Outcome.RETRY, "service-paused", wait))
        try:
            body = document(push, self.settings) | {"audience": {"registration_id": tokens}}
            body["cid"] = await self._ids.of(push, tokens)
            request = Request(method="POST", path="/v3/push", headers=self._headers, document=body)
            return await self._vendor.ask(request, answers.read)
        except TypeError:  # half a surrogate pair has no UTF-8
            return answers.Answer(NOT_TEXT)
        except Refused as error:
            return answers.none(error)

    async def fetch_cids(self) -> list[str]:
        """Ids for pushes to come. Raises Refused, also where JPush does not know us."""
        query = {"type": "push", "count": "1000" if self.settings.vip else "10"}
        request = Request(method="GET", path="/v3/push/cid", query=query, headers=self._headers, is_safe=True)
        return await self._vendor.ask(request, answers.read_cids)

    def heard(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, _: float) -> Heard:
        """What JPush tells us by itself. Raises Forged, or ValueError for what can't be read."""
        return answers.read_receipts(headers, query, body, self._proof)

    def preview(self, push: Push) -> dict[str, Any]:
        """The request without the phones."""
        return document(push, self.settings)
