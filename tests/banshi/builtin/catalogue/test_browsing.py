"""Looking around: by what happens in life, by what others ask for, and what is open now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.catalogue.browsing import demand
from banshi.builtin.catalogue.browsing.demand import DEMAND
from banshi.foundation.errors import Unavailable
from banshi.foundation.findings import ConfigurationError
from banshi.foundation.time.opening_hours import stretches
from banshi.foundation.time.working_days import WorkingCalendar
from banshi.kernel.contract.items import OpenHours
from banshi.testing import Door, open_door
from tests.banshi.builtin.paging import rows_of
from tests.town.departments import department, item, write

PLACE = """
places = [
  { title = { zh-CN = "大厅", en = "Hall" }, address = { zh-CN = "一号", en = "1" }, phone = "1", opening = { hours = { workday = ["9:00-12:00", "12:00-17:00"] }, closed = [2026-09-03] } },
  { title = { zh-CN = "门卫", en = "Gate" }, address = { zh-CN = "二号", en = "2" }, phone = "2", opening = { hours = { workday = ["0:00-23:59"], sat = ["0:00-23:59"], sun = ["0:00-23:59"], holiday = ["0:00-23:59"] } } },
  { title = { zh-CN = "别处", en = "Elsewhere" }, address = { zh-CN = "三号", en = "3" }, phone = "3" },
]
"""  # noqa: E501


def items(**more: str) -> str:
    return department() + "".join(f"{item(code)}{one}\n" for code, one in more.items())


@pytest.fixture
async def city(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    text = items(
        asked='themes = ["moving", "lost"]',
        barely='themes = ["moving"]\noften = 4',
        quiet='themes = ["moving"]',
        shown=PLACE,
    )
    async with open_door(tmp_path, {"parks": write(tmp_path, text, "")}, platform={"database": database}) as door:
        yield door


async def begin(city: Door, code: str, people: int) -> None:
    for number in range(people):
        for _ in range(2):
            (await city.citizen(f"p{number}").post(f"/v1/items/{code}/begin", {"answers": {}})).created()
    city.platform[DEMAND].until = 0.0


async def listed(city: Door, **query: Any) -> list[tuple[str, int]]:
    page = (await city.anyone.get("/v1/items", params=query)).ok()
    return [(one["code"], one["demand"]) for one in page["items"]]


async def test_what_most_people_ask_for_comes_first_and_fewer_than_five_are_none(city: Door) -> None:
    await begin(city, "quiet", 4)
    await begin(city, "asked", 7)
    told = [("asked", 5), ("barely", 0), ("quiet", 0)]
    assert await listed(city, order="demand") == [*told, ("shown", 0)]
    assert await listed(city, theme="moving", order="demand") == told
    assert await listed(city, theme="lost") == [("asked", 5)]
    assert await listed(city, theme="car") == []
    by_page = await rows_of(city.anyone, "/v1/items", order="demand", limit="1")
    assert [(one["code"], one["demand"]) for one in by_page] == [*told, ("shown", 0)]
    moving, lost = (await city.anyone.get("/v1/themes", headers={"Accept-Language": "en"})).ok()["items"]
    assert (moving["title"], moving["count"], lost["count"]) == ("Moving house", 3, 1)
    assert [one["code"] for one in moving["first"]] == ["asked", "barely", "quiet"]
    assert (await city.anyone.get(moving["links"]["items"])).ok()["items"][0]["code"] == "asked"
    assert "demand" not in (await city.anyone.get("/v1/items/asked")).ok()


@pytest.mark.parametrize("is_away", [True, False])
async def test_items_are_found_while_the_database_is_away_or_hangs(
    city: Door, monkeypatch: pytest.MonkeyPatch, is_away: bool
) -> None:
    """Whoever is in danger asks this list whom to call."""
    await begin(city, "asked", 5)
    told = await listed(city)

    async def counted(_: object) -> dict[str, int]:
        if is_away:
            raise Unavailable
        return await asyncio.sleep(3_600, {})

    monkeypatch.setattr(demand, "_counted", counted)
    monkeypatch.setattr(demand, "MAX_COUNTING_S", 0.05)
    city.platform[DEMAND].until = 0.0
    assert await listed(city) == told
    assert (await city.anyone.get("/v1/items?q=bench")).ok()["items"]


async def test_what_is_asked_for_is_counted_once_an_hour_so_that_nobody_is_seen_to_come(city: Door) -> None:
    await begin(city, "quiet", 5)
    assert ("quiet", 5) in await listed(city)
    await begin(city, "asked", 5)
    city.platform[DEMAND].until += float("inf")
    assert ("asked", 0) in await listed(city)


async def test_a_theme_or_an_order_that_is_none_says_so(city: Door) -> None:
    for query, name in (
        ("theme=none", "theme"),
        ("theme=moving'--", "theme"),
        ("order=people", "order"),
        ("q=park&order=demand", "order"),
        ("order=demand&cursor=AAAA", "cursor"),
        ("order=demand&cursor=eHg", "cursor"),
    ):
        problem = (await city.anyone.get(f"/v1/items?{query}")).problem(400, "invalid-parameter")
        assert problem["parameter"] == name, query


async def at(city: Door, moment: str) -> dict[str, tuple[bool | None, str | None]]:
    """Of each place of the guide whether it is open, and when that changes."""
    now = datetime.fromisoformat(f"{moment}+08:00")
    city.platform.now = lambda: now.astimezone(UTC)  # type: ignore[method-assign]
    guide = (await city.anyone.get("/v1/items/shown", headers={"Accept-Language": "en"})).ok()
    rows = (await city.anyone.get("/v1/places", headers={"Accept-Language": "en"})).ok()["items"]
    own = [(one["title"], one["open"], one["opens_at"] or one["closes_at"]) for one in guide["places"]]
    assert [(one["title"], one["open"], one["opens_at"] or one["closes_at"]) for one in rows] == own[:2]
    return {title: (is_open, change and change[:16]) for title, is_open, change in own}


async def test_a_place_is_open_by_its_hours_and_the_citys_calendar(city: Door) -> None:
    told = {
        "2026-09-02T08:59:59": (False, "2026-09-02T09:00"),
        "2026-09-02T09:00": (True, "2026-09-02T17:00"),
        "2026-09-02T16:59:59": (True, "2026-09-02T17:00"),
        # Closed on the day after, as it says of itself.
        "2026-09-02T17:00": (False, "2026-09-04T09:00"),
        "2026-09-04T18:00": (False, "2026-09-07T09:00"),
        # National Day, until the 7th; the 10th is a Saturday that is worked in exchange.
        "2026-09-30T18:00": (False, "2026-10-08T09:00"),
        "2026-10-10T10:00": (True, "2026-10-10T17:00"),
    }
    for moment, state in told.items():
        places = await at(city, moment)
        assert places == {"Hall": state, "Gate": (True, None), "Elsewhere": (None, None)}, moment


def test_hours_that_meet_at_midnight_are_one_stretch() -> None:
    night = OpenHours(hours={"fri": ("18:00-23:59",), "sat": ("0:00-6:00", "9:00-12:00")})
    first = datetime(2026, 9, 4, tzinfo=UTC)
    found = stretches(night, WorkingCalendar(), UTC, first.date(), 2)
    assert [(one.begins - first, one.ends - first) for one in found] == [
        (timedelta(hours=18), timedelta(hours=30)),
        (timedelta(hours=33), timedelta(hours=36)),
    ]


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ('themes = ["movin"]', "unknown-theme"),
        (PLACE.replace("9:00-12:00", "9:00-12:30"), "wrong-value"),
        (PLACE.replace('workday = ["9:00', 'weekday = ["9:00'), "wrong-value"),
        (PLACE.replace("9:00-12:00", "noon"), "wrong-value"),
    ],
)
async def test_what_an_author_has_misspelled_is_named(tmp_path: Path, more: str, rule: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        async with open_door(tmp_path, {"parks": write(tmp_path, items(asked=more), "")}):
            pass
    assert [(one.plugin, one.rule) for one in refused.value.findings] == [("parks", rule)]
