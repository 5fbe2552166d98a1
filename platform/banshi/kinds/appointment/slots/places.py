"""Taking places of a slot and giving them back: conditional updates, by which the database settles every race."""

from __future__ import annotations

from typing import Any

from tortoise.expressions import F

from banshi.foundation.database.writes import Stale, Update, Write
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.models import Booking, Hold, Slot


def take(slot_id: Any) -> Update:
    """One of the public places, if one is free and nobody waits for it."""
    where = {"id": slot_id, "is_open": True, "taken__lt": F("capacity"), "waiting": 0}
    return Update(Slot, where, {"taken": F("taken") + 1})


def take_internal(slot_id: Any) -> Update:
    """One of the places that are staff's to give."""
    where = {"id": slot_id, "is_open": True, "taken_internal__lt": F("internal")}
    return Update(Slot, where, {"taken_internal": F("taken_internal") + 1})


def take_for_waiting(slot_id: Any) -> Update:
    """A public place for the first on the waiting list, who leaves it by that."""
    where = {"id": slot_id, "is_open": True, "taken__lt": F("capacity"), "waiting__gt": 0}
    return Update(Slot, where, {"taken": F("taken") + 1, "waiting": F("waiting") - 1})


def take_drawn(slot_id: Any) -> Update:
    """A public place for somebody who was drawn."""
    return Update(Slot, {"id": slot_id, "draw": "running", "taken__lt": F("capacity")}, {"taken": F("taken") + 1})


def join(slot_id: Any) -> Update:
    """One more on the waiting list."""
    return Update(Slot, {"id": slot_id, "is_open": True}, {"waiting": F("waiting") + 1})


def leave(booking: Booking) -> list[Update]:
    """Give back what the booking has of its slot, be it a place or a turn on the waiting list."""
    column = {"taken": "taken_internal" if booking.internal else "taken", "offered": "taken", "waiting": "waiting"}.get(
        booking.state
    )
    return [Update(Slot, {"id": booking.slot_id}, {column: F(column) - 1})] if column else []


def over(booking: Booking, **values: Any) -> Update:
    """The booking at its end: it counts for no limit any more."""
    ended = {"state": "over", "seat": None, "turn": None, "live": None, "until": None, **values}
    return Update(Booking, {"case_id": booking.case_id}, {**ended, "sequence": booking.sequence + 1})


async def give_up_hold(platform: Platform, hold: Hold) -> bool:
    """Give back a held place; False where it was used or given back already."""
    released = Update(Hold, {"id": hold.id, "live": 1}, {"live": None})
    write = Write(updates=[released, Update(Slot, {"id": hold.slot_id}, {"taken": F("taken") - 1})])
    try:
        await platform.store.commit(write)
    except Stale:
        return False
    return True


async def sweep(platform: Platform, slot_id: Any) -> bool:
    """Give back what holds of the slot have run out, in the moment that somebody asks; whether there were any.

    So a hold ends on time however late the work in the background is.
    """
    over_ = await Hold.filter(slot_id=slot_id, live=1, expires_at__lte=platform.now())
    return any([await give_up_hold(platform, hold) for hold in over_])
