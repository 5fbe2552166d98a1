"""A messenger's bots, as QQ has them: each answer names the message that it is an answer to, and its number there.

Within an hour, five times, and once under one number. What it hands over is JSON with an Ed25519 signature.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conversations import Content, File, Place, Text

SECRET = b"made-up-secret-of-a-bot-32-bytes"
KEY = Ed25519PrivateKey.from_private_bytes(SECRET)

#: Answers to one message at most, and what it says of one more, of one that it has, and of one to no message.
ANSWERS, TOO_MANY, HAS_IT, NO_MESSAGE = 5, 22009, 40054005, 40034025

#: Seconds between two tries to hand something over.
AGAIN_S = 0.05


@dataclass
class Bots:
    """What was shown to each person and in each group, whose ids begin with `group-`."""

    session: aiohttp.ClientSession
    url: str = ""
    #: Where it hands over what people write.
    inbound: str = ""
    phones: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: Codes of the next answers; afterwards all is taken.
    codes: deque[int] = field(default_factory=deque)
    #: By the id of a message, whose it is, and the numbers of its answers.
    _messages: dict[str, tuple[str, set[int]]] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)
    _counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def writes(self, phone: str, content: Content | str, key: str = "") -> None:
        """Somebody, or somebody in a group, sends that; handed over again and again until it is taken."""
        key = key or f"msg-{next(self._counter)}"
        self._messages.setdefault(key, (phone, set()))
        told: dict[str, Any] = {"id": key, "content": ""}
        told |= {"group_openid": phone} if phone.startswith("group-") else {"author": {"user_openid": phone}}
        match content:
            case str(text) | Text(text):
                told["content"] = text
            case File(fetch, name):
                self._files[key] = await fetch()
                told["attachments"] = [{"url": f"{self.url}/files/{key}", "filename": name}]
            case Place(latitude, longitude, label):
                told["location"] = {"latitude": latitude, "longitude": longitude, "name": label}
            case _:
                raise AssertionError(content)
        body = json.dumps({"op": 0, "t": "MESSAGE_CREATE", "d": told}).encode()
        while await self.post(body, KEY.sign(b"1764500000" + body).hex()) != 200:  # noqa: ASYNC110 - as providers do
            await asyncio.sleep(AGAIN_S)

    async def post(self, body: bytes, signature: str) -> int:
        """The status that it is answered, 0 for none."""
        headers = {"Content-Type": "application/json", "X-Signature-Timestamp": "1764500000"}
        try:
            async with self.session.post(
                self.inbound, data=body, headers={**headers, "X-Signature-Ed25519": signature}
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0

    async def send(self, request: web.Request) -> web.Response:
        """Take an answer of the bot's."""
        body, to = await request.json(), request.match_info["to"]
        whose, numbers = self._messages.get(body.get("msg_id", ""), ("", set()))
        code = self.codes.popleft() if self.codes else 0
        if not code and whose != to:
            code = NO_MESSAGE
        elif not code and body["msg_seq"] in numbers:
            code = HAS_IT
        elif not code and len(numbers) >= ANSWERS:
            code = TOO_MANY
        if code:
            return web.json_response({"code": code, "message": "refused"}, status=400)
        numbers.add(body["msg_seq"])
        self.phones[to].append(body["content"])
        return web.json_response({"id": f"sent-{next(self._counter)}"})

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=self._files[request.match_info["name"]])


@asynccontextmanager
async def opened_bots() -> AsyncIterator[Bots]:
    """They listen on a port of their own."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        own, app = Bots(session), web.Application()
        app.router.add_post("/v2/users/{to}/messages", own.send)
        app.router.add_post("/v2/groups/{to}/messages", own.send)
        app.router.add_get("/files/{name}", own.file)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        own.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield own
        finally:
            await runner.cleanup()
