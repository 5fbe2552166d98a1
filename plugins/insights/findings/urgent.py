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
from insights.findings.models import Finding
from insights.settings import Urgent

#: Days that are looked back: a file may come late.
DAYS_BACK = 14


async def look(platform: Platform) -> list[Finding]:
    """Keep what is urgent among what was counted lately; what is new of it."""
    categories, days = platform[CATEGORIES], await counted_days(platform, platform.today() - timedelta(days=DAYS_BACK))
    here: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for one in days:
        here[one.category, one.day].update(dict.fromkeys(chain(one.division), one.count))
    found = []
    for one in days:
        category = categories.get(one.category)
        if category and (why := reason(category.thresholds.urgent, one)):
            area = merged_upwards(here[one.category, one.day], MIN_SHOWN)[one.division]
            figures = {name: getattr(one, name) for name in ("count", "loss", "deaths")}
            told = {"level": "urgent", "area": area, "facts": {"urgent": why, "largest_loss": one.largest_loss}}
            found.append(made(platform, category, one.division, "day", one.day, **figures, **told))
    return await keep(platform, found)


def reason(urgent: Urgent, day: Day) -> str:
    """Why a day is urgent: deaths, loss or count; "" where it is not. Of several losses the largest has to be told."""
    single = day.loss if day.largest_loss is None and day.count == 1 else day.largest_loss
    if urgent.deaths and (day.deaths or 0) >= urgent.deaths:
        return "deaths"
    if urgent.loss and (single or 0) >= urgent.loss:
        return "loss"
    return "count" if urgent.count and day.count >= urgent.count else ""
