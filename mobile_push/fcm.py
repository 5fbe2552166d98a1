"""The `fcm` provider: Google's HTTP v1 interface, with pyfcm's payloads and errors on one shared connection pool.

pyfcm's own senders open a session, and an event loop, per call and sleep through Retry-After. Here one aiohttp
session keeps its connections, so that a message costs little more than aiohttp itself. pyfcm and google-auth
(88 ms, 32 MB) are imported when a provider opens, not when this module is.

Source for the verdicts: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and
https://firebase.google.com/docs/cloud-messaging/error-codes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson
from yarl import URL

from mobile_push.provider import Outcome, Push, Receipt, retry_after

logger = logging.getLogger(__name__)

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
#: Bytes of notification and data that FCM takes; pyfcm does not check it.
PAYLOAD_LIMIT = 4096
#: Seconds: FCM keeps no message for longer than four weeks, and refuses a longer ttl.
LONGEST_TTL = 28 * 24 * 3600
#: Seconds to wait after a 429 without Retry-After, as the FCM documentation asks.
QUOTA_WAIT = 60.0
#: So many refusals for load with nothing accepted in between are no longer scattered: the provider asks for a pause.
SUSTAINED = 10
#: Bytes of an answer that are read; FCM's have a few hundred, and a proxy's error page must not fill the memory.
ANSWER_LIMIT = 64 * 1024
#: Seconds before an access token expires at which the next one is fetched, while the old one still works.
EARLY = 300.0
#: Seconds for which a failure of the token endpoint answers for every message, so that a dead one is not hammered.
FAILURE_HOLDS = 5.0

#: `error.details[].errorCode` → what it means for the message. Only one word forgets a token.
ERROR_CODES = {
    "UNREGISTERED": Outcome.DEAD_TOKEN,  # the app was removed, or its token replaced
    "INVALID_ARGUMENT": Outcome.REJECTED,  # this message; it may be the payload, so the token stays
    "SENDER_ID_MISMATCH": Outcome.MISCONFIGURED,  # the app was built for another Firebase project
    "THIRD_PARTY_AUTH_ERROR": Outcome.MISCONFIGURED,  # the project's APNs certificate or Web Push key
    "QUOTA_EXCEEDED": Outcome.RETRY,
    "UNAVAILABLE": Outcome.RETRY,
    "INTERNAL": Outcome.RETRY,
    "UNSPECIFIED_ERROR": Outcome.RETRY,
}
#: Codes of a 401 that a fresh access token may mend; THIRD_PARTY_AUTH_ERROR is a 401 as well, and is none.
EXPIRED = ("UNAUTHENTICATED", "HTTP_401")
TIMEOUT = Receipt(Outcome.RETRY, "timeout")
CONNECTION = Receipt(Outcome.RETRY, "connection")
TOKEN_ENDPOINT = Receipt(Outcome.RETRY, "token-endpoint")


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
    #: Seconds until a message without an answer counts as failed, waiting for a free connection included.
    timeout: float = 10.0
    #: PEM file of the certificate authorities to trust instead of the system's, behind a proxy that opens TLS.
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.connections < 1:
            raise ValueError(f"connections is {self.connections}; set at least 1")
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


class _NoToken(Exception):
    """There is no access token to send with; `receipt` says what that means for the message."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        super().__init__(receipt.code)


class _AccessToken:
    """The one bearer token of all requests: fetched in a thread, by one caller for all, and early."""

    def __init__(self, fetch: Callable[[], tuple[str, float]], timeout: float) -> None:
        self._fetch = fetch
        self._timeout = timeout
        self._value = ""
        self._expires = self._renew = 0.0
        self._task: asyncio.Task[None] | None = None
        self._failure = TOKEN_ENDPOINT
        #: The value replaces one that FCM refused, and FCM has not accepted it yet.
        self.suspect = False

    def current(self) -> str | None:
        """The Authorization header while there is a good one; renewal begins beside it."""
        now = time.monotonic()
        if now >= self._renew and self._task is None:
            self._failure = TOKEN_ENDPOINT
            self._task = asyncio.create_task(self._refresh(), name="fcm-token")
        return self._value if now < self._expires else None

    async def obtain(self) -> str:
        """The Authorization header, after waiting for a fetch that is under way."""
        value = self.current()
        if value is None and self._task is not None:
            # wait() leaves the task alone when it gives up: it fetches for everybody.
            await asyncio.wait({self._task}, timeout=self._timeout)
            value = self.current()
        if value is None:
            raise _NoToken(self._failure)
        return value

    def accepted(self, value: str) -> None:
        """FCM took `value`: should it be refused later, another one is worth fetching."""
        if value == self._value:
            self.suspect = False

    def refuse(self, value: str) -> None:
        """Stop using a value that FCM answered 401 to, unless another caller has already replaced it."""
        if value != self._value:
            return
        self._value, self._expires = "", 0.0
        if self.suspect:  # the fresh one as well: a third would be refused too
            logger.warning("FCM refuses a fresh access token as well: check the service account and its project")
            self._failure = Receipt(Outcome.MISCONFIGURED, "UNAUTHENTICATED")
            self._renew = time.monotonic() + FAILURE_HOLDS
        else:
            self._renew = 0.0
        self.suspect = True

    async def _refresh(self) -> None:
        try:
            value, lifetime = await asyncio.to_thread(self._fetch)
        except Exception as error:  # google-auth, requests and ssl raise their own; each means "no token now"
            self._failure = _token_failure(error)
            self._renew = time.monotonic() + FAILURE_HOLDS
            logger.warning("no FCM access token (%s): %.300s", self._failure.code, error)
        else:
            now = time.monotonic()
            self._value, self._expires = f"Bearer {value}", now + lifetime
            self._renew = now + lifetime - min(EARLY, lifetime / 4)
        finally:
            self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})


