"""The slots of an item: made ahead from its opening hours, kept in step with them, and read with what is free."""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from banshi.foundation.database.bulk import ROWS_PER_STATEMENT
from banshi.foundation.database.writes import Update, Write
from banshi.foundation.errors import Problem
from banshi.foundation.keys import Key
from banshi.foundation.time.opening_hours import hours_on, range_of, time_of
from banshi.kernel.contract.values import Item
from banshi.kernel.http.months import midnight
from banshi.kernel.runtime.containment import about, awaited, contained, guarded
from banshi.kernel.runtime.mistakes import wrong_answer
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.handler import Appointment
from banshi.kinds.appointment.models import Hold, Slot
from banshi.kinds.appointment.rules import PlaceHours

#: Seconds for which the slots of a department's own calendar are shown before it is asked again, and how many it has.
CALENDAR_FRESH_S, MAX_OPENINGS = 30.0, 5_000

#: The longest slot that such a calendar may have.
MAX_SLOT_LENGTH = timedelta(days=1)


@dataclass(slots=True)
class Ahead:
    """Which items' slots this process has brought up to which day, by code and version."""

    done: set[tuple[str, int, date]] = field(default_factory=set)
    #: When those whose department keeps a calendar of its own are asked for again, by the monotonic clock.
    again_at: dict[str, float] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))


AHEAD: Key[Ahead] = Key("slots made ahead")


def planned(platform: Platform, item: Item) -> Iterator[Slot]:
    """The slots that the data asks for, from today on, not yet written."""
    rules, zone = item.details, platform.settings.timezone
    length = timedelta(minutes=rules.slot_minutes)
    for ahead in range(rules.days_ahead + 1):
        day = platform.today() + timedelta(days=ahead)
        for place in rules.places:
            capacity = rules.capacity if place.capacity is None else place.capacity
            for hours in hours_on(place, platform.calendar.day(day)):
                # In UTC, where the hour that summer time leaves out is none, and the one that it gives back is one.
                first, last = (datetime.combine(day, one, zone).astimezone(UTC) for one in range_of(hours))
                while first + length <= last:
                    slot = _slot(platform, item, place, first, first + length, capacity)
                    if slot.begins > platform.now():
                        yield slot
                    first += length


def _slot(platform: Platform, item: Item, place: PlaceHours, begins: datetime, ends: datetime, capacity: int) -> Slot:
    """A slot as the item's rules have it, not yet written."""
    rules, zone = item.details, platform.settings.timezone
    day = begins.astimezone(zone).date()
    draw_at = None
    if rules.draw is not None:
        draw_at = datetime.combine(day - timedelta(days=rules.draw.days_before), time_of(rules.draw.at), zone)
    drawn = draw_at is not None and draw_at > platform.now()
    return Slot(
        item=item.code,
        place=place.code,
        begins=begins,
        ends=ends,
        opens_at=datetime.combine(day - timedelta(days=rules.days_ahead), time_of(rules.release_at), zone),
        capacity=capacity,
        internal=rules.internal if place.internal is None else place.internal,
        draw_at=draw_at if drawn else None,
        draw="open" if drawn else "",
        seed=secrets.token_hex(32) if drawn else "",
    )


async def ensure(platform: Platform, item: Item) -> None:
    """Bring the item's slots in step with its opening hours, once a day in each process, and whenever it has changed.

    They are those of the item as it is offered now, whichever version of it a case rests on; what is no longer offered
    keeps the slots that it has.
    """
    offered = platform.registry.items.get(item.code)
    if offered is None or _is_done(platform, offered):
        return
    item, ahead = offered, platform[AHEAD]
    async with ahead.locks[item.code]:
        if _is_done(platform, item):
            return
        try:
            await bring_in_step(platform, item, await _openings(platform, item))
        except Problem:
            # What is known is better than nothing: the department may be away, and its slots are still there.
            if not await Slot.filter(item=item.code, is_open=True, begins__gt=platform.now()).exists():
                raise
        if _has_calendar(item):
            ahead.again_at[item.code] = time.monotonic() + CALENDAR_FRESH_S
        else:
            ahead.again_at.pop(item.code, None)
        ahead.done.add((item.code, item.version, platform.today()))


def _is_done(platform: Platform, item: Item) -> bool:
    ahead = platform[AHEAD]
    done = (item.code, item.version, platform.today()) in ahead.done
    return done and time.monotonic() < ahead.again_at.get(item.code, math.inf)


def _has_calendar(item: Item) -> bool:
    """Whether its department may keep a calendar of its own for it."""
    return item.handler is not None and type(item.handler).openings is not Appointment.openings


