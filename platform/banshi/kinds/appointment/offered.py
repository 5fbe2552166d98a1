"""What can be done with an appointment now, by its time and by what its person has already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from banshi.forms import Form
from banshi.foundation.errors import Problem
from banshi.kernel.cases.submission import item_of
from banshi.kernel.contract.values import Item, Step
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.booking import limits, problems
from banshi.kinds.appointment.models import Booking
from banshi.kinds.appointment.slots.when import changeable_until, moment_in_words
from banshi.kinds.appointment.steps import TO_SLOT


async def in_case(platform: Platform, case: Case, steps: Sequence[Step]) -> list[Step]:
    """The steps that are neither too early nor too late, and no place beyond what one person may have."""
    booking = await Booking.get_or_none(case_id=case.id)
    if booking is None:
        return list(steps)
    item = item_of(platform, case)
    found = in_booking(platform, item, booking, steps)
    if any(step.action == "accept" for step in found) and not (await limits.standing(item, booking.person)).has_seat():
        return [step for step in found if step.action != "accept"]
    return found


def in_booking(platform: Platform, item: Item, booking: Booking, steps: Sequence[Step]) -> list[Step]:
    """The steps that are neither too early nor too late."""
    at = platform.now()
    found = [step for step in steps if refusal(platform, item, booking, step.action, at) is None]
    return [replace(step, takes=_to_slot_of(item.code)) if step.action == "reschedule" else step for step in found]


@lru_cache(maxsize=256)
def _to_slot_of(code: str) -> Form:
    """What moving takes, with where the item's slots are listed."""
    slot = {**TO_SLOT.schema["properties"]["slot"], "x-choices": slots_of(code)}
    return Form.checked({**TO_SLOT.schema, "properties": {"slot": slot}})


def slots_of(code: str) -> dict[str, str]:
    """Where the slots of an item are listed that can be taken, as a form says it."""
    days = {"begins": "/begins", "from": "from", "to": "to", "days": f"/v1/items/{code}/slots/days"}
    return {"list": f"/v1/items/{code}/slots?takeable=true", "value": "/id", "title": "/title", **days}


def refusal(platform: Platform, item: Item, booking: Booking, action: str, at: datetime) -> Problem | None:
    """Why the action is too early or too late at that time; None where it isn't."""
    match action:
        case "reschedule" | "cancel":
            until = changeable_until(item, booking)
            # A turn on a waiting list and an entry in a draw are given up until the end.
            if at > until and (action == "reschedule" or booking.state == "taken"):
                phone = platform.registry.departments[item.department].phone
                return problems.TooLateToChange(until=moment_in_words(platform, until), phone=phone)
        case "confirm" if booking.begins <= at:
            return problems.SlotPast()
        case "accept" if booking.until is None or booking.until <= at:
            return problems.OfferOver(until=moment_in_words(platform, booking.until or at))
        case "check-in":
            return _at_the_counter(platform, item, booking, at)
        case "miss" if at < booking.ends:
            return problems.NotOverYet()
    return None


def _at_the_counter(platform: Platform, item: Item, booking: Booking, at: datetime) -> Problem | None:
    """On the right day, from a while before the slot until its end."""
    when, begins = moment_in_words(platform, booking.begins), booking.begins.isoformat()
    zone = platform.settings.timezone
    if booking.begins.astimezone(zone).date() != at.astimezone(zone).date():
        return problems.WrongDay(when=when, begins=begins)
    opens = booking.begins - timedelta(minutes=item.details.early_minutes)
    if at < opens:
        return problems.TooEarly(when=when, opens=moment_in_words(platform, opens), begins=begins)
    return problems.TooLate(when=when, begins=begins) if at > booking.ends else None
