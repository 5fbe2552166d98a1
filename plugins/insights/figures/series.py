"""Series: one figure for each week or day of a category in a division, summed over all who told of it.

What nobody told is None, a gap: a count that was handed in empty, and a week in which a source has no figure at all.
Every level has a series: a street, the district around it, the whole city.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from banshi import Platform
from insights.figures.calendar import MONDAY, WEEK, as_day, monday, open_week
from insights.figures.categories import CATEGORIES, Category
from insights.figures.divisions import DIVISIONS, Divisions, chain
from insights.figures.models import CountSource

Grain = Literal["week", "day"]

#: Weeks that are told where nobody says how many.
DEFAULT_WEEKS = 260

#: Weeks whose rows are read at once, rows that a thread joins in one go, and seconds for which it rests: nobody who
#: is served meanwhile waits for more.
WEEKS_AT_ONCE, ROWS_AT_ONCE, REST_S = 26, 100, 0.001

STEPS = {"week": WEEK, "day": timedelta(days=1)}

COUNTED = """
SELECT c.category, c.division, {period} AS period, SUM(c.count) AS count, SUM(c.loss) AS loss, SUM(c.deaths) AS deaths,
    MAX(c.largest_loss) AS largest_loss, SUM(CASE WHEN c.count IS NULL THEN 1 ELSE 0 END) AS gaps
FROM insights_count c JOIN insights_source s ON s.name = c.source AND s.batch = c.batch
WHERE c.day >= {since} AND {which} GROUP BY c.category, c.division, {period}
"""

#: What of several rows is one figure: the sum, and of the largest loss the largest.
JOINED = ("count", "loss", "deaths", "largest_loss", "gaps")

#: By division and period.
Sums = dict[str, dict[date, dict[str, int]]]


@dataclass(slots=True)
class Series:
    """Figures from the period `first` on, without one left out; those from `open_from` on may still change."""

    category: str
    division: str
    grain: Grain
    first: date
    open_from: date
    counts: list[int | None]
    #: Yuan in all. None where nobody told of any.
    losses: list[int | None]

    @property
    def periods(self) -> list[date]:
        """The first day of each."""
        return [self.first + STEPS[self.grain] * n for n in range(len(self.counts))]

    def place(self, day: date) -> int:
        """Which of its periods a day begins."""
        return (day - self.first) // STEPS[self.grain]

    @property
    def closed(self) -> list[int | None]:
        """The figures of what is closed."""
        return self.counts[: self.place(self.open_from)]


@dataclass(frozen=True, slots=True)
class Day:
    """The figures of one category in one division on one day, without those of what lies in it."""

    category: str
    division: str
    day: date
    count: int
    loss: int | None
    largest_loss: int | None
    deaths: int | None


class Span(NamedTuple):
    """The periods that all sources of a category tell of."""

    first: date
    last: date
    open_from: date
    #: From which day on a source tells nothing yet, and the Mondays of weeks in which one told nothing.
    unknown_from: date
    gaps: frozenset[date]


async def series_of(
    platform: Platform,
    categories: Iterable[Category] | None = None,
    *,
    weeks: int = DEFAULT_WEEKS,
    grain: Grain = "week",
    division: str | None = None,
) -> list[Series]:
    """All series of these categories, or of all, that have figures, at every level: `""` is the whole city.

    With a division, that of it alone, and no other's rows are read.
    """
    since = monday(platform.today()) - WEEK * weeks
    sources = {one.name: one for one in await CountSource.all()}
    found: list[Series] = []
    for category in platform[CATEGORIES].values() if categories is None else categories:
        # One statement for each: nobody else waits while the rows of all of them are read.
        own = [sources[name] for name in category.counts.sources if name in sources]
        if len(own) == len(category.counts.sources) and all(one.grain in {"day", grain} for one in own):
            span = _span(platform, own, since, grain)
            rows = await _rows_of(platform, category.code, span.first, grain, division)
            found += await asyncio.to_thread(_series, platform[DIVISIONS], category.code, rows, span, grain, division)
    return found


async def one_series(
    platform: Platform, category: str, division: str = "", weeks: int = DEFAULT_WEEKS, grain: Grain = "week"
) -> Series | None:
    """That of one category in one division; None where nothing of it has ever been counted."""
    known = platform[CATEGORIES].get(category)
    found = await series_of(platform, [known] if known else [], weeks=weeks, grain=grain, division=division)
    return found[0] if found else None


async def counted_days(platform: Platform, since: date) -> list[Day]:
    """What was counted by days from a day on, over all sources; the latest figures of each."""
    rows = await _rows(platform, "c.day", since, "c.grain = 'day'")
    return await asyncio.to_thread(_days, platform[DIVISIONS], rows)


def _days(divisions: Divisions, rows: Iterable[Mapping[str, Any]]) -> list[Day]:
    found: dict[tuple[str, str, date], dict[str, int]] = defaultdict(dict)
    for row in rows:
        _join(found[row["category"], divisions.today(row["division"]), as_day(row["period"])], row)
    return [
        Day(*key, one.get("count", 0), one.get("loss"), one.get("largest_loss"), one.get("deaths"))
        for key, one in sorted(found.items())
    ]


def _span(platform: Platform, sources: list[CountSource], since: date, grain: Grain) -> Span:
    """What these sources, all of a category's, tell of."""
    today, unknown_from = platform.today(), min(one.until for one in sources) + STEPS["day"]
    gaps = frozenset(date.fromisoformat(week) for one in sources for week in one.gaps)
    first = max(since, *(_at(one.since, grain) for one in sources))
    if grain == "week":
        return Span(first, monday(today), min(open_week(platform), monday(unknown_from)), unknown_from, gaps)
    return Span(first, today, min(today, unknown_from), unknown_from, gaps)


