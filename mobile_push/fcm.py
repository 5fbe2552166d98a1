"""The `fcm` provider: Google's HTTP v1 interface, with pyfcm's payloads and errors on HTTP/2.

pyfcm's own senders open a session, and an event loop, per call and sleep through Retry-After. Here a few connections
carry all messages. pyfcm and google-auth (88 ms, 32 MB) are imported when a provider opens, not when this module is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from pyreqwest.http import HeaderMap

from mobile_push.fcm_answers import ERROR_CODES, EXPIRED, classify
from mobile_push.fcm_connections import CONNECTION, Connections, Failed
from mobile_push.fcm_payload import Encoder
from mobile_push.fcm_token import FAILURE_HOLDS, AccessToken, NoToken
from mobile_push.provider import Outcome, Push, Receipt

__all__ = ["ERROR_CODES", "FcmProvider", "FcmSettings", "classify"]

logger = logging.getLogger(__name__)

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
#: So many refusals for load with nothing accepted in between are no longer scattered: the provider asks for a pause.
SUSTAINED = 10


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
    #: Messages under way at most. Google answers in about 50 ms: 1,000 are 20,000 a second, on ten connections.
    at_once: int = 1000
    #: Seconds until a message without an answer counts as failed, waiting for a connection included.
    timeout: float = 10.0
    #: PEM file of certificate authorities to trust beside the system's, behind a proxy that opens TLS.
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.at_once < 1:
            raise ValueError(f"at_once is {self.at_once}; set at least 1")
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


class FcmProvider:
    """Sends through Firebase Cloud Messaging.

    Run at most `settings.at_once` sends at once: more would only wait, with their timeout running. One send
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
        self._connections: Connections | None = None
        self._authorization = ""

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
        client, fetch = await asyncio.to_thread(_open, settings)
        self._encoder = Encoder(client.parse_payload)
        self._token = AccessToken(fetch, settings.timeout)
        self._url = client.fcm_end_point
        self._connections = await asyncio.to_thread(
            Connections, self._url, settings.at_once, settings.timeout, settings.ca_file
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connections, self._connections = self._connections, None
        if connections is not None:
            await self._token.close()
            await connections.close()

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once to send `push` to `token`; every failure is a receipt, only cancellation is raised."""
        payload = self._encoder.to_token(push, token) if self._connections is not None else CONNECTION
        if not isinstance(payload, bytes):
            return payload
        try:
            receipt = await self._deliver(payload)
        except NoToken as missing:
            return missing.receipt
        except Failed as failed:
            return failed.receipt
        if receipt.outcome is not Outcome.RETRY:
            self._refusals = 0
        elif receipt.retry_after is not None:
            self._refusals += 1
            if self._refusals >= SUSTAINED:
                self.paused_until = max(self.paused_until, time.monotonic() + receipt.retry_after)
        return receipt

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
        connections = self._connections
        if connections is None:
            return CONNECTION
        if authorization is not self._authorization:
            self._authorization = authorization
            self._headers = HeaderMap({"Content-Type": "application/json", "Authorization": authorization})
        answer = await connections.post(self._url, payload, self._headers)
        receipt = classify(answer.status, answer.headers, answer.body)
        if receipt.outcome is Outcome.MISCONFIGURED and receipt.code not in EXPIRED:
            self._tell(receipt.code, answer.body)
        return receipt

    def _tell(self, code: str, answer: bytes) -> None:
        """Log what FCM says about our project, once a minute for each code: each message would say the same."""
        now = time.monotonic()
        if now - self._told.get(code, -60.0) >= 60.0:
            self._told[code] = now
            logger.warning("FCM refuses this project (%s): %.500s", code, answer.decode(errors="replace"))
