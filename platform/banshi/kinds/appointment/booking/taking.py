"""Making an appointment: the case, its place in the slot and the promise to tell of it, in one transaction."""

from __future__ import annotations

import asyncio
import base64
import copy
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.models import Model

from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import Conflict
from banshi.foundation.keys import Key
from banshi.kernel.cases import lifecycle
from banshi.kernel.cases.submission import HandedIn, StaleReceipt, check, commit, new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item
from banshi.kernel.outbox.events import step_rows
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appointment.booking import limits, problems
from banshi.kinds.appointment.models import Booking, Hold, Slot
from banshi.kinds.appointment.slots import places
from banshi.kinds.appointment.slots.slots import ensure, free_in
from banshi.kinds.appointment.slots.when import mentions, moment_in_words
from banshi.kinds.sentences import say

#: How often a booking is prepared anew when others took places meanwhile.
MAX_TRIES = 20

#: People who book one item at once in one process: as many as keep the database busy.
MAX_BOOKING_AT_ONCE = 64

#: Free slots that a refusal names.
NEXT_SLOTS_SHOWN = 5


class Queue:
    """Who is booking in this process right now: one person once, and of one item so many people.

    When thousands come in the same moment, those who are let in later read what the earlier ones have taken: they don't
    prepare what fails anyway, and the first are answered while the last still wait. The order is that of arrival.
    """

    def __init__(self) -> None:
        self._people: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._items: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, item: str, person: str) -> AsyncIterator[None]:
        """Wait until it is the person's turn.

        A person's second request then reads what the first has done. Between processes the unique keys settle it, at
        the price of a transaction that has to be carried out again.
        """
        own = self._people.setdefault(person, asyncio.Lock())
        gate = self._items.setdefault(item, asyncio.Semaphore(MAX_BOOKING_AT_ONCE))
        async with own, gate:
            yield


QUEUE: Key[Queue] = Key("people who are booking")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants booked, and for whom."""

    item: Item
    person: Principal
    slot_id: Any
    answers: Mapping[str, Any]
    language: str
    #: Where the slot is full, its waiting list will do.
    wait: bool = False
    #: One of the places that are staff's to give, and who gives it.
    given_by: Principal | None = None
    #: Materials that are taken over from earlier cases, with the person's consent.
    reuse: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A wish that was checked: the case that it becomes, its first event, and the files that it names."""

    case: Case
    event: CaseEvent
    given: HandedIn


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment that is about to be written."""

    case: Case
    row: Booking
    events: Sequence[CaseEvent]
    attachments: Sequence[Attachment]


#: What is to be written with an appointment, such as the answer that tells of it.
Receipt = Callable[[Booked], Sequence["Model | Update"]]


@dataclass(slots=True)
class Way:
    """How a wish can be met right now: the step, what it changes in the slot, and what the booking then is."""

    action: str
    updates: list[Update]
    state: str
    numbers: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None


async def book(platform: Platform, wish: Wish, receipt: Receipt) -> None:
    """Meet the wish, or say in a problem why that can't be.

    What `receipt` makes of the outcome is written in the same transaction. Raises StaleReceipt.
    """
    case, event = new_case(platform, wish.item, wish.person, wish.answers)
    event.actor, event.actor_id = ("staff", wish.given_by.subject) if wish.given_by else (event.actor, event.actor_id)
    # Before it is the person's turn: a department that is slow holds up nobody else.
    given = await check(platform, wish.item, case, wish.answers, wish.language, wishes=wish.reuse)
    case.answers = dict(given.answers)
    told = (*(event.details or {}).items(), ("counter", wish.given_by is not None), ("reused", given.reused.told))
    event.details = {name: one for name, one in told if one} or None
    async with platform[QUEUE].turn(wish.item.code, wish.person.subject):
        await _book(platform, wish, Draft(case, event, given), receipt)


async def _book(platform: Platform, wish: Wish, draft: Draft, receipt: Receipt) -> None:
    standing = await limits.standing(wish.item, wish.person.subject)
    if wish.given_by is None:
        standing.refuse_absent(platform)
    clash: IntegrityError | None = None
    for _ in range(MAX_TRIES):
        slot = await open_slot(platform, wish.item, wish.slot_id)
        way = await _way(platform, wish, slot, standing)
        case, event, given = copy.copy(draft.case), copy.copy(draft.event), draft.given
        said = lifecycle.Effects(mentions=mentions(platform, wish.item, slot, way.until))
        begun = lifecycle.begin(platform, case, way.action, said)
        booking = _booking(wish, slot, case, way)
        rows = [case, event, *step_rows(platform, case, event), *given.rows, *begun, booking]
        events = [event, *(row for row in begun if isinstance(row, CaseEvent))]
        try:
            more = receipt(Booked(case, booking, events, given.attachments))
            await commit(platform, Write(updates=[*way.updates, *given.updates], rows=rows), more, given.reused)
        except StaleReceipt:
            raise
        except Stale:
            continue
        except IntegrityError as error:
            # The person has booked something else meanwhile, or this request was answered already.
            clash, standing = error, await limits.standing(wish.item, wish.person.subject)
        else:
            return
    if clash is not None:
        raise clash
    raise Conflict(say("So many others are booking this time that it could not be settled; try again."))


async def open_slot(platform: Platform, item: Item, slot_id: Any) -> Slot:
    """The slot, if it can be taken at this time at all. Raises what keeps it from that."""
    await ensure(platform, item)
    slot = await Slot.get_or_none(id=slot_id, item=item.code)
    if slot is None:
        raise problems.NoSuchSlot()
    now = platform.now()
    if slot.begins <= now:
        raise problems.SlotPast()
    if not slot.is_open:
        raise problems.SlotClosed()
    if slot.opens_at > now:
        raise problems.NotReleased(
            opens=moment_in_words(platform, slot.opens_at), opens_at=platform.moment(slot.opens_at)
        )
    if slot.draw == "running" or (slot.draw == "open" and slot.draw_at is not None and slot.draw_at <= now):
        raise problems.DrawPending(headers={"Retry-After": "60"})
    return slot


async def _way(platform: Platform, wish: Wish, slot: Slot, standing: limits.Standing) -> Way:
    """What can be done about the wish now. Raises SlotFull, NoWaitingList, AlreadyThere, LimitReached."""
    item, person = wish.item, wish.person.subject
    standing.refuse_twice(slot.id)
    first = "request" if item.details.confirm else "book"
    if slot.draw == "open" and wish.given_by is None:
        entering = Update(Slot, {"id": slot.id, "draw": "open"}, {"draw": "open"})
        return Way("enter", [entering], "entered", {"turn": standing.free_number("turn")}, slot.draw_at)
    seat: dict[str, Any] = {"seat": standing.free_number("seat")}
    if wish.given_by is not None:
        if slot.taken_internal >= slot.internal:
            raise problems.SlotFull(next_slots=await next_free(platform, item, slot))
        return Way(first, [places.take_internal(slot.id)], "taken", {**seat, "internal": True})
    if (hold := await held(platform, item, person, slot.id)) is not None:
        used = Update(Hold, {"id": hold.id, "live": 1, "expires_at__gt": platform.now()}, {"live": None})
        return Way(first, [used], "taken", seat)
    if await is_free(platform, slot):
        return Way(first, [places.take(slot.id)], "taken", seat)
    if not wish.wait:
        raise problems.SlotFull(next_slots=await next_free(platform, item, slot))
    if not item.details.waiting_list:
        raise problems.NoWaitingList(next_slots=await next_free(platform, item, slot))
    return Way("join", [places.join(slot.id)], "waiting", {"turn": standing.free_number("turn")})


async def is_free(platform: Platform, slot: Slot) -> bool:
    """Whether anybody can take a place now, also one whose hold has run out in this moment."""
    if not free_in(slot) and not slot.waiting and await places.sweep(platform, slot.id):
        await slot.refresh_from_db()
    return free_in(slot) > 0


def _booking(wish: Wish, slot: Slot, case: Case, way: Way) -> Booking:
    return Booking(
        case_id=case.id,
        item=slot.item,
        person=wish.person.subject,
        slot_id=slot.id,
        place=slot.place,
        begins=slot.begins,
        ends=slot.ends,
        state=way.state,
        ticket=secrets.token_hex(8),
        code=new_code(),
        **way.numbers,
    )


def new_code() -> str:
    """What a QR code at the counter says: 125 bits of chance, in the alphabet in which a QR code is smallest."""
    return base64.b32encode(secrets.token_bytes(16)).decode()[:25]


async def held(platform: Platform, item: Item, person: str, slot_id: Any) -> Hold | None:
    """The person's hold of a place in the slot, while it lasts."""
    live = Hold.filter(item=item.code, person=person, live=1, slot_id=slot_id, expires_at__gt=platform.now())
    return await live.first()