async def _rows_of(
    platform: Platform, category: str, since: date, grain: Grain, division: str | None
) -> Iterable[Mapping[str, Any]]:
    """The figures of a category; with a division, those that may lie in it."""
    begins = [f"{one}%" for one in platform[DIVISIONS].codes_in(division)] if division else []
    _, last, mark, *marks = platform.store.placeholders(3 + len(begins))
    period, which = MONDAY[platform.store.dialect], f"c.day < {last} AND c.category = {mark}"
    if grain == "day":
        period, which = "c.day", f"{which} AND c.grain = 'day'"
    if begins:
        which += f" AND ({' OR '.join(f'c.division LIKE {one}' for one in marks)})"
    rows: list[Mapping[str, Any]] = []
    while since <= platform.today():
        until = since + WEEK * WEEKS_AT_ONCE
        rows += await _rows(platform, period, since, which, until, category, *begins)
        since = until
    return rows


def _series(
    divisions: Divisions, category: str, rows: Iterable[Mapping[str, Any]], span: Span, grain: Grain, only: str | None
) -> list[Series]:
    """The figures by division, each with what lies in it, as series."""
    sums: Sums = defaultdict(lambda: defaultdict(dict))
    for number, row in enumerate(rows):
        if not number % ROWS_AT_ONCE:
            time.sleep(REST_S)
        for division in chain(divisions.today(row["division"])):
            if only in {None, division}:
                _join(sums[division][as_day(row["period"])], row)
    return [*_made(divisions, category, sums, span, grain)]


async def _rows(
    platform: Platform, period: str, since: date, which: str, *values: str | date
) -> Iterable[Mapping[str, Any]]:
    sql = COUNTED.format(period=period, since=platform.store.placeholders(1)[0], which=which)
    return await platform.store.connection.execute_query_dict(sql, [since, *values])


def _join(known: dict[str, int], row: Mapping[str, Any]) -> None:
    """Add a row's figures; what is None adds nothing."""
    for name in JOINED:
        if row[name] is not None:
            known[name] = (max if name == "largest_loss" else sum)((known.get(name, 0), int(row[name])))


def _made(divisions: Divisions, category: str, sums: Sums, span: Span, grain: Grain) -> Iterator[Series]:
    for division, values in sorted(sums.items()):
        begins = divisions.begins(division)
        first = max(span.first, _at(begins, grain)) if begins else span.first
        periods = [first + STEPS[grain] * n for n in range((span.last - first) // STEPS[grain] + 1)]
        unknown = {day for day in periods if day >= span.unknown_from or monday(day) in span.gaps}
        unknown |= {day for day, one in values.items() if one.get("gaps")}
        known = [{} if day in unknown else {"count": 0, **values.get(day, {})} for day in periods]
        if periods:
            counts, losses = ([one.get(name) for one in known] for name in ("count", "loss"))
            yield Series(category, division, grain, first, max(first, span.open_from), counts, losses)


def _at(day: date, grain: Grain) -> date:
    """The first whole period from a day on."""
    return day if grain == "day" or not day.weekday() else monday(day) + WEEK
