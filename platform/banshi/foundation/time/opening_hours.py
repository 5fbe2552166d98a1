"""Opening hours, as the days of the city's calendar have them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

from banshi.foundation.time.working_days import Day, DayKind, WorkingCalendar

#: The days of the week as `hours` names them, Monday first, and the names for all working days and for holidays.
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAY, HOLIDAY = "workday", "holiday"

DASH = re.compile(r"\s*[-–]\s*")
MOMENT = re.compile(r"([0-9]|[01][0-9]|2[0-3]):([0-5][0-9])")
#: An end that is midnight.
LAST = time(23, 59)


def time_of(text: str) -> time:
    """The time of day that "9:00" is. Raises ValueError."""
    found = MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of day: write it as 9:00")
    return time(int(found[1]), int(found[2]))


def range_of(text: str) -> tuple[time, time]:
    """The beginning and the end of "9:00-12:00". Raises ValueError."""
    parts = DASH.split(text)
    if len(parts) != 2:
        raise ValueError(f"{text!r} are no opening hours: write them as 9:00-12:00")
    begins, ends = map(time_of, parts)
    if begins >= ends:
        raise ValueError(f"{text!r} ends before it begins")
    return begins, ends


class HasHours(Protocol):
    """What has opening hours."""

    @property
    def hours(self) -> Mapping[str, tuple[str, ...]]:
        """By day: "workday", "holiday", or one day of the week, which then has those instead."""
        ...

    @property
    def closed(self) -> tuple[date, ...]:
        """Days on which it is closed beside those of the calendar."""
        ...


def check_hours(hours: Mapping[str, Sequence[str]]) -> None:
    """Hold opening hours by day to what they may be. Raises ValueError."""
    for day, ranges in hours.items():
        if day not in {*WEEK, WORKDAY, HOLIDAY}:
            raise ValueError(f"hours.{day} is no day: the days are {', '.join((WORKDAY, *WEEK, HOLIDAY))}")
        read = sorted(map(range_of, ranges))
        if any(after[0] < before[1] for before, after in itertools.pairwise(read)):
            raise ValueError(f"hours.{day} has hours that overlap")


def hours_on(place: HasHours, day: Day) -> Sequence[str]:
    """The opening hours of a place on a day of the calendar.

    A holiday is closed, unless it has hours by that name. A Saturday that is worked in exchange has the working day's
    hours; any other weekend only those that it is given by name.
    """
    if day.date in place.closed:
        return ()
    if day.kind in {DayKind.HOLIDAY, DayKind.SET_OFF}:
        return place.hours.get(HOLIDAY, ())
    named = place.hours.get(WEEK[day.date.weekday()])
    if named is not None:
        return named
    return place.hours.get(WORKDAY, ()) if day.working else ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when until when something is open."""

    begins: datetime
    ends: datetime


def stretches(place: HasHours, calendar: WorkingCalendar, zone: tzinfo, first: date, days: int) -> list[Stretch]:
    """When a place is open, so many days from `first` on, in UTC; hours that follow each other are one stretch."""
    found: list[Stretch] = []
    for day in (first + timedelta(days=ahead) for ahead in range(days)):
        for begins, ends in sorted(map(range_of, hours_on(place, calendar.day(day)))):
            at = datetime.combine(day, begins, zone).astimezone(UTC)
            until = datetime.combine(day, ends, zone).astimezone(UTC) + timedelta(minutes=ends == LAST)
            if found and found[-1].ends == at:
                at = found.pop().begins
            found.append(Stretch(at, until))
    return found
