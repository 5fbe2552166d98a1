"""What an appointment's table in items.toml says: opening hours, capacities, and how a slot is given out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import date

from banshi.foundation.time.opening_hours import check_hours, time_of
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.values import Item
from banshi.kinds.declarations import form_faults


@data_table
class PlaceHours:
    """A table `[[items.appointment.places]]`: when one of the item's places takes people, and how many at once."""

    #: The `code` of one of `items.places`.
    code: str
    #: Opening hours by day: "workday", "holiday", or one day of the week, which then has those instead.
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
