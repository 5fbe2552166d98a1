"""An appointment as an iCalendar event (RFC 5545): for the citizen's own calendar, again after each change."""

from __future__ import annotations

from datetime import timedelta

from banshi.kernel.contract.values import Item, text_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.models import Booking
from banshi.kinds.appointment.slots.when import place_of
from banshi.kinds.sentences import say

#: How sure a case is, by its state; what has ended badly is cancelled.
STATUS = {
    "booked": "CONFIRMED",
    "checked-in": "CONFIRMED",
    "done": "CONFIRMED",
    "no-show": "CONFIRMED",
    "requested": "TENTATIVE",
    "waiting": "TENTATIVE",
    "offered": "TENTATIVE",
    "entered": "TENTATIVE",
}

ALARM = say("Reminder: ")


def entry(platform: Platform, item: Item, case: Case, booking: Booking, language: str) -> bytes:
    """The event, with its time zone: the same UID always, a higher SEQUENCE after each change."""
    # 60 ms to import, and only who asks for it needs it.
    from icalendar import Alarm, Calendar, Event

    zone = platform.settings.timezone
    status = STATUS.get(case.state, "CANCELLED")
    title = text_in(item.title, language)
    event = Event()
    event.add("uid", f"{case.id}@banshi")
    event.add("dtstamp", case.updated_at)
    event.add("sequence", booking.sequence)
    event.add("summary", title)
    event.add("dtstart", booking.begins.astimezone(zone))
    event.add("dtend", booking.ends.astimezone(zone))
    event.add("status", status)
    event.add("description", case.number)
    if (place := place_of(item, booking.place)) is not None:
        event.add("location", f"{text_in(place.title, language)}, {text_in(place.address, language)}")
    if status == "CONFIRMED":
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", ALARM.get(language, "") + title)
        alarm.add("trigger", timedelta(hours=-2))
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//banshi//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if status == "CANCELLED" else "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written
