"""Takes a consumer's outbox rows, batch by batch, has the work done, and writes down what became of each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from prometheus_client import Counter as Metric

from banshi.foundation.background import woken
from banshi.foundation.database.failover.fates import is_outage, problem_of
from banshi.foundation.database.pulse import MAX_SLEEP_S
from banshi.foundation.errors import Problem, StorageFull, Unavailable
from banshi.kernel.outbox import events, outbox
from banshi.kernel.outbox.failed import Failed, note, said_of, why_of
from banshi.kernel.outbox.outbox import Claimed
from banshi.kernel.runtime.running import Platform

log = structlog.get_logger("banshi.engine")

#: Seconds until the table is asked again where it couldn't be read.
RETRY_S = 1.0

#: Seconds until something is tried again that is for somebody who is away and doesn't say until when, and the seconds
#: over which what was postponed together comes back.
AWAY_PAUSE_S, JITTER_S = 60.0, 5.0

#: Seconds until an event is looked at again whose turn it isn't yet.
TURN_PAUSE_S = 0.1

#: What is nobody's failure: whom it is for is away, or the platform's own database.
NOT_NOW = frozenset({Unavailable.status, StorageFull.status})

#: Does a batch and tells which rows failed, by id; raising says that some did, and each is tried alone.
Work = Callable[[Sequence["Claimed"]], Awaitable[Mapping[str, Exception]]]


class Consumer:
    """Takes one consumer's rows, batch by batch, and settles them."""

    def __init__(self, platform: Platform, name: str, work: Work, *, batch: int, settled: Metric) -> None:
        self.platform = platform
        self.name = name
        self.wake = asyncio.Event()
        #: Whoever waits for the next look at the table to be over.
        self._asked: list[asyncio.Future[None]] = []
        self._work = work
        self._batch = batch
        self._settled = settled
        #: What is still to be written of it once the database is back: done, or given back as it was.
        self._done: list[Claimed] = []
        self._untried: list[Claimed] = []
        platform.store.pulse.when(f"outbox: {name}", outbox.due(platform.store, name), self.wake.set)

    async def look(self) -> None:
        """Have the table looked at; returns once that is done, and what was due is ours or somebody else's."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self.wake.set()
        await asked

    async def run(self) -> None:
        while True:
            self.wake.clear()
            asked, self._asked = self._asked, []
            try:
                await self._record()
                rows = await self._claim()
                for one in asked:
                    if not one.done():
                        one.set_result(None)
                if rows:
                    await self._take(rows)
                    continue
                pause = await outbox.seconds_to_next(self.platform.store, self.name)
            except Exception as error:  # the database is away: the rows stay where they are, so keep asking
                log.error("the outbox can't be read", consumer=self.name, error=type(error).__name__)
                self._asked += [one for one in asked if not one.done()]
                pause = RETRY_S
            await woken(self.wake, MAX_SLEEP_S if pause is None else min(max(pause, 0.0), MAX_SLEEP_S))

    async def _claim(self) -> list[Claimed]:
        store, lease = self.platform.store, self.platform.settings.outbox_lease
        claim = asyncio.create_task(outbox.claim(store, self.name, limit=self._batch, lease=lease))
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            # The server stops in this very moment: what is being claimed would wait for its lease to end.
            await self._at_the_end(self._given_back(claim))
            raise

    async def _given_back(self, claim: Awaitable[list[Claimed]]) -> None:
        await outbox.release(self.platform.store, await claim)

    async def _at_the_end(self, last: Awaitable[None]) -> None:
        """What is still to be written when the server stops, which it does whether or not the database is there."""
        try:
            await last
        except Exception as error:  # the leases end by themselves
            log.warning("the outbox was left as it is", consumer=self.name, error=type(error).__name__)

    async def _take(self, rows: list[Claimed]) -> None:
        try:
            done = await self._work_off(rows)
        except asyncio.CancelledError:
            await self._at_the_end(asyncio.shield(outbox.release(self.platform.store, rows)))
            raise
        self._done += done
        recording = asyncio.create_task(self._record())
        try:
            await asyncio.shield(recording)
        except asyncio.CancelledError:
            # What was done is recorded before the server stops, so that nobody does it again.
            await self._at_the_end(recording)
            raise

    async def _record(self) -> None:
        """Write down what became of rows. Where the database is away, nothing more is claimed before that is done."""
        if self._done:
            await outbox.settle(self.platform.store, self._done)
            self._settled.labels(self.name, "done").inc(len(self._done))
            self._done = []
        if self._untried:
            await outbox.release(self.platform.store, self._untried)
            self._untried = []

    async def _work_off(self, rows: list[Claimed]) -> list[Claimed]:
        """Do the work; the rows of it that are done. Where a batch raises, each row is tried alone."""
        try:
            failures = await self._work(rows)
        except Exception as error:
            if len(rows) > 1 and not is_outage(error):
                return [row for one in rows for row in await self._work_off([one])]
            failures = {row.id: error for row in rows}
        for row in rows:
            if row.id in failures:
                try:
                    await self._failed(row, failures[row.id])
                except Exception as error:
                    if not (is_outage(error) or _is_not_now(error)):
                        raise
                    self._untried.append(row)
        return [row for row in rows if row.id not in failures]

    async def _failed(self, row: Claimed, error: Exception) -> None:
        if is_outage(error):
            # Nobody's failure: whoever does the work can't be blamed for our database.
            error = problem_of(error)
        about = {"consumer": self.name, "row": row.id, "attempt": row.attempts, "error": type(error).__name__}
        if isinstance(error, events.OutOfTurn):
            await outbox.postpone(self.platform.store, row, "", TURN_PAUSE_S)
            return
        if isinstance(error, Problem) and _is_not_now(error):
            # A department that is away for a day must find every submission waiting, not parked.
            wait = _seconds_until_back(error) + random.uniform(0, JITTER_S)  # noqa: S311
            await outbox.postpone(self.platform.store, row, type(error).__name__, wait)
            self._settled.labels(self.name, "postponed").inc()
            log.warning("outbox row waits for whom it is for", **about, seconds=round(wait))
            note(self.platform, Failed(row.id, self.name, row.attempts, error, wait=wait))
            return
        attempts = self.platform.settings.outbox_attempts
        parked = await outbox.put_back(self.platform.store, row, why_of(error), attempts=attempts)
        self._settled.labels(self.name, "parked" if parked else "retried").inc()
        say = log.error if parked else log.warning
        outcome = "parked for an operator" if parked else "will be tried again"
        say(f"outbox row {outcome}", **about, **said_of(error, development=self.platform.settings.development))
        note(self.platform, Failed(row.id, self.name, row.attempts, error, parked=parked))


def _is_not_now(error: Exception) -> bool:
    return isinstance(error, Problem) and error.status in NOT_NOW


def _seconds_until_back(problem: Problem) -> float:
    """What its Retry-After says, where a department has written seconds there."""
    text = str(problem.headers.get("Retry-After", "")).strip()
    return float(text[:9]) if text.isascii() and text.isdigit() else AWAY_PAUSE_S
