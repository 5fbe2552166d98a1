"""The league table of appeals: right figures on both databases, by an index, and nothing of one person."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from banshi.builtin.worklist import kept
from banshi.kinds.appeal import statistics
from banshi.kinds.appeal.models import AppealRecord
from tests.readers.refusals import understood
from tests.town.parts import appeals
from tests.town.town import CITY, ENGLISH, Town, open_town

PATH = "/v1/statistics/appeals"


async def handled(offices: Town, count: int, *, stars: int = 0, late: int = 0, item: str = "ask-parks") -> None:
    """So many new appeals, each answered, the last `late` of them after their day, and rated where there are stars."""
    li, chen = offices.door.citizen("li"), offices.reviewer("chen", f"{item.removeprefix('ask-')}")
    links = []
    for _ in range(count):
        case = await li.post(f"/v1/items/{item}/cases", {"answers": {"text": "路灯坏了"}})
        links.append(case.created()["links"]["self"])
    for number, link in enumerate(links):
        if number == count - late:
            offices.later(days=8)
        await offices.answered(chen, link)
        if stars:
            await offices.rated(li, link, stars)
    if late:
        offices.later(days=-8)


async def table(offices: Town, *, fresh: bool = True, **query: str) -> dict[tuple[str, str], dict[str, Any]]:
    if fresh:
        offices.door.platform[statistics.MONTHS].known.clear()
    page = (await offices.door.anyone.get(PATH, params=query, headers=ENGLISH)).ok()
    return {(one["department"]["code"], one["unit"]["code"]): one for one in page["items"]}


async def test_each_unit_s_figures_are_those_of_its_own_appeals(offices: Town, database: str) -> None:
    await handled(offices, 6, stars=5, late=2)
    await handled(offices, 2, stars=3)
    await handled(offices, 5, item="ask-works")
    found = await table(offices)
    assert list(found) == [("works", "east"), ("parks", "east")], "the most punctual first"
    assert found["parks", "east"] == {
        "department": {"code": "parks", "title": "Sample parks"},
        "unit": {"code": "east", "title": "East Unit"},
        "received": 8,
        "answered": 8,
        "overdue": 0,
        "on_time_percent": 75,
        "mean_rating": 4.5,
        "satisfied_percent": 75,
    }
    works = found["works", "east"]
    assert (works["on_time_percent"], works["mean_rating"], works["satisfied_percent"]) == (100, None, None)


async def test_what_is_late_without_an_answer_counts_as_late(offices: Town, database: str) -> None:
    await handled(offices, 3)
    for _ in range(3):
        await offices.asked(offices.door.citizen("sun"))
    assert (await table(offices))["parks", "east"]["on_time_percent"] is None, "three are too few"
    offices.later(days=8)
    line = (await table(offices))["parks", "east"]
    assert (line["answered"], line["overdue"], line["on_time_percent"]) == (3, 3, 50)


async def test_few_appeals_and_few_ratings_are_not_shown(offices: Town, database: str) -> None:
    await handled(offices, statistics.MIN_SHOWN - 1, stars=1)
    assert await table(offices) == {}
    await handled(offices, 1)
    line = (await table(offices))["parks", "east"]
    assert (line["received"], line["mean_rating"], line["satisfied_percent"]) == (5, None, None)
    await handled(offices, 1, stars=5)
    assert (await table(offices))["parks", "east"]["mean_rating"] == 1.8


async def test_a_duplicate_counts_once_and_what_was_passed_on_counts_where_it_is(offices: Town, database: str) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer("chen", "parks")
    links = [await offices.asked(li) for _ in range(7)]
    first = (await chen.get(links[0])).ok()["number"]
    (await offices.act(chen, links[1], "merge", into=first)).ok()
    for link in links[2:]:
        (await offices.act(chen, link, "forward", "西科负责", unit="west")).ok()
    assert {key: line["received"] for key, line in (await table(offices)).items()} == {("parks", "west"): 5}


async def test_who_asks_again_and_again_has_a_month_counted_once_a_minute(offices: Town, monkeypatch: Any) -> None:
    await handled(offices, 5)
    counted: list[Any] = []
    real = statistics.statement
    monkeypatch.setattr(statistics, "statement", lambda platform: counted.append(1) or real(platform))
    month = {"from": "2026-09", "to": "2026-09"}
    await asyncio.gather(*(table(offices, fresh=False, **month) for _ in range(10)))
    assert len(counted) == 1
    monkeypatch.setattr(kept, "KEPT_S", -1.0)
    await table(offices, **month)
    await table(offices, fresh=False, **month)
    assert len(counted) == 3


async def test_months_are_those_of_the_city(tmp_path: Path, database: str) -> None:
    """Half past midnight on the first is still the month before in UTC."""
    now = datetime(2026, 9, 1, 0, 30, tzinfo=CITY)
    async with open_town(tmp_path, appeals(), database=database, now=now) as offices:
        await handled(offices, 5)
        offices.now -= timedelta(hours=1)
        await handled(offices, 6)
        offices.now = datetime(2026, 10, 9, tzinfo=CITY)
        for months, received in (
            (("2026-09", "2026-09"), 5),
            (("2026-08", "2026-08"), 6),
            (("2026-08", "2026-10"), 11),
        ):
            found = await table(offices, **dict(zip(("from", "to"), months, strict=True)))
            assert found["parks", "east"]["received"] == received
        assert await table(offices, **{"from": "2026-10", "to": "2026-10"}) == {}
        assert (await table(offices))["parks", "east"]["received"] == 11
        oldest = (await offices.door.anyone.get(f"{PATH}?to=2000-01")).ok()
        assert (oldest["from"], oldest["to"], oldest["items"]) == ("1999-02", "2000-01", [])


@pytest.mark.parametrize("city", ["Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns", "America/New_York"])
async def test_each_hour_is_in_its_month_of_the_city(tmp_path: Path, city: str) -> None:
    """Clocks of the last one are put back on 1 November."""
    zone = ZoneInfo(city)
    midnight = datetime(2026, 11, 1, tzinfo=zone).astimezone(UTC)
    async with open_town(tmp_path, appeals(), timezone=city) as offices:
        await offices.asked(offices.door.citizen("sun"))
        platform, wrong = offices.door.platform, []
        for hour in range(-36, 37):
            at = (midnight + timedelta(hours=hour)).astimezone(zone)
            await AppealRecord.all().update(received_at=at)
            platform[statistics.MONTHS].known.clear()
            counted = {}
            for month in (10, 11):
                units = await statistics.figures(platform, 2026 * 12 + month - 1)
                counted[month] = sum(unit["received"] for unit in units.values())
            if counted != {at.month: 1, 21 - at.month: 0}:
                wrong.append(f"{at}: {counted}")
        assert not wrong, wrong


async def test_months_that_cannot_be_are_told(offices: Town) -> None:
    wrong = ("from=2026", "from=2026-13", "to=1999-12", "from=2026-09-01", "from=2026-10&to=2026-09")
    asked = [f"{PATH}?{query}" for query in (*wrong, "from=2024-01&to=2026-01", "unit=a")]
    assert await understood(offices.door.anyone, asked) == {}


async def test_the_table_is_found_by_an_index(offices: Town, database: str) -> None:
    store = offices.door.platform.store
    begins = datetime(2026, 9, 1, tzinfo=CITY)
    sql, given = statistics.statement(offices.door.platform), begins + timedelta(days=30)
    values = [offices.door.platform.today(), begins, given]
    if store.dialect == "sqlite":
        plan = await store.connection.execute_query_dict(f"EXPLAIN QUERY PLAN {sql}", values)
    else:
        # An empty table is always read whole, unless that is forbidden.
        await store.connection.execute_script("SET enable_seqscan = off; SET enable_bitmapscan = off")
        plan = await store.connection.execute_query_dict(f"EXPLAIN {sql}", values)
    assert "appeal_received" in str(plan), plan
