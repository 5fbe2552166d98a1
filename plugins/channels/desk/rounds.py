"""What happens at a desk when its time is over: a lease, an answer's silence, the first three minutes, a shift."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from tortoise.queryset import QuerySet

from banshi import Key, Platform, Stale, Texts, Update, Write
from banshi.sdk.operations import rounds
from desk import places, queue
from desk.giving import desks_by_turn
from desk.metrics import METRICS
from desk.party import BECAME, party_of
from desk.sentences import say
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, DeskSeat, Enquiry

#: Seconds between two rounds, and rows of one.
ROUND_S, MOST_ROWS = 5.0, 500

#: GB/T 33358-2016: other media than the telephone are answered within so much.
ANSWER_AIM = timedelta(minutes=3)

#: An answer that has not left by then never does: whose it was is gone, with its plugin or its row.
UNSENT = timedelta(days=2)

AGAIN = "The officer has not answered. You are in the queue again, number {place}."
DELAYED = "It takes longer than it should. You are number {place} in the queue."
SHUT = say("The desk has closed for today. Write your question now: it is handed in, and its answer has a deadline.")
RATE = say("This conversation is over. How was it? Send a number from 1 (bad) to 5 (very good).")
SHUT_ALL = say("The desk has closed for today. Please write again when it is open.")


async def go_round(platform: Platform) -> None:
    """One round. Each row is moved by a conditional write: of two processes one does it."""
    now, desks = platform.now(), platform[SETTINGS].desks
    if not desks:
        return
    for row in await _some(Enquiry.filter(state="held", lease_until__lt=now)):
        await _lapsed(platform, row)
    for desk in desks:
        waiting = Enquiry.filter(desk=desk.code, state="waiting")
        if not await places.is_open(platform, desk):
            # Who has asked since this round began may have found the desk open.
            for row in await _some(waiting.filter(asked_at__lt=now)):
                what: queue.What = "word" if desk.item else "left"
                happened, texts = ("shut", SHUT) if desk.item else ("over", SHUT_ALL)
                updates = await queue.step(platform, row, {"state": what, "closed_at": now}, happened)
                await _told(platform, row, updates, what, texts)
            continue
        for row in await _some(waiting.filter(delayed_at=None, asked_at__lt=now - ANSWER_AIM)):
            own = {"id": row.id, "state": "waiting", "delayed_at": None}
            texts = say(DELAYED, place=await queue.place_of(row))
            await _told(platform, row, [Update(Enquiry, own, {"delayed_at": now})], "delayed", texts)
    await platform[METRICS].read(platform)


async def _some(rows: QuerySet[Enquiry]) -> list[Enquiry]:
    return await rows.order_by("id").limit(MOST_ROWS)


async def _lapsed(platform: Platform, row: Enquiry) -> None:
    """An officer who owes a word has lost it to the queue; who has had the last word has closed it."""
    now = platform.now()
    over = {"lease_until__lt": now}
    if row.owed_since is None and await _is_unsent(row, now):
        updates = await queue.step(platform, row, {"lease_until": now + platform[SETTINGS].lease}, "", **over)
        with suppress(Stale):
            await platform.store.commit(Write.of(*updates))
        return None
    if row.owed_since is None or await _is_answered(row):
        updates = await queue.step(platform, row, queue.closing(now), "done", **over)
        return await _told(platform, row, updates, "closed", RATE)
    updates, texts = await queue.step(platform, row, queue.UNHELD, "returned", **over), None
    is_by_turn = row.desk in await desks_by_turn(platform[SETTINGS].desks)
    if is_by_turn:
        updates.append(Update(DeskSeat, {"desk": row.desk, "officer": row.officer}, {"away": True}, rows=None))
    # By turn it may happen again at once: the messages that reach them are for answers.
    if not is_by_turn or not await DeskEvent.exists(enquiry_id=row.id, what="lapsed"):
        texts = say(AGAIN, place=await queue.place_of(row))
    return await _told(platform, row, updates, "lapsed", texts)


async def _is_unsent(row: Enquiry, now: datetime) -> bool:
    """Whether nothing has become of the last answer: silence begins once it has left."""
    said = DeskEvent.filter(enquiry_id=row.id, what="answered", at__gt=now - UNSENT)
    last = await said.exclude(word=None).order_by("-id").first()
    return last is not None and not await DeskEvent.exists(word=last.word, what__in=BECAME)


async def _is_answered(row: Enquiry) -> bool:
    """Whether their last words have an answer that only waits for the next ones."""
    last = await DeskEvent.filter(enquiry_id=row.id, what__in=("heard", "urgent", *BECAME)).order_by("-id").first()
    return last is not None and last.what == "shut"


async def _told(platform: Platform, row: Enquiry, updates: list[Update], what: queue.What, texts: Texts | None) -> None:
    said = await party_of(platform, row.kind).say(row.subject, texts) if texts else ()
    parts = [*updates, queue.event(row, what, platform.now()), *said]
    with suppress(Stale):  # somebody moved it at this moment
        await platform.store.commit(Write.of(*parts))


#: Goes round at start and every few seconds, in the process that leads.
open_rounds = partial(rounds, ROUND_S, "desk-rounds", go_round, "the desk's queue can't be looked after")


ROUNDS: Key[None] = Key("the desk's rounds")
