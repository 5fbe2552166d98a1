"""A local stand-in for Apple's push service: `POST /3/device/{token}` by HTTP/2, with a signed provider token.

It checks what Apple's checks (signature and age of the token, topic, headers, size) and answers its reasons.
`PUT /sandbox/faults` sets every switch of `ApnsBehaviour`; `GET /sandbox/messages?token=&after=` shows what arrived.

Sources: Apple, "Establishing a token-based connection to APNs", "Sending notification requests to APNs" and "Handling
notification responses from APNs".
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import uuid4

import orjson
from aiohttp import web
from pydantic import Field

from banshi.sdk.operations import write_private
from mobile_push.sandbox import server
from mobile_push.sandbox.answers import Answer
from mobile_push.sandbox.behaviour import Switches
from mobile_push.sandbox.server import Heard, PushSandbox, Shown, response
from mobile_push.sandbox.validation import MAX_APPLE_BYTES, MAX_COLLAPSE_BYTES
from sandboxes.faults import Count
from sandboxes.sandbox import Call

#: What the platform and an app are set up with here.
TEAM_ID, KEY_ID, TOPIC = "BANSHITEAM", "SANDBOXKEY", "org.example.city"
#: Seconds that a provider token is good for, and in which it is to be renewed once at most.
MAX_TOKEN_AGE_S, TOKEN_UPDATES_S = 3600, 1200
#: Authorizations that are known as good.
MAX_TOKENS_KEPT = 1000
DEVICE = re.compile("(?:[0-9a-fA-F]{2}){32,100}")
#: Header → what it may be, and what Apple says of another.
HEADERS = {
    "apns-priority": (re.compile("10|5|1"), "BadPriority"),
    "apns-push-type": (re.compile("alert|background|location|voip|complication|fileprovider|mdm"), "InvalidPushType"),
    "apns-expiration": (re.compile("[0-9]{1,12}"), "BadExpirationDate"),
    "apns-id": (re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "BadMessageId"),
}
#: Apple's reasons, by their status.
REASONS = {
    reason: status
    for status, reasons in {
        400: "BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic DeviceTokenNotForTopic"
        " DuplicateHeaders IdleTimeout InvalidPushType MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed",
        403: "BadCertificate BadCertificateEnvironment ExpiredProviderToken Forbidden InvalidProviderToken"
        " MissingProviderToken",
        404: "BadPath",
        405: "MethodNotAllowed",
        410: "ExpiredToken Unregistered",
        413: "PayloadTooLarge",
        429: "TooManyProviderTokenUpdates TooManyRequests",
        500: "InternalServerError",
        503: "ServiceUnavailable Shutdown",
    }.items()
    for reason in reasons.split()
}
Reason = Annotated[str, Field(pattern=f"^({'|'.join(REASONS)})$")]


@dataclass(slots=True)
class ApnsBehaviour(Switches):
    """How the messages are treated that come from now on; a code is one of Apple's reasons."""

    EVERY: ClassVar[tuple[str, ...]] = ("/3/device/",)

    #: Token → the moment (Unix seconds) since when its app is gone: 410 Unregistered.
    unregistered: dict[str, float] = field(default_factory=dict)
    #: Token → the reason that its messages are refused with.
    faults: dict[str, Reason] = field(default_factory=dict)
    #: New provider tokens that are taken within twenty minutes.
    token_updates: Count = 10


@dataclass(slots=True)
class Received(server.Received):
    """A message that the sandbox took; `message` is its payload."""

    headers: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        return {**server.Received.document(self), "headers": {str(name): value for name, value in self.headers.items()}}


