"""What can't wait for the night, and needs no statistics: a death, a large loss, several of a kind within a day."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from banshi import Platform
from banshi.sdk.http import MIN_SHOWN
from insights.figures.categories import CATEGORIES
from insights.figures.collecting import Most, most_within_a_day
from insights.figures.divisions import chain, merged_upwards, over
from insights.figures.series import Day, counted_days
from insights.findings.keeping import DECIDED, keep, made
from insights.findings.models import FIGURES, Finding
from insights.settings import Urgent

#: Days that are looked back: a file may come late.
DAYS_BACK = 14

#: Of a category on a day, by division, each with what lies in it.
Sums = Mapping[str, Counter[str]]


async def look(platform: Platform) -> list[Finding]:
    """Keep what is urgent among what was counted lately; what is new of it."""
    since = platform.today() - timedelta(days=DAYS_BACK)
    before = await Finding.filter(level="urgent", at__gte=since)
    every = await urgent_since(platform, since, before)
    there = {one.id for one in before}
    # A series is told in the smallest division that has it; what was told once stays told, and is corrected.
    return await keep(platform, [one for one, is_least in every if is_least or one.id in there], before)


async def urgent_since(platform: Platform, since: date, before: Iterable[Finding] = ()) -> list[tuple[Finding, bool]]:
    """What is urgent of the days from one on, by its gravest reason, and whether nothing smaller says as much.

    Args:
        before: What was found before: a loss that has grown since somebody decided is told again.
    """
    days, hours = await counted_days(platform, since), await most_within_a_day(platform, since)
    return await asyncio.to_thread(lambda: [*_urgent(platform, days, hours, before)])


def _urgent(
    platform: Platform, days: Iterable[Day], hours: Most, before: Iterable[Finding]
) -> Iterator[tuple[Finding, bool]]:
    decided = defaultdict[tuple[str, str, date], list[int]](list)
    for each in before:
        if each.state in DECIDED:
            decided[each.category, each.division, each.at].append(each.loss or 0)
    here: dict[tuple[str, date], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    own: dict[tuple[str, date], dict[str, Day]] = defaultdict(dict)
    for one in days:
        own[one.category, one.day][one.division] = one
        known = {name: value for name in FIGURES if (value := getattr(one, name)) is not None}
        for division in chain(one.division):
            here[one.category, one.day][division].update(known)
    for key, found in hours.items():
        for division, most in found.items():
            here[key][division]["count"] = max(here[key][division]["count"], most)
    for (code, at), sums in here.items():
        if (category := platform[CATEGORIES].get(code)) is None:
            continue
        urgent, areas = category.thresholds.urgent, merged_upwards({p: s["count"] for p, s in sums.items()}, MIN_SHOWN)
        series = dict(_series(urgent.count, sums))
        for division, figures in sums.items():
            day = own[code, at].get(division)
            why = _reason(urgent, day, decided[code, division, at]) if day else ""
            if not why and division not in series:
                continue
            # A death or loss is told by what was handed in of its place, a series by all that lies in it.
            of = {name: getattr(day, name) if why else figures.get(name) for name in FIGURES}
            told = {name: sums[areas[division]].get(name) for name in FIGURES}
            facts: dict[str, Any] = {"urgent": why or "count", "largest_loss": single(day) if day and why else None}
            facts |= {"told": told} if told != of else {}
            about = {"level": "urgent", "area": areas[division], "facts": facts}
            yield made(platform, category, division, "day", at, **of, **about), bool(why) or series[division]


def _series(least: int, sums: Sums) -> Iterator[tuple[str, bool]]:
    """The divisions with so many, and whether as many are there beside those that were told of what lies in them."""
    inside = Counter[str]()
    for division in sorted(sums, key=len, reverse=True):
        count = sums[division]["count"]
        if least and count >= least:
            is_least = count - inside[division] >= least
            yield division, is_least
            inside[division] = count if is_least else inside[division]
        if division:
            inside[over(division)] += inside[division]


def _reason(urgent: Urgent, day: Day, decided: Iterable[int]) -> str:
    """Why a day is urgent by itself: deaths, loss; "" where it is not.

    Args:
        decided: Losses that somebody has decided about.
    """
    if urgent.deaths and (day.deaths or 0) >= urgent.deaths:
        return "deaths"
    more = any((day.loss or 0) - one >= urgent.loss for one in decided)
    return "loss" if urgent.loss and ((single(day) or 0) >= urgent.loss or more) else ""


def single(day: Day) -> int | None:
    """The largest single loss, where it is told, or there was one case."""
    return day.loss if day.largest_loss is None and day.count == 1 else day.largest_loss
