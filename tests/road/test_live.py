"""What becomes of events, live: told once to whoever follows, also after a break; and one truth for chats and items."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.kinds.query.registers.opened import REGISTERS, kept_by_plugins
from banshi.sdk.http import LiveRows
from banshi.testing import Door
from conversations import Entrance
from road.ending import look
from road.register import RoadRegister
from road.routes.public import STREAMS
from road.tables.models import RoadEvent
from tests.channels.chatting import Chatter
from tests.road.city import DISTRICT, listed, officer, open_city, published, turn

STREAM = "/v1/road/stream"


@pytest.fixture
async def city(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    async with open_city(tmp_path, database) as door:
        yield door


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Door]:
    """The same where no database makes a difference."""
    async with open_city(tmp_path, plugins={"conversations": "conversations"}) as door:
        yield door


class Ear:
    """A stream, read event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.last = ""

    async def heard(self) -> tuple[str, Any]:
        """The next event: its name and its data."""
        event: dict[str, str] = {}
        async with asyncio.timeout(30):
            async for line in self._response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif "data" in event:
                    self.last = event["id"]
                    return event["event"], json.loads(event["data"])
                else:
                    event = {}
        raise AssertionError("the stream has ended")


@asynccontextmanager
async def following(door: Door, query: str = "", last: str = "") -> AsyncIterator[Ear]:
    headers = {"Last-Event-ID": last} if last else {}
    async with door.session.get(f"{door.url}{STREAM}?{query}", headers=headers) as response:
        assert response.status == 200
        yield Ear(response)


async def test_each_step_is_told_at_once_and_once_to_whoever_follows_the_district(city: Door) -> None:
    async with following(city, f"division={DISTRICT}") as here, following(city) as all_of_it:
        other = await published(city, division="510722", road="县道示例线")
        record = await published(city)
        assert await all_of_it.heard() == ("published", other["event"])
        assert await here.heard() == await all_of_it.heard() == ("published", record["event"])
        link = f"/v1/road/events/{record['id']}"
        (await officer(city).call("PATCH", link, json={"version": 1})).ok()
        assert (await here.heard())[0] == "held"
    # What came while nobody followed is told on coming back, and not what only asks the author.
    turn(city, hours=24)
    await look(city.platform)
    (await officer(city).call("PATCH", link, json={"version": 3, "text": "仍在检测"})).ok()
    (await officer(city).call("PATCH", link, json={"version": 4, "state": "ended"})).ok()
    async with following(city, f"division={DISTRICT}", last=here.last) as again:
        assert [(await again.heard())[0] for _ in range(2)] == ["changed", "ended"]
        later = await published(city)
        assert await again.heard() == ("published", later["event"])


async def test_a_city_hears_of_its_districts_they_of_it_and_nobody_of_what_asks_its_author(city: Door) -> None:
    everything, whole, part = (following(city, query) for query in ("", "division=510700", f"division={DISTRICT}"))
    async with everything as a, whole as b, part as c:
        one = await published(city, division="510700", kind="congestion")
        two = await published(city)
        for ear in (a, b, c):
            assert [(await ear.heard())[1]["id"] for _ in range(2)] == [one["id"], two["id"]]
        turn(city, hours=1)
        await look(city.platform)
        await RoadEvent.filter(id=one["id"]).update(asks_at=city.platform.now())
        await look(city.platform)
        for ear in (a, b, c):
            assert (await ear.heard())[0] == "stale"


async def test_an_address_that_has_as_many_streams_as_may_be_reads_so_and_shuts_none_for_another(
    town: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town.platform[STREAMS], "most", 2)
    monkeypatch.setattr(LiveRows, "_address", lambda *_: "nobody:one")
    async with following(town), following(town, f"division={DISTRICT}"):
        refused = await town.anyone.get(STREAM)
        assert "请先关闭一个" in refused.problem(429, "too-many-requests")["detail"]
        assert int(refused.headers["Retry-After"]) > 0
        monkeypatch.setattr(LiveRows, "_address", lambda *_: "nobody:another")
        async with following(town) as another:
            record = await published(town)
            assert await another.heard() == ("published", record["event"])
    monkeypatch.undo()
    async with following(town), following(town):
        pass