async def hold(platform: Platform, hold_: Hold, rows: Sequence[Model], *, moves: bool = False) -> None:
    """Keep a place while the form is filled, in exchange for the one that the person has kept before.

    `rows` are written with it, in the same transaction. Whoever `moves` there has one appointment before and after.
    """
    item = platform.registry.items[hold_.item]
    async with platform[QUEUE].turn(hold_.item, hold_.person):
        for _ in range(MAX_TRIES):
            slot = await open_slot(platform, item, hold_.slot_id)
            standing = await limits.standing(item, hold_.person)
            standing.refuse_twice(slot.id)
            if not moves:
                standing.refuse_absent(platform)
                standing.free_number("seat")
            if slot.draw == "open":
                raise problems.SlotDrawn(draw=moment_in_words(platform, slot.draw_at))
            earlier = await Hold.get_or_none(item=item.code, person=hold_.person, live=1)
            if earlier is not None:
                await places.give_up_hold(platform, earlier)
                continue
            if not await is_free(platform, slot):
                raise problems.SlotFull(next_slots=await next_free(platform, item, slot))
            try:
                await platform.store.commit(Write(updates=[places.take(slot.id)], rows=[hold_, *rows]))
            except (Stale, IntegrityError):
                continue
            return
    raise Conflict(say("So many others are booking this time that it could not be settled; try again."))


async def next_free(platform: Platform, item: Item, slot: Slot) -> list[dict[str, Any]]:
    """The next free slots of the item, those at the same place first."""
    now = platform.now()
    free = Slot.filter(
        item=item.code, is_open=True, begins__gt=now, opens_at__lte=now, waiting=0, draw__in=["", "done"]
    )
    rows = await free.filter(taken__lt=F("capacity")).order_by("begins").limit(NEXT_SLOTS_SHOWN * 4)
    rows.sort(key=lambda one: (one.place != slot.place, one.begins < slot.begins, one.begins))
    return [
        {"id": str(one.id), "place": one.place, "begins": platform.moment(one.begins)}
        for one in rows[:NEXT_SLOTS_SHOWN]
    ]
