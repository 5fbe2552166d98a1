"""Series: one figure for each week or day of a category in a division, summed over all who told of it.

What nobody told is None, a gap: a count that was handed in empty, and a week in which a source has no figure at all.
Every level has a series: a street, the district around it, the whole city.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from banshi import Platform
from insights.figures.calendar import MONDAY, WEEK, as_day, monday, open_week
from insights.figures.categories import CATEGORIES, Category
from insights.figures.divisions import DIVISIONS, chain
from insights.figures.models import CountSource

Grain = Literal["week", "day"]

#: Weeks that are told where nobody says how many.
DEFAULT_WEEKS = 260

STEPS = {"week": WEEK, "day": timedelta(days=1)}

TRUE = "FROM insights_count c JOIN insights_source s ON s.name = c.source AND s.batch = c.batch"
COUNTED = """
SELECT c.division, {period} AS period, SUM(c.count) AS count, SUM(c.loss) AS loss, MAX(c.largest_loss) AS largest_loss,
    SUM(c.deaths) AS deaths, SUM(CASE WHEN c.count IS NULL THEN 1 ELSE 0 END) AS gaps
{true} WHERE c.category = {category} AND c.day >= {since}{grain} GROUP BY c.division, {period}
"""


@dataclass(slots=True)
class Series:
    """Figures from the period `first` on, without one left out; those from `open_from` on may still change."""

    category: str
    division: str
    grain: Grain
    first: date
    open_from: date
    counts: list[int | None]
    #: Yuan in all, and of the largest single one where somebody told it; deaths. None where nobody told of any.
    losses: list[int | None]
    largest_losses: list[int | None]
    deaths: list[int | None]

    @property
    def periods(self) -> list[date]:
        """The first day of each."""
        return [self.first + STEPS[self.grain] * n for n in range(len(self.counts))]


@dataclass(slots=True)
class Span:
    """The periods of a category: what all of its sources tell of."""

    first: date
    last: date
    open_from: date
    #: The Mondays of weeks in which a source told nothing; from which day on one tells nothing yet.
    gaps: frozenset[date]
    until: date


@dataclass(slots=True)
class Sums:
    """The figures of one division by period."""

    values: dict[date, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    gaps: set[date] = field(default_factory=set)

    def add(self, period: date, row: Mapping[str, Any]) -> None:
        """Add a row's figures to a period's; what is None adds nothing."""
        known = self.values[period]
        for name in ("count", "loss", "deaths"):
            if row[name] is not None:
                known[name] = known.get(name, 0) + int(row[name])
        if row["largest_loss"] is not None:
            known["largest_loss"] = max(known.get("largest_loss", 0), int(row["largest_loss"]))
        if row["gaps"]:
            self.gaps.add(period)


async def series_of(
    platform: Platform,
    categories: Iterable[Category] | None = None,
    *,
    weeks: int = DEFAULT_WEEKS,
    grain: Grain = "week",
) -> list[Series]:
    """All series of these categories, or of all, that have figures, at every level: `""` is the whole city."""
    asked = platform[CATEGORIES].values() if categories is None else categories
    return [one async for one in _all(platform, asked, weeks, grain)]


async def one_series(
    platform: Platform, category: str, division: str = "", weeks: int = DEFAULT_WEEKS, grain: Grain = "week"
) -> Series | None:
    """That of one category in one division; None where nothing of it has ever been counted."""
    known = platform[CATEGORIES].get(category)
    found = await series_of(platform, [known] if known else [], weeks=weeks, grain=grain)
    return next((one for one in found if one.division == division), None)


async def _all(platform: Platform, categories: Iterable[Category], weeks: int, grain: Grain) -> AsyncIterator[Series]:
    since = monday(platform.today()) - WEEK * weeks
    sources = {one.name: one for one in await CountSource.all()}
    for category in categories:
        # One statement for each category: nobody else waits for the rows of all of them to be read.
        if (span := _span(platform, category, sources, since, grain)) is None:
            continue
        sums = await _summed(platform, category, max(since, span.first), grain)
        for division in sorted(sums):
            begins = platform[DIVISIONS].begins(division)
            first = max(span.first, _at(begins, grain)) if begins else span.first
            if first <= span.last:
                yield _series(category.code, division, sums[division], first, span, grain)


def _span(
    platform: Platform,
    category: Category,
    sources: Mapping[str, CountSource],
    since: date,
    grain: Grain,
) -> Span | None:
    """What all sources of a category tell of; None where one has told nothing yet."""
    own = [sources.get(name) for name in category.counts.sources]
    known = [one for one in own if one is not None and one.since is not None and one.until is not None]
    if len(known) < len(own) or any(one.grain not in {"day", grain} for one in known):
        return None
    today = platform.today()
    first = max(since, *(_at(one.since, grain) for one in known if one.since))
    after = [one.until + STEPS["day"] for one in known if one.until]
    last = monday(today) if grain == "week" else today
    closed = open_week(platform) if grain == "week" else today
    open_from = min(closed, *(monday(day) if grain == "week" else day for day in after))
    gaps = {date.fromisoformat(week) for one in known for week in one.gaps}
    return Span(first, last, open_from, frozenset(gaps), min(after))


async def _summed(platform: Platform, category: Category, since: date, grain: Grain) -> dict[str, Sums]:
    """The figures by division, each with what lies in it."""
    store, divisions = platform.store, platform[DIVISIONS]
    period = MONDAY[store.dialect] if grain == "week" else "c.day"
    marks = dict(zip(("category", "since"), store.placeholders(2), strict=True))
    only = "" if grain == "week" else " AND c.grain = 'day'"
    sql = COUNTED.format(period=period, true=TRUE, grain=only, **marks)
    sums: dict[str, Sums] = defaultdict(Sums)
    for row in await store.connection.execute_query_dict(sql, [category.code, since]):
        for division in chain(divisions.today(row["division"])):
            sums[division].add(as_day(row["period"]), row)
    return sums


def _series(category: str, division: str, sums: Sums, first: date, span: Span, grain: Grain) -> Series:
    step = STEPS[grain]
    periods = [first + step * n for n in range((span.last - first) // step + 1)]
    unknown = {day for day in periods if day >= span.until or monday(day) in span.gaps} | sums.gaps
    values = [None if day in unknown else sums.values.get(day, {}) for day in periods]

    def of(name: str, nothing: int | None = None) -> list[int | None]:
        return [None if one is None else one.get(name, nothing) for one in values]

    return Series(
        category=category,
        division=division,
        grain=grain,
        first=first,
        open_from=max(first, span.open_from),
        counts=of("count", 0),
        losses=of("loss"),
        largest_losses=of("largest_loss"),
        deaths=of("deaths"),
    )


def _at(day: date, grain: Grain) -> date:
    """The first whole period from a day on."""
    return day if grain == "day" or not day.weekday() else monday(day) + WEEK


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


async def counted_days(platform: Platform, since: date) -> list[Day]:
    """What was counted by days from a day on, over all sources; the latest figures of each."""
    store, divisions = platform.store, platform[DIVISIONS]
    sql = (
        "SELECT c.category, c.division, c.day, SUM(c.count) AS count, SUM(c.loss) AS loss, "
        f"MAX(c.largest_loss) AS largest_loss, SUM(c.deaths) AS deaths {TRUE} "
        f"WHERE c.grain = 'day' AND c.day >= {store.placeholders(1)[0]} GROUP BY c.category, c.division, c.day"
    )
    found: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for row in await store.connection.execute_query_dict(sql, [since]):
        found[row["category"], divisions.today(row["division"])].add(as_day(row["day"]), {**row, "gaps": 0})
    return [
        Day(category, division, day, one.get("count", 0), one.get("loss"), one.get("largest_loss"), one.get("deaths"))
        for (category, division), sums in sorted(found.items())
        for day, one in sorted(sums.values.items())
    ]
