"""What a step of an appointment writes beside its state: places taken and given back, and what the booking then is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tortoise.expressions import F

from banshi.cases import Effects, Move
from banshi.errors import Conflict, FieldProblem, InvalidFields
from banshi.kinds.appointment import limits, places
from banshi.kinds.appointment.booking import full, held, is_free, open_slot
from banshi.kinds.appointment.models import Booking, Hold, Slot
from banshi.kinds.appointment.problems import (
    OfferOver,
    SlotDrawn,
    SlotPast,
    TooEarly,
    TooLate,
    TooLateToChange,
    WrongDay,
    WrongPlace,
)
from banshi.kinds.appointment.when import changeable_until, mentions, moment_in_words, place_of
from banshi.store import Update

if TYPE_CHECKING:
    from banshi.runtime import Platform

Effect = Callable[["Platform", Move, Booking], Awaitable[Effects]]


async def effects(platform: Platform, move: Move) -> Effects:
    """The effects of a step. Whatever speaks against it is told here, before any write."""
    if move.answers is not None:
        problem = FieldProblem("/answers", "Leave the answers out: no step of an appointment takes them.", "unexpected")
        raise InvalidFields([problem])
    booking = await Booking.get(case_id=move.case.id)
    made = await BY_ACTION[move.step.action](platform, move, booking)
    until = made.mentions.pop("until", None)
    said = mentions(platform, move.item, booking)
    made.mentions = {**said, **({"until": until} if until else {}), **made.mentions}
    return made


def _changed(booking: Booking, **values: Any) -> Update:
    return Update(Booking, {"case_id": booking.case_id}, values)


async def _give_up(platform: Platform, move: Move, booking: Booking) -> Effects:
    """It ends, and whatever it had of the slot is free again."""
    if move.step.action == "cancel" and booking.state == "taken":
        _refuse_late(platform, move, booking)
    return Effects(updates=[*places.leave(booking), places.over(booking)])


def _refuse_late(platform: Platform, move: Move, booking: Booking) -> None:
    until = changeable_until(move.item, booking)
    if move.at > until:
        phone = platform.registry.departments[move.item.department].phone
        raise TooLateToChange(until=moment_in_words(platform, until), phone=phone)


async def _reschedule(platform: Platform, move: Move, booking: Booking) -> Effects:
    """The new place is taken in the transaction in which the old one is given back."""
    if move.given is None:
        problem = FieldProblem("", "Send the new slot with PATCH …/appointments/{id}.", "required")
        raise InvalidFields([problem])
    _refuse_late(platform, move, booking)
    slot = await open_slot(platform, move.item, move.given)
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


async def _confirm(_: Platform, move: Move, booking: Booking) -> Effects:
    if booking.begins <= move.at:
        raise SlotPast()
    return Effects(updates=[_changed(booking, sequence=booking.sequence + 1)])


async def _offer(platform: Platform, move: Move, booking: Booking) -> Effects:
    """The free place is this person's until the offer ends; then it is the next one's."""
    until = min(move.at + timedelta(minutes=move.item.details.offer_minutes), booking.begins)
    updates = [places.take_for_waiting(booking.slot_id), _changed(booking, state="offered", until=until)]
    return Effects(updates=updates, mentions={"until": moment_in_words(platform, until)})


async def _accept(platform: Platform, move: Move, booking: Booking) -> Effects:
    if booking.until is None or booking.until <= move.at:
        raise OfferOver(until=moment_in_words(platform, booking.until or move.at))
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


async def _check_in(platform: Platform, move: Move, booking: Booking) -> Effects:
    """At the right place, on the right day, from a while before the slot until its end."""
    when = moment_in_words(platform, booking.begins)
    if move.given is not None and move.given != booking.place:
        place = place_of(move.item, booking.place)
        raise WrongPlace(where=place.title if place else booking.place, place=booking.place)
    zone = platform.settings.timezone
    begins = booking.begins.isoformat()
    if booking.begins.astimezone(zone).date() != move.at.astimezone(zone).date():
        raise WrongDay(when=when, begins=begins)
    opens = booking.begins - timedelta(minutes=move.item.details.early_minutes)
    if move.at < opens:
        raise TooEarly(when=when, opens=moment_in_words(platform, opens), begins=begins)
    if move.at > booking.ends:
        raise TooLate(when=when, begins=begins)
    return Effects(updates=[_changed(booking, checked_in_at=move.at)])


async def _miss(_: Platform, move: Move, booking: Booking) -> Effects:
    if move.at < booking.ends:
        raise Conflict(
            {"zh-CN": "时段尚未结束，还不能记录为未到场。", "en": "The time is not over yet: nobody has missed it."}
        )
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
