"""What goes on beside the requests: slots made ahead, free places offered, draws, reminders, and ends of the day.

Nothing is wrong while this is late: a hold that has run out is given back by whoever asks next, a free place with
people waiting is nobody else's, and an offer can't be accepted after its time. Several processes do this at once; each
step is conditional, so it happens once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from functools import partial

import structlog
from tortoise.expressions import F
from tortoise.queryset import QuerySet

from banshi.builtin.leading.rounds import in_turn, looking_at, move
from banshi.foundation.background import working
from banshi.foundation.errors import Problem
from banshi.foundation.keys import Key
from banshi.kernel.http.months import midnight
from banshi.kernel.http.pages import pages
from banshi.kernel.runtime.process_role import CASE
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.booking.draw import draw_due
from banshi.kinds.appointment.models import Booking, Hold, Slot
from banshi.kinds.appointment.slots import places
from banshi.kinds.appointment.slots.slots import ensure

log = structlog.get_logger("banshi.appointments")

#: Seconds between two looks whether anything is due, between two rounds of what has time, and rows of one look.
LOOK_EVERY_S, ROUND_S, ROWS_AT_ONCE = 5.0, 600.0, 200

#: The first moment at which something is to be done, each by an index; and at which something is to be settled.
FIRST_DUE = """
    SELECT MIN(at) FROM (
    SELECT MIN(expires_at) AS at FROM appointment_hold WHERE live = 1 UNION ALL
    SELECT MIN(until) FROM appointment_booking WHERE state = 'offered' UNION ALL
    SELECT MIN(draw_at) FROM appointment_slot WHERE draw = 'open') first
"""
FIRST_END = """
    SELECT MIN(at) FROM (
    SELECT MIN(ends) AS at FROM appointment_booking WHERE state = 'taken' UNION ALL
    SELECT MIN(ends) FROM appointment_booking WHERE state = 'waiting' UNION ALL
    SELECT MIN(ends) FROM appointment_booking WHERE state = 'offered' UNION ALL
    SELECT MIN(ends) FROM appointment_booking WHERE state = 'entered') first
"""

#: Slots with a place for somebody who waits, or whose draw was interrupted.
TO_GIVE = (
    "appointment_slot WHERE (waiting > 0 AND taken < capacity AND is_open AND draw IN ('', 'done')) OR draw = 'running'"
)

#: Hour of the day before from which on people are reminded.
REMIND_AT = time(10)

#: How long after its end an appointment is settled: who is still at the counter can be checked in.
SETTLED_AFTER = timedelta(minutes=15)

#: How long slots that nobody was in, and holds, are kept after their end.
KEPT_AFTER_END = timedelta(days=30)


async def release_holds(platform: Platform) -> None:
    for hold in await Hold.filter(live=1, expires_at__lte=platform.now()).limit(ROWS_AT_ONCE):
        await places.give_up_hold(platform, hold)


async def end_offers(platform: Platform) -> None:
    async for booking in _by_end(Booking.filter(state="offered", until__lte=platform.now())):
        await move(platform, booking.case_id, "lapse")


async def offer_free_places(platform: Platform) -> None:
    """Offer each free place to the first on its waiting list."""
    waited = Slot.filter(waiting__gt=0, taken__lt=F("capacity"), is_open=True, begins__gt=platform.now())
    for slot in await waited.filter(draw__in=["", "done"]).order_by("begins").limit(ROWS_AT_ONCE):
        failed = 0
        while slot.waiting and slot.taken < slot.capacity:
            first = await Booking.filter(slot_id=slot.id, state="waiting").order_by("drawn", "id").first()
            # Who fails twice and still is the first is nobody that another process has just served.
            if first is None or first.id == failed:
                break
            if not await move(platform, first.case_id, "offer"):
                failed = first.id
            await slot.refresh_from_db()


async def remind(platform: Platform) -> None:
    """Remind those who have an appointment tomorrow, once."""
    local = platform.city_time()
    if local.time() < REMIND_AT:
        return
    tomorrow = midnight(platform, local.date() + timedelta(days=1))
    due = Booking.filter(state="taken", reminded_at=None, begins__gte=tomorrow, begins__lt=tomorrow + timedelta(days=1))
    async for booking in _by_end(due.filter(ends__gt=tomorrow)):
        await move(platform, booking.case_id, "remind")


async def settle_past(platform: Platform) -> None:
    """End what has had its time.

    Nobody is called absent where the office scanned nobody that day: then it is the office that doesn't check in.
    """
    before = platform.now() - SETTLED_AFTER
    for state in ("taken", "waiting", "offered", "entered"):
        async for booking in _by_end(Booking.filter(state=state, ends__lte=before)):
            await _settle(platform, booking)


async def _by_end(query: QuerySet[Booking]) -> AsyncIterator[Booking]:
    """All of them, in steps, in the order of the index: by their keys PostgreSQL goes through all that ever were."""
    async for rows in pages(query, "ends", "id", size=ROWS_AT_ONCE):
        for booking in rows:
            yield booking


async def _settle(platform: Platform, booking: Booking) -> None:
    case = await Case.get(id=booking.case_id)
    if case.state == "booked":
        scanned = await _scanned(platform, booking)
        await move(platform, booking.case_id, "miss" if scanned else "close")
    else:
        await move(platform, booking.case_id, "close" if case.state == "checked-in" else "lapse")


async def _scanned(platform: Platform, booking: Booking) -> bool:
    """Whether the place checked anybody in on the booking's day."""
    day = midnight(platform, booking.begins.astimezone(platform.settings.timezone).date())
    there = Booking.filter(item=booking.item, place=booking.place, begins__gte=day, begins__lt=day + timedelta(days=1))
    return await there.filter(checked_in_at__not_isnull=True).exists()


