"""What a step of an appointment writes beside its state: places taken and given back, and what the booking then is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tortoise.expressions import F

from banshi.foundation.database.writes import Update
from banshi.foundation.errors import Conflict
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kinds.appointment.booking import limits
from banshi.kinds.appointment.booking.problems import SlotDrawn, WrongPlace
from banshi.kinds.appointment.booking.taking import full, held, is_free, open_slot
from banshi.kinds.appointment.models import Booking, Hold, Slot
from banshi.kinds.appointment.offered import refusal
from banshi.kinds.appointment.slots import places
from banshi.kinds.appointment.slots.when import mentions, moment_in_words, place_of

if TYPE_CHECKING:
    from banshi.kernel.runtime.running import Platform

Effect = Callable[["Platform", Move, Booking], Awaitable[Effects]]


async def effects(platform: Platform, move: Move) -> Effects:
    """The effects of a step. Whatever speaks against it is told here, before any write."""
    booking = await Booking.get(case_id=move.case.id)
    action = move.step.action
    place = place_of(move.item, booking.place)
    if action == "check-in" and move.given is not None and move.given != booking.place:
        raise WrongPlace(where=place.title if place else booking.place, place=booking.place)
    if refused := refusal(platform, move.item, booking, action, move.at):
        raise refused
    made = await BY_ACTION[action](platform, move, booking)
    until = made.mentions.pop("until", None)
    said = mentions(platform, move.item, booking)
    made.mentions = {**said, **({"until": until} if until else {}), **made.mentions}
    return made


def _changed(booking: Booking, **values: Any) -> Update:
    return Update(Booking, {"case_id": booking.case_id}, values)


async def _give_up(_: Platform, __: Move, booking: Booking) -> Effects:
    """It ends, and whatever it had of the slot is free again."""
    return Effects(updates=[*places.leave(booking), places.over(booking)])


async def _reschedule(platform: Platform, move: Move, booking: Booking) -> Effects:
    """The new place is taken in the transaction in which the old one is given back."""
    slot = await open_slot(platform, move.item, move.given["slot"].lower())
    (await limits.standing(move.item, booking.person)).refuse_twice(slot.id)
    if slot.draw == "open":
        raise SlotDrawn(draw=moment_in_words(platform, slot.draw_at))
    keeping = await held(platform, move.item, booking.person, slot.id)
    if keeping is None and not await is_free(platform, slot):
        raise await full(platform, move.item, slot)
    taking = places.take(slot.id)
    if keeping is not None:
        live = {"id": keeping.id, "live": 1, "expires_at__gt": move.at}
        taking = Update(Hold, live, {"live": None})
    # In the slots' own order, so that two who swap don't wait for each other.
    both = sorted([(str(slot.id), taking), *((str(booking.slot_id), one) for one in places.leave(booking))], key=_first)
    there = {"slot_id": slot.id, "place": slot.place, "begins": slot.begins, "ends": slot.ends}
    changed = _changed(booking, **there, internal=False, sequence=booking.sequence + 1, reminded_at=None)
    details = {"from": booking.begins.isoformat(), "to": slot.begins.isoformat()}
    return Effects(updates=[*(update for _, update in both), changed], details=details)


def _first(pair: tuple[str, Update]) -> str:
    return pair[0]


async def _confirm(_: Platform, __: Move, booking: Booking) -> Effects:
    return Effects(updates=[_changed(booking, sequence=booking.sequence + 1)])


async def _offer(platform: Platform, move: Move, booking: Booking) -> Effects:
    """The free place is this person's until the offer ends; then it is the next one's."""
    until = min(move.at + timedelta(minutes=move.item.details.offer_minutes), booking.begins)
    updates = [places.take_for_waiting(booking.slot_id), _changed(booking, state="offered", until=until)]
    return Effects(updates=updates, mentions={"until": moment_in_words(platform, until)})


async def _accept(_: Platform, move: Move, booking: Booking) -> Effects:
    seat = (await limits.standing(move.item, booking.person)).free_number("seat")
    return Effects(updates=[_changed(booking, state="taken", seat=seat, turn=None, until=None)])


async def _win(_: Platform, move: Move, booking: Booking) -> Effects:
    seat = (await limits.standing(move.item, booking.person)).free_number("seat")
    drawn = _changed(booking, state="taken", seat=seat, turn=None, drawn=move.given)
    return Effects(updates=[places.take_drawn(booking.slot_id), drawn], details={"drawn": move.given})


async def _lose(_: Platform, move: Move, booking: Booking) -> Effects:
    waiting = Update(Slot, {"id": booking.slot_id}, {"waiting": F("waiting") + 1})
    drawn = _changed(booking, state="waiting", drawn=move.given)
    return Effects(updates=[waiting, drawn], details={"drawn": move.given})


async def _remind(_: Platform, move: Move, booking: Booking) -> Effects:
    if booking.reminded_at is not None:
        raise Conflict("The person was reminded already.")
    return Effects(updates=[_changed(booking, reminded_at=move.at)])


async def _check_in(_: Platform, move: Move, booking: Booking) -> Effects:
    return Effects(updates=[_changed(booking, checked_in_at=move.at)])


async def _miss(_: Platform, __: Move, booking: Booking) -> Effects:
    return Effects(updates=[places.over(booking, missed_at=booking.ends)])


async def _close(_: Platform, __: Move, booking: Booking) -> Effects:
    return Effects(updates=[places.over(booking)])


async def _excuse(_: Platform, __: Move, booking: Booking) -> Effects:
    return Effects(updates=[_changed(booking, missed_at=None)])


BY_ACTION: dict[str, Effect] = {
    "cancel": _give_up,
    "refuse": _give_up,
    "call-off": _give_up,
    "lapse": _give_up,
    "reschedule": _reschedule,
    "confirm": _confirm,
    "offer": _offer,
    "accept": _accept,
    "win": _win,
    "lose": _lose,
    "remind": _remind,
    "check-in": _check_in,
    "miss": _miss,
    "close": _close,
    "excuse": _excuse,
}
