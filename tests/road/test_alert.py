"""A severe event becomes a draft of an alert by one call, of its place and until its end; a second person publishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from banshi.testing import Door, Person
from lines.geometry import around, metres
from tests.road.city import DISTRICT, ROLE, listed, open_city, published, turn
from tests.road.test_events import in_hours
from tests.road.test_places import LINES, shape

PUBLISHER = "traffic:publisher"
SEVERE = {
    "severity": "Severe",
    "text_en": "Closed both ways",
    "detour": "请走示例二路",
    "detour_en": "Take Example Rd 2",
}


PUSH: dict[str, Any] = {
    "plugins": {"mobile_push": "mobile_push"},
    "beside": {"mobile_push": {"alerts": {"sender": "alerts@city.example"}}},
}


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_city(tmp_path, **PUSH) as door:
        yield door


def sun(door: Door) -> Person:
    return door.staff("sun", ROLE, PUBLISHER)


async def drafted(door: Door, record: dict[str, Any]) -> dict[str, Any]:
    """The event's record after its alert was drafted."""
    path = f"/v1/road/events/{record['id']}/alert"
    return dict((await sun(door).post(path, {"version": record["version"]})).created())


async def test_one_call_makes_a_draft_and_a_second_person_publishes_it(city: Door) -> None:
    record = await published(city, **SEVERE, ends_at=in_hours(city, 5))
    after = await drafted(city, record)
    whole = (await sun(city).get(f"/v1/alerts/{after['alert']}/record")).ok()
    assert (whole["state"], whole["second_person"], whole["department"]) == ("draft", True, "traffic")
    zh, en = whole["alert"]["info"]
    assert (zh["headline"], en["headline"]) == ("道路预警（封闭、管制）：示例大桥", "Road alert, Closed: 示例大桥")
    assert (zh["description"], en["description"]) == ("桥梁检测，双向禁止通行", "Closed both ways")
    assert (zh["instruction"], en["instruction"]) == ("请走示例二路", "Take Example Rd 2")
    assert zh["severity"] == en["severity"] == "Severe"
    assert zh["expires"][:19] == record["event"]["properties"]["ends_at"][:19]
    (area,) = zh["area"]
    assert area["area_desc"] == "涪城区"
    ring = Polygon(area["polygon"][0]["coordinates"][0])
    assert ring.contains(shape([104.73 + 31.46j, 104.74 + 31.47j]))
    assert "geocode" not in area
    assert (await sun(city).get(f"/v1/road/records/{record['id']}")).ok()["alert"] == after["alert"]
    # Nobody outside hears of a draft; its author doesn't publish it, somebody else does.
    act = f"/v1/alerts/{after['alert']}/actions"
    assert (await city.anyone.get(f"/v1/alerts/{after['alert']}")).status == 404
    (await sun(city).post(f"{act}/publish")).ok()
    (await sun(city).post(f"{act}/approve")).problem(403, "forbidden")
    (await city.staff("li", PUBLISHER).post(f"{act}/approve")).ok()
    assert (await city.anyone.get(f"/v1/alerts/{after['alert']}")).ok()
    (feature,) = await listed(city)
    assert feature["properties"].keys() == record["event"]["properties"].keys()


async def test_an_event_without_a_place_warns_its_district_and_one_to_come_says_from_when(city: Door) -> None:
    begins = in_hours(city, 3)
    record = await published(city, **SEVERE, geometry=None, kind="weather", starts_at=begins)
    whole = (await sun(city).get(f"/v1/alerts/{(await drafted(city, record))['alert']}/record")).ok()
    assert whole["audience"] == {"divisions": [DISTRICT]}
    info = whole["alert"]["info"][0]
    assert info["area"] == [{"area_desc": "涪城区", "geocode": [{"value_name": "GB/T 2260", "value": DISTRICT}]}]
    assert info["onset"][:19] == record["event"]["properties"]["starts_at"][:19]
    assert "expires" not in info


async def test_what_isnt_severe_or_has_its_alert_or_is_over_gets_none(city: Door) -> None:
    mild = await published(city, road="示例街")
    path = f"/v1/road/events/{mild['id']}/alert"
    (await sun(city).post(path, {"version": 1})).problem(409, "conflict")
    worse = {"version": 1, "severity": "Extreme"}
    mild = (await sun(city).call("PATCH", f"/v1/road/events/{mild['id']}", json=worse)).ok()
    (await sun(city).post(path, {"version": 1})).problem(409, "conflict")
    after = await drafted(city, mild)
    again = (await sun(city).post(path, {"version": after["version"]})).problem(409, "conflict")
    assert again["alert"] == after["alert"]
    # A draft that was given up leaves room for another.
    (await sun(city).post(f"/v1/alerts/{after['alert']}/actions/cancel")).ok()
    second = await drafted(city, after)
    assert second["alert"] != after["alert"]
    over = {"version": second["version"], "state": "ended"}
    ended = (await sun(city).call("PATCH", f"/v1/road/events/{mild['id']}", json=over)).ok()
    (await sun(city).post(path, {"version": ended["version"]})).problem(409, "conflict")


async def test_only_whoever_looks_after_roads_and_publishes_makes_one(city: Door) -> None:
    record = await published(city, **SEVERE)
    path, body = f"/v1/road/events/{record['id']}/alert", {"version": 1}
    (await city.staff("li", PUBLISHER).post(path, body)).problem(404, "not-found")
    (await city.staff("wu", ROLE).post(path, body)).problem(403, "forbidden")
    (await city.citizen("wang").post(path, body)).problem(403, "forbidden")
    assert (await sun(city).get(f"/v1/road/records/{record['id']}")).ok()["alert"] is None


async def test_pressed_twice_at_once_there_is_one_draft(tmp_path: Path, database: str) -> None:
    async with open_city(tmp_path, database, **PUSH) as city:
        record = await published(city, **SEVERE)
        path = f"/v1/road/events/{record['id']}/alert"
        answers = await asyncio.gather(*(sun(city).post(path, {"version": 1}) for _ in range(2)))
        assert sorted(one.status for one in answers) == [201, 409]
        assert len((await sun(city).get("/v1/alerts/records")).ok()["items"]) == 1


async def test_nobody_outside_is_told_that_there_is_a_draft(city: Door) -> None:
    record = await published(city, **SEVERE, ends_at=in_hours(city, 1))
    await drafted(city, record)
    turn(city, hours=2)
    steps = (await sun(city).get(f"/v1/road/records/{record['id']}")).ok()["steps"]
    assert [one["what"] for one in steps] == ["published", "alerted"]


@given(LINES, st.integers(1, 5_000))
def test_all_that_is_so_near_lies_in_the_polygon_around_a_line(line: list[complex], width: int) -> None:
    (ring,) = around(line, width)["coordinates"]
    assert ring[0] == ring[-1]
    flat = metres([complex(*one) for one in ring], 31.3)
    area = Polygon([(one.real, one.imag) for one in flat])
    assert area.is_valid
    assert area.exterior.is_ccw
    for one in metres(line, 31.3):
        # A hundredth less: a degree of longitude isn't as long in the south as in the north.
        assert area.buffer(0.2).contains(Point(one.real, one.imag).buffer(width * 0.98))
