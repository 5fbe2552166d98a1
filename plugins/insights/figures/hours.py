"""How many of a kind came within 24 hours, by the platform's own tables: files know days alone."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo

from banshi import Platform
from banshi.sdk.http import midnight
from insights.figures.categories import CATEGORIES
from insights.figures.collecting import MOMENT, SOURCES, as_moment, division_of, named_in
from insights.figures.divisions import DIVISIONS, chain

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
    return await asyncio.to_thread(_most, came, platform.settings.timezone)


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
