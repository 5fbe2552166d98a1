"""The `webpush` provider: one encrypted message to one push service, one receipt."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import re
import ssl
from functools import partial
from typing import Any, Self

import aiohttp
import orjson
from yarl import URL

from banshi.sdk.outgoing import LOOPBACK, ForbiddenAddress, guarded_connector, is_unsent
from mobile_push.providers import provider as said
from mobile_push.providers.addresses import trusting
from mobile_push.providers.provider import OnceAMinute, Outcome, Push, Receipt
from mobile_push.providers.webpush.answers import classify
from mobile_push.providers.webpush.encryption import MAX_PLAINTEXT_BYTES, Bench, encrypt
from mobile_push.providers.webpush.holds import Holds
from mobile_push.providers.webpush.settings import WebPushSettings
from mobile_push.providers.webpush.subscriptions import Forbidden, Subscription
from mobile_push.providers.webpush.vapid import Vapid, public_key, read_key

logger = logging.getLogger(__name__)

#: Seconds: what FCM keeps a message for at most; others shorten a longer TTL themselves.
MAX_TTL_S = 28 * 24 * 3600
#: Refusals of one push service in a row, with nothing accepted in between, after which it is left alone: a single one
#: is about one subscription (RFC 8030 section 8.4).
MAX_REFUSALS = 10
#: Seconds for which a push service that is out of order is left alone, so that it does not hold every connection.
BROKEN_REST_S = 30.0
#: Bytes of an answer that are read, so that its connection can be used again.
MAX_ANSWER_BYTES = 16 * 1024
#: A topic as it may be (RFC 8030 section 5.4).
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
#: What is said of a push service that holds something against us.
REFUSED = (
    "the push service %s refuses us (%s): check webpush.contact and the clock; a phone that subscribed with another "
    "key than private_key_file's has to subscribe anew"
)

#: ntfy's answer for a topic that no phone follows at present; it says nothing of the service.
NOBODY_THERE = "HTTP_507"


def payload(push: Push) -> bytes:
    """What the service worker or the app decrypts. Raises TypeError for what is no text."""
    level, sound, channel, _ = push.presentation
    told = {name: getattr(push, name) for name in ("message_id", "kind", "title", "body", "link")}
    # As the options of showNotification() are called; a tag that is there already sounds again where it may sound.
    told |= {"tag": push.name, "silent": not sound, "renotify": bool(sound), "level": level}
    told |= {"sound": sound, "channel": channel, "thread": push.thread, "image": push.image, "state": push.withdrawn}
    told |= {"category": push.category, "severity": push.severity}
    return orjson.dumps({name: value for name, value in told.items() if value != "" or name == "body"})


def topic(key: str) -> str:
    """A collapse key as RFC 8030's Topic: itself where it can be one, or its hash."""
    if TOPIC.fullmatch(key):
        return key
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()[:24]).decode()


def request_headers(push: Push) -> dict[str, str]:
    """How the push service is to treat the message."""
    headers = {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(min(max(push.ttl, 0), MAX_TTL_S)),
        "Urgency": push.priority,
    }
    # What waits for a browser that is off is replaced as well. An id of a message's own would replace nothing.
    if push.collapse_key is not None or push.thread:
        headers["Topic"] = topic((push.thread and push.name) or push.collapse_key or "")
    return headers


