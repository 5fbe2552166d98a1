"""A city whose figures are written by hand, a night that any rise wakes, and people who judge and publish."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from banshi import Write
from banshi.testing import Door, Person, open_door
from insights.figures.calendar import monday
from insights.figures.models import Count, CountSource
from insights.figures.series import STEPS
from insights.findings import weekly
from insights.night.judging import Asked, Judged
from tests.places import DEPARTMENTS

LIST = "/v1/insights/findings"
TASKS = "fraud-tasks"

#: Districts of a made-up city's, and three of their streets.
CITY, EAST, WEST = "510700", "510703", "510704"
STREETS = ("510703001", "510703002", "510703003")


@asynccontextmanager
async def open_city(
    folder: Path, *more: str, push: Mapping[str, Any] | None = None, database: str | None = None, **own: Any
) -> AsyncIterator[Door]:
    names = ("criminal", "petitions", "cyber")
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in names}
    plugins |= {name: name for name in ("mobile_push", "insights", *more)}
    divisions = {one: {"zh-CN": f"示例街道{one[-1]}", "en": f"Sample Street {one[-1]}"} for one in STREETS}
    # Each round is asked for by the tests; the leader's would be in between.
    settings = {"city": CITY, "divisions": divisions, "open_days": 0, "judged_at": 23, "urgent_seconds": 3600.0, **own}
    alerts = {"alerts": {"sender": "alerts@city.example"}}
    given = {"insights": settings, "mobile_push": {**alerts, **(push or {})}}
    async with open_door(folder, plugins, settings=given, platform={"database": database} if database else {}) as door:
        yield door


def last_week(door: Door) -> date:
    """The Monday of the last closed week."""
    return monday(door.platform.today()) - timedelta(weeks=1)


async def count(
    door: Door,
    division: str,
    counts: Sequence[int | None],
    *,
    category: str = TASKS,
    loss: int | None = None,
    weeks: int = 5,
) -> None:
    """Weekly figures, the last of them of the last closed week."""
    last = last_week(door)
    days = [last - timedelta(weeks=len(counts) - 1 - place) for place in range(len(counts))]
    about: dict[str, Any] = {"source": "police-reports", "batch": 1, "grain": "week", "division": division}
    rows = [
        Count(**about, category=category, day=day, count=one, loss=loss) for day, one in zip(days, counts, strict=True)
    ]
    await _told(door, rows, weeks)


async def count_days(door: Door, division: str, *days: tuple[int, int], category: str = TASKS, **more: Any) -> None:
    """Figures of days, each so many days ago."""
    about: dict[str, Any] = {"source": "police-reports", "batch": 1, "grain": "day", "division": division}
    today = door.platform.today()
    rows = [Count(**about, category=category, day=today - timedelta(days=ago), count=one, **more) for ago, one in days]
    await _told(door, rows)


async def _told(door: Door, rows: Iterable[Count], weeks: int = 5) -> None:
    now, today = door.platform.now(), door.platform.today()
    since = monday(today) - timedelta(weeks=weeks)
    source = CountSource(name="police-reports", batch=1, since=since, until=today, gaps=[], updated_at=now)
    await door.platform.store.commit(Write(rows=[*rows], unless_there=[source]))


async def any_rise(asked: Iterable[Asked], _: Any = None) -> list[Judged]:
    """A night whose bound is twice the mean of the weeks before."""
    return [one for series in asked for ago in range(series.last) if (one := _judged(series, len(series.counts) - ago))]


def _judged(series: Asked, length: int) -> Judged | None:
    counts = series.counts[: max(0, length)]
    known = [one for one in counts[:-1] if one is not None]
    count, mean = counts[-1] if counts else None, sum(known) / len(known) if known else 0.0
    if count is None:
        return None
    at = series.first + (length - 1) * STEPS[series.grain]
    window = min(26, length)
    bounds = [(mean, 2 * mean)] * window
    return Judged(series.key, at, count, mean, 2 * mean, 0.001, "ears-c2", count > 2 * mean, at, 1.5, bounds)


async def risen(door: Door, division: str = EAST, counts: Sequence[int | None] = (6, 6, 6, 6, 19), **more: Any) -> Any:
    """A finding of a district: its document."""
    await count(door, division, counts, **more)
    await weekly.judge_now(door.platform)
    return next(one for one in await findings(door) if one["division"]["code"] == division)


def later(door: Door, weeks: int) -> None:
    """So many weeks go by, in which the figures' source tells of every day."""
    now = door.platform.now()
    door.platform.now = lambda: now + timedelta(weeks=weeks)


async def findings(door: Door, **query: str) -> list[Any]:
    found: list[Any] = (await analyst(door).get(LIST, params={"limit": "100", **query})).ok()["items"]
    return found


def analyst(door: Door, name: str = "lin") -> Person:
    """Who judges the criminal police's figures and publishes for them."""
    return door.staff(name, "criminal:analyst", "criminal:publisher")


async def act(person: Person, one: Any, action: str, **body: Any) -> Any:
    return await person.post(f"{LIST}/{one['id']}/actions/{action}", body)
