"""The `fcm` provider: Google's HTTP v1 interface, with pyfcm's payloads and errors on one shared connection pool.

pyfcm's own senders open a session, and an event loop, per call and sleep through Retry-After. Here one aiohttp
session keeps its connections, so that a message costs little more than aiohttp itself. pyfcm and google-auth
(88 ms, 32 MB) are imported when a provider opens, not when this module is.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import orjson
from yarl import URL

from mobile_push.fcm_answers import ERROR_CODES, EXPIRED, classify
from mobile_push.fcm_token import FAILURE_HOLDS, AccessToken, NoToken
from mobile_push.provider import Outcome, Push, Receipt

__all__ = ["ERROR_CODES", "FcmProvider", "FcmSettings", "classify"]

logger = logging.getLogger(__name__)

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
#: Bytes of notification and data that FCM takes; pyfcm does not check it.
PAYLOAD_LIMIT = 4096
#: Seconds: FCM keeps no message for longer than four weeks, and refuses a longer ttl.
LONGEST_TTL = 28 * 24 * 3600
#: So many refusals for load with nothing accepted in between are no longer scattered: the provider asks for a pause.
SUSTAINED = 10
#: Bytes of an answer that are read; FCM's have a few hundred, and a proxy's error page must not fill the memory.
ANSWER_LIMIT = 64 * 1024
#: Pushes whose encoding is kept: the broadcasts under way, in each of their languages.
KEPT = 32
#: Seconds after which a push is encoded anew: Apple is told a moment of expiry, not a time to live.
FRESH = 10.0
#: Stands for the address in a request that is encoded for many. What it follows, `"token":`, is in no text: JSON
#: escapes a text's quotation marks.
PLACEHOLDER = "the address"
TIMEOUT = Receipt(Outcome.RETRY, "timeout")
CONNECTION = Receipt(Outcome.RETRY, "connection")


@dataclass(frozen=True, slots=True)
class FcmSettings:
    """How to reach FCM, and as whom."""

    #: The key file of a service account that may send: Firebase console, Project settings, Service accounts.
    service_account_file: Path
    #: Firebase project to send for; None takes the service account's own.
    project_id: str | None = None
    #: Where FCM is; the sandbox prints its own.
    base_url: str = "https://fcm.googleapis.com/v1/projects"
    #: Where access tokens come from; None takes the service account file's.
    token_uri: str | None = None
    #: Connections at most, and so messages under way. Google answers in about 50 ms: 500 are 10,000 a second.
    connections: int = 500
    #: Messages a minute that the project may send; Google's default quota.
    per_minute: int = 600_000
    #: Seconds until a message without an answer counts as failed, waiting for a free connection included.
    timeout: float = 10.0
    #: PEM file of the certificate authorities to trust instead of the system's, behind a proxy that opens TLS.
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.connections < 1:
            raise ValueError(f"connections is {self.connections}; set at least 1")
        if self.per_minute < 1:
            raise ValueError(f"per_minute is {self.per_minute}; set at least 1, or leave it out for Google's default")
        if not self.timeout > 0:
            raise ValueError(f"timeout is {self.timeout}; set the seconds after which to give up, such as 10")
        if not self.base_url.startswith(("https://", "http://")):
            raise ValueError(f"base_url is {self.base_url!r}; set an address that starts with https://")

    def service_account(self) -> dict[str, Any]:
        """The service account's key file as a mapping.

        Raises:
            ValueError: the file can't be used; the text names the file and what to do.
        """
        path, advice = self.service_account_file, "download a service account's key from the Firebase console"
        try:
            account = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError as error:
            raise ValueError(f"{path} is not JSON ({error}); {advice} and put the file there unchanged") from None
        except OSError as error:
            raise ValueError(f"{path} can't be read ({error.strerror}); {advice} and name its path") from None
        if not isinstance(account, dict) or account.get("type") != "service_account":
            raise ValueError(f"{path} is not a service account's key (its type is not service_account); {advice}")
        needed = ("client_email", "private_key", "token_uri") + (() if self.project_id else ("project_id",))
        if missing := [key for key in needed if not isinstance(account.get(key), str)]:
            raise ValueError(f"{path} lacks {', '.join(missing)}; {advice} again and put the file there unchanged")
        if self.project_id:
            account["project_id"] = self.project_id
        return account


def _open(settings: FcmSettings) -> tuple[Any, Callable[[], tuple[str, float]]]:
    """pyfcm's client for its payloads and address, and a function that fetches an access token and its seconds.

    Blocks on imports and files, and the function on the network: both belong in a thread.
    """
    from google.auth.transport.requests import Request
    from google.oauth2.service_account import Credentials
    from pyfcm import FCMNotification

    class Client(FCMNotification):  # type: ignore[misc]
        FCM_END_POINT_BASE = settings.base_url.rstrip("/")

        def json_dumps(self, data: object) -> bytes:
            return orjson.dumps(data)

    account = settings.service_account()
    if settings.token_uri:
        account["token_uri"] = settings.token_uri
    try:
        credentials = Credentials.from_service_account_info(account, scopes=[SCOPE])  # type: ignore[no-untyped-call]
    except ValueError as error:
        path = settings.service_account_file
        raise ValueError(f"the private_key in {path} can't be used ({error}); download the key again") from None
    request = partial(Request(), timeout=settings.timeout, verify=str(settings.ca_file or "") or True)

    def fetch() -> tuple[str, float]:
        credentials.refresh(request)
        token, expiry = credentials.token, credentials.expiry
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and expiry):
            raise ValueError("the token endpoint's answer holds no access token that a header can carry")
        lifetime = (expiry - datetime.now(UTC).replace(tzinfo=None)).total_seconds()
        return token, max(lifetime, FAILURE_HOLDS)

    return Client(credentials=credentials), fetch


def _trusted(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"ca_file {ca_file} can't be used ({error}); name a PEM file of certificates") from None


def _proxy(url: URL) -> str | None:
    """The proxy that HTTPS_PROXY and NO_PROXY ask for, read once: google-auth's client obeys them as well."""
    return None if urllib.request.proxy_bypass(url.host or "") else urllib.request.getproxies().get(url.scheme)


