"""A local stand-in for FCM: its HTTP v1 interface and Google's token endpoint, for development, demo and tests.

It checks what the real service checks and answers errors in the real service's shape, so that an app's developer
needs no Google account, and it fails on demand. `PUT /sandbox/behaviour` sets every switch of `Behaviour` (what is
left out goes back to its default) and GET shows them; `GET /sandbox/messages?token=&after=` shows what arrived;
`DELETE /sandbox/tokens` makes every access token expire. `python -m mobile_push.sandbox` starts it by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

import orjson
from aiohttp import web

#: Bytes of notification and data in one message.
PAYLOAD_LIMIT = 4096
#: Messages that are kept to be looked at; the counts go on beyond.
KEPT = 100_000
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
#: google-auth signs for this audience, whatever the token_uri.
AUDIENCE = "https://oauth2.googleapis.com/token"
EMAIL = "fcm@sandbox.invalid"
JSON = {"Content-Type": "application/json; charset=UTF-8"}
HTML = {"Content-Type": "text/html; charset=UTF-8"}

#: A field's check; a string is a leaf of CHECKS, a mapping is a nested message.
Fields = dict[str, Any]
CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "bool": (lambda v: isinstance(v, bool), "TYPE_BOOL"),
    "int": (lambda v: isinstance(v, int), "TYPE_INT32"),
    "list": (lambda v: isinstance(v, list), "TYPE_STRING"),
    "struct": (lambda v: isinstance(v, dict), "type.googleapis.com/google.protobuf.Struct"),
    "priority": (
        lambda v: isinstance(v, str) and v.upper() in ("HIGH", "NORMAL"),
        "type.googleapis.com/google.firebase.fcm.v1.AndroidMessagePriority",
    ),
    "duration": (
        lambda v: isinstance(v, str) and bool(re.fullmatch(r"\d+(\.\d{1,9})?s", v)) and float(v[:-1]) <= 2_419_200,
        "type.googleapis.com/google.protobuf.Duration",
    ),
}


def _fields(nested: Fields, **leaves: str) -> Fields:
    """A message's fields under both names that protobuf's JSON takes: snake_case and lowerCamelCase."""
    every = nested | {name: kind for kind, names in leaves.items() for name in names.split()}
    return every | {re.sub(r"_(\w)", lambda m: m[1].upper(), name): kind for name, kind in every.items()}


# Source: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
OPTIONS = _fields({}, string="analytics_label image link")
ANDROID_NOTIFICATION = _fields(
    {},
    string="title body icon color sound tag click_action body_loc_key title_loc_key channel_id ticker event_time"
    " notification_priority visibility image proxy",
    bool="sticky local_only default_sound default_vibrate_timings default_light_settings bypass_proxy_notification",
    int="notification_count",
    list="body_loc_args title_loc_args vibrate_timings",
    struct="light_settings",
)
ANDROID = _fields(
    {"notification": ANDROID_NOTIFICATION, "fcm_options": OPTIONS},
    string="collapse_key restricted_package_name",
    strings="data",
    priority="priority",
    duration="ttl",
    bool="direct_boot_ok bandwidth_constrained_ok restricted_satellite_ok",
)
WEBPUSH = _fields({"fcm_options": OPTIONS}, strings="headers data", struct="notification")
APNS = _fields({"fcm_options": OPTIONS}, strings="headers", struct="payload", string="live_activity_token")
MESSAGE = _fields(
    {
        "notification": _fields({}, string="title body image"),
        "android": ANDROID,
        "webpush": WEBPUSH,
        "apns": APNS,
        "fcm_options": OPTIONS,
    },
    string="name token topic condition",
    strings="data",
)
REQUEST = _fields({"message": MESSAGE}, bool="validate_only")


def _check(value: object, fields: Fields, path: str, found: list[tuple[str, str]]) -> None:
    """Add to `found` the field and the description of everything that the real service would not parse."""
    if not isinstance(value, dict):
        found.append((path, f"Invalid value at '{path}' (type.googleapis.com/google.firebase.fcm.v1.Message)"))
        return
    for name, inner in value.items():
        kind = fields.get(name)
        if kind == "string":
            if not isinstance(inner, str):
                found.append((f"{path}.{name}", f"Invalid value at '{path}.{name}' (TYPE_STRING)"))
        elif kind is None:
            found.append(
                (path, f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field.")
            )
        elif kind == "strings":
            pairs = inner.values() if isinstance(inner, dict) else (None,)
            for index, text in enumerate(pairs):
                if not isinstance(text, str):
                    at = f"{path}.{name}[{index}].value"
                    found.append((at, f"Invalid value at '{at}' (TYPE_STRING)"))
        elif isinstance(kind, dict):
            _check(inner, kind, f"{path}.{name}" if path else name, found)
        else:
            check, type_name = CHECKS[kind]
            if not check(inner):
                found.append((f"{path}.{name}", f"Invalid value at '{path}.{name}' ({type_name})"))


class Answer(NamedTuple):
    """A prepared answer."""

    status: int
    #: How it is counted.
    code: str
    body: bytes
    headers: dict[str, str] = JSON


def _error(
    status: int, word: str, message: str, code: str = "", reason: str = "", found: Iterable[tuple[str, str]] = ()
) -> Answer:
    """An error as Google's services write it: `code` is FCM's own errorCode, `reason` Google's front end's."""
    details: list[dict[str, Any]] = []
    if code:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        details.append({"@type": kind, "reason": reason, "domain": "googleapis.com"})
    if violations := [{"field": name, "description": text} for name, text in found]:
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    error = {"code": status, "message": message, "status": word} | ({"details": details} if details else {})
    return Answer(status, code or word, orjson.dumps({"error": error}))


def _invalid(found: list[tuple[str, str]], code: str = "") -> Answer:
    return _error(400, "INVALID_ARGUMENT", "\n".join(text for _, text in found), code, found=found)


BAD_TOKEN = "Request had invalid authentication credentials. Expected OAuth 2 access token."  # noqa: S105  # a text
DENIED = "Permission 'cloudmessaging.messages.create' denied on resource (or it may not exist)."
#: What `Behaviour.faults` may name for a phone: FCM's documented errors, and what stands between us and FCM.
FAULTS = {
    "UNREGISTERED": _error(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED"),
    "SENDER_ID_MISMATCH": _error(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH"),
    "THIRD_PARTY_AUTH_ERROR": _error(401, "UNAUTHENTICATED", "Auth error from APNS", "THIRD_PARTY_AUTH_ERROR"),
    "INVALID_ARGUMENT": _error(400, "INVALID_ARGUMENT", "Not a valid FCM registration token", "INVALID_ARGUMENT"),
    "QUOTA_EXCEEDED": _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for messages.", "QUOTA_EXCEEDED"),
    "UNAVAILABLE": _error(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE"),
    "INTERNAL": _error(500, "INTERNAL", "Internal error encountered.", "INTERNAL"),
    "ACCESS_TOKEN_EXPIRED": _error(401, "UNAUTHENTICATED", BAD_TOKEN, reason="ACCESS_TOKEN_EXPIRED"),
    "NOT_FOUND": _error(404, "NOT_FOUND", "Requested entity was not found."),  # no such project; no word of a phone
    "PERMISSION_DENIED": _error(403, "PERMISSION_DENIED", DENIED, reason="IAM_PERMISSION_DENIED"),
    "BAD_GATEWAY": Answer(502, "BAD_GATEWAY", b"<html>Error 502 (Server Error)!!1", HTML),
    "GATEWAY_TIMEOUT": Answer(504, "GATEWAY_TIMEOUT", b"<html>Error 504", HTML),
    "LOGIN_PAGE": Answer(200, "LOGIN_PAGE", b"<html>Please sign in to this network", HTML),
}
UNKNOWN_TOKEN = _error(401, "UNAUTHENTICATED", BAD_TOKEN, reason="ACCESS_TOKEN_TYPE_UNSUPPORTED")
NO_TOKEN = _error(401, "UNAUTHENTICATED", BAD_TOKEN, reason="CREDENTIALS_MISSING")


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _retry_after(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, str) and value.isprintable())
        or (_seconds(value) and isinstance(value, int))
    )


#: Type of a switch → its check, and what to write.
SWITCHES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "float": (_seconds, "a number, 0 or more"),
    "bool": (lambda v: isinstance(v, bool), "true or false"),
    "int | str | None": (_retry_after, "whole seconds, an HTTP date, or null for no header"),
    "set[str]": (lambda v: isinstance(v, set | list) and all(isinstance(t, str) for t in v), "a list of tokens"),
    "dict[str, str]": (
        lambda v: isinstance(v, dict) and all(isinstance(f, str) and f in FAULTS for f in v.values()),
        f"an object of token: fault, a fault being one of {', '.join(FAULTS)}",
    ),
}


@dataclass(slots=True)
class Behaviour:
    """How the sandbox treats the messages that come from now on."""

    #: Seconds before every answer to a message.
    latency: float = 0.0
    #: Tokens whose app is gone: 404 UNREGISTERED.
    unregistered: set[str] = field(default_factory=set)
    #: Token → name of the error in FAULTS that it gets.
    faults: dict[str, str] = field(default_factory=dict)
    #: Share of messages, 0 to 1, that get 429 QUOTA_EXCEEDED; spread evenly, so that 0.01 is every hundredth.
    quota_share: float = 0.0
    quota_retry_after: int | str | None = 1
    #: Share of messages that get 503 UNAVAILABLE.
    unavailable_share: float = 0.0
    unavailable_retry_after: int | str | None = None
    #: Take a message and never answer; it is not recorded.
    hang: bool = False
    #: Record a message, then let so many seconds pass before the answer; 0 answers at once.
    answer_late: float = 0.0
    #: 403 for every message, as for a project that the service account has no right to.
    wrong_project: bool = False
    #: The token endpoint closes the connection without an answer.
    token_down: bool = False
    #: The token endpoint answers invalid_grant, as for a key that was withdrawn.
    token_refused: bool = False
    #: Seconds before the token endpoint answers.
    token_latency: float = 0.0
    #: Seconds for which an access token is good.
    token_lifetime: float = 3600.0

    @classmethod
    def read(cls, document: object) -> Behaviour:
        """The behaviour that a JSON document describes.

        Raises:
            ValueError: a switch is unknown or its value wrong; the text names every one.
        """
        if not isinstance(document, dict):
            raise ValueError("send one JSON object")
        wrong = []
        for name, value in document.items():
            if name not in cls.__annotations__:
                wrong.append(f"{name} is no switch; there are {', '.join(cls.__annotations__)}")
            elif not SWITCHES[cls.__annotations__[name]][0](value):
                wrong.append(f"{name} must be {SWITCHES[cls.__annotations__[name]][1]}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return cls(**document | {"unregistered": set(document.get("unregistered", ()))})


class Received(NamedTuple):
    """A message that the sandbox took."""

    #: Counts from 1 in the order of arrival.
    number: int
    #: Whom it was for: a registration token, topic or condition.
    token: str
    #: `time.monotonic()` of its arrival.
    arrived: float
    #: The request's body as it came.
    raw: bytes

    @property
    def message(self) -> dict[str, Any]:
        """The message as FCM's interface names its fields."""
        message: dict[str, Any] = orjson.loads(self.raw)["message"]
        return message