async def make_ahead(platform: Platform) -> None:
    """The slots of every item, up to its last day."""
    items = platform.registry.items
    # Without making those of other kinds: a large city's lie in files.
    for code in items.codes():
        # One may have gone while another one's department was asked.
        if code in items and items.facts(code).kind == "appointment":
            try:
                await ensure(platform, items[code])
            except Problem as problem:  # a department's own calendar: it is asked again, and the others need not wait
                log.warning("appointments: no calendar", item=code, code=problem.code)


async def forget(platform: Platform) -> None:
    """Clear away old slots that nobody was in, and old holds."""
    before = platform.now() - KEPT_AFTER_END
    await Hold.filter(live=None, expires_at__lt=before).delete()
    await Slot.filter(begins__lt=before, taken=0, taken_internal=0, waiting=0, draw="").delete()


async def look(platform: Platform) -> None:
    """One round, in this order."""
    works = (release_holds, end_offers, draw_due, offer_free_places, remind, settle_past)
    await in_turn(platform, works, log, "appointments: work failed")


async def keep_ahead(platform: Platform) -> None:
    """Make the slots of the next days, by and by: whoever asks earlier has them made at once."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await make_ahead(platform)
        await forget(platform)
        await asyncio.sleep(ROUND_S)


async def wake_to_remind(platform: Platform, wake: asyncio.Event) -> None:
    """Set `wake` when people are reminded; nothing that is written tells of it."""
    while True:
        now = platform.city_time()
        at = datetime.combine(now.date() + timedelta(days=now.time() >= REMIND_AT), REMIND_AT, now.tzinfo)
        await asyncio.sleep(min((at - now).total_seconds(), ROUND_S))
        wake.set()


KEEPER: Key[None] = Key("appointments' keeper")


@asynccontextmanager
async def open_scheduler(platform: Platform) -> AsyncIterator[None]:
    """The running work of appointments."""
    due, pulse = asyncio.Event(), platform.store.pulse
    pulse.past("appointments", FIRST_DUE, due.set, lambda: platform.now(), LOOK_EVERY_S)
    pulse.past("appointments that are over", FIRST_END, due.set, lambda: platform.now() - SETTLED_AFTER, LOOK_EVERY_S)
    pulse.when("places to give", TO_GIVE, due.set, LOOK_EVERY_S)
    looking = looking_at(platform, Slot, ROUND_S, look, due)
    works = (
        (looking, partial(keep_ahead, platform), partial(wake_to_remind, platform, due))
        if CASE in platform.duty.lanes
        else ()
    )
    async with working("banshi-appointments", *works):
        yield
