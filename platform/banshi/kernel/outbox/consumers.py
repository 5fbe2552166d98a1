"""The engine in the server's own process: takes outbox rows and hands them to their consumers.

Each consumer has a loop of its own, so that a department that hangs holds up nobody else's messages. A commit wakes the
loops at once; the table itself is asked again when the next row falls due, so a lost wake-up costs a moment and never
a row.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from uuid import UUID

import structlog
from prometheus_client import Counter as Metric
from tortoise.exceptions import DoesNotExist

from banshi.foundation.background import woken, working
from banshi.foundation.database import bulk
from banshi.foundation.database.pulse import MAX_SLEEP_S
from banshi.foundation.keys import Key, T
from banshi.kernel.contract.values import Channel
from banshi.kernel.outbox import events, outbox
from banshi.kernel.outbox.consumer import Consumer, Work
from banshi.kernel.outbox.outbox import Claimed
from banshi.kernel.outbox.pause import Paused
from banshi.kernel.outbox.pause import paused as held
from banshi.kernel.runtime.containment import contained
from banshi.kernel.runtime.process_role import CASE
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.tracing import Span, traced, traced_together
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.outbox import OutboxRow

log = structlog.get_logger("banshi.engine")

#: Rows that a channel is given at once, and submissions that are with their departments at once.
BATCH_ROWS = 256
MAX_INTAKES = 32

#: Seconds that a consumer may take to look at the table while it is at work; others may have the time.
LOOK_TIMEOUT_S = 1.0

#: Seconds between two words that what goes out is held.
HELD_WORD_INTERVAL_S = 600.0


class Engine:
    """All consumers of this process; none where it leaves cases to others."""

    def __init__(self, platform: Platform) -> None:
        about, labels = "Outbox rows by consumer and outcome", ["consumer", "outcome"]
        settled = Metric("banshi_outbox_rows", about, labels, registry=platform.metrics)
        self._platform = platform
        #: What goes out is held, as of the last look.
        self.held: Paused | None = None
        self._look = asyncio.Event()
        platform.store.pulse.changes("whether it is held", "SELECT MAX(since) FROM banshi_hold", self._look.set)
        works = [(outbox.INTAKE, _intake(platform), MAX_INTAKES)]
        named = platform.registry.channels.items()
        works += [(f"channel:{name}", _channel(platform, channel), BATCH_ROWS) for name, channel in named]
        listening = platform.registry.offered(events.LISTENERS)
        works += [(events.CONSUMER + name, _listener(platform, one), BATCH_ROWS) for name, one in listening]
        self.consumers = [
            Consumer(platform, name, work, batch=batch, settled=settled)
            for name, work, batch in (works if CASE in platform.duty.lanes else ())
        ]
        # A server takes up its own at once, and not what others write: what one of them leaves behind the next look
        # finds, within a second. Who is there to work takes up everybody's, unless Redis hands it over.
        to_all = not platform.duty.serves and platform.settings.redis is None
        for consumer in self.consumers:
            platform.store.on_rows(OutboxRow, consumer.wake.set, elsewhere=to_all)

    async def look(self) -> bool:
        """Have every consumer look at the table; False where one of them is busy for longer than `LOOK_TIMEOUT_S`."""
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                await asyncio.gather(*(consumer.look() for consumer in self.consumers))
        except TimeoutError:
            return False
        return True

    async def watch(self) -> None:
        """Say in the log when what goes out is held, every ten minutes that it still is, and when it is released."""
        told = 0.0
        while True:
            try:
                found = await held(self._platform.store)
            except Exception as error:  # the database is away, and nothing goes out either
                log.warning("whether the outbox is held can't be read", error=type(error).__name__)
                found = self.held
            if found is not None and (self.held is None or time.monotonic() - told >= HELD_WORD_INTERVAL_S):
                told = time.monotonic()
                log.warning("the outbox is held, nothing goes out: banshi outbox release", reason=found.reason)
            elif found is None and self.held is not None:
                log.info("the outbox is released")
            self.held = found
            await woken(self._look, MAX_SLEEP_S)
            self._look.clear()


def _traced(platform: Platform, rows: Sequence[Claimed]) -> AbstractContextManager[list[Span]]:
    """A span for each row, below what promised it."""
    name = f"outbox {rows[0].consumer}"
    return traced_together(platform, name, [row.trace for row in rows], lane=CASE, topic=rows[0].topic)


async def _called(platform: Platform, work: Callable[[Platform, T], Awaitable[None]], batch: T) -> None:
    """Have a plugin do its work. Whoever hangs beyond the lease would hold up everything behind it for good."""
    _, error = await contained(platform.settings.outbox_lease, work, platform, batch)
    if error is not None:
        raise error if isinstance(error, Exception) else RuntimeError(type(error).__name__)


def _channel(platform: Platform, channel: Channel) -> Work:
    async def deliver(rows: Sequence[Claimed]) -> Mapping[str, Exception]:
        with _traced(platform, rows) as spans:
            messages = [outbox.message_of(row.payload, span.trace) for row, span in zip(rows, spans, strict=True)]
            await _called(platform, channel.deliver, messages)
        return {}

    return deliver


def _listener(platform: Platform, listener: events.Listener) -> Work:
    async def tell(rows: Sequence[Claimed]) -> Mapping[str, Exception]:
        turn, held = await events.in_turn(platform.store, rows)
        if turn:
            heard = [events.event_of(row.payload) for row in turn]
            with _traced(platform, turn):
                await _called(platform, listener.hear, heard)
        return {row.id: events.OutOfTurn() for row in held}

    return tell


def _intake(platform: Platform) -> Work:
    async def one(case: Case | None, row: Claimed) -> None:
        if case is None:
            raise DoesNotExist(Case)
        intake = platform.registry.kinds[case.kind].intake
        if intake is not None:
            about = {"item": case.item, "kind": case.kind, "plugin": case.department, "lane": CASE}
            with traced(platform, f"outbox {row.consumer}", row.trace, **about):
                await intake(platform, case)

    async def forward(rows: Sequence[Claimed]) -> Mapping[str, Exception]:
        named = [UUID(row.payload["case"]) for row in rows]
        cases = await bulk.fetch(platform.store.connection, Case, named)
        works = (one(cases.get(case), row) for case, row in zip(named, rows, strict=True))
        results = await asyncio.gather(*works, return_exceptions=True)
        return {row.id: result for row, result in zip(rows, results, strict=True) if isinstance(result, Exception)}

    return forward


ENGINE: Key[Engine] = Key("engine")


@asynccontextmanager
async def open_engine(platform: Platform) -> AsyncIterator[Engine]:
    """The running engine; at the end it gives back what it had claimed."""
    engine = Engine(platform)
    async with working("banshi-engine", engine.watch, *(consumer.run for consumer in engine.consumers)):
        yield engine
