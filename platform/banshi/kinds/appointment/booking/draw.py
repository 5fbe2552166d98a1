"""The draw of a scarce slot: everybody who entered in time has the same chance, and anybody can check it.

The order is that of HMAC-SHA256 over each ticket, keyed with the slot's seed. The seed's SHA-256 is public before
anybody enters and the seed itself afterwards, so that it can't be chosen to suit those who have entered. Each person is
moved by a conditional step of their own, so a draw that is interrupted goes on where it was, in the same order.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import structlog

from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import Conflict, NotFound
from banshi.foundation.logs import place_of
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.http.pages import pages
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.booking.problems import LimitReached
from banshi.kinds.appointment.models import NOT_DRAWN, Booking, Slot

log = structlog.get_logger("banshi.appointments")

#: Slots that are read at once.
SLOTS_AT_ONCE = 100


def order(seed: str, tickets: Sequence[str]) -> list[str]:
    """The tickets in the order of the draw."""
    key = bytes.fromhex(seed)
    return sorted(tickets, key=lambda ticket: hmac.digest(key, ticket.encode(), "sha256"))


async def draw_due(platform: Platform) -> None:
    """Draw every slot whose time has come, and go on with those that were interrupted."""
    now = platform.now()
    for slot in await Slot.filter(draw="open", draw_at__lte=now).order_by("draw_at").limit(SLOTS_AT_ONCE):
        frozen = Update(Slot, {"id": slot.id, "draw": "open"}, {"draw": "running"})
        try:
            await platform.store.commit(Write(updates=[frozen]))
        except Stale:  # another process has begun it
            continue
    async for slots in pages(Slot.filter(draw="running"), "id", size=SLOTS_AT_ONCE):
        for slot in slots:
            try:
                await _draw(platform, slot)
            except Exception as error:  # its department may not be connected: the others' need not wait for that
                about = {"item": slot.item, "slot": str(slot.id), "error": type(error).__name__}
                log.error("a slot could not be drawn; it is tried again", **about, where=place_of(error))


async def _draw(platform: Platform, slot: Slot) -> None:
    entries = [one for one in await Booking.filter(slot_id=slot.id) if one.state == "entered" or one.drawn < NOT_DRAWN]
    ranks = {ticket: rank for rank, ticket in enumerate(order(slot.seed, [one.ticket for one in entries]))}
    for booking in sorted(entries, key=lambda one: ranks[one.ticket]):
        if booking.state == "entered":
            await _settle(platform, slot, booking, ranks[booking.ticket])
    done = Update(Slot, {"id": slot.id, "draw": "running"}, {"draw": "done"})
    try:
        await platform.store.commit(Write(updates=[done]))
    except Stale:
        return
    log.info("a slot was drawn", item=slot.item, slot=str(slot.id), entered=len(entries), places=slot.capacity)


async def _settle(platform: Platform, slot: Slot, booking: Booking, rank: int) -> None:
    """A place for the person, or where none is left a turn on the waiting list."""
    await slot.refresh_from_db()
    actions = ["win", "lose"] if slot.taken < slot.capacity else ["lose"]
    for action in actions:
        try:
            await lifecycle.move(platform, booking.case_id, action, actors.SYSTEM, given=rank)
        except LimitReached:
            # The person has got as many appointments meanwhile as one may have.
            continue
        except (Conflict, NotFound):
            # Cancelled since, or settled by another process.
            return
        return