class ApnsSandbox(PushSandbox[ApnsBehaviour, Received]):
    """A server that speaks Apple's protocol on this machine.

    Example::

        async with ApnsSandbox(tls=context) as sandbox:
            key = sandbox.key_file(tmp_path / "apns.p8")  # of the team TEAM_ID, by the name KEY_ID
            …
            assert sandbox.received[0].message["aps"]["alert"]["title"] == push.title
    """

    BEHAVIOUR, HTTP2 = ApnsBehaviour, True

    def begin(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self._key: Any = ec.generate_private_key(ec.SECP256R1())
        #: Authorization header that was right → when it was signed; and when new ones came, lately.
        self._signed: dict[str, float] = {}
        self._updates: deque[float] = deque()

    def key_file(self, path: Path) -> Path:
        """Write the provider's key to `path`, readable by this user only; one that is there is taken instead."""
        from cryptography.hazmat.primitives import serialization as pem

        write_private(path, self._key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()))
        self._key = pem.load_pem_private_key(path.read_bytes(), None)
        return path

    def calls(self) -> Mapping[str, Call]:
        return {"/3/device/": self.call}

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in REASONS:
            raise ValueError(f"codes: Apple's reasons are {', '.join(REASONS)}, not {code}")
        return response(refusal(str(code)))

    def answer(self, heard: Heard) -> Answer | None:
        token = heard.path.removeprefix("/3/device/")
        answer = self._refused(heard, token)
        if answer is None:
            self._number += 1
            self.keep(Received(self._number, token, time.monotonic(), heard.body, heard.headers))
            answer = Answer(200, "OK", b"", {})
        self.answers[answer.code] += 1
        identity = heard.headers.get("apns-id") or str(uuid4()).upper()
        return answer._replace(headers={**answer.headers, "apns-id": identity})

    def _refused(self, heard: Heard, token: str) -> Answer | None:
        method, _, headers, body = heard
        if method != "POST":
            return refusal("MethodNotAllowed")
        if why := self._wrong_sender(headers.get("authorization")) or wrong_headers(headers) or wrong_body(body):
            return refusal(why)
        if busy := self.busy(refusal("TooManyRequests"), refusal("ServiceUnavailable")):
            return busy
        if not DEVICE.fullmatch(token):
            return refusal("BadDeviceToken" if token else "MissingDeviceToken")
        if (since := self.behaviour.unregistered.get(token)) is not None:
            return refusal("Unregistered", timestamp=int(since * 1000))
        fault = self.behaviour.faults.get(token)
        return None if fault is None else refusal(fault)

    def _wrong_sender(self, authorization: str | None) -> str:
        """Apple's word for what is wrong with who sends; "" where nothing is."""
        if not authorization:
            return "MissingProviderToken"
        now, signed = self.clock(), self._signed.get(authorization)
        if signed is None:
            try:
                signed = self._verified(authorization)
            except (ValueError, KeyError, TypeError):
                return "InvalidProviderToken"
            while self._updates and self._updates[0] <= now - TOKEN_UPDATES_S:
                self._updates.popleft()
            if len(self._updates) >= self.behaviour.token_updates:
                return "TooManyProviderTokenUpdates"
            self._updates.append(now)
            if len(self._signed) >= MAX_TOKENS_KEPT:
                self._signed.clear()
            self._signed[authorization] = signed
        return "ExpiredProviderToken" if now - signed > MAX_TOKEN_AGE_S else ""

    def _verified(self, authorization: str) -> float:
        """When a token was signed. Raises ValueError, KeyError or TypeError for what our key hasn't signed for us."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import ECKey

        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        scheme, _, text = authorization.partition(" ")
        try:
            token = jwt.decode(text, ECKey.import_key(public), algorithms=["ES256"])
        except JoseError as error:
            raise ValueError(str(error)) from None
        if scheme.lower() != "bearer" or token.header["kid"] != KEY_ID or token.claims["iss"] != TEAM_ID:
            raise ValueError("it is of another key or team")
        return float(token.claims["iat"])

    def settings(self, folder: Path) -> str:
        return f"""[plugins.mobile_push.settings.apns]
key_file = "{self.key_file(folder / "apns.p8").resolve()}"
key_id = "{KEY_ID}"
team_id = "{TEAM_ID}"
topic = "{TOPIC}"
base_url = "{self.url}"
"""

    def notifications(self) -> Iterator[Shown]:
        for one in self.received:
            more = dict(one.message)
            aps = more.pop("aps")
            alert = aps.pop("alert", {})
            alert = alert if isinstance(alert, dict) else {"body": alert}
            name = one.headers.get("apns-collapse-id") or str(one.number)
            yield Shown(one.token, name, str(alert.get("title", "")), str(alert.get("body", "")), {**more, **aps})


def refusal(reason: str, **more: int) -> Answer:
    return Answer(REASONS[reason], reason, orjson.dumps({"reason": reason, **more}))


def wrong_headers(headers: Mapping[str, str]) -> str:
    """Apple's word for what is wrong with a request's headers; "" where nothing is."""
    topic = headers.get("apns-topic")
    if topic != TOPIC:
        return "TopicDisallowed" if topic else "MissingTopic"
    for name, (right, reason) in HEADERS.items():
        if (value := headers.get(name)) is not None and not right.fullmatch(value):
            return reason
    if len(headers.get("apns-collapse-id", "").encode()) > MAX_COLLAPSE_BYTES:
        return "BadCollapseId"
    if headers.get("apns-push-type") == "background" and headers.get("apns-priority", "10") == "10":
        return "BadPriority"
    return ""


def wrong_body(body: bytes) -> str:
    """Apple's word for what is wrong with a payload; "" where nothing is."""
    if len(body) > MAX_APPLE_BYTES:
        return "PayloadTooLarge"
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "PayloadEmpty"
    return "" if isinstance(document, dict) and isinstance(document.get("aps"), dict) else "PayloadEmpty"
