"""A local push server as RFC 8030 describes it, with phones that open what they get: for development and tests.

It checks what browsers' push services check (headers, size, VAPID), decrypts as the phone would, and fails on demand.
Test cases' messages to phones of other push services come to it too, which it can't open.
`POST /sandbox/subscriptions` with `{"applicationServerKey": "…"}` gives a subscription as a browser would, and
`DELETE /sandbox/subscriptions/ID` ends it; `GET /sandbox/messages?subscription=&after=` shows what its phone got;
`PUT /sandbox/behaviour` (or `faults`) sets every switch of `WebPushBehaviour`; what is left out is at its default.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from mobile_push.providers.for_test_cases import ELSEWHERE
from mobile_push.sandbox import server
from mobile_push.sandbox.answers import Answer
from mobile_push.sandbox.behaviour import Switches
from mobile_push.sandbox.server import Heard, PushSandbox, Shown, response
from mobile_push.sandbox.webpush.checks import Refusal, wrong_header, wrong_sender
from mobile_push.sandbox.webpush.phone import Phone
from sandboxes.faults import Status
from sandboxes.sandbox import Asked, Call, Control, answered

#: Seconds for which the server keeps a message at most; a longer TTL is shortened, as RFC 8030 section 5.2 allows.
MAX_TTL_S = 28 * 24 * 3600
JSON = {"Content-Type": "application/json"}


def written(status: int, why: str) -> bytes:
    return orjson.dumps({"code": status, "message": why})


TOO_MANY = Answer(429, "too many messages", written(429, "too many messages"), JSON)
OUT_OF_ORDER = Answer(503, "out of order", written(503, "out of order"), JSON)


@dataclass(slots=True)
class WebPushBehaviour(Switches):
    """How the push server treats the messages that come from now on; a code is a status."""

    #: Subscription → status that each of its messages is answered with.
    faults: dict[str, Status] = field(default_factory=dict)
    #: Subscriptions whose phone is off: a message waits for its TTL at most, and one of the same topic replaces it.
    offline: list[str] = field(default_factory=list)
    #: 403 for every message, as for a key that no phone has subscribed with.
    wrong_key: bool = False


@dataclass(slots=True)
class Received(server.Received):
    """A message that a phone got: `token` is its subscription, `raw` the text, decrypted, or empty for a phone that has
    subscribed elsewhere."""

    #: Until when the server keeps it, by the sandbox's clock.
    expires: float
    headers: dict[str, str]

    @property
    def subscription(self) -> str:
        return self.token

    @property
    def text(self) -> bytes:
        return self.raw

    def document(self) -> dict[str, Any]:
        text = self.raw.decode(errors="replace")
        return {"number": self.number, "subscription": self.token, "headers": self.headers, "text": text}


class WebPushSandbox(PushSandbox[WebPushBehaviour, Received]):
    """A push server on this machine.

    Example::

        async with WebPushSandbox() as sandbox:
            phone = sandbox.subscribe(provider.public_key)
            await provider.send(push, subscription(phone, settings))
            assert sandbox.received[0].message["title"] == push.title
    """

    BEHAVIOUR = WebPushBehaviour

    def begin(self) -> None:
        #: Messages refused, with the reason, the last ones.
        self.refusals: deque[Refusal] = deque(maxlen=1000)
        #: Stands for those that have subscribed elsewhere: nobody here has the keys to open what they get.
        self._elsewhere = Phone.subscribed(None)
        #: None for one that has ended.
        self._phones: dict[str, Phone | None] = {}
        self._stored: list[Received] = []

    @property
    def received(self) -> deque[Received]:
        """Those that phones got: what has waited for one that is on again among them, unless it has waited too long."""
        stored, self._stored = self._stored, []
        for message in stored:
            if message.subscription in self.behaviour.offline:
                self._stored.append(message)
            elif message.expires > self.clock():
                self.keep(message)
        return self._received

    def subscribe(self, application_server_key: str | None = None) -> dict[str, Any]:
        """A new phone's subscription, as a browser gives it to the app."""
        phone = Phone.subscribed(application_server_key)
        self._phones[phone.id] = phone
        return phone.subscription(self.url)

    def unsubscribe(self, identity: str) -> bool:
        """End a subscription; False where there is none of that id."""
        known = self._phones.get(identity) is not None
        if known:
            self._phones[identity] = None
        return known

    def calls(self) -> Mapping[str, Call]:
        return {"/push/": self.call}

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "POST subscriptions": lambda asked: answered(self._subscribe(orjson.loads(asked.body or b"{}")), 201),
            "DELETE subscriptions/": self._end,
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if not (isinstance(code, int) and 300 <= code <= 599):
            raise ValueError(f"codes: a push service's are statuses from 300 to 599, not {code}")
        return response(self._refused(code, "as the faults say"))

    def _end(self, asked: Asked) -> web.Response | None:
        return None if self.unsubscribe(asked.below) else answered({"detail": "there is no such subscription"}, 404)

    def _subscribe(self, document: Any) -> dict[str, Any]:
        key = document.get("applicationServerKey") if isinstance(document, dict) else 0
        if not isinstance(key, str | None) or set(document) - {"applicationServerKey"}:
            raise ValueError('send {"applicationServerKey": "…"}, or {} for a phone that takes messages of anybody')
        return self.subscribe(key)

    def messages(self, asked: Asked) -> dict[str, Any]:
        refusals = [{"status": one.status, "detail": one.detail} for one in self.refusals]
        return {**super().messages(asked), "refusals": refusals}

    def settings(self, folder: Path) -> str:
        file = folder / "webpush-key.pem"
        return f"""[plugins.mobile_push.settings.webpush]
private_key_file = "{file}"   # banshi webpush-key {file}
contact = "mailto:developer@example.org"
loopback = true
"""

    def answer(self, heard: Heard) -> Answer | None:
        if heard.method != "POST":
            return Answer(404, "404", b'{"detail": "messages are sent by POST"}', JSON)
        identity = heard.path.removeprefix("/push/")
        answer = self._fault(identity) or self._take(identity, heard.headers, heard.body)
        self.answers[answer.status] += 1
        return answer

    def _fault(self, identity: str) -> Answer | None:
        """The failure that the behaviour wants in place of an answer."""
        behaviour = self.behaviour
        if behaviour.wrong_key:
            return self._refused(403, "the key is not the one that phones have subscribed with")
        if busy := self.busy(TOO_MANY, OUT_OF_ORDER):
            self.refusals.append(Refusal(busy.status, busy.code))
            return busy
        status = behaviour.faults.get(identity)
        return None if status is None else self._refused(status, "as the behaviour says")

    def _take(self, identity: str, headers: Mapping[str, str], body: bytes) -> Answer:
        phone = self._elsewhere if identity.startswith(ELSEWHERE) else self._phones.get(identity)
        if phone is None:
            ended = identity in self._phones
            return self._refused(410, "it has ended") if ended else self._refused(404, "there is no such phone")
        wrong = wrong_header(headers, body) or wrong_sender(headers.get("Authorization"), phone, self.url)
        if wrong is not None:
            return self._refused(*wrong)
        try:
            text = phone.open(body) if phone is not self._elsewhere else b""
        except ValueError as error:  # a real service can't tell; the phone would drop it without a word
            return self._refused(400, f"the phone can't open it: {error}")
        self._number += 1
        ttl = min(int(headers["TTL"]), MAX_TTL_S)
        kept = {str(name): value for name, value in headers.items()}
        self._bring(Received(self._number, identity, time.monotonic(), text, self.clock() + ttl, kept), ttl)
        # The address of the message, by which its sender can speak of it.
        return Answer(201, "201", b"", {"Location": f"{self.url}/message/{self._number}", "TTL": str(ttl)})

    def _bring(self, message: Received, ttl: int) -> None:
        if message.subscription not in self.behaviour.offline:
            self.keep(message)
            return
        if "Topic" in message.headers:
            same = message.subscription, message.headers["Topic"]
            self._stored = [one for one in self._stored if (one.subscription, one.headers.get("Topic")) != same]
        if ttl:
            self._stored.append(message)

    def notifications(self) -> Iterator[Shown]:
        for one in self.received:
            more = dict(one.message) if one.text else {}
            name = str(more.get("tag", one.number))
            yield Shown(one.subscription, name, str(more.pop("title", "")), str(more.pop("body", "")), more)

    def _refused(self, status: int, why: str) -> Answer:
        self.refusals.append(Refusal(status, why))
        headers = {**JSON, "Location": f"{self.url}/push/elsewhere"} if status < 400 else JSON
        return Answer(status, why, b"" if status == 304 else written(status, why), headers)


async def serve_webpush(host: str, port: int) -> None:
    """Run a push server until cancelled, and print how a platform and an app use it."""
    async with WebPushSandbox(host, port) as sandbox:
        print(f"Push server on {sandbox.url} until Ctrl-C. Put this into plugins.toml and start `banshi serve`:\n")
        print(sandbox.settings(Path()))
        print(f'A phone that subscribes: POST {sandbox.url}/sandbox/subscriptions {{"applicationServerKey": "…"}}')
        print(f"What a phone got: {sandbox.url}/sandbox/messages?subscription=ID", flush=True)
        await asyncio.get_running_loop().create_future()
