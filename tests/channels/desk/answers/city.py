"""A desk on a channel by which people can be written to for a while, and what becomes of each message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banshi.testing import Door, Person
from conversations import CONVERSATIONS, Content, Received, Text, Voice
from tests.channels.desk.bureau import ENQUIRIES, WORKDAY, Clock, bureau, officer, waiting
from tests.channels.provider import Provider, opened_provider

OUTLET = Path(__file__).parents[2] / "outlet"


class Account:
    name = "outlet:one"


@dataclass(slots=True)
class City:
    """A desk, an officer, and somebody on a channel that can be written to for a while."""

    door: Door
    clock: Clock
    provider: Provider
    li: Person
    said: list[str] = field(default_factory=list)

    async def sends(self, content: Content | str, contact: str = "o-zhang") -> str:
        content = Text(content) if isinstance(content, str) else content
        platform = self.door.platform
        key = f"{contact}-{len(self.said)}"
        received = Received(key=key, contact=contact, content=content, at=platform.now(), language="en")
        self.said.append((await platform[CONVERSATIONS].take(Account(), received)).text)
        return self.said[-1]

    async def clicks(self) -> str:
        """A click on the menu's entry for a person: it opens a minute alone."""
        return await self.sends(Voice("人工"))

    async def held(self) -> str:
        """Somebody who has written comes to the desk, and the officer has them; the path of it."""
        await self.sends("person")
        await self.sends("1")
        place = f"{ENQUIRIES}/{(await waiting(self.li))[0]['id']}"
        (await self.li.post(f"{place}/claim")).ok()
        return place

    async def answers(self, place: str, text: str, *states: str) -> dict[str, Any]:
        """The message as the conversation shows it, once something has become of it."""
        said = (await self.li.post(f"{place}/answers", {"text": text})).created()["said"]
        for _ in range(400):
            shown = (await self.li.get(place, headers={"Accept-Language": "en"})).ok()["messages"]
            (own,) = (one for one in shown if one["id"] == said)
            if own["state"] in states:
                return dict(own)
            await asyncio.sleep(0.025)
        raise AssertionError(f"{own['state']} for ten seconds")


@asynccontextmanager
async def city(
    folder: Path,
    database: str,
    most_bytes: int = 0,
    more: Mapping[str, Any] | None = None,
    files: Mapping[str, int] | None = None,
    **settings: Any,
) -> AsyncIterator[City]:
    async with opened_provider() as provider:
        outlet = {"url": provider.url, "most_bytes": most_bytes, "files": files or {}}
        beside = {"outlet": (OUTLET, outlet), **(more or {})}
        async with bureau(folder, database, beside=beside, **settings) as door:
            yield City(door, Clock(door, WORKDAY), provider, officer(door, "li"))