def _options(push: Push) -> dict[str, dict[str, Any]]:
    """How Android and Apple's phones are to treat the message, as pyfcm's arguments."""
    ttl = min(max(push.ttl, 0), LONGEST_TTL)
    # A phone shows one notification per key: a message that came twice replaces itself.
    key = push.collapse_key or push.message_id
    android: dict[str, Any] = {"priority": push.priority.upper(), "ttl": f"{ttl}s", "notification": {"tag": key}}
    if push.collapse_key is not None:
        android["collapse_key"] = push.collapse_key
    headers = {
        "apns-priority": "10" if push.priority == "high" else "5",
        "apns-expiration": str(int(time.time()) + ttl if ttl else 0),
        # APNs refuses the whole message for a key of more than 64 bytes.
        "apns-collapse-id": key if len(key.encode()) <= 64 else sha256(key.encode()).hexdigest(),
    }
    return {"android_config": android, "apns_config": {"headers": headers}}


class Encoded(NamedTuple):
    """A push as a request's body without the address that goes in between."""

    push: Push
    #: `time.monotonic()` of the encoding.
    at: float
    head: bytes
    tail: bytes


class FcmProvider:
    """Sends through Firebase Cloud Messaging.

    Run at most `settings.connections` sends at once: more would only wait, with their timeout running. One send
    takes `settings.timeout` at most, and four times that when it has to wait for access tokens as well.

    Example::

        async with FcmProvider(FcmSettings(Path("service-account.json"))) as fcm:
            receipt = await fcm.send(push, token)
    """

    name = "fcm"

    def __init__(self, settings: FcmSettings) -> None:
        self.settings = settings
        #: `time.monotonic()` until which a run of refusals for load asks for silence; 0.0 when none does.
        self.paused_until = 0.0
        self._refusals = 0
        self._told: dict[str, float] = {}
        self._session: aiohttp.ClientSession | None = None
        self._authorization = ""
        self._encoded: dict[int, Encoded] = {}

    @property
    def at_once(self) -> int:
        return self.settings.connections

    @property
    def per_second(self) -> float:
        return self.settings.per_minute / 60

    @property
    def longest_send(self) -> float:
        """Seconds that one send takes at most: two tries, each of which may wait for an access token."""
        return 4 * self.settings.timeout

    async def __aenter__(self) -> Self:
        """Open the connections; no request is made yet.

        Raises:
            ValueError: the service account or the CA file can't be used; the text says what to do.
        """
        settings = self.settings
        self._client, fetch = await asyncio.to_thread(_open, settings)
        trusted = await asyncio.to_thread(_trusted, settings.ca_file)
        self._token = AccessToken(fetch, settings.timeout)
        self._url = URL(self._client.fcm_end_point)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=settings.connections, ssl=trusted, ttl_dns_cache=300),
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=settings.timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=_proxy(self._url),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await self._token.close()
            await session.close()

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once to send `push` to `token`; every failure is a receipt, only cancellation is raised."""
        payload = self._payload(push, token) if self._session is not None else CONNECTION
        if not isinstance(payload, bytes):
            return payload
        try:
            receipt = await self._deliver(payload)
        except NoToken as missing:
            return missing.receipt
        except TimeoutError:
            return TIMEOUT
        except (aiohttp.ClientError, OSError):
            return CONNECTION
        if receipt.outcome is not Outcome.RETRY:
            self._refusals = 0
        elif receipt.retry_after is not None:
            self._refusals += 1
            if self._refusals >= SUSTAINED:
                self.paused_until = max(self.paused_until, time.monotonic() + receipt.retry_after)
        return receipt

    def preview(self, push: Push) -> dict[str, Any]:
        """The request's body without the phone's address, or why there can't be one."""
        payload = self._payload(push, PLACEHOLDER)
        if not isinstance(payload, bytes):
            return {"refused": payload.code}
        body: dict[str, Any] = orjson.loads(payload)
        del body["message"]["token"]
        return body

    def _payload(self, push: Push, token: str) -> bytes | Receipt:
        """The request's body, or why there can't be one: checked here, as each 4xx counts against the quota."""
        if not token:
            return Receipt(Outcome.REJECTED, "no-token")
        encoded = self._encoded.get(id(push))
        try:
            if encoded is None or time.monotonic() - encoded.at > FRESH:
                encoded = self._encode(push)
            return encoded.head + orjson.dumps("" + token) + encoded.tail
        except (TypeError, UnicodeEncodeError):  # half a surrogate pair has no UTF-8
            return Receipt(Outcome.REJECTED, "not-text")
        except OverflowError:
            return Receipt(Outcome.REJECTED, "too-large")

    def _encode(self, push: Push) -> Encoded:
        """Keep `push` as a request without an address; TypeError for what is no text, OverflowError for too much."""
        data = {"message_id": push.message_id, "kind": push.kind, "link": push.link}
        "".join((push.title, push.body, *data.values()))  # raises TypeError for what is no text
        payload: bytes = self._client.parse_payload(
            fcm_token=PLACEHOLDER,
            notification_title=push.title,
            notification_body=push.body,
            data_payload=data,
            **_options(push),
        )
        # Options don't count; measuring what does is only worth it for a long request.
        if len(payload) > PAYLOAD_LIMIT and len(orjson.dumps([data, push.title, push.body])) > PAYLOAD_LIMIT:
            raise OverflowError
        before, name, tail = payload.partition(b'"token":')
        encoded = Encoded(push, time.monotonic(), before + name, tail.removeprefix(orjson.dumps(PLACEHOLDER)))
        # The push is kept with it, so that no other can get its id meanwhile.
        if len(self._encoded) >= KEPT:
            del self._encoded[next(iter(self._encoded))]
        self._encoded[id(push)] = encoded
        return encoded

    async def _deliver(self, payload: bytes) -> Receipt:
        """Post once, and once more with a fresh access token when FCM refuses the one that it was sent with."""
        token = self._token
        for _ in range(2):
            value = token.current() or await token.obtain()
            receipt = await self._post(payload, value)
            if receipt.code not in EXPIRED:
                if token.suspect and receipt.outcome is not Outcome.RETRY:
                    token.accepted(value)
                break
            token.refuse(value)
        return receipt

    async def _post(self, payload: bytes, authorization: str) -> Receipt:
        session = self._session
        if session is None:
            return CONNECTION
        if authorization is not self._authorization:
            # In the session's own headers, of which aiohttp takes a copy at once: cheaper than merging a request's.
            session.headers["Authorization"] = self._authorization = authorization
        async with session.post(self._url, data=payload, allow_redirects=False) as response:
            content = response.content
            answer = await content.readany()
            while not content.at_eof() and len(answer) <= ANSWER_LIMIT:
                answer += await content.readany()
            receipt = classify(response.status, response.headers, answer)
        if receipt.outcome is Outcome.MISCONFIGURED and receipt.code not in EXPIRED:
            self._tell(receipt.code, answer)
        return receipt

    def _tell(self, code: str, answer: bytes) -> None:
        """Log what FCM says about our project, once a minute for each code: each message would say the same."""
        now = time.monotonic()
        if now - self._told.get(code, -60.0) >= 60.0:
            self._told[code] = now
            logger.warning("FCM refuses this project (%s): %.500s", code, answer.decode(errors="replace"))
