"""A local stand-in for FCM: its HTTP v1 interface, its topics and Google's token endpoint, for development and tests.

It checks what the real service checks and answers errors in the real service's shape, so that an app's developer
needs no Google account, and it fails on demand. `PUT /sandbox/behaviour` (or `faults`) sets every switch of
`Behaviour` (what is left out goes back to its default) and GET shows them; `GET /sandbox/messages?token=&after=` shows
what arrived and `GET /sandbox/topics` who follows what; `DELETE /sandbox/tokens` makes every access token expire.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter, deque
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson
from aiohttp import web

from mobile_push.sandbox.answers import FAULTS, NO_TOKEN, UNKNOWN_TOKEN, Answer, invalid, with_retry_after
from mobile_push.sandbox.behaviour import Behaviour
from mobile_push.sandbox.server import MAX_MESSAGES_KEPT, MAX_MESSAGES_SHOWN, PushSandbox, after
from mobile_push.sandbox.tokens import PROJECT_ID, TokenEndpoint
from mobile_push.sandbox.topics import CALLS, NO_CONDITION, Topics
from mobile_push.sandbox.validation import MAX_PAYLOAD_BYTES, content_size, wrong_with
from sandboxes.sandbox import Asked, Call, Control, answered

PROJECT = f"projects/{PROJECT_ID}"


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
    #: The tokens that the topic or condition had when it came; None for a message to one phone.
    followers: frozenset[str] | None = None

    def is_for(self, token: str) -> bool:
        """Whether it reaches the phone of that token, by a topic or not; "" is any."""
        return token in ("", self.token) or token in (self.followers or ())

    @property
    def message(self) -> dict[str, Any]:
        """The message as FCM's interface names its fields."""
        message: dict[str, Any] = orjson.loads(self.raw)["message"]
        return message


