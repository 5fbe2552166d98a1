"""A local stand-in for FCM: its HTTP v1 interface, its topics and Google's token endpoint, for development and tests.

It checks what the real service checks and answers errors in the real service's shape, so that an app's developer
needs no Google account, and it fails on demand. `PUT /sandbox/behaviour` (or `faults`) sets every switch of
`Behaviour` (what is left out goes back to its default) and GET shows them; `GET /sandbox/messages?token=&after=` shows
what arrived and `GET /sandbox/topics` who follows what; `DELETE /sandbox/tokens` makes every access token expire.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from mobile_push.sandbox import server
from mobile_push.sandbox.answers import FAULTS, NO_TOKEN, UNKNOWN_TOKEN, Answer, invalid
from mobile_push.sandbox.behaviour import Behaviour
from mobile_push.sandbox.server import Heard, PushSandbox, Shown, response
from mobile_push.sandbox.tokens import PROJECT_ID, TokenEndpoint
from mobile_push.sandbox.topics import CALLS, NO_CONDITION, Topics
from mobile_push.sandbox.validation import MAX_PAYLOAD_BYTES, content_size, wrong_with
from sandboxes.sandbox import Call, Control

PROJECT = f"projects/{PROJECT_ID}"
SEND = f"/v1/{PROJECT}/messages:send"


@dataclass(slots=True)
class Received(server.Received):
    """A message that the sandbox took, for a registration token, a topic or a condition."""

    #: The tokens that the topic or condition had when it came; None for a message to one phone.
    followers: frozenset[str] | None = None

    def is_for(self, token: str) -> bool:
        return token in ("", self.token) or token in (self.followers or ())

    @property
    def message(self) -> dict[str, Any]:
        """The message as FCM's interface names its fields."""
        message: dict[str, Any] = orjson.loads(self.raw)["message"]
        return message


class FcmSandbox(PushSandbox[Behaviour, Received]):
    """A server that speaks FCM HTTP v1 on this machine.

    Example::

        async with FcmSandbox() as sandbox:
            key = sandbox.service_account_file(tmp_path / "key.json")
            async with FcmProvider(FcmSettings(key, base_url=sandbox.base_url)) as fcm:
                await fcm.send(push, token)
            assert sandbox.received[0].token == token
    """

    BEHAVIOUR = Behaviour

    def begin(self) -> None:
        self.tokens, self.topics = TokenEndpoint(self.clock), Topics()

    @property
    def base_url(self) -> str:
        """What `FcmSettings.base_url` must be to send here."""
        return f"{self.url}/v1/projects"

    @property
    def topics_url(self) -> str:
        """What `FcmSettings.topics_url` must be to follow topics here."""
        return f"{self.url}/iid/v1"

    @property
    def token_requests(self) -> int:
        """Requests to the token endpoint, those that a fault has met among them."""
        return self.tokens.requests + sum(n for (path, _), n in self.counted.items() if path == "/token")

    @asynccontextmanager
    async def mounted(self) -> AsyncIterator[None]:
        await self.tokens.make_key()
        yield

    def service_account_file(self, path: Path) -> Path:
        """Write a service account's key for this sandbox to `path`, readable by this user only.

        A sandbox's earlier file keeps its key, so that a platform that runs goes on after the sandbox restarts.

        Raises:
            FileExistsError: `path` is something else, such as a real key; it is left alone.
        """
        return self.tokens.write_account(path, self.url)

    def calls(self) -> Mapping[str, Call]:
        return dict.fromkeys(("/v1/projects/", *(f"/iid/v1:{call}" for call in CALLS), "/token"), self.call)

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "GET topics": lambda _: {topic: sorted(tokens) for topic, tokens in self.topics.followers.items()},
            "DELETE tokens": lambda _: self.tokens.expire(),
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in FAULTS:
            raise ValueError(f"codes: FCM's are {', '.join(FAULTS)}, not {code}")
        return response(FAULTS[str(code)])

    def answer(self, heard: Heard) -> Answer | None:
        """The answer to a message and its place in the counts, or that to one of the other calls."""
        method, path, headers, body = heard
        if path == "/token":
            return self.tokens.answer(body, self.behaviour, self.url)
        topics = path.startswith("/iid/")
        if method != "POST" or not (topics or path.endswith("/messages:send")):
            return Answer(404, "NOT_FOUND", orjson.dumps({"detail": f"{method} {path} is no path of the sandbox"}))
        if topics and headers.get("access_token_auth") != "true":
            return NO_TOKEN
        refusal = self._refusal(headers.get("Authorization"), topics or path == SEND)
        if topics:
            return refusal or self.topics.answer(path.rpartition(":")[2], body, self.behaviour)
        answer = refusal or self._take(body)
        self.answers[answer.code] += 1
        return answer

    def _refusal(self, header: str | None, ours: bool) -> Answer | None:
        """The answer to a request that does not get as far as its message: who asks, for whom, how often."""
        expires = self.tokens.expires.get(header) if header else None
        if expires is None:
            return UNKNOWN_TOKEN if header else NO_TOKEN
        if expires <= self.clock():
            return FAULTS["ACCESS_TOKEN_EXPIRED"]
        behaviour = self.behaviour
        if behaviour.wrong_project or not ours:
            return FAULTS["PERMISSION_DENIED"]
        return self.busy(FAULTS["QUOTA_EXCEEDED"], FAULTS["UNAVAILABLE"])

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
            followers = self.topics.reached(message)
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
        self.keep(Received(self._number, token, time.monotonic(), body, followers))
        return Answer(200, "OK", b'{"name":"%b0:%d"}' % (name.encode(), self._number))

    def settings(self, folder: Path) -> str:
        return self.settings_with(folder / "fcm.json")

    def settings_with(self, account: Path) -> str:
        """What to put into plugins.toml, with the key in that file."""
        # The sandbox prints an address by http, where each message under way is an open file on both sides.
        return f"""[plugins.mobile_push.settings.fcm]
service_account_file = "{self.service_account_file(account).resolve()}"
base_url = "{self.base_url}"
topics_url = "{self.topics_url}"
at_once = 100
"""

    def notifications(self) -> Iterator[Shown]:
        for one in self.received:
            message, data = one.message, one.message.get("data", {})
            android = message.get("android", {}).get("notification", {})
            told = {**message.get("notification", {}), **android, **message.get("apns", {}).get("payload", {}), **data}
            name = str(android.get("tag") or data.get("message_id") or one.number)
            title, body = str(told.pop("title", "")), str(told.pop("body", ""))
            for phone in [one.token] if one.followers is None else one.followers:
                yield Shown(phone, name, title, body, told)


async def serve(host: str, port: int, service_account: Path) -> None:
    """Run a sandbox until cancelled, write its key to `service_account` and print what to put into the settings."""
    async with FcmSandbox(host, port) as sandbox:
        print(f"FCM sandbox on {sandbox.url} until Ctrl-C. Put this into plugins.toml and start `banshi serve`:\n")
        print(sandbox.settings_with(service_account))
        print(f"What a phone got: {sandbox.url}/sandbox/messages?token=TOKEN", flush=True)
        await asyncio.get_running_loop().create_future()
