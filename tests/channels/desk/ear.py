"""What an officer hears by the desk's stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banshi.testing import Door, Person
from tests.channels.desk.bureau import STREAM


@dataclass(slots=True)
class Ear:
    """What one officer hears."""

    events: list[tuple[str, str, Any]] = field(default_factory=list)
    #: What is told of who is there.
    rooms: list[Any] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, response: aiohttp.ClientResponse) -> None:
        event: dict[str, str] = {}
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif "data" in event:
                if event["event"] == "room":
                    self.rooms.append(json.loads(event["data"])["officers"])
                else:
                    self.events.append((event["id"], event["event"], json.loads(event["data"])))
                event = {}
                self.news.set()

    async def heard(self, what: str) -> Any:
        """The first of that name; it comes within the test's time."""
        while True:
            if found := [data for _, name, data in self.events if name == what]:
                return found[0]
            self.news.clear()
            async with asyncio.timeout(30):
                await self.news.wait()


@asynccontextmanager
async def listening(door: Door, who: Person, last: str = "", query: str = "") -> AsyncIterator[Ear]:
    headers = {"Authorization": f"Bearer {who.token}", **({"Last-Event-ID": last} if last else {})}
    async with door.session.get(f"{door.url}{STREAM}{query}", headers=headers) as response:
        assert response.status == 200
        ear = Ear()
        task = asyncio.create_task(ear.listen(response))
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
