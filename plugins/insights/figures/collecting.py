"""Counting what is in the platform's own tables: cases, appeals, postings and look-ups, by day; no person in it.

One process does it, every few minutes. The last weeks are counted anew each time, since appeals are merged and sorted
later; all of them are once what is counted, where, or by whose days has changed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

import orjson
from tortoise.transactions import in_transaction

from banshi import Platform
from banshi.sdk.database import insert
from banshi.sdk.http import midnight
from insights.figures.calendar import WEEK, monday
from insights.figures.categories import CATEGORIES, Category
from insights.figures.divisions import DIVISIONS, chain
from insights.figures.importing import tidy
from insights.figures.models import Count, CountSource
from insights.settings import SETTINGS


class Source(NamedTuple):
    """Where something is counted: the tables, what has item and department, when it came, and which of it counts."""

    tables: str
    of: str
    at: str
    true: str
    #: An appeal's category, a posting's sort; and where it was.
    part: str = "''"
    unit: str = "c.unit"
    division: str = "''"


LIVE = "c.mode = 'live'"
SOURCES: Mapping[str, Source] = {
    "cases": Source("banshi_case c", "c", "c.created_at", LIVE),
    # A duplicate counts once, as the one that it was merged into.
    "appeals": Source(
        "appeal a JOIN banshi_case c ON c.id = a.case_id",
        *("c", "a.received_at", f"{LIVE} AND a.merged_into IS NULL", "a.category"),
    ),
    "postings": Source(
        "banshi_case c JOIN posting p ON p.case_id = c.id",
        *("c", "c.created_at", LIVE, "p.sort", "c.unit", "p.division"),
    ),
    "look-ups": Source("query_look_up l", "l", "l.at", "l.found IS NOT NULL", unit="''"),
}

FIRST = "SELECT MIN({at}) AS at FROM {tables} WHERE {true}"

# A day is the city's, from one midnight to the next, whatever its time zone does in between.
COUNTED = """
WITH days(day, begins, ends) AS ({days})
SELECT d.day, {of}.item, {part} AS part, {of}.department, {unit} AS unit, {division} AS division, COUNT(*) AS counted
FROM days d CROSS JOIN {tables}
WHERE {true} AND {at} >= {begins} AND {at} < {ends} GROUP BY 1, 2, 3, 4, 5, 6
"""

#: Days that one statement counts.
DAYS_AT_ONCE = 56

#: A moment that is handed over as a text, by dialect.
MOMENT = {"sqlite": "{}", "postgres": "CAST(CAST({} AS varchar) AS timestamptz)"}


async def collect(platform: Platform) -> None:
    """One round over all sources of which something is counted."""
    for source in SOURCES:
        if named := named_in(source, platform[CATEGORIES].values()):
            await _collect(platform, source, named)
    await tidy(platform)


def named_in(source: str, categories: Iterable[Category]) -> dict[str, list[str]]:
    """Those of the categories for which something of a source counts, by what each names: an item, or a part of one."""
    named: dict[str, list[str]] = {}
    for category in categories:
        for entry in category.counts.by_source()[source]:
            named.setdefault(entry, []).append(category.code)
    return named


async def _collect(platform: Platform, source: str, named: Mapping[str, list[str]]) -> None:
    today, rule = platform.today(), _rule(platform, named)
    known, first = await CountSource.get_or_none(name=source), await _first(platform, source) or today
    since = start = first
    if known is not None and known.since <= first:
        since = known.since
        if known.rule == rule:
            start = max(since, monday(today) - WEEK * platform[SETTINGS].recounted_weeks)
        elif since < first:
            # What has gone since can't be counted again: the first day of which something is left may be half gone.
            start = first + timedelta(days=1)
    while start <= today:
        days = [day for n in range(DAYS_AT_ONCE) if (day := start + timedelta(days=n)) <= today]
        rows = await _counted(platform, source, days, named)
        async with in_transaction() as connection:
            old = Count.filter(source=source, batch=0, day__gte=days[0], day__lte=days[-1])
            await old.using_db(connection).delete()
            if rows:
                await insert(connection, Count, rows)
        start = days[-1] + timedelta(days=1)
    columns = {"since": since, "until": today - timedelta(days=1), "rule": rule, "updated_at": platform.now()}
    await CountSource.update_or_create(defaults={**columns, "gaps": []}, name=source)


def _rule(platform: Platform, named: Mapping[str, list[str]]) -> str:
    """What tells whether days that were counted before were counted alike."""
    told = [str(platform.settings.timezone), sorted(named.items()), sorted(platform[SETTINGS].units.items())]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


async def _first(platform: Platform, source: str) -> date | None:
    """The day of the first one that is still there."""
    sql = FIRST.format(**SOURCES[source]._asdict())
    at = (await platform.store.connection.execute_query_dict(sql))[0]["at"]
    if at is None:
        return None
    return as_moment(at).astimezone(platform.settings.timezone).date()


def as_moment(value: datetime | str) -> datetime:
    """A moment as a database gives it: SQLite gives a text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


