"""Given out by turn: who waits goes to an officer who is there, to whoever has got none for longest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from banshi import Key, Platform, Stale, Write
from banshi.sdk.operations import looking_at, working
from desk import places, queue
from desk.metrics import METRICS
from desk.officers import one_more, seated
from desk.places import Desk
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, DeskRule, Enquiry

#: Seconds until it is looked without a call, and those that are given out in one look.
LOOK_S, MOST_AT_ONCE = 5.0, 500


async def desks_by_turn(desks: Sequence[Desk]) -> set[str]:
    """The codes of those whose calls are given out: as a lead has set it, or else the settings."""
    set_by = dict(await DeskRule.all().values_list("desk", "by_turn"))
    return {desk.code for desk in desks if set_by.get(desk.code, desk.by_turn)}


async def give_out(platform: Platform) -> None:
    """Give out what waits at every desk that has turns and is open."""
    desks = platform[SETTINGS].desks
    by_turn = await desks_by_turn(desks) if desks else ()
    for desk in desks:
        if desk.code in by_turn and await places.is_open(platform, desk):
            for _ in range(MOST_AT_ONCE):
                if not await _given(platform, desk):
                    break


async def _given(platform: Platform, desk: Desk) -> bool:
    """Whether there was one, and somebody for it. Whoever is quicker, such as another process, has it."""
    waiting = Enquiry.filter(desk=desk.code, state="waiting").order_by("-urgent", "asked_at", "id")
    there = await seated(platform, [desk]) if await waiting.exists() else ()
    free = [one.seat for one in there if one.state == "online"]
    # Who has just given one back isn't given it again, and holds up nobody behind it.
    over = DeskEvent.filter(enquiry__desk=desk.code, enquiry__state="waiting", what__in=("returned", "lapsed"))
    back = dict(await over.order_by("id").values_list("enquiry_id", "officer"))
    theirs = [one for one, who in back.items() if all(seat.officer == who for seat in free)]
    row = await waiting.exclude(id__in=theirs).first()
    if row is None or not free:
        return False
    now, seat = platform.now(), next(one for one in free if one.officer != back.get(row.id))
    values = queue.holding(platform, row, seat.officer, seat.officer_name, now)
    updates = [*await queue.step(platform, row, values, "claimed"), one_more(seat, now)]
    event = queue.event(row, "given", now, officer=seat.officer, officer_name=seat.officer_name)
    with suppress(Stale):
        await platform.store.commit(Write.of(*updates, event))
        if row.claimed_at is None:
            platform[METRICS].took("wait", row, now)
        return True
    return False


@asynccontextmanager
async def open_giving(platform: Platform) -> AsyncIterator[None]:
    """Looks whenever something happens at a desk, in every process: of several one gives it."""
    async with working("desk-giving", looking_at(platform, DeskEvent, LOOK_S, give_out)):
        yield


GIVING: Key[None] = Key("the desk's giving out")
