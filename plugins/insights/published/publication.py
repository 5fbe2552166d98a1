"""Publishes a week's figures once they are settled, and never again: what comes late stays out.

Whoever could hold two versions of a week against each other would see in a sum that grew by one where the one is. So
there is one version, and no sum over weeks beside it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from types import MappingProxyType

from banshi import Platform
from banshi.sdk.http import MIN_SHOWN
from insights.figures.calendar import WEEK, open_week
from insights.figures.categories import CATEGORIES, SUMS
from insights.figures.series import Series, series_of
from insights.findings.models import Finding
from insights.findings.reading import warned_in
from insights.published.models import OpenWeek
from insights.published.suppression import Cell, hidden, with_sums
from insights.settings import SETTINGS

#: Weeks that are published at the first time.
FIRST_WEEKS = 260

#: Digits of a district: what is counted in a street is told of its district.
DISTRICT = 6

#: What stands for the sum over all in what is published, and for what is counted in no district.
ALL, ELSEWHERE = SUMS


async def publish(platform: Platform) -> None:
    """Publish the weeks that are settled and aren't published yet, the oldest first."""
    settled = open_week(platform) - WEEK * (platform[SETTINGS].open_figures.after_weeks + 1)
    latest = await OpenWeek.all().order_by("-week").first()
    if latest is not None and latest.week >= settled:
        return
    categories = {code: one for code, one in platform[CATEGORIES].items() if one.is_public}
    series = [one for one in await series_of(platform, weeks=FIRST_WEEKS) if one.category in categories]
    week = latest.week + WEEK if latest else min((one.first for one in series), default=settled + WEEK)
    while week <= settled:
        if leaves := leaves_of(series, week):
            groups = {code: categories[code].group for _, code in leaves}
            told = told_of(await warned_in(platform, week))
            # Where warnings have told so much that the table would give others away, there is none of that week.
            if table := await asyncio.to_thread(table_of, leaves, groups, *told):
                values = {"groups": groups, "figures": table, "published_at": platform.now()}
                # Where another process was quicker, its table is the one.
                await OpenWeek.get_or_create(week=week, defaults=values)
        week += WEEK


def told_of(warned: Iterable[Finding]) -> tuple[set[Cell], dict[Cell, int]]:
    """What warnings have told of a week's table: whole cells of it; and of others how many, in streets and on days."""
    whole, parts = set[Cell](), Counter[Cell]()
    for one in warned:
        for place, count in one.told_places.items():
            cell = (place[:DISTRICT], one.category)
            if one.grain == "week" and place == cell[0]:
                whole.add(cell)
            else:
                parts[cell] += count
    return whole, parts


def leaves_of(series: Iterable[Series], week: date) -> dict[Cell, int]:
    """A week's figures by district and category; none of a category of which something isn't known."""
    counts: dict[str, dict[str, int | None]] = {}
    for one in series:
        place = (week - one.first) // WEEK
        if len(one.division) in {0, DISTRICT} and 0 <= place < len(one.counts):
            counts.setdefault(one.category, {})[one.division] = one.counts[place]
    known = {category: found for category, found in counts.items() if "" in found and None not in found.values()}
    for found in known.values():
        found[ELSEWHERE] = 2 * (found[""] or 0) - sum(filter(None, found.values()))
    divisions = {one for found in known.values() for one, count in found.items() if one != ELSEWHERE or count} - {""}
    return {(one, category): found.get(one) or 0 for one in divisions for category, found in known.items()}


def table_of(
    leaves: Mapping[Cell, int],
    groups: Mapping[str, str],
    told: Collection[Cell] = (),
    known: Mapping[Cell, int] = MappingProxyType({}),
) -> dict[str, dict[str, int | None]]:
    """The table with all sums, by division and then by category or group, as it is published; {} where it can't be."""
    figures, table = with_sums(leaves, groups), dict[str, dict[str, int | None]]()
    if (unshown := hidden(figures, groups, MIN_SHOWN, told, known)) is None:
        return {}
    for (division, code), count in figures.items():
        table.setdefault(division or ALL, {})[code or ALL] = None if (division, code) in unshown else count
    return table
