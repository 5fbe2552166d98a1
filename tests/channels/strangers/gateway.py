"""An SMS gateway: forms in and out, signed; receipts that come before its own answer; it repeats what isn't taken.

It knows a message again by the `ref` that it is given, and sends one text for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from conversations import Content, File, Place, Text
from tests.channels.provider import listening

KEY = "made-up-key-of-the-gateway"

#: For `codes`: it is taken, and the answer gets lost.
LOST = "LOST"

#: Seconds between two tries to hand something over.
AGAIN_S = 0.05


def signature(fields: dict[str, str]) -> str:
    """Of all fields but itself, in the order of their names."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign")
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass
class Gateway:
    """What it got for each phone, and where it hands in what its phones write."""

    session: aiohttp.ClientSession
    url: str = ""
    #: Where messages and receipts go.
    inbound: str = ""
    receipts: str = ""
    #: By phone, the texts that were shown there.
    phones: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: Codes of the next answers; afterwards all is taken.
    codes: deque[str] = field(default_factory=deque)
    #: How often a message came again that it had.
    repeated: int = 0
    _refs: dict[str, str] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)
    _counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def writes(self, phone: str, content: Content | str, key: str = "") -> None:
        """Somebody sends that; handed over again and again until it is taken."""
        fields = {"id": key or f"in-{next(self._counter)}", "from": phone}
        match content:
            case str(text) | Text(text):
                fields["text"] = text
            case File(fetch, name):
                fields["file"] = f"{fields['id']}-{name}"
                self._files[fields["file"]] = await fetch()
            case Place(latitude, longitude, label):
                fields["place"] = f"{latitude},{longitude},{label}"
            case _:
                raise AssertionError(content)
        await self._hand_over(self.inbound, fields)

    async def _hand_over(self, url: str, fields: dict[str, str]) -> None:
        while not await self.post(url, {**fields, "sign": signature(fields)}):  # noqa: ASYNC110 - as providers do
            await asyncio.sleep(AGAIN_S)

    async def post(self, url: str, fields: dict[str, str]) -> bool:
        """Whether it is taken."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            async with self.session.post(url, data=urlencode(fields).encode(), headers=headers) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def send(self, request: web.Request) -> web.Response:
        """Take a message; its receipt is there before this answer is."""
        form = await request.post()
        to, text, ref = (str(form[name]) for name in ("to", "text", "ref"))
        code = self.codes.popleft() if self.codes else ""
        if code and code != LOST:
            return web.Response(text=urlencode({"code": code}))
        identity = self._refs.get(ref)
        if identity is None:
            identity = self._refs[ref] = f"out-{next(self._counter)}"
            self.phones[to].append(text)
            receipt = asyncio.create_task(self._hand_over(self.receipts, {"id": identity, "status": "DELIVRD"}))
            self._tasks.add(receipt)
            receipt.add_done_callback(self._tasks.discard)
            await asyncio.wait({receipt}, timeout=2)
        else:
            self.repeated += 1
        if code == LOST and request.transport is not None:
            request.transport.abort()
        return web.Response(text=urlencode({"id": identity}))

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=self._files[request.match_info["name"]])

    async def receipts_are_taken(self) -> None:
        """Until every receipt was handed over."""
        await asyncio.gather(*self._tasks)

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def opened_gateway() -> AsyncIterator[Gateway]:
    """It listens on a port of its own."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        own, app = Gateway(session), web.Application()
        app.router.add_post("/send", own.send)
        app.router.add_get("/files/{name}", own.file)
        async with listening(app) as own.url:
            try:
                yield own
            finally:
                own.stop()
