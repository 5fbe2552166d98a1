"""The desk, live: each officer hears of their own desks alone, once, and never a word of anybody's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from banshi.builtin.live_rows import MAX_EACH
from banshi.testing import Door, Person
from tests.channels.desks import ENQUIRIES, STREAM, WORKDAY, Clock, bureau, calls, officer, waiting

#: Officers who follow at once.
MANY = 200


@dataclass(slots=True)
class Ear:
    """What one officer hears."""

    events: list[tuple[str, str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, response: aiohttp.ClientResponse) -> None:
        event: dict[str, str] = {}
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif "data" in event:
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
async def listening(door: Door, who: Person, last: str = "") -> AsyncIterator[Ear]:
    headers = {"Authorization": f"Bearer {who.token}", **({"Last-Event-ID": last} if last else {})}
    async with door.session.get(f"{door.url}{STREAM}", headers=headers) as response:
        assert response.status == 200
        ear = Ear()
        task = asyncio.create_task(ear.listen(response))
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_an_officer_hears_what_happens_at_their_desk_and_nothing_of_another_s(
    tmp_path: Path, database: str
) -> None:
    async with bureau(tmp_path, database) as door:
        Clock(door, WORKDAY)
        li, zhao = officer(door, "li"), officer(door, "zhao", "fire:desk")
        async with listening(door, li) as ours, listening(door, zhao) as theirs:
            chatter = await calls(door, "first")
            queued = await ours.heard("queued")
            place = f"{ENQUIRIES}/{queued['enquiry']['id']}"
            (await li.post(f"{place}/claim")).ok()
            await chatter.send("a secret 4711")
            (await li.post(f"{place}/answers", {"text": "an answer 4711"})).created()
            (await li.post(f"{place}/close")).ok()
            closed = await ours.heard("closed")
            assert closed["by"] == {"id": "li", "name": "li"}
            names = [name for _, name, _ in ours.events]
            assert names == ["queued", "claimed", "heard", "answered", "closed"]
            assert "4711" not in json.dumps(ours.events)
            await calls(door, "second", "2")
            await theirs.heard("queued")
            assert {data["enquiry"]["desk"] for _, _, data in theirs.events} == {"fire"}
            assert {data["enquiry"]["desk"] for _, _, data in ours.events} == {"reception"}


async def test_a_stream_that_broke_goes_on_after_its_last_event_without_a_gap(tmp_path: Path, database: str) -> None:
    async with bureau(tmp_path, database) as door:
        Clock(door, WORKDAY)
        li = officer(door, "li")
        # Another one is there all the time: nothing is new for this process.
        async with listening(door, officer(door, "wang")) as other:
            async with listening(door, li) as ear:
                await calls(door, "first")
                await ear.heard("queued")
                last = ear.events[-1][0]
            (one,) = await waiting(li)
            (await li.post(f"{ENQUIRIES}/{one['id']}/claim")).ok()
            await calls(door, "second", "1")
            (await li.post(f"{ENQUIRIES}/{one['id']}/close")).ok()
            await other.heard("closed")
            async with listening(door, li, last) as ear:
                await ear.heard("closed")
                assert [name for _, name, _ in ear.events] == ["claimed", "queued", "closed"]


async def test_two_hundred_officers_hear_of_each_call_once(tmp_path: Path, database: str) -> None:
    async with bureau(tmp_path, database) as door:
        Clock(door, WORKDAY)
        async with (
            asyncio.TaskGroup() as group,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            ears = [Ear() for _ in range(MANY)]
            responses = []
            for number, ear in enumerate(ears):
                headers = {"Authorization": f"Bearer {officer(door, f'officer-{number}').token}"}
                response = await session.get(f"{door.url}{STREAM}", headers=headers)
                assert response.status == 200
                responses.append((response, group.create_task(ear.listen(response))))
            for number in range(5):
                await calls(door, f"contact-{number}")
            for ear in ears:
                while len(ear.events) < 5:
                    ear.news.clear()
                    async with asyncio.timeout(30):
                        await ear.news.wait()
            assert {len({identity for identity, _, _ in ear.events}) for ear in ears} == {5}
            for response, task in responses:
                task.cancel()
                response.close()


async def test_one_officer_has_so_many_streams_and_no_more(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        li = officer(door, "li")
        async with listening(door, li), listening(door, li), listening(door, li), listening(door, li):
            assert MAX_EACH == 4
            (await li.get(STREAM)).problem(429, "too-many-requests")
            assert 'banshi_desk_officers{desk="reception"} 4.0' in (await door.anyone.get("/metrics")).body.decode()
