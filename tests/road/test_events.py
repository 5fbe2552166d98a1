"""Events on roads: written by staff, read by anybody, ended by time; and everything that can be wrong with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from road.ending import look, tidy
from road.tables.models import RoadChange, RoadEvent
from tests.road.city import CLOSURE, DISTRICT, ROLE, listed, officer, open_city, published, turn

EVENTS = "/v1/road/events"
ROADS = "/v1/items/road-conditions/begin"


@pytest.fixture
async def city(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    async with open_city(tmp_path, database) as door:
        yield door


async def answered(door: Door, **question: Any) -> list[dict[str, Any]]:
    """What the item answers to somebody without a name."""
    asked = await door.anyone.post(ROADS, {"answers": {"division": DISTRICT, **question}})
    return list(asked.ok()["records"]["records"])


def in_hours(door: Door, hours: float) -> str:
    return (door.platform.now() + timedelta(hours=hours)).isoformat()


async def test_what_is_published_in_one_step_is_what_map_and_item_have(city: Door) -> None:
    assert (await listed(city), await answered(city)) == ([], [])
    record = await published(city, text_en="Closed both ways", ends_at=in_hours(city, 3), said_by="桥梁处")
    said = record["event"]["properties"]
    assert (said["direction"], said["lanes"], said["end_is"]) == ("undefined", "unknown", "expected")
    (feature,) = await listed(city)
    assert feature == record["event"] == (await city.anyone.get(f"{EVENTS}/{record['id']}")).ok()
    (row,) = await answered(city)
    assert (row["kind"], row["road"], row["condition"]) == ("closure", "示例大桥", "桥梁检测，双向禁止通行")
    assert row["condition_en"] == "Closed both ways"
    assert row["until"] == said["ends_at"][:19] + said["ends_at"][23:]
    # The city's other district has nothing, and another kind neither.
    assert await answered(city, kind="accident") == await answered(city, division="510704") == []
    await published(city, kind="gathering", road="示例体育场")
    assert [row["road"] for row in await answered(city, kind="event")] == ["示例体育场"]
    assert len(await answered(city, division="510700")) == 2
    assert [one["properties"]["road"] for one in await listed(city, "kind=gathering&division=510700")] == ["示例体育场"]


async def test_only_the_unit_that_looks_after_the_roads_writes(city: Door) -> None:
    for role in ("traffic/zone-office:reviewer", "traffic/command-centre:approver"):
        (await city.staff("sun", role).post(EVENTS, CLOSURE)).problem(403, "forbidden")
    (await city.citizen("wang").post(EVENTS, CLOSURE)).problem(403, "forbidden")
    (await city.staff("sun", "traffic:reviewer").post(EVENTS, CLOSURE)).created()


async def test_an_end_that_has_passed_ends_it_at_once_and_in_the_record_soon(city: Door) -> None:
    record = await published(city, ends_at=in_hours(city, 1), end_is="known")
    ahead = await published(city, road="示例路", starts_at=in_hours(city, 2), ends_at=in_hours(city, 4), kind="works")
    assert len(await listed(city)) == 2
    assert [one["id"] for one in await listed(city, "in_force=true")] == [record["id"]]
    turn(city, hours=1)
    assert [one["id"] for one in await listed(city)] == [ahead["id"]]
    (await city.anyone.get(f"{EVENTS}/{record['id']}")).problem(404, "not-found")
    assert [row["road"] for row in await answered(city)] == ["示例路"]
    await look(city.platform)
    whole = (await officer(city).get(f"/v1/road/records/{record['id']}")).ok()
    assert (whole["state"], [(one["what"], one["by"]) for one in whole["steps"]]) == (
        "ended",
        [("published", "sun"), ("ended", "")],
    )
    assert whole["event"]["properties"]["ends_at"] == record["event"]["properties"]["ends_at"]


async def test_what_nobody_touches_asks_its_author_and_is_then_said_to_be_stale(city: Door) -> None:
    record = await published(city, kind="congestion")
    known = await published(city, kind="congestion", road="示例街", ends_at=in_hours(city, 9), end_is="known")
    turn(city, hours=1)
    await look(city.platform)
    (asking,) = (await officer(city).get("/v1/road/records?asked=true")).ok()["items"]
    assert (asking["id"], asking["author"], asking["event"]["properties"]["is_stale"]) == (record["id"], "sun", False)
    # Somebody else says that it is so: it is asked again after as long.
    held = (await officer(city, "wu").call("PATCH", f"{EVENTS}/{record['id']}", json={"version": 2})).ok()
    assert (held["asked_at"], held["version"]) == (None, 3)
    for hours, stale in ((1, False), (1, True)):
        turn(city, hours=hours)
        await look(city.platform)
        found = {one["id"]: one["properties"]["is_stale"] for one in await listed(city)}
        assert found == {record["id"]: stale, known["id"]: False}
        # The item and the chat say it too.
        assert ["未核实" in one["condition"] for one in await answered(city, kind="congestion")].count(True) == stale
    changed = {"version": 5, "text": "仍然缓行"}
    told = (await officer(city).call("PATCH", f"{EVENTS}/{record['id']}", json=changed)).ok()["event"]["properties"]
    assert (told["is_stale"], told["text"]) == (False, "仍然缓行")


async def test_of_two_officers_who_change_one_event_the_second_looks_again(city: Door) -> None:
    record = await published(city)
    link = f"{EVENTS}/{record['id']}"
    bodies = [{"version": 1, "text": f"由{name}修改"} for name in ("sun", "wu")]
    answers = await asyncio.gather(*(officer(city).call("PATCH", link, json=body) for body in bodies))
    assert sorted(one.status for one in answers) == [200, 409]
    (await officer(city).call("PATCH", link, json={"version": 1, "state": "ended"})).problem(409, "conflict")
    over = (await officer(city).call("PATCH", link, json={"version": 2, "state": "ended"})).ok()
    assert over["state"] == "ended"
    (await officer(city).call("PATCH", link, json={"version": 3})).problem(409, "conflict")
    assert await listed(city) == await answered(city) == []
    # Of what didn't happen there is no step.
    assert [one.what for one in await RoadChange.all().order_by("version")] == ["published", "changed", "ended"]


LINE = {"type": "LineString"}
ZIGZAG = [[104.7, 31.4], [104.8, 31.5], [104.8, 31.4], [104.7, 31.5]]
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("crosses itself", {"geometry": {**LINE, "coordinates": ZIGZAG}}, "/geometry/coordinates", "crosses-itself"),
    (
        "goes straight back",
        {"geometry": {**LINE, "coordinates": [[104.7, 31.4], [104.8, 31.4], [104.75, 31.4]]}},
        "/geometry/coordinates",
        "crosses-itself",
    ),
    (
        "over the 180th meridian",
        {"geometry": {**LINE, "coordinates": [[179.9, 31.4], [-179.9, 31.4]]}},
        "/geometry/coordinates",
        "antimeridian",
    ),
    (
        "one of 100,000 points",
        {"geometry": {**LINE, "coordinates": [[104.7 + n * 1e-6, 31.4] for n in range(100_000)]}},
        "/geometry",
        "",
    ),
    (
        "a point in the sea",
        {"geometry": {"type": "Point", "coordinates": [123.5, 31.4]}},
        "/geometry/coordinates",
        "outside",
    ),
    (
        "latitude and longitude exchanged",
        {"geometry": {"type": "Point", "coordinates": [31.46, 104.73]}},
        "/geometry/coordinates",
        "exchanged",
    ),
    (
        "no length",
        {"geometry": {**LINE, "coordinates": [[104.7, 31.4], [104.7, 31.4000001]]}},
        "/geometry/coordinates",
        "too-short",
    ),
    (
        "to and fro over the whole city",
        {"geometry": {**LINE, "coordinates": [[103.8 + 1.9 * (n % 2), 30.8 + n * 0.004] for n in range(500)]}},
        "/geometry/coordinates",
        "too-long",
    ),
    ("no figure at all", {"geometry": {"type": "Point", "coordinates": [104.7]}}, "/geometry", ""),
    ("a polygon", {"geometry": {"type": "Polygon", "coordinates": [[104.7, 31.4]]}}, "/geometry", ""),
    ("an end before the beginning", {"ends_at": "2026-01-01T00:00:00Z"}, "/ends_at", "order"),
    (
        "over before it is told",
        {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z"},
        "/ends_at",
        "past",
    ),
    ("the year 9999", {"starts_at": "9999-12-31T23:59:59-12:00"}, "/starts_at", "invalid"),
    ("no kind of ours", {"kind": "parade"}, "/kind", ""),
    ("no district", {"division": "990000"}, "/division", ""),
    ("a detour in the sea", {"detour_line": {**LINE, "coordinates": [[123.5, 31], [123, 31]]}}, "/detour_line", ""),
]


async def test_what_is_wrong_is_said_at_its_field_and_not_silently_turned(city: Door) -> None:
    for name, changes, pointer, code in WRONG:
        answer = await officer(city).post(EVENTS, {**CLOSURE, "road": name, **changes})
        if name == "one of 100,000 points":
            # The body alone is too large.
            assert answer.status == 413
            continue
        problems = answer.problem(422, "invalid-fields")["problems"]
        assert any(one["pointer"].startswith(pointer) and code in ("", one["code"]) for one in problems), problems
    assert not await RoadEvent.all().exists()


async def test_what_was_said_can_be_taken_back(city: Door) -> None:
    way = {"type": "LineString", "coordinates": [[104.73, 31.46], [104.75, 31.46]]}
    more = {"text_en": "Closed", "speed_limit": 40, "detour": "走二环路", "detour_line": way, "closed_for": ["trucks"]}
    record = await published(city, **more)
    body = {"version": 1, "text": "限行", **dict.fromkeys(("speed_limit", "detour", "detour_line", "closed_for"))}
    after = (await officer(city).call("PATCH", f"{EVENTS}/{record['id']}", json=body)).ok()["event"]["properties"]
    assert after["text"] == "限行"
    assert not {*more} & {*after}
    back = {"version": 2, "text": None}
    (await officer(city).call("PATCH", f"{EVENTS}/{record['id']}", json=back)).problem(422, "invalid-fields")


async def test_a_name_or_a_number_of_somebody_is_held_back_before_anybody_reads_it(city: Door) -> None:
    said = {"text": "司机张小明撞桥", "detour": "问13800000000", "said_by": "李建国先生", "text_en": "Ask Mr Zhang Wei"}
    wrong = (await officer(city).post(EVENTS, {**CLOSURE, **said})).problem(422, "invalid-fields")["problems"]
    assert {(one["pointer"], one["code"]) for one in wrong} == {
        ("/detour", "personal"),
        *((f"/{name}", "names-a-person") for name in ("text", "said_by", "text_en")),
    }
    # What is none its author says to be none; it is no part of what is published.
    record = await published(city, text="白果林，限行", names_nobody=["白果林"], said_by="施工处")
    assert "names_nobody" not in record["event"]["properties"]
    later = {"version": 1, "text": "司机张小明已离开"}
    (await officer(city).call("PATCH", f"{EVENTS}/{record['id']}", json=later)).problem(422, "invalid-fields")


async def test_what_is_said_of_the_whole_city_is_said_of_its_districts(city: Door) -> None:
    await published(city, division="510700")
    assert len(await listed(city, f"division={DISTRICT}")) == len(await answered(city)) == 1
    assert await listed(city, "division=510600") == []


async def test_a_road_that_is_closed_is_closed_once_at_a_time(city: Door) -> None:
    first = await published(city, direction="northbound", ends_at=in_hours(city, 4))
    twice = {**CLOSURE, "direction": "undefined"}
    for road in ("示例大桥", " 示例大桥 "):
        refused = (await officer(city).post(EVENTS, {**twice, "road": road})).problem(409, "conflict")
        assert refused["event"] == first["id"]
    (await officer(city).post(EVENTS, {**twice, "road": "   "})).problem(422, "invalid-fields")
    # The other way, later, or elsewhere is another closure.
    await published(city, direction="southbound")
    later = await published(city, direction="northbound", starts_at=in_hours(city, 4))
    await published(city, road="示例大桥东")
    sooner = {"version": 1, "starts_at": in_hours(city, 3)}
    (await officer(city).call("PATCH", f"{EVENTS}/{later['id']}", json=sooner)).problem(409, "conflict")


async def test_a_ring_may_close_and_a_place_may_be_unknown(city: Door) -> None:
    ring = [[104.7, 31.4], [104.8, 31.4], [104.8, 31.5], [104.7, 31.4]]
    await published(city, geometry={"type": "LineString", "coordinates": ring})
    await published(city, road="县道示例线", geometry=None)
    assert {one["properties"]["road"]: one["geometry"] is None for one in await listed(city)} == {
        "示例大桥": False,
        "县道示例线": True,
    }


async def test_a_citizens_report_is_confirmed_in_one_step_and_answered_by_it(city: Door) -> None:
    answers = {
        "kind": "congestion",
        "division": DISTRICT,
        "place": "示例大道",
        "text": "车多缓行",
        "latitude": 31.46,
        "longitude": 104.73,
    }
    wang = city.citizen("wang")
    case = (await wang.post("/v1/items/road-report/begin", {"answers": answers})).created()["case"]
    await city.settled()
    assert await listed(city) == []
    body = {**CLOSURE, "kind": "congestion", "road": "示例大道", "text": "车多缓行", "report": case["id"]}
    record = (await officer(city).post(EVENTS, body, key="once")).created()
    assert (await officer(city).post(EVENTS, body, key="once")).created() == record
    assert len(await listed(city)) == 1
    after = (await wang.get(f"/v1/cases/{case['id']}")).ok()
    assert after["state"] == "answered"
    assert "示例大道" in str(after)
    # It is answered now, and another case is no report.
    (await officer(city).post(EVENTS, {**body, "road": "别处"})).problem(409, "action-not-permitted")
    assert len(await listed(city)) == 1


async def test_whoever_reports_two_hundred_jams_in_an_hour_is_stopped_at_the_tenth(city: Door) -> None:
    answers = {"kind": "congestion", "division": DISTRICT, "place": "示例大道", "text": "车多缓行"}
    wang, li = city.citizen("wang"), city.citizen("li")
    for _ in range(10):
        (await wang.post("/v1/items/road-report/begin", {"answers": answers})).created()
    refused = await wang.post("/v1/items/road-report/begin", {"answers": answers})
    assert "10" in refused.problem(429, "too-many-requests")["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    (await li.post("/v1/items/road-report/begin", {"answers": answers})).created()


async def test_what_has_ended_long_ago_is_forgotten_with_its_steps(city: Door) -> None:
    record = await published(city)
    await published(city, road="示例路")
    end = {"version": 1, "state": "ended"}
    (await officer(city).call("PATCH", f"{EVENTS}/{record['id']}", json=end)).ok()
    turn(city, days=366)
    await tidy(city.platform)
    assert [one.road for one in await RoadEvent.all()] == ["示例路"]
    assert await RoadChange.all().count() == 1


async def test_without_the_item_nobody_publishes_and_the_check_says_so(tmp_path: Path) -> None:
    async with open_city(tmp_path, report="no-such-item") as door:
        (await door.staff("sun", ROLE).post(EVENTS, CLOSURE)).problem(403, "forbidden")
