"""The desk as a channel sees it: whom somebody may ask for, and rows for the write of the turn in which they do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Key, Platform, Principal, Texts, Update, Write
from banshi.sdk.danger import danger_in
from desk import queue
from desk.metrics import METRICS
from desk.officers import colleague
from desk.party import Became
from desk.places import Desk, Hours, desk_of, hours_of, is_open
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, DeskSeat, Enquiry


@dataclass(frozen=True, slots=True)
class Place:
    """In a queue, the first being 1, and about how many minutes that takes; None where nobody knows."""

    number: int
    minutes: int | None


#: What was said and taken.
TAKEN = ("accepted", "delivered", "late")


class Desks:
    """All of them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @property
    def desks(self) -> Sequence[Desk]:
        """In the order in which they are offered."""
        return self._platform[SETTINGS].desks

    def of(self, code: str) -> Desk | None:
        return desk_of(self.desks, code)

    async def hours(self, desk: Desk) -> Hours:
        """Whether somebody sits there now, and when it opens next."""
        return await hours_of(self._platform, desk)

    async def open_one(self) -> Desk | None:
        """The first at which somebody sits now."""
        for desk in self.desks:
            if await is_open(self._platform, desk):
                return desk
        return None

    def ask(
        self,
        kind: str,
        subject: UUID,
        desk: Desk,
        person: str,
        *,
        urgent: bool = False,
        is_word: bool = False,
        word: UUID | None = None,
    ) -> tuple[Enquiry, Sequence[Model]]:
        """A call for a person, and the rows that it is.

        Args:
            kind, subject: The party's, and its id of who asks.
            person: The citizen who is known there; "" for a stranger.
            is_word: The desk is closed: a question is left there.
            word: What they said by it, where that is more than that they want a person.
        """
        now = self._platform.now()
        about = {"kind": kind, "subject": subject, "person": person, "desk": desk.code, "urgent": urgent}
        state = "word" if is_word else "waiting"
        row = Enquiry(id=uuid7(), state=state, asked_at=now, owed_since=now, **about)
        return row, [row, queue.event(row, "word" if is_word else "queued", now, word=word)]

    async def last(self, kind: str, subject: UUID, *states: str) -> Enquiry | None:
        """The last enquiry of somebody in one of these states."""
        return await queue.enquiry_of(kind, subject, *states)

    async def place(self, enquiry: Enquiry) -> Place:
        number = await queue.place_of(enquiry)
        return Place(number, await queue.minutes_for(enquiry.desk, number, self._platform.now()))

    @property
    def messages_a_minute(self) -> int:
        """That whoever waits or talks may write."""
        return self._platform[SETTINGS].messages_a_minute

    async def flood(self, kind: str, subject: UUID) -> None:
        """Tell the desk that somebody who waits or talks writes more than that; none of it is kept."""
        if (enquiry := await queue.enquiry_of(kind, subject, "waiting", "held")) is not None:
            await self._platform.store.commit(Write(rows=[queue.event(enquiry, "flood", self._platform.now())]))

    async def picked_up(self, enquiry: Enquiry, officer: str, until: datetime) -> Sequence[Model | Update]:
        """Who was put through has them until then, whoever claimed it; nothing where they were not there lately."""
        known = await colleague(self._platform, enquiry.desk, officer)
        if known is None or enquiry.officer == officer:
            return ()
        now, name = self._platform.now(), known.officer_name
        what: queue.What = "transferred" if enquiry.state == "held" else "given"
        told = queue.event(enquiry, what, now, officer=officer, officer_name=name)
        values = queue.holding(self._platform, enquiry, officer, name, now)
        spoken = {"owed_since": None, "lease_until": until, "answered_at": enquiry.answered_at or now}
        seat = Update(DeskSeat, {"desk": enquiry.desk, "officer": officer}, {"given_at": now}, rows=None)
        if enquiry.claimed_at is None:
            self._platform[METRICS].took("wait", enquiry, now)
        if enquiry.answered_at is None:
            self._platform[METRICS].took("first_answer", enquiry, now)
        return [*await queue.step(self._platform, enquiry, {**values, **spoken, "closed_at": None}), seat, told]

    async def redirected(self, enquiry: Enquiry, desk: Desk) -> Sequence[Model | Update]:
        """Whoever has spoken with nobody yet was meant for another desk, and has the same place there."""
        now = self._platform.now()
        told = [queue.event(enquiry, "transferred", now), queue.event(enquiry, "queued", now, desk=desk.code)]
        moved = await queue.step(self._platform, enquiry, {"desk": desk.code})
        return [*moved, *(told if enquiry.state == "waiting" else ())]

    def noted(self, enquiry: Enquiry, what: queue.What, by: Principal, cases: Sequence[str] = ()) -> DeskEvent:
        """What an officer has done with it elsewhere, for its history and for the stream."""
        return queue.event(enquiry, what, self._platform.now(), by, cases=list(cases))

    async def blocked(self, kind: str, subject: UUID, desk: Desk) -> datetime | None:
        """Until when that desk takes nothing of them but danger; None where it does."""
        own = Enquiry.filter(kind=kind, subject=subject, desk=desk.code, blocked_until__gt=self._platform.now())
        last = await own.order_by("-blocked_until").first()
        return last.blocked_until if last else None

    async def add_words(self, enquiry: Enquiry, text: str, word: UUID | None = None) -> Sequence[Model | Update]:
        """The desk is told that there are words, of who waits once a minute; and an officer has their time again."""
        now, own = self._platform.now(), {"id": enquiry.id}
        changed: list[Update] = []
        what: queue.What = "heard"
        # Whether or not it is claimed meanwhile: the turn has a guard of its own.
        if danger_in(text) is not None and not enquiry.urgent:
            changed, what = [Update(Enquiry, own, {"urgent": True}, rows=None)], "urgent"
        elif enquiry.state == "held":
            # Changes nothing, but waits for an answer that is being written: it may clear what is owed.
            changed = [Update(Enquiry, own, {"kind": enquiry.kind}, rows=None)]
        owed = {"owed_since": now, "lease_until": now + self._platform[SETTINGS].lease}
        changed.append(Update(Enquiry, {**own, "owed_since": None}, owed, rows=None))
        told = DeskEvent.filter(enquiry_id=enquiry.id, what="heard", at__gt=now - queue.TOLD_AGAIN)
        if what == "heard" and enquiry.state == "waiting" and await told.exists():
            return changed
        return [*changed, queue.event(enquiry, what, now, word=word)]

    async def became(
        self,
        kind: str,
        subject: UUID,
        word: UUID,
        at: datetime,
        what: Became,
        why: Texts | None = None,
        *,
        is_whole: bool = True,
    ) -> Sequence[Model | Update]:
        """What became of an officer's words, which were said at that moment: only what was taken is an answer.

        Args:
            is_whole: Where they go in several messages, whether all the others were taken.
        """
        row = await Enquiry.filter(kind=kind, subject=subject, asked_at__lte=at).order_by("-asked_at", "-id").first()
        if row is None:
            return ()
        now, own = self._platform.now(), {"id": row.id, "state": "held"}
        text = orjson.dumps(why).decode() if why else ""
        told = [queue.event(row, what, now, text=text, word=word)]
        # The desk that has handed the conversation on is told what became of its own words.
        said = DeskEvent.filter(word=word, what__in=("answered", "offered"))
        if (elsewhere := await said.exclude(desk=row.desk).first()) is not None:
            told.append(queue.event(row, what, now, text=text, word=word, desk=elsewhere.desk))
        if what in TAKEN and not is_whole:
            return told
        again = {"lease_until": now + self._platform[SETTINGS].lease}
        changed: list[Update] = []
        if what in TAKEN and row.answered_at is None:
            changed.append(Update(Enquiry, {"id": row.id, "answered_at": None}, {"answered_at": now}, rows=None))
            self._platform[METRICS].took("first_answer", row, now)
        if what == "late":
            # They have written: it is the officer's turn.
            changed.append(Update(Enquiry, own, {"owed_since": now, **again}, rows=None))
        elif what in TAKEN:
            changed.append(Update(Enquiry, {**own, "owed_since__lte": at}, {"owed_since": None}, rows=None))
        else:
            lost = {"owed_since": at, **({} if what == "shut" else again)}
            changed.append(Update(Enquiry, {**own, "owed_since": None}, lost, rows=None))
        return [*changed, *told]

    def fills_in(self, enquiry: Enquiry) -> Update:
        """They fill in what an officer has offered: an officer who owes no word has their time again."""
        again = {"lease_until": self._platform.now() + self._platform[SETTINGS].silence}
        return Update(Enquiry, {"id": enquiry.id, "state": "held", "owed_since": None}, again, rows=None)

    def agreed(self, enquiry: Enquiry, agrees: bool) -> Model:
        """What they have answered to the item that an officer has offered them."""
        return queue.event(enquiry, "agreed" if agrees else "declined", self._platform.now())

    async def offered(self, enquiry: UUID) -> DeskEvent | None:
        """That an officer has offered them an item, the last time."""
        last = DeskEvent.filter(enquiry_id=enquiry, what="offered").order_by("-id")
        return await last.prefetch_related("enquiry").first()

    def filed(self, offered: DeskEvent, case: str) -> DeskEvent:
        """They have handed that in; by whom it was prepared stands with it."""
        same = {name: getattr(offered, name) for name in ("officer", "officer_name")}
        return queue.event(offered.enquiry, "filed", self._platform.now(), cases=[case], **same)

    async def left(self, kind: str, subject: UUID, *states: str) -> Sequence[Model | Update]:
        """Whoever leaves waits for nobody any more; nothing where they don't wait or talk, or not in these states."""
        enquiry = await queue.enquiry_of(kind, subject, *(states or ("waiting", "held")))
        if enquiry is None:
            return ()
        now = self._platform.now()
        values = {"state": "left", "closed_at": now, "lease_until": None}
        return [*await queue.step(self._platform, enquiry, values), queue.event(enquiry, "left", now)]

    async def rated(self, kind: str, subject: UUID, stars: int) -> Sequence[Model | Update]:
        """One to five, of the last one that was closed; the first rating is kept."""
        enquiry = await queue.enquiry_of(kind, subject, "closed")
        if enquiry is None or enquiry.rating is not None:
            return ()
        kept = Update(Enquiry, {"id": enquiry.id, "rating": None}, {"rating": stars}, rows=None)
        return [kept, queue.event(enquiry, "rated", self._platform.now(), text=str(stars))]

    async def gone(self, kind: str, subjects: Collection[UUID]) -> None:
        """Those who were asked about are forgotten: so is what the desk has of them."""
        await Enquiry.filter(kind=kind, subject__in=subjects).delete()


DESK: Key[Desks] = Key("desk")
