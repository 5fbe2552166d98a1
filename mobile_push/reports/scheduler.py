"""What reports need as long as the server runs: who follows them, and figures that are gathered round by round."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from tortoise.transactions import in_transaction

from banshi import Key, Platform
from banshi.sdk.operations import led, working
from mobile_push.delivery.metrics import log
from mobile_push.delivery.service import PUSH
from mobile_push.inbox.messages import STREAM
from mobile_push.reports.live import Watches
from mobile_push.reports.metrics import MIN_PAUSE_S, Figures, anything_due, keep_reading
from mobile_push.tables.marks import Marks

#: Seconds between two rounds.
ROUND_S = 1.0


#: Who follows reports here.
WATCHES: Key[Watches] = Key("mobile_push reports")


@asynccontextmanager
async def open_reports(platform: Platform) -> AsyncIterator[Watches]:
    figures = Figures(platform[PUSH].couriered)
    platform.metrics.register(figures)
    due = asyncio.Event()
    platform.store.pulse.when("due to phones", anything_due(platform[PUSH].couriered), due.set, MIN_PAUSE_S)
    reading = partial(keep_reading, platform, figures, due)
    failed = "the figures of what is due can't be read"
    works = (partial(_count_streams, platform), partial(led, platform, MIN_PAUSE_S, reading, failed))
    try:
        async with working("mobile-push-reports", *works):
            yield Watches(platform)
    finally:
        await _count(platform)


async def _count_streams(platform: Platform) -> None:
    """Round by round while there is something to count, until cancelled."""
    hub = platform[PUSH].hub
    while True:
        await hub.told.wait()
        await asyncio.sleep(ROUND_S)
        hub.told.clear()
        await _count(platform)
        if hub.written:
            hub.told.set()


async def _count(platform: Platform) -> None:
    try:
        await add_up(platform, platform[PUSH].hub.written)
    except Exception as error:  # the database is away; the figures are kept for the next round
        log.error("figures of a report can't be written", error=type(error).__name__)


async def add_up(platform: Platform, written: Counter[UUID]) -> None:
    """Move to the database to how many open streams this process has written each broadcast as it came out.

    A process that is killed takes the last second's count with it. Phones that connect later read the broadcast from
    their inbox and aren't counted.
    """
    counts = Counter(written)
    if not counts:
        return
    async with in_transaction() as connection:
        for identity, count in counts.items():
            mark = Marks(platform.store)
            await mark.change(
                "INSERT INTO push_fan_out (broadcast_id, provider, lane, state, through, found, lease_until, attempts) "  # noqa: S608
                f"SELECT id, '{STREAM}', CASE kind WHEN 'alert' THEN 1 ELSE 2 END, 'done', '', "
                f"CAST({mark(count)} AS BIGINT), 0, 0 FROM push_broadcast WHERE id = {mark(identity)} "
                "ON CONFLICT (broadcast_id, provider) DO UPDATE SET found = push_fan_out.found + excluded.found",
                connection,
            )
    written -= counts
