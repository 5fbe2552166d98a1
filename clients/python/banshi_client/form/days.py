"""Days and moments as forms write them, and the limits that count from the day in the city."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    f"({_DAY.pattern})[Tt]((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(\\.[0-9]+)?"
    "([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DISTANCE = re.compile("([+-][0-9]+)([dwmy])")


def day_of(text: str) -> date | None:
    """The day of an RFC 3339 full-date, or None."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def moment_of(text: str) -> datetime | None:
    """The moment of an RFC 3339 date-time, or None."""
    found = _MOMENT.fullmatch(text)
    if found is None or day_of(found[1]) is None:
        return None
    micros = ((found[3] or ".")[1:] + "000000")[:6]
    return datetime.fromisoformat(f"{found[1]}T{found[2]}.{micros}{found[4].upper()}")


def city_day(text: object, at: datetime) -> date | None:
    """The day in the city of a date or a date-time; `at` has the city's zone. None for what is neither."""
    if not isinstance(text, str):
        return None
    moment = moment_of(text)
    try:
        return moment.astimezone(at.tzinfo).date() if moment else day_of(text)
    except OverflowError:
        return moment.date() if moment else None


def limit_day(written: str, today: date) -> date:
    """The day that `today`, `-18y`, `+90d` or `2015-04-01` means today; a shorter month ends on its last day."""
    if (fixed := day_of(written)) is not None:
        return fixed
    found = _DISTANCE.fullmatch(written)
    if found is None:
        return today
    count, unit = int(found[1]), found[2]
    try:
        if unit in "dw":
            return today + timedelta(days=count * (7 if unit == "w" else 1))
        months = today.year * 12 + today.month - 1 + count * (12 if unit == "y" else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
    except (ValueError, OverflowError):
        return date.min if count < 0 else date.max


def comes_before(one: str, other: str, at: datetime) -> bool:
    """By the moment where both say one, otherwise by the day in the city."""
    moments = moment_of(one), moment_of(other)
    if moments[0] and moments[1]:
        return moments[0] < moments[1]
    days = city_day(one, at), city_day(other, at)
    return days[0] is not None and days[1] is not None and days[0] < days[1]
