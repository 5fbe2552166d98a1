"""What an appointment's table in items.toml says: opening hours, capacities, and how a slot is given out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date, time
from typing import Protocol

from banshi.foundation.time.working_days import Day, DayKind
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.values import Item
from banshi.kinds.declarations import form_faults

#: The days of the week as `hours` names them, Monday first, and the name for all working days.
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAY = "workday"

DASH = re.compile(r"\s*[-–]\s*")
MOMENT = re.compile(r"([0-9]|[01][0-9]|2[0-3]):([0-5][0-9])")


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
        """By day: "workday", or one day of the week, which then has those instead."""
        ...

    @property
    def closed(self) -> tuple[date, ...]:
        """Days on which it is closed beside those of the calendar."""
        ...


def check_hours(hours: Mapping[str, Sequence[str]]) -> None:
    """Hold opening hours by day to what they may be. Raises ValueError."""
    for day, ranges in hours.items():
        if day not in {*WEEK, WORKDAY}:
            raise ValueError(f"hours.{day} is no day: the days are {', '.join((WORKDAY, *WEEK))}")
        read = sorted(map(range_of, ranges))
        if any(after[0] < before[1] for before, after in itertools.pairwise(read)):
            raise ValueError(f"hours.{day} has hours that overlap")


def hours_on(place: HasHours, day: Day) -> Sequence[str]:
    """The opening hours of a place on a day of the calendar.

    A holiday is closed. A Saturday that is worked in exchange has the working day's hours; any other weekend only those
    that it is given by name.
    """
    if day.kind in {DayKind.HOLIDAY, DayKind.SET_OFF} or day.date in place.closed:
        return ()
    named = place.hours.get(WEEK[day.date.weekday()])
    if named is not None:
        return named
    return place.hours.get(WORKDAY, ()) if day.working else ()


@data_table
class PlaceHours:
    """A table `[[items.appointment.places]]`: when one of the item's places takes people, and how many at once."""

    #: The `code` of one of `items.places`.
    code: str
    #: Opening hours by day: "workday", or one day of the week, which then has those instead.
    hours: Mapping[str, tuple[str, ...]]
    #: Days on which it is closed beside those of the calendar.
    closed: tuple[date, ...] = ()
    #: Citizens in one slot, and those beside them that staff put there; the item's own where it is left out.
    capacity: int | None = None
    internal: int | None = None

    def __post_init__(self) -> None:
        check_hours(self.hours)
        if min(self.capacity or 0, self.internal or 0) < 0:
            raise ValueError("capacity and internal have to be at least 0")


@data_table
class DrawRules:
    """The table `[items.appointment.draw]`: who gets a scarce slot is drawn, and speed wins nothing."""

    #: Days before the slot's own day on which it is drawn, and at what time.
    days_before: int = 3
    at: str = "18:00"

    def __post_init__(self) -> None:
        time_of(self.at)
        if self.days_before < 0:
            raise ValueError("days_before has to be at least 0")


@data_table
class NoShowRules:
    """The table `[items.appointment.no_shows]`: after so many missed appointments, booking online pauses."""

    #: So many missed within so many days; 0 switches it off.
    count: int = 3
    within_days: int = 180
    #: Days from the last one on for which the person can't book this item online.
    blocked_days: int = 30


@data_table
class AppointmentRules:
    """The table `[items.appointment]`."""

    #: Length of a slot in minutes; how many citizens one takes, and how many more staff may put into it.
    slot_minutes: int = 30
    capacity: int = 1
    internal: int = 0
    #: How many days ahead slots are offered, and at what time of day those of a new day can be taken.
    days_ahead: int = 14
    release_at: str = "0:00"
    #: Hours before the slot until which it may be rescheduled or cancelled.
    notice_hours: int = 24
    #: Slots that one person may hold at once, and waiting lists and draws that one may be in.
    per_person: int = 1
    waiting_list: bool = False
    #: Staff look at what was handed in, and confirm or refuse.
    confirm: bool = False
    #: Minutes for which a place is kept: while the form is filled, and for who is next on the waiting list.
    hold_minutes: int = 10
    offer_minutes: int = 60
    #: Minutes before the slot from which on the counter takes people.
    early_minutes: int = 30
    no_shows: NoShowRules = field(default_factory=NoShowRules)
    draw: DrawRules | None = None
    places: tuple[PlaceHours, ...] = ()

    def __post_init__(self) -> None:
        time_of(self.release_at)
        least = {"slot_minutes": 5, "per_person": 1, "hold_minutes": 1, "offer_minutes": 1}
        least |= dict.fromkeys(("capacity", "internal", "days_ahead", "notice_hours", "early_minutes"), 0)
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise ValueError(f"{name} has to be at least {smallest}")
        if self.slot_minutes > 24 * 60 or self.days_ahead > 366:
            raise ValueError("slot_minutes is a day at most, days_ahead a year")


def check(item: Item) -> Iterator[tuple[str, str]]:
    """What is wrong with an appointment's declaration, as (rule, advice)."""
    rules = item.details
    yield from form_faults(item)
    if rules is None:
        return
    if not rules.places:
        yield "no-hours", "add [[items.appointment.places]] with code and hours: without them nobody can book"
    codes = [place.code for place in item.places if place.code]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield "duplicate-place", f"rename one of the places {code!r}"
    named = [place.code for place in rules.places]
    for code in sorted({code for code in named if named.count(code) > 1}):
        yield "duplicate-place", f"merge the two [[items.appointment.places]] with the code {code!r}"
    for code in sorted(set(named) - set(codes)):
        yield "unknown-place", f"give one of items.places the code {code!r}, or mend [[items.appointment.places]]"
