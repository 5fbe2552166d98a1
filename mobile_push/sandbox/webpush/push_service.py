"""A local push server as RFC 8030 describes it, with phones that open what they get: for development and tests.

It checks what browsers' push services check (headers, size, VAPID), decrypts as the phone would, and fails on demand.
Test cases' messages to phones of other push services come to it too, which it can't open.
`POST /sandbox/subscriptions` with `{"applicationServerKey": "…"}` gives a subscription as a browser would, and
`DELETE /sandbox/subscriptions/ID` ends it; `GET /sandbox/messages?subscription=&after=` shows what its phone got;
`PUT /sandbox/behaviour` (or `faults`) sets every switch of `WebPushBehaviour`; what is left out is at its default.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from mobile_push.providers.for_test_cases import ELSEWHERE
from mobile_push.sandbox.server import MAX_MESSAGES_KEPT, MAX_MESSAGES_SHOWN, PushSandbox, after
from mobile_push.sandbox.webpush.behaviour import WebPushBehaviour
from mobile_push.sandbox.webpush.checks import Refusal, wrong_header, wrong_sender
from mobile_push.sandbox.webpush.phone import Phone
from sandboxes.sandbox import Asked, Call, Control, answered

#: Seconds for which the server keeps a message at most; a longer TTL is shortened, as RFC 8030 section 5.2 allows.
MAX_TTL_S = 28 * 24 * 3600
JSON = {"Content-Type": "application/json"}


class Received(NamedTuple):
    """A message that a phone got."""

    #: Counts from 1 in the order of arrival at the server.
    number: int
    #: The phone's subscription.
    subscription: str
    #: `time.monotonic()` of its arrival at the server.
    arrived: float
    #: Until when the server keeps it, by the sandbox's clock.
    expires: float
    headers: dict[str, str]
    #: The text, decrypted; empty for a phone that has subscribed elsewhere.
    text: bytes

    @property
    def message(self) -> Any:
        """The text as JSON."""
        return orjson.loads(self.text)


class WebPushSandbox(PushSandbox[WebPushBehaviour]):
    """A push server on this machine.

    Example::

        async with WebPushSandbox() as sandbox:
            phone = sandbox.subscribe(provider.public_key)
            await provider.send(push, subscription(phone, settings))
            assert sandbox.received[0].message["title"] == push.title
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None, record: bool = True
    ) -> None:
        super().__init__(WebPushBehaviour(), host, port, tls=tls, record=record)
        #: Exact numbers of answers to messages by status.
        self.answers: Counter[int] = Counter()
        #: Messages refused, with the reason, the last ones.
        self.refusals: deque[Refusal] = deque(maxlen=1000)
        #: Stands for those that have subscribed elsewhere: nobody here has the keys to open what they get.
        self._elsewhere = Phone.subscribed(None)
        #: None for one that has ended.
        self._phones: dict[str, Phone | None] = {}
        self._received: deque[Received] = deque(maxlen=MAX_MESSAGES_KEPT)
        self._stored: list[Received] = []

    @property
    def received(self) -> list[Received]:
        """The last messages that phones got, MAX_MESSAGES_KEPT at most; none without `record`."""
        self._catch_up()
        return list(self._received)

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
        return {"/push/": self._push}

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "POST subscriptions": lambda asked: answered(self._subscribe(orjson.loads(asked.body or b"{}")), 201),
            "DELETE subscriptions/": self._end,
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if not (isinstance(code, int) and 300 <= code <= 599):
            raise ValueError(f"codes: a push service's are statuses from 300 to 599, not {code}")
        return self._refused(Refusal(code, "as the faults say"))

    def _end(self, asked: Asked) -> web.Response | None:
        return None if self.unsubscribe(asked.below) else answered({"detail": "there is no such subscription"}, 404)

    def _subscribe(self, document: Any) -> dict[str, Any]:
        key = document.get("applicationServerKey") if isinstance(document, dict) else 0
        if not isinstance(key, str | None) or set(document) - {"applicationServerKey"}:
            raise ValueError('send {"applicationServerKey": "…"}, or {} for a phone that takes messages of anybody')
        return self.subscribe(key)

    def messages(self, asked: Asked) -> dict[str, Any]:
        of, number = asked.query.get("subscription", ""), after(asked)
        chosen = [r for r in self.received if r.number > number and of in ("", r.subscription)][:MAX_MESSAGES_SHOWN]
        messages = [
            {
                "number": r.number,
                "subscription": r.subscription,
                "headers": r.headers,
                "text": r.text.decode(errors="replace"),
            }
            for r in chosen
        ]
        refusals = [{"status": one.status, "detail": one.detail} for one in self.refusals]
        answers = {str(status): count for status, count in self.answers.items()}
        return {"messages": messages, "taken": self._number, "answers": answers, "refusals": refusals}

    async def _push(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST":
            return self.missing(request)
        identity = request.path.removeprefix("/push/")
        answer = self._fault(identity) or self._take(identity, request, await request.read())
        self.answers[answer.status] += 1
        if self.behaviour.answer_late and answer.status == 201:
            await asyncio.sleep(self.behaviour.answer_late)
        return answer

    def _fault(self, identity: str) -> web.Response | None:
        """The failure that the behaviour wants in place of an answer."""
        behaviour = self.behaviour
        if behaviour.wrong_key:
            return self._refused(Refusal(403, "the key is not the one that phones have subscribed with"))
        if self.shares.turn("quota", behaviour.quota_share):
            return self._refused(Refusal(429, "too many messages"), behaviour.quota_retry_after)
        if self.shares.turn("unavailable", behaviour.unavailable_share):
            return self._refused(Refusal(503, "out of order"), behaviour.unavailable_retry_after)
        status = behaviour.faults.get(identity)
        return None if status is None else self._refused(Refusal(status, "as the behaviour says"))

    def _take(self, identity: str, request: web.BaseRequest, body: bytes) -> web.Response:
        phone = self._elsewhere if identity.startswith(ELSEWHERE) else self._phones.get(identity)
        if phone is None:
            known = identity in self._phones
            return self._refused(Refusal(410, "it has ended") if known else Refusal(404, "there is no such phone"))
        wrong = wrong_header(request.headers, body) or wrong_sender(
            request.headers.get("Authorization"), phone, self.url
        )
        if wrong is not None:
            return self._refused(wrong)
        try:
            text = phone.open(body) if phone is not self._elsewhere else b""
        except ValueError as error:  # a real service can't tell; the phone would drop it without a word
            return self._refused(Refusal(400, f"the phone can't open it: {error}"))
        self._number += 1
        ttl = min(int(request.headers["TTL"]), MAX_TTL_S)
        headers = {str(name): value for name, value in request.headers.items()}
        self._keep(Received(self._number, identity, time.monotonic(), self.clock() + ttl, headers, text), ttl)
        # The address of the message, by which its sender can speak of it.
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{self._number}", "TTL": str(ttl)})

    def _keep(self, message: Received, ttl: int) -> None:
        if message.subscription not in self.behaviour.offline:
            if self.record:
                self._received.append(message)
            return
        topic = message.headers.get("Topic")
        if topic is not None:
            self._stored = [
                one
                for one in self._stored
                if (one.subscription, one.headers.get("Topic")) != (message.subscription, topic)
            ]
        if ttl:
            self._stored.append(message)

    def _catch_up(self) -> None:
        """Hand over what has waited for phones that are on again, and drop what has waited too long."""
        stored, self._stored = self._stored, []
        for message in stored:
            if message.subscription in self.behaviour.offline:
                self._stored.append(message)
            elif message.expires > self.clock() and self.record:
                self._received.append(message)

    def _refused(self, refusal: Refusal, retry_after: int | str | None = None) -> web.Response:
        self.refusals.append(refusal)
        headers = dict(JSON) if retry_after is None else {**JSON, "Retry-After": str(retry_after)}
        if 300 <= refusal.status < 400:
            headers["Location"] = f"{self.url}/push/elsewhere"
        body = orjson.dumps({"code": refusal.status, "message": refusal.detail})
        return web.Response(body=None if refusal.status == 304 else body, status=refusal.status, headers=headers)


async def serve_webpush(host: str, port: int) -> None:
    """Run a push server until cancelled, and print how a platform and an app use it."""
    async with WebPushSandbox(host, port) as sandbox:
        print(f"Push server on {sandbox.url} until Ctrl-C. Put this into plugins.toml and start `banshi serve`:\n")
        print("[plugins.mobile_push.settings.webpush]")
        print('private_key_file = "webpush-key.pem"   # banshi webpush-key webpush-key.pem')
        print('contact = "mailto:developer@example.org"\nloopback = true\n')
        print(f'A phone that subscribes: POST {sandbox.url}/sandbox/subscriptions {{"applicationServerKey": "…"}}')
        print(f"What a phone got: {sandbox.url}/sandbox/messages?subscription=ID", flush=True)
        await asyncio.get_running_loop().create_future()
