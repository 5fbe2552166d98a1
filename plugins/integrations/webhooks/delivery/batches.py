"""Events sent many at once, one request after the other: in the order of the log, and all of them wait for one."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..events.cloudevents import batched
from ..events.journal import Logged
from ..events.walk import Walk
from . import records
from .receiver import MAX_SLEEP_S, Receiver
from .sending import NOT_WANTED, Outcome

#: Events of one batch at most.
MAX_BATCH_EVENTS = 500

#: Seconds from one request to the next, unless a batch was full: what comes in between goes together.
GATHER_S = 0.2


@dataclass(slots=True)
class Batch:
    """Events that go together, as often as it takes."""

    walk: Walk
    events: list[Logged]
    tries: int = 0
    since: int = 0


class Batches(Receiver):
    """A receiver in batch mode."""

    _batch: Batch | None = None
    _next_at = 0.0

    @property
    def at_once(self) -> int:
        return 1

    async def begin(self) -> None:
        # What waited one by one goes again with whatever comes behind it.
        first = await records.unwind(self.row.id, self.row.term)
        if first is not None:
            self.live.read = min(self.live.read, first - 1)

    @property
    def waiting(self) -> int:
        return len(self._batch.events) if self._batch else 0

    def oldest(self) -> int | None:
        return self._batch.events[0].at if self._batch else None

    async def step(self) -> float:
        if hold := self.hold():
            return hold
        if self._batch is not None:
            self._sift(self._batch)
        if self._batch is None:
            early = self._next_at - time.monotonic()
            if early > 0:
                return early
            await self._gather()
            if self._batch is None:
                return MAX_SLEEP_S
            self._next_at = 0.0 if len(self._batch.events) >= MAX_BATCH_EVENTS else time.monotonic() + GATHER_S
            if hold := self.hold():  # given away while it was read
                return hold
        self.launch(self._send(self._batch))
        return MAX_SLEEP_S

    def _sift(self, batch: Batch) -> None:
        """Leave out what its client no longer asks for, or may no longer know."""
        kept = list(self.wanted(batch.events))
        if len(kept) == len(batch.events):
            return
        self._note(batch, "failed", NOT_WANTED, 0)
        left = {event.seq for event in batch.events} - {event.seq for event in kept}
        for seq in left:
            batch.walk.open.pop(seq, None)
        self._batch = Batch(batch.walk, kept) if kept else None

    async def _gather(self) -> None:
        """Read the next events: new ones, or else those of a replay."""
        for walk in (self.live, *self.replays.values()):
            batch = Batch(walk, [])
            while len(batch.events) < MAX_BATCH_EVENTS:
                before = walk.read
                found = await walk.next(self.desk.platform, self.desk.tail, MAX_BATCH_EVENTS - len(batch.events))
                for event in self.wanted(found):
                    batch.events.append(event)
                    walk.open[event.seq] = None
                    # At once: where the database goes away before the next page, nobody reads these again.
                    self._batch = batch
                if walk.read == before:
                    break
            if walk.over:
                self.desk.told(self)
            if self._batch:
                return

    async def _send(self, batch: Batch) -> None:
        first, last = batch.events[0], batch.events[-1]
        headers, body = batched([event.document for event in batch.events])
        # Other events, another name: what is tried again without a restart is the same to the byte.
        outcome = await self.post(f"{self.row.id}.{first.seq}.{last.seq}", headers, body)
        now = self.now
        batch.tries += 1
        batch.since = batch.since or now
        next_at = 0 if outcome.ok else now + self.standing.rest(now)
        self._note(batch, "delivered" if outcome.ok else "waiting", outcome, next_at)
        if outcome.ok:
            for event in batch.events:
                batch.walk.open.pop(event.seq, None)
            self._batch = None

    def _note(self, batch: Batch, state: str, outcome: Outcome, next_at: int) -> None:
        first, last = batch.events[0], batch.events[-1]
        which = {"seq": first.seq, "last_seq": last.seq, "events": len(batch.events), "event": first.id}
        since = batch.since or self.now
        self.note(outcome, state, **which, subject=records.BATCH, tries=batch.tries, next_at=next_at, since=since)