class WebPushProvider:
    """Sends to whatever push service a subscription names.

    Run at most `settings.connections` sends at once: more would only wait, with their timeout running. A push service
    that asks for silence gets it alone, so there is never a pause of all.

    Example::

        async with WebPushProvider(settings) as webpush:
            receipt = await webpush.send(push, subscription(document, settings))
    """

    name = "webpush"
    one_service = False
    #: Each push service has limits of its own, and says so with 429.
    per_second = None

    def __init__(self, settings: WebPushSettings) -> None:
        self.settings = settings
        self.at_once = settings.connections
        #: Seconds that one send takes at most.
        self.longest_send = settings.timeout + 1.0
        #: What the app gives to the browser as `applicationServerKey`; "" until the provider is open.
        self.public_key = ""
        self._services = Holds(MAX_REFUSALS)
        self._subscriptions = Holds(1)
        self._told = OnceAMinute()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Read the key and open the connections; no request is made yet.

        Raises:
            ValueError: the key or the CA file can't be used; the text says what to do.
        """
        settings = self.settings
        key = await asyncio.to_thread(read_key, settings.private_key_file)
        trusted = await asyncio.to_thread(trusting, settings.ca_file)
        self.public_key = public_key(key)
        self._vapid = Vapid(key, settings.contact)
        self._bench = Bench()
        self._session = aiohttp.ClientSession(
            connector=self._connector(trusted),
            headers={"Accept-Encoding": "identity", "User-Agent": "banshi"},
            timeout=aiohttp.ClientTimeout(connect=settings.timeout / 2),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            proxy=settings.proxy,
        )
        return self

    def _connector(self, trusted: ssl.SSLContext) -> aiohttp.TCPConnector:
        if self.settings.proxy:  # it resolves the names, and is itself inside
            return aiohttp.TCPConnector(limit=self.at_once, ssl=trusted)
        return guarded_connector(
            trusted=trusted, allowed=LOOPBACK if self.settings.loopback else (), limit=self.at_once
        )

    async def __aexit__(self, *_: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            self._bench.close()

    def preview(self, push: Push) -> dict[str, Any]:
        """What the browser decrypts."""
        shown: dict[str, Any] = orjson.loads(payload(push))
        return shown

    def platforms(self, push: Push) -> dict[str, dict[str, Any]]:
        """What a browser gets, and how its push service is to treat it."""
        return {"web": {"headers": request_headers(push), "payload": self.preview(push)}}

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once to send `push`; every failure is a receipt, only cancellation is raised."""
        if self._session is None:
            return said.CONNECTION
        try:
            to = Subscription.read(token, self.settings)
        except Forbidden:
            return Receipt(Outcome.REJECTED, "forbidden-service")
        except ValueError:
            return Receipt(Outcome.REJECTED, "malformed-subscription")
        try:
            text, headers = payload(push), request_headers(push)
        except (TypeError, ValueError):  # half a surrogate pair has no UTF-8
            return said.NOT_TEXT
        if len(text) > MAX_PLAINTEXT_BYTES:
            return said.TOO_LARGE
        origin = to.origin
        if wait := max(self._services.left(origin), self._subscriptions.left(to.endpoint)):
            return Receipt(Outcome.RETRY, "service-paused", wait)
        receipt = await self._try(to, origin, text, headers)
        self._remember(receipt, origin, to.endpoint)
        return receipt

    async def _try(self, to: Subscription, origin: str, text: bytes, headers: dict[str, str]) -> Receipt:
        try:
            async with asyncio.timeout(self.settings.timeout):
                headers["Authorization"], body = await self._bench.run(partial(self._seal, to, origin, text))
                return await self._post(to.endpoint, body, headers)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ForbiddenAddress):
                return Receipt(Outcome.REJECTED, "forbidden-address")
            if is_unsent(error):
                return said.NO_CONNECTION
            return said.TIMEOUT if isinstance(error, TimeoutError) else said.CONNECTION
        except ValueError:  # its key is no point on the curve
            return Receipt(Outcome.REJECTED, "malformed-subscription")

    def _seal(self, to: Subscription, origin: str, text: bytes) -> tuple[str, bytes]:
        """Runs in the thread."""
        return self._vapid.current(origin) or self._vapid.sign(origin), encrypt(text, to)

    async def _post(self, endpoint: str, body: bytes, headers: dict[str, str]) -> Receipt:
        session = self._session
        if session is None:
            return said.CONNECTION
        url = URL(endpoint, encoded=True)
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            receipt = classify(response.status, response.headers)
            read = 0
            # What goes on beyond the limit costs its connection, and nothing else.
            while not response.content.at_eof() and read <= MAX_ANSWER_BYTES:
                read += len(await response.content.readany())
            return receipt

    def _remember(self, receipt: Receipt, origin: str, endpoint: str) -> None:
        """Keep what the answer says of its push service for the messages that come."""
        if receipt.outcome is Outcome.RETRY:
            if receipt.retry_after is not None:
                self._subscriptions.refused(endpoint, receipt.retry_after)
            if receipt.code != NOBODY_THERE:
                self._services.refused(origin, BROKEN_REST_S if receipt.retry_after is None else receipt.retry_after)
            return
        # Also a subscription that is gone is an answer of a service that works.
        self._services.accepted(origin)
        self._subscriptions.accepted(endpoint)
        if receipt.outcome is Outcome.MISCONFIGURED:
            self._vapid.forget(origin)
            if self._told.is_due(origin):
                logger.warning(REFUSED, origin, receipt.code)
