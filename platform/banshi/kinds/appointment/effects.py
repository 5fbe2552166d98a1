"""What a step of an appointment writes beside its state: places taken and given back, and what the booking then is."""

from __future__ import annotations

from datetime import timedelta
from operator import itemgetter
from typing import Any

from tortoise.expressions import F

from banshi.foundation.database.writes import Update
from banshi.foundation.errors import Conflict
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.booking import limits, problems
from banshi.kinds.appointment.booking.taking import held, is_free, next_free, open_slot
from banshi.kinds.appointment.models import Booking, Hold, Slot
from banshi.kinds.appointment.offered import refusal
from banshi.kinds.appointment.slots import places
from banshi.kinds.appointment.slots.when import mentions, moment_in_words, place_of
from banshi.kinds.sentences import say


async def effects(platform: Platform, move: Move) -> Effects:
    """The effects of a step. Whatever speaks against it is told here, before any write."""
    booking = await Booking.get(case_id=move.case.id)
    action = move.step.action
    place = place_of(move.item, booking.place)
    if action == "check-in" and move.given is not None and move.given != booking.place:
        raise problems.WrongPlace(where=place.title if place else booking.place, place=booking.place)
    if refused := refusal(platform, move.item, booking, action, move.at):
        raise refused
    made = await _effects_of(platform, move, booking)
    made.mentions = {**mentions(platform, move.item, booking), **made.mentions}
    return made


def _changed(booking: Booking, **values: Any) -> Update:
    return Update(Booking, {"case_id": booking.case_id}, values)


async def _effects_of(platform: Platform, move: Move, booking: Booking) -> Effects:
    match move.step.action:
        case "cancel" | "refuse" | "call-off" | "lapse":
            # Whatever it had of the slot is free again.
            return Effects(updates=[*places.leave(booking), places.over(booking)])
        case "reschedule":
            return await _reschedule(platform, move, booking)
        case "confirm":
            return Effects(updates=[_changed(booking, sequence=booking.sequence + 1)])
        case "offer":
            # The free place is this person's until the offer ends; then it is the next one's.
            until = min(move.at + timedelta(minutes=move.item.details.offer_minutes), booking.begins)
            updates = [places.take_for_waiting(booking.slot_id), _changed(booking, state="offered", until=until)]
            return Effects(updates=updates, mentions={"until": moment_in_words(platform, until)})
        case "accept" | "win":
            return await _take_seat(move, booking)
        case "lose":
            waiting = Update(Slot, {"id": booking.slot_id}, {"waiting": F("waiting") + 1})
            drawn = _changed(booking, state="waiting", drawn=move.given)
            return Effects(updates=[waiting, drawn], details={"drawn": move.given})
        case "remind":
            if booking.reminded_at is not None:
                raise Conflict(say("The person was reminded already."))
            return Effects(updates=[_changed(booking, reminded_at=move.at)])
        case "check-in":
            return Effects(updates=[_changed(booking, checked_in_at=move.at)])
        case "miss":
            return Effects(updates=[places.over(booking, missed_at=booking.ends)])
        case "excuse":
            return Effects(updates=[_changed(booking, missed_at=None)])
        case _:
            return Effects(updates=[places.over(booking)])


async def _reschedule(platform: Platform, move: Move, booking: Booking) -> Effects:
    """The new place is taken in the transaction in which the old one is given back."""
    slot = await open_slot(platform, move.item, move.given["slot"].lower())
    (await limits.standing(move.item, booking.person)).refuse_twice(slot.id)
    if slot.draw == "open":
        raise problems.SlotDrawn(draw=moment_in_words(platform, slot.draw_at))
    keeping = await held(platform, move.item, booking.person, slot.id)
    if keeping is None and not await is_free(platform, slot):
        raise problems.SlotFull(next_slots=await next_free(platform, move.item, slot))
    taking = places.take(slot.id)
    if keeping is not None:
        live = {"id": keeping.id, "live": 1, "expires_at__gt": move.at}
        taking = Update(Hold, live, {"live": None})
    # In the slots' own order, so that two who swap don't wait for each other.
    both = sorted(
        [(str(slot.id), taking), *((str(booking.slot_id), one) for one in places.leave(booking))], key=itemgetter(0)
    )
    there = {"slot_id": slot.id, "place": slot.place, "begins": slot.begins, "ends": slot.ends}
    changed = _changed(booking, **there, internal=False, sequence=booking.sequence + 1, reminded_at=None)
    details = {"from": booking.begins.isoformat(), "to": slot.begins.isoformat()}
    return Effects(updates=[*(update for _, update in both), changed], details=details)


async def _take_seat(move: Move, booking: Booking) -> Effects:
    """The person's own place: the one that was offered, or one of those that are drawn for."""
    seat = (await limits.standing(move.item, booking.person)).free_number("seat")
    if move.step.action == "accept":
        return Effects(updates=[_changed(booking, state="taken", seat=seat, turn=None, until=None)])
    drawn = _changed(booking, state="taken", seat=seat, turn=None, drawn=move.given)
    return Effects(updates=[places.take_drawn(booking.slot_id), drawn], details={"drawn": move.given})
