"""Weeks and days of the city: which are closed, and what was special about them. Weeks are those of ISO 8601."""

from __future__ import annotations

from datetime import date, timedelta

from banshi import Platform
from insights.settings import SETTINGS

WEEK = timedelta(days=7)

#: By dialect, the Monday of a row's week.
MONDAY = {"sqlite": "date(c.day, '-6 days', 'weekday 1')", "postgres": "date_trunc('week', c.day)::date"}

#: The kinds of day that nobody wonders about.
USUAL = frozenset({"working day", "weekend"})


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def as_day(value: date | str) -> date:
    """A day as a database gives it: SQLite gives a text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def open_week(platform: Platform) -> date:
    """The Monday of the first week that isn't closed: what comes late may still change it."""
    return monday(platform.today() - timedelta(days=platform[SETTINGS].open_days))


def days_beside(platform: Platform, first: date, language: str = "zh-CN", days: int = 7) -> list[str]:
    """The holidays and make-up days of the week from `first` on, as people read them; a run of a kind once."""
    found: list[tuple[date, date, str]] = []
    for day in (platform.calendar.day(first + timedelta(days=n)) for n in range(days)):
        if day.kind.value in USUAL:
            continue
        why = day.why_in(language)
        if found and found[-1][2] == why and found[-1][1] == day.date - timedelta(days=1):
            found[-1] = (found[-1][0], day.date, why)
        else:
            found.append((day.date, day.date, why))
    return [f"{begin:%m-%d}{f'–{end:%m-%d}' if end > begin else ''} {why}" for begin, end, why in found]