def _token_failure(error: Exception) -> Receipt:
    """Tell a token endpoint that is out of order from one that refuses our key."""
    answer = error.args[1] if len(error.args) > 1 else None
    if isinstance(answer, Mapping) and "error" in answer and not getattr(error, "retryable", False):
        return Receipt(Outcome.MISCONFIGURED, "credentials")
    return TOKEN_ENDPOINT


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Receipt:
    """What FCM's answer means: by `error.details[].errorCode` first, then by the error's and HTTP's status."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if status == 200:
        if isinstance(answer, dict) and isinstance(answer.get("name"), str):
            return Receipt(Outcome.ACCEPTED, "OK", None, answer["name"])
        # Something between us and FCM answered; FCM has not said that it took the message.
        return Receipt(Outcome.RETRY, "unreadable-answer")
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        error = {}
    details = error.get("details")
    codes = (d.get("errorCode") for d in (details if isinstance(details, list) else ()) if isinstance(d, dict))
    code = next((c for c in codes if isinstance(c, str) and c in ERROR_CODES), None)
    if code is not None:
        outcome = ERROR_CODES[code]
    else:
        word = error.get("status")
        code = word if isinstance(word, str) and re.fullmatch("[A-Z_]{1,40}", word) else f"HTTP_{status}"
        if code == "INVALID_ARGUMENT":
            outcome = Outcome.REJECTED
        else:  # any other 3xx or 4xx (401, 403, a 404 that names no token) is about us, not about this phone
            outcome = Outcome.RETRY if status >= 500 or status in (408, 429) else Outcome.MISCONFIGURED
    if outcome is not Outcome.RETRY:
        return Receipt(outcome, code)
    wait = retry_after(headers)
    return Receipt(outcome, code, QUOTA_WAIT if wait is None and status == 429 else wait)


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


class FcmProvider:
    """Sends through Firebase Cloud Messaging.

    Run at most `settings.connections` sends at once: more would only wait, with their timeout running. One send
    takes `settings.timeout` at most, and four times that when it has to wait for access tokens as well.

    Example::

        async with FcmProvider(FcmSettings(Path("service-account.json"))) as fcm:
            receipt = await fcm.send(push)
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

    async def __aenter__(self) -> Self:
        """Open the connections; no request is made yet.

        Raises:
            ValueError: the service account or the CA file can't be used; the text says what to do.
        """
        settings = self.settings
        self._client, fetch = await asyncio.to_thread(_open, settings)
        trusted = await asyncio.to_thread(_trusted, settings.ca_file)
        self._token = _AccessToken(fetch, settings.timeout)
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

    async def send(self, push: Push) -> Receipt:
        """Try once to send `push`; every failure is a receipt, only cancellation is raised."""
        payload = self._payload(push) if self._session is not None else CONNECTION
        if not isinstance(payload, bytes):
            return payload
        try:
            receipt = await self._deliver(payload)
        except _NoToken as missing:
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

    def _payload(self, push: Push) -> bytes | Receipt:
        """The request's body, or why this push can't be one: checked here, as each 4xx counts against the quota."""
        if not push.token:
            return Receipt(Outcome.REJECTED, "no-token")
        data = {"message_id": push.message_id, "kind": push.kind, "link": push.link}
        try:
            "".join((push.token, push.title, push.body, *data.values()))  # raises TypeError for what is no text
            payload: bytes = self._client.parse_payload(
                fcm_token=push.token,
                notification_title=push.title,
                notification_body=push.body,
                data_payload=data,
                **_options(push),
            )
        except (TypeError, UnicodeEncodeError):  # half a surrogate pair has no UTF-8
            return Receipt(Outcome.REJECTED, "not-text")
        # Addresses and options don't count; measuring what does is only worth it for a long request.
        if len(payload) > PAYLOAD_LIMIT and len(orjson.dumps([data, push.title, push.body])) > PAYLOAD_LIMIT:
            return Receipt(Outcome.REJECTED, "too-large")
        return payload

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