async def _openings(platform: Platform, item: Item) -> list[Slot] | None:
    """The slots of the department's own calendar; None where it has none. Raises what the citizen is told."""
    if not _has_calendar(item):
        return None
    today = platform.today()
    last = today + timedelta(days=item.details.days_ahead)
    return await guarded(
        platform.breakers.of(item.plugin, "openings"),
        "",
        partial(contained, platform.settings.handler_timeout, _told, platform, item, today, last),
        expect=(list, type(None)),
        plugin=item.plugin,
        about=about(item),
        method="openings",
        handler=item.handler,
        development=platform.settings.development,
    )


def _openings_in(found: Any) -> Any:
    """What `openings` has returned. Raises Mistake for what are none."""
    if found is not None and (isinstance(found, str | bytes) or not isinstance(found, Sequence)):
        raise wrong_answer("openings", found)
    for one in found or ():
        if not all(hasattr(one, name) for name in ("place", "begins", "ends", "capacity")):
            raise wrong_answer("openings", found, inside=f" with {type(one).__name__[:100]} in it")
    return found


async def _told(platform: Platform, item: Item, first: date, last: date) -> list[Slot] | None:
    """What the department tells of these days, as slots; raises where it tells what are no openings."""
    found = _openings_in(await awaited(item.handler.openings, item, first, last))
    if found is None:
        return None
    places = {place.code: place for place in item.details.places}
    ends = midnight(platform, last) + timedelta(days=1)
    slots: dict[tuple[str, datetime], Slot] = {}
    for one in found[:MAX_OPENINGS]:
        place = places.get(one.place)
        # What can't be booked here is no reason to lose the rest.
        if place is None or not platform.now() < one.begins < ends or one.capacity < 0:
            continue
        if not timedelta() < one.ends - one.begins <= MAX_SLOT_LENGTH:
            continue
        slots[one.place, one.begins] = _slot(platform, item, place, one.begins, one.ends, one.capacity)
    return list(slots.values())


async def bring_in_step(platform: Platform, item: Item, ones: Iterable[Slot] | None = None) -> None:
    """Make the slots that are missing, and follow the data where it has changed.

    Two processes at once do the same, once. A slot that the data no longer has is closed and not removed, and one whose
    capacity has shrunk keeps everybody who is in it: nobody loses an appointment because hours were edited. Where new
    hours cut across such a slot, the new one is left out for as long as somebody is in the old one.
    """
    there = {(slot.place, slot.begins): slot for slot in await Slot.filter(item=item.code, begins__gt=platform.now())}
    wanted = {(slot.place, slot.begins): slot for slot in (planned(platform, item) if ones is None else ones)}
    kept = [
        slot for key, slot in there.items() if key not in wanted and slot.taken + slot.taken_internal + slot.waiting
    ]
    new = [
        slot
        for key, slot in wanted.items()
        if key not in there
        and not any(slot.begins < old.ends and old.begins < slot.ends for old in kept if old.place == slot.place)
    ]
    for start in range(0, len(new), ROWS_PER_STATEMENT):
        await Slot.bulk_create(new[start : start + ROWS_PER_STATEMENT], ignore_conflicts=True)
    updates = []
    for key, slot in there.items():
        data = wanted.get(key)
        values: dict[str, Any] = {"is_open": data is not None}
        if data is not None:
            values |= {"capacity": data.capacity, "internal": data.internal, "ends": data.ends}
        if any(getattr(slot, name) != value for name, value in values.items()):
            updates.append(Update(Slot, {"id": slot.id}, values, rows=None))
    for start in range(0, len(updates), ROWS_PER_STATEMENT):
        await platform.store.commit(Write(updates=updates[start : start + ROWS_PER_STATEMENT]))


def free_in(slot: Slot, expired: int = 0) -> int:
    """Places that anybody can take: none while others wait, since a free one is theirs."""
    if slot.waiting or slot.draw in {"open", "running"}:
        return 0
    return max(0, slot.capacity - slot.taken + expired)


async def expired_holds(platform: Platform, slots: Sequence[Slot]) -> Mapping[Any, int]:
    """How many places of each slot are held by a hold that is over, and so are free."""
    over = Hold.filter(live=1, expires_at__lte=platform.now(), slot_id__in=[slot.id for slot in slots])
    return Counter(await over.values_list("slot_id", flat=True)) if slots else {}


def commitment(seed: str) -> str:
    """What is published of a draw's seed beforehand: the SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(seed)).hexdigest()
