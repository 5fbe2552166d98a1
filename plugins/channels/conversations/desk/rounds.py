"""What happens at a desk when its time is over: a lease, an answer's silence, the first three minutes, a shift."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from tortoise.queryset import QuerySet

from banshi import Key, Platform, Stale, Update, Write
from banshi.sdk.operations import rounds
from conversations.desk import places, queue
from conversations.desk.metrics import METRICS
from conversations.desk.telling import RATE, tell
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import Enquiry

#: Seconds between two rounds, and rows of one.
ROUND_S, MOST_ROWS = 5.0, 500

#: GB/T 33358-2016: other media than the telephone are answered within so much.
ANSWER_AIM = timedelta(minutes=3)

AGAIN = "The officer has not answered. You are in the queue again, number {place}."
DELAYED = "It takes longer than it should. You are number {place} in the queue."
SHUT = say("The desk has closed for today. Write your question now: it is handed in, and its answer has a deadline.")
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
        if not places.is_open(await places.shifts(platform, desk, 0), now):
            # Who has asked since this round began may have found the desk open.
            for row in await _some(waiting.filter(asked_at__lt=now)):
                shut = {"state": "word" if desk.item else "left", "closed_at": now}
                if desk.item:
                    await _told(platform, row, queue.step(row, shut, "shut"), "word", SHUT)
                else:
                    await _told(platform, row, queue.step(row, shut, "over"), "left", SHUT_ALL)
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
    over = {"lease_until__lt": platform.now()}
    if row.owed_since is None:
        updates = queue.step(row, queue.closing(platform.now()), "done", **over)
        return await _told(platform, row, updates, "closed", RATE)
    updates = queue.step(row, queue.UNHELD, "returned", **over)
    return await _told(platform, row, updates, "lapsed", say(AGAIN, place=await queue.place_of(row)))


async def _told(
    platform: Platform, row: Enquiry, updates: list[Update], what: queue.What, texts: Mapping[str, str]
) -> None:
    rows: list[Any] = [queue.event(row, what, platform.now()), await tell(platform, row, "", texts)]
    with suppress(Stale):  # somebody moved it at this moment
        await platform.store.commit(Write(updates, rows))


#: Goes round at start and every few seconds, in the process that leads.
open_rounds = partial(rounds, ROUND_S, "desk-rounds", go_round, "the desk's queue can't be looked after")


ROUNDS: Key[None] = Key("the desk's rounds")