async def test_a_proxy_of_ones_own_is_no_address_of_the_internet(town: Door) -> None:
    """Each stream through it is a nobody's of its own; those from an address of the internet are one's."""
    streams = town.platform[STREAMS]
    for address in ("127.0.0.1", "10.3.0.9", "fd00::7", None):
        assert streams._address(address) != streams._address(address)
    for address in ("8.8.8.8", "2400:3200::1"):
        assert streams._address(address) == streams._address(address)


async def test_a_stream_takes_no_id_that_is_none(town: Door) -> None:
    answer = await town.anyone.get(STREAM, headers={"Last-Event-ID": "yesterday"})
    answer.problem(400, "invalid-parameter")


async def test_a_list_is_cached_for_some_seconds_and_asked_again_by_its_tag(town: Door) -> None:
    await published(town)
    first = await town.anyone.get("/v1/road/events")
    assert first.headers["Cache-Control"] == "public, max-age=5"
    assert first.headers["Content-Type"] == "application/geo+json"
    same = await town.anyone.get("/v1/road/events", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status == 304


async def test_a_long_list_comes_in_parts_each_event_once(city: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("road.routes.public.MAX_EVENTS", 2)
    ids = [(await published(city, road=f"示例路{n}号"))["id"] for n in range(5)]
    found, query = [], ""
    while True:
        answer = (await city.anyone.get(f"/v1/road/events?{query}")).ok()
        found += [one["id"] for one in answer["features"]]
        if "next" not in answer:
            break
        query = f"after={answer['next']}"
    assert found == ids


FOUND = {
    "box=104.73,31.46,104.735,31.465": ["示例大桥"],
    "box=104.735,31.40,104.75,31.464": [],
    "along=104.73,31.47;104.74,31.46&width=10": ["示例大桥"],
    "along=104.5,31.4;104.9,31.4&width=5000": ["示例路"],
    "along=104.5,31.4;104.9,31.4&width=5000&kind=closure": [],
}
REFUSED = [
    "box=104,31,103,32",
    "box=104,32,105,31",
    "box=104,31,105",
    "box=a,b,c,d",
    "box=104,31,105,32&along=104,31;105,32",
    "along=104,31",
    "along=104,89;105,89",
    "along=90,31;105,31",
    f"along={';'.join(['104.7,31.4', '104.8,31.5'] * 101)}",
    f"along={';'.join(['104,31', '108.9,31.4'] * 100)}",
    "along=104,31;105,31&width=5001",
    "after=yesterday",
    "division=51",
]


async def test_events_are_found_by_box_and_way_and_a_place_that_is_none_is_refused(city: Door) -> None:
    await published(city)
    await published(city, road="示例路", kind="works", geometry={"type": "Point", "coordinates": [104.7, 31.42]})
    for query, names in FOUND.items():
        assert [one["properties"]["road"] for one in await listed(city, query)] == names, query
    for query in REFUSED:
        (await city.anyone.get(f"/v1/road/events?{query}")).problem(400, "invalid-parameter")


async def test_the_chat_and_its_menu_tell_of_these_events_and_of_no_others(town: Door) -> None:
    somebody = Chatter(town, "zh-CN")
    await published(town, ends_at=None)
    await somebody.send(Entrance("item", "road-conditions"))
    for said in ("涪城区", "0", "1"):
        told = (await somebody.send(said)).text
    assert "示例大桥" in told
    assert "桥梁检测，双向禁止通行" in told


async def test_the_registers_file_is_not_taken_where_the_events_are_its_records(town: Door) -> None:
    assert set(kept_by_plugins(town.platform.registry)) == {"road-conditions"}
    assert isinstance(town.platform[REGISTERS].by_code["road-conditions"].source, RoadRegister)