async def _counted(platform: Platform, source: str, days: list[date], named: Mapping[str, list[str]]) -> list[Count]:
    """How many of each category, by division and day."""
    store, moment = platform.store, MOMENT[platform.store.dialect]
    bounds = (midnight(platform, day).astimezone(UTC) for day in (*days, days[-1] + timedelta(days=1)))
    midnights = [bound.isoformat(" ") for bound in bounds]
    columns = ([day.isoformat() for day in days], midnights[:-1], midnights[1:])
    listed, values = store.table(*(("varchar", column) for column in columns))
    moments = {name: moment.format(f"d.{name}") for name in ("begins", "ends")}
    sql = COUNTED.format(days=listed, **moments, **SOURCES[source]._asdict())
    counted: Counter[tuple[str, str, date]] = Counter()
    for row in await store.connection.execute_query_dict(sql, values):
        for entry in (row["item"], f"{row['item']}/{row['part']}"):
            for category in named.get(entry, ()):
                counted[category, division_of(platform, row), date.fromisoformat(row["day"])] += row["counted"]
    return [
        Count(source=source, category=category, division=division, day=day, grain="day", count=count)
        for (category, division, day), count in sorted(counted.items())
    ]


def division_of(platform: Platform, row: Mapping[str, Any]) -> str:
    """Where it counts: where it says that it is, or where its unit works; the city where neither is known."""
    units = platform[SETTINGS].units
    for code in (row["division"], units.get(f"{row['department']}/{row['unit']}"), units.get(row["department"])):
        try:
            if code and (known := platform[DIVISIONS].known(code)):
                return known
        except ValueError:  # somebody lost a thing elsewhere
            continue
    return ""


# -- within a day ------------------------------------------------------------------------------------------------------

CAME = """
SELECT {at} AS at, {of}.item, {part} AS part, {of}.department, {unit} AS unit, {division} AS division
FROM {tables} WHERE {true} AND {at} > {since} AND {of}.item IN ({items})
"""

DAY = timedelta(hours=24)

#: A category, where it came, and when.
Came = tuple[str, str, datetime]
#: By category and day, then by division: the most within 24 hours that end on that day, with what lies in it.
Most = Mapping[tuple[str, date], Mapping[str, int]]


async def most_within_a_day(platform: Platform, since: date) -> Most:
    """Of the categories that are urgent by their number, for each day from one on."""
    urgent = [one for one in platform[CATEGORIES].values() if one.thresholds.urgent.count]
    store, came = platform.store, list[Came]()
    begins = (midnight(platform, since).astimezone(UTC) - DAY).isoformat(" ")
    for source, about in SOURCES.items():
        if named := named_in(source, urgent):
            items = sorted({entry.partition("/")[0] for entry in named})
            first, *marks = store.placeholders(1 + len(items))
            moment = MOMENT[store.dialect].format(first)
            sql = CAME.format(since=moment, items=", ".join(marks), **about._asdict())
            for row in await store.connection.execute_query_dict(sql, [begins, *items]):
                division = platform[DIVISIONS].today(division_of(platform, row))
                for entry in (row["item"], f"{row['item']}/{row['part']}"):
                    came += [(category, division, as_moment(row["at"])) for category in named.get(entry, ())]
    most = await asyncio.to_thread(_most, came, platform.settings.timezone)
    # Of the day before, some of what belongs to it was not read.
    return {key: found for key, found in most.items() if key[1] >= since}


def _most(came: Iterable[Came], city: tzinfo) -> Most:
    found: dict[tuple[str, date], dict[str, int]] = defaultdict(dict)
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for category, division, at in came:
        for place in chain(division):
            moments[category, place].append(at)
    for (category, place), every in moments.items():
        every.sort()
        begin = 0
        for end, at in enumerate(every):
            while at - every[begin] >= DAY:
                begin += 1
            here = found[category, at.astimezone(city).date()]
            here[place] = max(here.get(place, 0), end - begin + 1)
    return found
