"""The desk, live: each officer hears of their own desks alone, once, and words only of whom they hold."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import aiohttp
import pytest

from banshi.builtin.live.live_rows import MAX_EACH, first_id
from banshi.testing import Door, Person
from desk.tables.models import DeskOfficer
from tests.channels.desk.bureau import EACH_DATABASE, ENQUIRIES, STREAM, bureau, calls, officer, waiting
from tests.channels.desk.ear import Ear, listening

#: Officers who follow at once.
MANY = 200


@EACH_DATABASE
async def test_an_officer_hears_what_happens_at_their_desk_and_nothing_of_another_s(
    door: Door, li: Person, zhao: Person, wang: Person
) -> None:
    async with listening(door, li) as ours, listening(door, zhao) as theirs, listening(door, wang) as beside:
        chatter = await calls(door, "first")
        queued = await ours.heard("queued")
        place = f"{ENQUIRIES}/{queued['enquiry']['id']}"
        (await li.post(f"{place}/claim")).ok()
        await chatter.send("a secret 4711")
        # Whoever holds it when it is told has the words.
        await ours.heard("heard")
        (await li.post(f"{place}/answers", {"text": "an answer 4711"})).created()
        await ours.heard("answered")
        (await li.post(f"{place}/close")).ok()
        closed = await ours.heard("closed")
        assert closed["by"] == {"id": "li", "name": "li"}
        names = [name for _, name, _ in ours.events]
        assert names == ["queued", "claimed", "heard", "answered", "shut", "closed"]
        await beside.heard("closed")
        assert [name for _, name, _ in beside.events] == names
        assert not any("words" in data for _, _, data in beside.events)
        assert "4711" not in json.dumps(beside.events)
        words = [data["words"]["content"]["text"] for _, _, data in ours.events if "words" in data]
        assert words == ["a secret 4711", "Enquiries: an answer 4711"]
        await calls(door, "second", "2")
        await theirs.heard("queued")
        assert {data["enquiry"]["desk"] for _, _, data in theirs.events} == {"fire"}
        assert {data["enquiry"]["desk"] for _, _, data in ours.events} == {"reception"}


async def test_a_lead_hears_of_the_desks_they_lead_and_counts_as_nobody_who_sits_there(door: Door, sun: Person) -> None:
    zhao = officer(door, "zhao", "fire:desk-lead")
    async with listening(door, sun) as ours, listening(door, zhao) as theirs:
        await calls(door, "first")
        await calls(door, "second", "2")
        assert (await ours.heard("queued"))["enquiry"]["desk"] == "reception"
        assert (await theirs.heard("queued"))["enquiry"]["desk"] == "fire"
        assert (len(ours.events), len(theirs.events)) == (1, 1)
        told = (await door.anyone.get("/metrics")).body.decode()
        assert 'banshi_desk_officers{desk="reception"} 1.0' not in told
        assert await DeskOfficer.all().count() == 0


@EACH_DATABASE
async def test_a_stream_that_broke_goes_on_after_its_last_event_without_a_gap(door: Door, li: Person) -> None:
    # Another one is there all the time: nothing is new for this process.
    async with listening(door, officer(door, "wang")) as other:
        async with listening(door, li) as ear:
            chatter = await calls(door, "first")
            await ear.heard("queued")
            last = ear.events[-1][0]
        (one,) = await waiting(li)
        (await li.post(f"{ENQUIRIES}/{one['id']}/claim")).ok()
        await chatter.send("a secret 4711")
        await calls(door, "second", "1")
        (await li.post(f"{ENQUIRIES}/{one['id']}/close")).ok()
        await other.heard("closed")
        async with listening(door, li, last) as ear:
            await ear.heard("closed")
            assert [name for _, name, _ in ear.events] == ["claimed", "heard", "queued", "closed"]
            assert not any("words" in data for _, _, data in ear.events), "it is over: they hold it no more"


async def test_a_stream_that_broke_after_an_event_of_a_machine_whose_clock_was_ahead_goes_on_without_a_gap(
    door: Door, li: Person
) -> None:
    await calls(door, "first")
    last = str(first_id(time.time() + 3600))
    async with listening(door, li, last) as ear:
        await ear.heard("queued")
        assert [name for _, name, _ in ear.events] == ["queued"]


async def test_two_hundred_officers_hear_of_each_call_once(door: Door) -> None:
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


async def test_one_officer_has_so_many_streams_and_no_more(door: Door, li: Person) -> None:
    async with listening(door, li), listening(door, li), listening(door, li), listening(door, li):
        assert MAX_EACH == 4
        (await li.get(STREAM)).problem(429, "too-many-requests")
        assert 'banshi_desk_officers{desk="reception"} 4.0' in (await door.anyone.get("/metrics")).body.decode()


async def test_an_officer_whose_sessions_were_ended_hears_no_more(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.live.live_rows.ALIVE_S", 0.1)
    async with bureau(tmp_path, database) as door:
        li = officer(door, "li")
        async with door.session.get(f"{door.url}{STREAM}", headers={"Authorization": f"Bearer {li.token}"}) as response:
            assert response.status == 200
            assert (await li.delete("/v1/me/sessions")).status == 204
            async with asyncio.timeout(30):
                await response.read()
        (await li.get(ENQUIRIES)).problem(401, "unauthenticated")
