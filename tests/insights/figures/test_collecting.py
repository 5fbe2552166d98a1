"""Counting what is in the platform's own tables: each once, on the city's day, and nobody in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal.models import AppealRecord
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.query.models import LookUp
from banshi.testing import Door, open_door
from insights.figures import collecting
from insights.figures.collecting import collect
from insights.figures.models import Count, CountSource
from insights.figures.series import one_series
from tests.insights.figures.bureau import CATEGORY, CITY, FILE, NOW, at, bureau
from tests.town.registers import DEPARTMENTS
from tests.waiting import until

#: A category that counts cases of the appeal's item, so that no second department is needed.
ASKED = CATEGORY.format(code="asked", counts='{ cases = ["ask-parks"] }')


async def ready(door: Door, sources: int) -> None:
    """Until the round at the start is over: from here on the tests count by themselves."""

    async def counted() -> bool:
        return await CountSource.all().count() == sources

    await until(counted)


async def appeal(
    when: datetime, category: str = "noise", *, unit: str = "east", mode: str = "live", **changes: Any
) -> UUID:
    case = await made("ask-parks", when, unit=unit, mode=mode)
    await AppealRecord.create(case_id=case, sort="complain", category=category, received_at=when, **changes)
    return case


async def made(item: str, when: datetime, *, kind: str = "appeal", unit: str = "east", mode: str = "live") -> UUID:
    common = {"item_version": 1, "kind": kind, "department": "parks", "state": "open", "person": "li", "answers": {}}
    one = await Case.create(
        number=uuid4().hex[:24], item=item, unit=unit, mode=mode, created_at=when, updated_at=when, **common
    )
    return one.id


async def counted(**where: Any) -> list[tuple[str, str, str, int | None]]:
    rows = await Count.filter(**where).order_by("category", "division", "day")
    assert {row.grain for row in rows} <= {"day"}
    return [(row.category, row.division, row.day.isoformat(), row.count) for row in rows]


# -- what counts -----------------------------------------------------------------------------------------------------


async def test_appeals_and_cases_are_counted_by_day_and_by_where_their_unit_works(
    tmp_path: Path, database: str
) -> None:
    settings = {"units": {"parks/west": "510703", "parks": "510704"}}
    async with bureau(tmp_path, database, settings=settings, file=FILE + ASKED) as door:
        await ready(door, 2)
        first = await appeal(NOW - timedelta(days=1))
        await appeal(NOW - timedelta(days=1), unit="west")
        await appeal(NOW, merged_into=first)
        await appeal(NOW, "roads")
        await appeal(NOW, mode="test")
        await collect(door.platform)
        assert await counted(source="appeals") == [
            ("noise", "510703", "2026-12-01", 1),
            ("noise", "510704", "2026-12-01", 1),
        ]
        # As cases the merged one and the other category count, too.
        assert await counted(source="cases") == [
            ("asked", "510703", "2026-12-01", 1),
            ("asked", "510704", "2026-12-01", 1),
            ("asked", "510704", "2026-12-02", 2),
        ]


async def test_postings_count_where_they_say_and_look_ups_in_the_city(tmp_path: Path, database: str) -> None:
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("criminal", "public_order")}
    settings = {"insights": {"city": "510700", "collect_minutes": 10_000}}
    async with open_door(
        tmp_path, {**plugins, "insights": "insights"}, settings=settings, platform={"database": database}
    ) as door:
        at(door, NOW)
        await ready(door, 3)
        for division, sort in {"510703": "lost", "110101": "lost", "510704": "found"}.items():
            case = await made("lost-and-found", NOW, kind="posting", unit="community")
            record = {"item": "lost-and-found", "department": "public-order", "title": "包", "text": "", "facts": {}}
            await PostingRecord.create(case_id=case, sort=sort, division=division, photos=[], terms="", **record)
        common = {"item": "police-report-progress", "department": "criminal", "register": "r", "asker": "li"}
        for found in (1, 0, None):
            await LookUp.create(id=uuid4(), staff=False, purpose="", at=NOW, found=found, **common)
        await collect(door.platform)
        assert await counted(source="postings") == [
            ("lost-things", "", "2026-12-02", 1),
            ("lost-things", "510703", "2026-12-02", 1),
        ]
        assert await counted(source="look-ups") == [("report-progress", "", "2026-12-02", 2)]


async def test_a_count_has_no_column_for_a_person() -> None:
    assert set(Count._meta.fields_map) == {
        *("id", "source", "batch", "line", "category", "division", "day", "grain", "count", "loss", "largest_loss"),
        "deaths",
    }


# -- when it counts --------------------------------------------------------------------------------------------------


async def test_counting_again_changes_nothing_and_what_comes_late_changes_its_week(
    tmp_path: Path, database: str
) -> None:
    async with bureau(tmp_path, database) as door:
        await ready(door, 1)
        for days in (9, 16, 16):
            await appeal(NOW - timedelta(days=days))
        for _ in range(2):
            await collect(door.platform)
            series = await one_series(door.platform, "noise")
            assert series is not None
            # The first one came on a Monday; what isn't closed is told and marked.
            assert (series.first, series.counts) == (date(2026, 11, 16), [2, 1, 0])
            assert series.open_from == date(2026, 11, 23)
        assert await Count.all().count() == 2
        # One is merged, another one is sorted a week later.
        case = await appeal(NOW - timedelta(days=9), "")
        await collect(door.platform)
        assert (await counted())[-1] == ("noise", "", "2026-11-23", 1)
        await AppealRecord.filter(case_id=case).update(category="noise")
        await collect(door.platform)
        assert (await counted())[-1] == ("noise", "", "2026-11-23", 2)


async def test_a_day_is_the_city_s_and_another_time_zone_has_all_counted_anew(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bureau(tmp_path, database) as door:
        await ready(door, 1)
        # Midnight in the city, and the last second before it.
        for moment in (datetime(2026, 6, 1, tzinfo=CITY), datetime(2026, 5, 31, 23, 59, 59, tzinfo=CITY)):
            await appeal(moment)
        await collect(door.platform)
        assert [day for *_, day, _ in await counted()] == ["2026-05-31", "2026-06-01"]
        # Urumqi's own time is two hours behind; June is no longer among the weeks that are counted each time.
        object.__setattr__(door.platform.settings, "timezone", ZoneInfo("Asia/Urumqi"))
        await collect(door.platform)
        assert [(day, count) for *_, day, count in await counted()] == [("2026-05-31", 2)]


async def test_a_day_of_23_or_25_hours_has_what_came_in_it(tmp_path: Path, database: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    async with bureau(tmp_path, database, timezone="Europe/Berlin") as door:
        await ready(door, 1)
        at(door, datetime(2026, 11, 2, 12, tzinfo=berlin))
        for moment in ("2026-03-29T00:00", "2026-03-29T23:59", "2026-10-25T00:00", "2026-10-25T23:59"):
            await appeal(datetime.fromisoformat(moment).replace(tzinfo=berlin).astimezone(UTC))
        await collect(door.platform)
        assert [(day, count) for *_, day, count in await counted()] == [("2026-03-29", 2), ("2026-10-25", 2)]


async def test_what_is_counted_otherwise_is_counted_anew_and_what_has_gone_stays(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bureau(tmp_path, database) as door:
        await ready(door, 1)
        gone, _ = await appeal(NOW - timedelta(days=200)), await appeal(NOW - timedelta(days=100))
        await collect(door.platform)
        await AppealRecord.filter(case_id=gone).delete()
        await appeal(NOW - timedelta(days=90), "roads")
        more = {"ask-parks/noise": ["noise"], "ask-parks/roads": ["noise"]}
        monkeypatch.setattr(collecting, "named_in", lambda source, _: more if source == "appeals" else {})
        await collect(door.platform)
        days = [(NOW - timedelta(days=days)).date().isoformat() for days in (200, 100, 90)]
        assert [(day, count) for *_, day, count in await counted()] == [(day, 1) for day in days]


async def test_cases_of_before_that_are_brought_in_later_count(tmp_path: Path, database: str) -> None:
    async with bureau(tmp_path, database) as door:
        await ready(door, 1)
        await appeal(NOW)
        await collect(door.platform)
        await appeal(NOW - timedelta(days=400))
        await collect(door.platform)
        assert len(await counted()) == 2
        assert (await CountSource.get(name="appeals")).since == (NOW - timedelta(days=400)).date()
