"""The `apns` provider: one stream of HTTP/2 to Apple for each message."""

from __future__ import annotations

import asyncio
import re
import time
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, Self

import orjson
from pyreqwest.http import Url

from banshi.sdk.outgoing import SharedTokens
from mobile_push.providers import apple
from mobile_push.providers.apns.answers import EXPIRED, classify
from mobile_push.providers.apns.settings import ApnsSettings
from mobile_push.providers.apns.signature import read_key, signature
from mobile_push.providers.http2.connections import Connections
from mobile_push.providers.http2.endpoint import Endpoint
from mobile_push.providers.platforms import data, is_unseen
from mobile_push.providers.provider import CONNECTION, MALFORMED, NOT_TEXT, TOO_LARGE, Push, Receipt

#: Bytes of a body that Apple takes.
MAX_PAYLOAD_BYTES = 4096
#: Messages whose body is kept, since of a broadcast all phones get the same; and for how many seconds, since Apple is
#: told a moment of expiry.
MAX_KEPT, KEPT_S = 32, 10.0
#: A phone's address, of which Apple promises no length.
TOKEN = re.compile("[0-9a-fA-F]{16,200}")


def payload(push: Push) -> dict[str, Any]:
    """What the phone gets."""
    alert = {name: text for name, text in (("title", push.title), ("body", push.body)) if text}
    shown = {} if is_unseen(push) else {"alert": alert}
    told: dict[str, Any] = {"aps": {**shown, **apple.aps(push)}, **data(push)}
    return told | ({"image": push.image} if push.image else {})


@lru_cache(maxsize=MAX_KEPT)
def written(push: Push, topic: str, _: int) -> tuple[dict[str, str], bytes] | Receipt:
    """The headers and the body that all phones get, or why there can't be any; anew with each number."""
    try:
        body = orjson.dumps(payload(push))
    except TypeError:  # half a surrogate pair has no UTF-8
        return NOT_TEXT
    headers = {"apns-topic": topic, **apple.headers(push)}
    return (headers, body) if len(body) <= MAX_PAYLOAD_BYTES else TOO_LARGE


def name_of(push: Push, token: str) -> str:
    """The message's id at Apple, the same for each try."""
    digits = blake2b(f"{push.message_id}{push.withdrawn}{token}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class ApnsProvider:
    """Sends to iPhones.

    Run at most `settings.at_once` sends at once: more would only wait, with their timeout running.

    Args:
        settings: How to reach them, and as whom.
        shared: Where the signature is kept that all processes share; None makes one for this process alone.

    Example::

        async with ApnsProvider(settings, SharedTokens(platform)) as apns:
            receipt = await apns.send(push, token)
    """

    name = "apns"
    one_service = badges = unseen = True
    #: Apple names no number, and says so with 429 where one phone gets too much.
    per_second = None

    def __init__(self, settings: ApnsSettings, shared: SharedTokens | None = None) -> None:
        self.settings, self._shared = settings, shared
        self.at_once = settings.at_once
        #: Seconds that one send takes at most: two tries, waiting for a signature included.
        self.longest_send = 2 * settings.timeout
        self._url = Url(f"{settings.base_url.rstrip('/')}/3/device/")
        self._endpoint: Endpoint | None = None

    async def __aenter__(self) -> Self:
        """Read the key and open the connections; no request is made yet.

        Raises:
            ValueError: the key or the CA file can't be used; the text says what to do.
        """
        settings = self.settings
        key = await asyncio.to_thread(read_key, settings)
        self._token = signature(settings, key, self._shared)
        made = (settings.base_url, settings.at_once, settings.timeout, settings.ca_file)
        connections = await asyncio.to_thread(partial(Connections, *made, known=True))
        self._endpoint = Endpoint(connections, self._token, {}, settings.timeout, EXPIRED, "APNs")
        return self

    async def __aexit__(self, *_: object) -> None:
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            await self._token.close()
            await endpoint.close()

    async def prepare(self) -> None:
        """Fetch what the first message would wait for; what fails harms none."""
        if self._endpoint is not None:
            await self._endpoint.prepare(self._url)

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once to send `push` to `token`; every failure is a receipt, only cancellation is raised."""
        if self._endpoint is None:
            return CONNECTION
        if not TOKEN.fullmatch(token):
            return MALFORMED
        request = written(push, self.settings.topic, int(time.monotonic() / KEPT_S))
        if isinstance(request, Receipt):
            return request
        headers, body = request
        identity = ("apns-id", name_of(push, token))
        return await self._endpoint.post(self._url.join(token), body, classify, headers, identity)

    def preview(self, push: Push) -> dict[str, Any]:
        """What the phone gets."""
        return payload(push)

    def platforms(self, push: Push) -> dict[str, dict[str, Any]]:
        """What Apple is told of it, and what an iPhone gets."""
        return {"ios": {"headers": apple.headers(push), "payload": payload(push)}}