class FcmSandbox:
    """A server that speaks FCM HTTP v1 on this machine.

    Example::

        async with FcmSandbox() as sandbox:
            key = sandbox.service_account_file(tmp_path / "key.json")
            async with FcmProvider(FcmSettings(key, base_url=sandbox.base_url)) as fcm:
                await fcm.send(push)
            assert sandbox.received[0].token == push.token
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        project_id: str = "banshi-sandbox",
        ssl_context: ssl.SSLContext | None = None,
        record: bool = True,
    ) -> None:
        self.host, self.port, self.project_id = host, port, project_id
        self.behaviour = Behaviour()
        #: The last messages taken, KEPT at most; empty without `record`.
        self.received: deque[Received] = deque(maxlen=KEPT)
        #: Exact numbers of answers to messages by code: "OK", "UNREGISTERED", ….
        self.answers: Counter[str] = Counter()
        #: Requests to the token endpoint.
        self.token_requests = 0
        self._ssl = ssl_context
        self._record = record
        self._number = 0
        self._due: dict[str, float] = {}
        self._keys: list[Any] = []
        #: Authorization header → `time.monotonic()` at which it expires.
        self._tokens: dict[str, float] = {}
        self._send_path = f"/v1/projects/{project_id}/messages:send"

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._ssl else 'http'}://{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """What `FcmSettings.base_url` must be to send here."""
        return f"{self.url}/v1/projects"

    async def __aenter__(self) -> Self:
        from cryptography.hazmat.primitives.asymmetric import rsa

        self._keys = [await asyncio.to_thread(rsa.generate_private_key, 65537, 2048)]
        server = web.Server(self._handle, access_log=None, handler_cancellation=True)
        # Handlers that hang on purpose must not hold up the end.
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, ssl_context=self._ssl, backlog=1024).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def service_account_file(self, path: Path) -> Path:
        """Write a service account's key for this sandbox to `path`, readable by this user only.

        A sandbox's earlier file keeps its key, so that a platform that runs goes on after the sandbox restarts.

        Raises:
            FileExistsError: `path` is something else, such as a real key; it is left alone.
        """
        from cryptography.hazmat.primitives import serialization as pem

        if path.exists():
            if EMAIL not in path.read_text(errors="replace"):
                raise FileExistsError(f"{path} was not written by the sandbox; name another file")
            old = orjson.loads(path.read_bytes())["private_key"]
            self._keys.insert(0, pem.load_pem_private_key(old.encode(), None))
        text = self._keys[0].private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()).decode()
        account = {
            "type": "service_account",
            "project_id": self.project_id,
            "private_key_id": "sandbox",
            "private_key": text,
            "client_email": EMAIL,
            "client_id": "0",
            "token_uri": f"{self.url}/token",
        }
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        new.touch(0o600, exist_ok=False)
        new.write_bytes(orjson.dumps(account, option=orjson.OPT_INDENT_2))
        return new.replace(path)

    def expire_tokens(self) -> None:
        """Make every access token that was given out expire at once."""
        self._tokens = dict.fromkeys(self._tokens, 0.0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        if request.method == "POST" and path.endswith("/messages:send") and path.startswith("/v1/projects/"):
            answer = await self._send(request, await request.read())
            return web.Response(body=answer.body, status=answer.status, headers=answer.headers)
        url = urlsplit(path)
        match request.method, url.path:
            case "POST", "/token":
                status, document = await self._token(request)
            case "GET", "/sandbox/behaviour":
                status, document = 200, self.behaviour
            case "PUT", "/sandbox/behaviour":
                try:
                    self.behaviour = Behaviour.read(orjson.loads(await request.read()))
                    status, document = 200, self.behaviour
                except ValueError as error:
                    status, document = 400, {"detail": str(error)}
            case "GET", "/sandbox/messages":
                status, document = self._messages(parse_qs(url.query))
            case "DELETE", "/sandbox/tokens":
                self.expire_tokens()
                status, document = 200, {}
            case _:
                status, document = 404, {"detail": f"{request.method} {url.path} is no path of the sandbox"}
        return web.Response(body=orjson.dumps(document, default=list), status=status, headers=JSON)

    async def _send(self, request: web.BaseRequest, body: bytes) -> Answer:
        behaviour = self.behaviour
        if behaviour.hang:
            await asyncio.get_running_loop().create_future()
        if behaviour.latency:
            await asyncio.sleep(behaviour.latency)
        answer = self._refusal(request) or self._take(body)
        self.answers[answer.code] += 1
        if behaviour.answer_late and answer.code == "OK":
            await asyncio.sleep(behaviour.answer_late)
        return answer

    def _refusal(self, request: web.BaseRequest) -> Answer | None:
        """The answer to a request that does not get as far as its message: who asks, for whom, how often."""
        header = request.headers.get("Authorization")
        expires = self._tokens.get(header) if header else None
        if expires is None:
            return UNKNOWN_TOKEN if header else NO_TOKEN
        if expires <= time.monotonic():
            return FAULTS["ACCESS_TOKEN_EXPIRED"]
        behaviour = self.behaviour
        if behaviour.wrong_project or request.raw_path != self._send_path:
            return FAULTS["PERMISSION_DENIED"]
        if self._turn("quota", behaviour.quota_share):
            return _after(FAULTS["QUOTA_EXCEEDED"], behaviour.quota_retry_after)
        if self._turn("unavailable", behaviour.unavailable_share):
            return _after(FAULTS["UNAVAILABLE"], behaviour.unavailable_retry_after)
        return None

    def _turn(self, what: str, share: float) -> bool:
        """Whether this is one of the share, spread evenly: every run of the same length meets the same number."""
        if not share:
            return False
        due = self._due.get(what, 0.0) + share
        # Sums of shares such as 0.1 fall a hair short of 1.
        self._due[what] = due - 1 if (turn := due > 1 - 1e-9) else due
        return turn

    def _take(self, body: bytes) -> Answer:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return _invalid([("", f"Invalid JSON payload received. {error}")])
        found: list[tuple[str, str]] = []
        _check(document, REQUEST, "", found)
        if found:
            return _invalid(found)
        message = document.get("message", {})
        targets = [message[name] for name in ("token", "topic", "condition") if message.get(name)]
        if len(targets) != 1:
            text = "Exactly one recipient may be set." if targets else "Recipient of the message is not set."
            return _invalid([("message", text)], "INVALID_ARGUMENT")
        if len(body) > PAYLOAD_LIMIT and _content(message) > PAYLOAD_LIMIT:
            text = f"Message is too big: notification and data exceed {PAYLOAD_LIMIT} bytes."
            return _invalid([("message", text)], "INVALID_ARGUMENT")
        token = targets[0]
        if token in self.behaviour.unregistered:
            return FAULTS["UNREGISTERED"]
        if token in self.behaviour.faults:
            return FAULTS[self.behaviour.faults[token]]
        name = f"projects/{self.project_id}/messages/"
        if document.get("validate_only") or document.get("validateOnly"):
            return Answer(200, "OK", orjson.dumps({"name": f"{name}fake_message_id"}))
        self._number += 1
        if self._record:
            self.received.append(Received(self._number, token, time.monotonic(), body))
        return Answer(200, "OK", b'{"name":"%b0:%d"}' % (name.encode(), self._number))

    def _messages(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        token, after = query.get("token", [""])[0], query.get("after", ["0"])[0]
        if not (after.isascii() and after.isdigit()):
            return 400, {"detail": "after must be the number of a message"}
        chosen = [r for r in self.received if r.number > int(after) and token in ("", r.token)][:1000]
        messages = [{"number": r.number, "arrived": r.arrived, "message": r.message} for r in chosen]
        return 200, {"messages": messages, "taken": self._number, "answers": self.answers}

    async def _token(self, request: web.BaseRequest) -> tuple[int, Any]:
        """Google's token endpoint for service accounts: RFC 7523, section 2.1."""
        self.token_requests += 1
        behaviour = self.behaviour
        form = parse_qs((await request.read()).decode("ascii", "replace"))
        await asyncio.sleep(behaviour.token_latency)
        if behaviour.token_down:
            if request.transport is not None:
                request.transport.abort()
            return 503, {}
        if form.get("grant_type") != [GRANT]:
            return 400, {"error": "unsupported_grant_type", "error_description": f"grant_type must be {GRANT}"}
        try:
            if behaviour.token_refused:
                raise ValueError("Invalid JWT Signature.")
            self._verify(form.get("assertion", [""])[0])
        except ValueError as error:
            return 400, {"error": "invalid_grant", "error_description": str(error)}
        token = f"ya29.sandbox-{secrets.token_urlsafe(100)}"
        self._tokens[f"Bearer {token}"] = time.monotonic() + behaviour.token_lifetime
        return 200, {"access_token": token, "expires_in": int(behaviour.token_lifetime), "token_type": "Bearer"}

    def _verify(self, assertion: str) -> None:
        """Raise ValueError unless one of our keys signed `assertion`, for us, for the right scope, and lately."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from google.auth import jwt

        form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        keys = [key.public_key().public_bytes(*form) for key in self._keys]
        claims = jwt.decode(  # type: ignore[no-untyped-call]
            assertion, certs=keys, audience=[AUDIENCE, f"{self.url}/token"]
        )
        if claims.get("iss") != EMAIL:
            raise ValueError("Invalid issuer: not this service account.")
        if SCOPE not in str(claims.get("scope")).split():
            raise ValueError(f"Invalid scope: {SCOPE} is needed.")
        if claims["exp"] - claims["iat"] > 3600:
            raise ValueError("Token must be a short-lived token (60 minutes).")


def _after(answer: Answer, retry_after: int | str | None) -> Answer:
    return answer if retry_after is None else answer._replace(headers=JSON | {"Retry-After": str(retry_after)})


def _content(message: dict[str, Any]) -> int:
    """Bytes of what counts against the limit: the notification's and the data's names and texts."""
    pairs = [*message.get("notification", {}).items(), *message.get("data", {}).items()]
    return sum(len(name.encode()) + len(text.encode()) for name, text in pairs)


async def serve(host: str, port: int, service_account: Path) -> None:
    """Run a sandbox until cancelled, write its key to `service_account` and print what to put into the settings."""
    async with FcmSandbox(host, port) as sandbox:
        path = sandbox.service_account_file(service_account)
        print(f"FCM sandbox on {sandbox.url}; put into the fcm provider's settings:")
        print(f'service_account_file = "{path.resolve()}"\nbase_url = "{sandbox.base_url}"', flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve("127.0.0.1", 9099, Path("fcm-sandbox.json")))
