"""What can't wait for a week to close, and needs no statistics: a death, a large loss, several of a kind on one day."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

from banshi import Platform
from banshi.sdk.http import MIN_SHOWN
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import chain, merged_upwards
from insights.figures.series import Day, counted_days
from insights.findings.keeping import keep, made
from insights.findings.models import FIGURES, Finding
from insights.settings import Urgent

#: Days that are looked back: a file may come late.
DAYS_BACK = 14


async def look(platform: Platform) -> list[Finding]:
    """Keep what is urgent among what was counted lately; what is new of it."""
    every = await urgent_since(platform, platform.today() - timedelta(days=DAYS_BACK))
    there = {*await Finding.filter(id__in=[one.id for one in every]).values_list("id", flat=True)}
    # A day is told once, by its gravest reason; what was told by another is corrected.
    gravest = {(one.category, one.division, one.at): one.id for one in reversed(every)}
    told = {*there, *gravest.values()}
    return await keep(platform, [one for one in every if one.id in told])


async def urgent_since(platform: Platform, since: date) -> list[Finding]:
    """What is urgent of the days from one on, by each of its reasons, the gravest first."""
    categories, days = platform[CATEGORIES], await counted_days(platform, since)
    here: dict[tuple[str, date], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for one in days:
        known = {name: value for name in FIGURES if (value := getattr(one, name)) is not None}
        for division in chain(one.division):
            here[one.category, one.day][division].update(known)
    found = []
    for one in days:
        category, sums = categories.get(one.category), here[one.category, one.day]
        if category is None:
            continue
        for why in reasons(category.thresholds.urgent, one):
            area = merged_upwards({place: each["count"] for place, each in sums.items()}, MIN_SHOWN)[one.division]
            figures = {name: getattr(one, name) for name in FIGURES}
            told = {name: sums[area].get(name) for name in FIGURES}
            facts = {"urgent": why, "largest_loss": one.largest_loss, **({"told": told} if told != figures else {})}
            about = {"level": "urgent", "area": area, "facts": facts}
            found.append(made(platform, category, one.division, "day", one.day, **figures, **about))
    return found


def reasons(urgent: Urgent, day: Day) -> list[str]:
    """Why a day is urgent: deaths, loss, count; none where it is not. Of several losses the largest has to be told."""
    single = day.loss if day.largest_loss is None and day.count == 1 else day.largest_loss
    figures = {"deaths": day.deaths, "loss": single, "count": day.count}
    return [why for why, figure in figures.items() if (least := getattr(urgent, why)) and (figure or 0) >= least]
