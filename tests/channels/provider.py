"""The provider's side of a channel: keeps what it took, and answers what it is told to. Each answer is a 200."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

#: For `codes`: it is taken, and the answer gets lost.
LOST = -7


class Provider:
    """What it got and what it says."""

    def __init__(self) -> None:
        #: Contact and text of what it took, in order.
        self.got: list[tuple[str, str]] = []
        #: Codes of the next answers; afterwards it takes all.
        self.codes: deque[int] = deque()
        #: Unset, it takes messages and answers nothing.
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0
        self.url = ""

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.got]

    async def take(self, request: web.Request) -> web.Response:
        sent = await request.json()
        self.asked += 1
        code = self.codes.popleft() if self.codes else 0
        if code in (0, LOST):
            self.got.append((sent["to"], sent["text"]))
        number = len(self.got)
        await self.answers.wait()
        if code == LOST and request.transport is not None:
            request.transport.abort()
        return web.json_response({"errcode": code, "msgid": f"m{number}"})


@asynccontextmanager
async def listening(app: web.Application, **rest: Any) -> AsyncIterator[str]:
    """It listens on a port of its own; where."""
    runner = web.AppRunner(app, shutdown_timeout=0.1, **rest)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def opened_provider() -> AsyncIterator[Provider]:
    own, app = Provider(), web.Application()
    app.router.add_post("/send", own.take)
    async with listening(app) as url:
        own.url = f"{url}/send"
        try:
            yield own
        finally:
            own.answers.set()