class FcmSandbox(PushSandbox[Behaviour]):
    """A server that speaks FCM HTTP v1 on this machine.

    Example::

        async with FcmSandbox() as sandbox:
            key = sandbox.service_account_file(tmp_path / "key.json")
            async with FcmProvider(FcmSettings(key, base_url=sandbox.base_url)) as fcm:
                await fcm.send(push, token)
            assert sandbox.received[0].token == token
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None, record: bool = True
    ) -> None:
        super().__init__(Behaviour(), host, port, tls=tls, record=record)
        #: The last messages taken, MAX_MESSAGES_KEPT at most; empty without `record`.
        self.received: deque[Received] = deque(maxlen=MAX_MESSAGES_KEPT)
        #: Exact numbers of answers to messages by code: "OK", "UNREGISTERED", ….
        self.answers: Counter[str] = Counter()
        self._tokens, self._topics = TokenEndpoint(self.clock), Topics()

    @property
    def base_url(self) -> str:
        """What `FcmSettings.base_url` must be to send here."""
        return f"{self.url}/v1/projects"

    @property
    def topics_url(self) -> str:
        """What `FcmSettings.topics_url` must be to follow topics here."""
        return f"{self.url}/iid/v1"

    @property
    def followers(self) -> Mapping[str, set[str]]:
        """Topic → the tokens that follow it."""
        return self._topics.followers

    @property
    def token_requests(self) -> int:
        """Requests to the token endpoint, those that a fault has met among them."""
        return self._tokens.requests + sum(n for (path, _), n in self.counted.items() if path == "/token")

    async def __aenter__(self) -> Self:
        await self._tokens.make_key()
        return await super().__aenter__()

    def service_account_file(self, path: Path) -> Path:
        """Write a service account's key for this sandbox to `path`, readable by this user only.

        A sandbox's earlier file keeps its key, so that a platform that runs goes on after the sandbox restarts.

        Raises:
            FileExistsError: `path` is something else, such as a real key; it is left alone.
        """
        return self._tokens.write_account(path, self.url)

    def expire_tokens(self) -> None:
        """Make every access token that was given out expire at once."""
        self._tokens.expire()

    def calls(self) -> Mapping[str, Call]:
        topics: dict[str, Call] = {f"/iid/v1:{call}": partial(self._change_topics, call) for call in CALLS}
        return {"/v1/projects/": self._send, **topics, "/token": self._token}

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "GET topics": lambda _: {topic: sorted(tokens) for topic, tokens in self.followers.items()},
            "DELETE tokens": lambda _: self.expire_tokens(),
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in FAULTS:
            raise ValueError(f"codes: FCM's are {', '.join(FAULTS)}, not {code}")
        return response(FAULTS[str(code)])

    async def _token(self, request: web.BaseRequest) -> web.StreamResponse:
        status, document = await self._tokens.answer(request, self.behaviour, self.url)
        return answered(document, status)

    async def _send(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST" or not request.path.endswith("/messages:send"):
            return self.missing(request)
        answer = self.answer(request.headers.get("Authorization"), request.raw_path, await request.read())
        if self.behaviour.answer_late and answer.code == "OK":
            await asyncio.sleep(self.behaviour.answer_late)
        return response(answer)

    def answer(self, authorization: str | None, path: str, body: bytes) -> Answer:
        """The answer to a message, and its place in the counts."""
        answer = self._refusal(authorization, path == f"/v1/{PROJECT}/messages:send") or self._take(body)
        self.answers[answer.code] += 1
        return answer

    async def _change_topics(self, call: str, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST":
            return self.missing(request)
        if request.headers.get("access_token_auth") != "true":
            return response(NO_TOKEN)
        refusal = self._refusal(request.headers.get("Authorization"), True)
        return response(refusal or self._topics.answer(call, await request.read(), self.behaviour))

    def _refusal(self, header: str | None, ours: bool) -> Answer | None:
        """The answer to a request that does not get as far as its message: who asks, for whom, how often."""
        expires = self._tokens.expires.get(header) if header else None
        if expires is None:
            return UNKNOWN_TOKEN if header else NO_TOKEN
        if expires <= self.clock():
            return FAULTS["ACCESS_TOKEN_EXPIRED"]
        behaviour = self.behaviour
        if behaviour.wrong_project or not ours:
            return FAULTS["PERMISSION_DENIED"]
        if self.shares.turn("quota", behaviour.quota_share):
            return with_retry_after(FAULTS["QUOTA_EXCEEDED"], behaviour.quota_retry_after)
        if self.shares.turn("unavailable", behaviour.unavailable_share):
            return with_retry_after(FAULTS["UNAVAILABLE"], behaviour.unavailable_retry_after)
        return None

    def _take(self, body: bytes) -> Answer:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return invalid([("", f"Invalid JSON payload received. {error}")])
        if found := wrong_with(document):
            return invalid(found)
        message = document.get("message", {})
        targets = [message[name] for name in ("token", "topic", "condition") if message.get(name)]
        if len(targets) != 1:
            text = "Exactly one recipient may be set." if targets else "Recipient of the message is not set."
            return invalid([("message", text)], "INVALID_ARGUMENT")
        if len(body) > MAX_PAYLOAD_BYTES and content_size(message) > MAX_PAYLOAD_BYTES:
            text = f"Message is too big: notification and data exceed {MAX_PAYLOAD_BYTES} bytes."
            return invalid([("message", text)], "INVALID_ARGUMENT")
        try:
            followers = self._topics.reached(message)
        except ValueError:
            return NO_CONDITION
        token = targets[0]
        if token in self.behaviour.unregistered:
            return FAULTS["UNREGISTERED"]
        if token in self.behaviour.faults:
            return FAULTS[self.behaviour.faults[token]]
        name = f"{PROJECT}/messages/"
        if document.get("validate_only") or document.get("validateOnly"):
            return Answer(200, "OK", orjson.dumps({"name": f"{name}fake_message_id"}))
        self._number += 1
        if self.record:
            self.received.append(Received(self._number, token, time.monotonic(), body, followers))
        return Answer(200, "OK", b'{"name":"%b0:%d"}' % (name.encode(), self._number))

    def messages(self, asked: Asked) -> dict[str, Any]:
        token, number = asked.query.get("token", ""), after(asked)
        chosen = [r for r in self.received if r.number > number and r.is_for(token)][:MAX_MESSAGES_SHOWN]
        messages = [{"number": r.number, "arrived": r.arrived, "message": r.message} for r in chosen]
        return {"messages": messages, "taken": self._number, "answers": self.answers}


def response(answer: Answer) -> web.Response:
    return web.Response(body=answer.body, status=answer.status, headers=answer.headers)


async def serve(host: str, port: int, service_account: Path) -> None:
    """Run a sandbox until cancelled, write its key to `service_account` and print what to put into the settings."""
    async with FcmSandbox(host, port) as sandbox:
        path = sandbox.service_account_file(service_account)
        print(f"FCM sandbox on {sandbox.url} until Ctrl-C. Put this into plugins.toml and start `banshi serve`:\n")
        print("[plugins.mobile_push.settings.fcm]")
        print(f'service_account_file = "{path.resolve()}"\nbase_url = "{sandbox.base_url}"')
        # The sandbox speaks HTTP/1.1, where each message under way is an open file on both sides.
        print(f'topics_url = "{sandbox.topics_url}"\nat_once = 100\n')
        print(f"What a phone got: {sandbox.url}/sandbox/messages?token=TOKEN", flush=True)
        await asyncio.get_running_loop().create_future()
