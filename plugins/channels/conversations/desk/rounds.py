"""What happens at a desk when its time is over: a lease, an answer's silence, the first three minutes, a shift."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from tortoise.queryset import QuerySet

from banshi import Key, Platform, Stale, Update, Write
from banshi.sdk.operations import led, working
from conversations.desk import places, queue
from conversations.desk.metrics import METRICS
from conversations.desk.telling import RATE, tell
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import Enquiry

#: Seconds between two rounds, rows of one, and what the log says of one that fails.
ROUND_S, MOST_ROWS = 5.0, 500
FAILED = "the desk's queue can't be looked after"

#: GB/T 33358-2016: other media than the telephone are answered within so much.
ANSWER_AIM = timedelta(minutes=3)

AGAIN = say("The officer has not answered. You are in the queue again, number {place}.", place="{place}")
DELAYED = say("It takes longer than it should. You are number {place} in the queue.", place="{place}")
SHUT = say("The desk has closed for today. Write your question now: it is handed in, and its answer has a deadline.")
SHUT_ALL = say("The desk has closed for today. Please write again when it is open.")


async def go_round(platform: Platform) -> None:
    """One round. Each row is moved by a conditional write: of two processes one does it."""
    now = platform.now()
    for row in await _some(Enquiry.filter(state="held", lease_until__lt=now)):
        await _lapsed(platform, row)
    for desk in platform[SETTINGS].desks:
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
            await _told(
                platform, row, [Update(Enquiry, own, {"delayed_at": now})], "delayed", await _placed(DELAYED, row)
            )
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
    return await _told(platform, row, updates, "lapsed", await _placed(AGAIN, row))


async def _placed(texts: Mapping[str, str], row: Enquiry) -> dict[str, str]:
    place = await queue.place_of(row)
    return {tag: text.format(place=place) for tag, text in texts.items()}


async def _told(
    platform: Platform, row: Enquiry, updates: list[Update], what: queue.What, texts: Mapping[str, str]
) -> None:
    rows: list[Any] = [queue.event(row, what, platform.now()), await tell(platform, row, "", texts)]
    with suppress(Stale):  # somebody moved it at this moment
        await platform.store.commit(Write(updates, rows))


@asynccontextmanager
async def open_rounds(platform: Platform) -> AsyncIterator[None]:
    """Goes round at start and every few seconds, in the process that leads."""
    if not platform[SETTINGS].desks:
        yield
        return
    async with working("desk-rounds", partial(led, platform, ROUND_S, partial(go_round, platform), FAILED)):
        yield


ROUNDS: Key[None] = Key("the desk's rounds")
