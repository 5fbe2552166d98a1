"""The `fcm` provider: Google's HTTP v1 interface, with pyfcm's payloads and errors on HTTP/2.

pyfcm's own senders open a session, and an event loop, per call and sleep through Retry-After. Here a few connections
carry all messages. pyfcm and google-auth (88 ms, 32 MB) are imported when a provider opens, and this module, with its
HTTP client (8 MB), only where `fcm_settings` ask for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import orjson
from pyreqwest.http import Url

from mobile_push.providers.fcm.access_token import access_token
from mobile_push.providers.fcm.answers import EXPIRED, classify
from mobile_push.providers.fcm.payload import NO_TOKEN, PLACEHOLDER, Encoder, is_token
from mobile_push.providers.fcm.service_account import ServiceAccount
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.fcm.topics import MAX_PHONES_A_CALL, NO_TOPIC, is_topic, request, results
from mobile_push.providers.http2.connections import Connections
from mobile_push.providers.http2.endpoint import Endpoint
from mobile_push.providers.platforms import of_fcm
from mobile_push.providers.provider import CONNECTION, Push, Receipt

#: Changes of who follows a topic that are under way at most; Google takes 3,000 phones a second.
MAX_TOPIC_CALLS = 4


def open_project(settings: FcmSettings) -> tuple[Any, Callable[[], tuple[str, float]]]:
    """pyfcm's client for its payloads and address, and a function that fetches an access token and its seconds.

    Blocks on imports and files, and the function on the network: both belong in a thread.
    """
    from pyfcm import FCMNotification

    class Client(FCMNotification):  # type: ignore[misc]
        FCM_END_POINT_BASE = settings.base_url.rstrip("/")

        def json_dumps(self, data: object) -> bytes:
            return orjson.dumps(data)

    account = ServiceAccount(settings)
    return Client(credentials=account.credentials), account.fetch


class FcmProvider:
    """Sends through Firebase Cloud Messaging.

    Run at most `settings.at_once` sends at once: more would only wait, with their timeout running. One send
    takes `settings.timeout` at most, and twice that where its access token is refused.

    Example::

        async with FcmProvider(FcmSettings(Path("service-account.json"))) as fcm:
            receipt = await fcm.send(push, token)
    """

    name = "fcm"
    one_service = unseen = True

    def __init__(self, settings: FcmSettings) -> None:
        self.settings = settings
        self.at_once = settings.at_once
        self.per_second = settings.per_minute / 60
        #: Seconds that one send takes at most: two tries, waiting for an access token included.
        self.longest_send = 2 * settings.timeout
        self._messages: Endpoint | None = None
        self._topics: Endpoint | None = None

    async def __aenter__(self) -> Self:
        """Open the connections; no request is made yet.

        Raises:
            ValueError: the service account or the CA file can't be used; the text says what to do.
        """
        settings = self.settings
        client, fetch = await asyncio.to_thread(open_project, settings)
        self._encoder = Encoder(client.parse_payload)
        self._url = Url(client.fcm_end_point)
        self._token = access_token(fetch)
        made = partial(Connections, timeout=settings.timeout, ca_file=settings.ca_file)
        messages = await asyncio.to_thread(made, client.fcm_end_point, settings.at_once)
        topics = await asyncio.to_thread(made, settings.topics_url, MAX_TOPIC_CALLS)
        about: Any = {"timeout": settings.timeout, "expired": EXPIRED, "name": "FCM"}
        self._messages = Endpoint(messages, self._token, {}, **about)
        self._topics = Endpoint(topics, self._token, {"access_token_auth": "true"}, **about)  # nosec B105 - a header's value
        return self

    async def __aexit__(self, *_: object) -> None:
        open_ones = [one for one in (self._messages, self._topics) if one is not None]
        self._messages = self._topics = None
        if open_ones:
            await self._token.close()
        for endpoint in open_ones:
            await endpoint.close()

    async def prepare(self) -> None:
        """Fetch what the first message would wait for; what fails harms none."""
        if self._messages is not None:
            await self._messages.prepare(self._url)

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once to send `push` to `token`; every failure is a receipt, only cancellation is raised."""
        return await self._send(self._encoder.to_token(push, token))

    async def send_topic(self, push: Push, topic: str, unless: str = "") -> Receipt:
        """Try once to send `push` to all who follow `topic`, but for those who follow the topic `unless` as well.

        ACCEPTED says that FCM took it, not whom it reaches.
        """
        if not is_topic(topic) or (unless != "" and not is_topic(unless)):
            return NO_TOPIC
        return await self._send(self._encoder.to_topic(push, topic, unless))

    def preview(self, push: Push) -> dict[str, Any]:
        """The request's body without the phone's address, or why there can't be one."""
        payload = self._encoder.to_token(push, PLACEHOLDER)
        if not isinstance(payload, bytes):
            return {"refused": payload.code}
        body: dict[str, Any] = orjson.loads(payload)
        del body["message"]["token"]
        return body

    def platforms(self, push: Push) -> dict[str, dict[str, Any]]:
        """What Android and an iPhone get of it."""
        return of_fcm(self.preview(push))

    async def subscribe(self, topic: str, tokens: Sequence[str]) -> list[Receipt]:
        """Let phones follow `topic`: a receipt for each token, in their order; ACCEPTED where it follows now."""
        return await self._change("batchAdd", topic, tokens)

    async def unsubscribe(self, topic: str, tokens: Sequence[str]) -> list[Receipt]:
        """Let phones follow `topic` no more: a receipt for each token, in their order."""
        return await self._change("batchRemove", topic, tokens)

    async def _send(self, payload: bytes | Receipt) -> Receipt:
        if not isinstance(payload, bytes):
            return payload
        if self._messages is None:
            return CONNECTION
        return await self._messages.post(self._url, payload, classify)

    async def _change(self, call: str, topic: str, tokens: Sequence[str]) -> list[Receipt]:
        if not is_topic(topic):
            return [NO_TOPIC] * len(tokens)
        receipts: list[Receipt] = []
        for start in range(0, len(tokens), MAX_PHONES_A_CALL):
            some = tokens[start : start + MAX_PHONES_A_CALL]
            # One that can't be a token could cost all others theirs.
            good = [token for token in some if is_token(token)]
            answers = iter(await self._call(call, topic, good) if good else ())
            receipts += [next(answers) if is_token(token) else NO_TOKEN for token in some]
        return receipts

    async def _call(self, call: str, topic: str, tokens: list[str]) -> list[Receipt]:
        if self._topics is None:
            return [CONNECTION] * len(tokens)
        url = Url(f"{self.settings.topics_url.rstrip('/')}:{call}")
        verdict = await self._topics.post(url, request(topic, tokens), partial(results, count=len(tokens)))
        return [verdict] * len(tokens) if isinstance(verdict, Receipt) else verdict
