"""Events sent each by itself: in order per case, several cases at once, and a case that fails alone waits alone."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass

from ..events import journal
from ..events.cloudevents import MODES
from ..events.walk import Walk
from . import backoff, records
from .receiver import MAX_SLEEP_S, Receiver
from .sending import NOT_WANTED, Outcome

#: Events in memory that are neither delivered nor recorded as waiting, and all that aren't delivered.
MAX_OPEN_EVENTS, MAX_EVENTS = 256, 1000

#: What an event ends with that is no longer kept.
FORGOTTEN = Outcome(False, "forgotten")


@dataclass(slots=True, eq=False)
class Job:
    """An event on its way. Moments are milliseconds."""

    seq: int
    id: str
    subject: str
    at: int
    walk: Walk
    #: None where it is read again before it is sent.
    event: journal.Logged | None = None
    tries: int = 0
    next_at: int = 0
    since: int = 0
    #: Its row says that it waits.
    recorded: bool = False


#: A case's own queue; what is sent once more has another one than what is new.
Line = tuple[bool, str]


class OneByOne(Receiver):
    """A receiver in structured or binary mode."""

    enough = backoff.FAILURES_BEFORE_REST

    _known: set[int]
    #: Events in memory, and when it was last looked.
    _jobs = _looked = 0

    async def begin(self) -> None:
        self._lines: dict[Line, deque[Job]] = {}
        self._ready: tuple[deque[Line], deque[Line]] = (deque(), deque())
        self._timers: list[tuple[int, int, Line]] = []
        self._jobs, self._looked = 0, self.now
        await records.forget_batches(self.row.id, self.row.position)
        for row in await records.waiting(self.row.id):
            job = Job(row.seq, row.event, row.subject, row.since, self.live)
            job.tries, job.since, job.recorded = row.tries, row.since, True
            job.next_at = backoff.pending(row.next_at, row.at, self.now)
            self._add(job)
        # Delivered before others that come before them, by whoever sent before us.
        self._known = await records.known(self.row.id, self.live.read)

    @property
    def waiting(self) -> int:
        return self._jobs

    def oldest(self) -> int | None:
        return min((line[0].at for line in self._lines.values()), default=None) if self.waiting else None

    async def step(self) -> float:
        before, self._looked = self._looked, self.now
        now = self._looked
        if now < before - backoff.MAX_APART_MS:
            # The clock is set back: until when something was to wait, nobody knows any more.
            self._timers = [(now, seq, line) for _, seq, line in self._timers]
        if not self.standing.rest(now):
            await self._fill(self.live)
            if not self._ready[0]:
                for walk in list(self.replays.values()):
                    await self._fill(walk)
        while self._timers and self._timers[0][0] <= now:
            line = heapq.heappop(self._timers)[2]
            self._ready[line[0]].append(line)
        hold = MAX_SLEEP_S
        while self._ready[0] or self._ready[1]:
            if hold := self.hold():
                break
            line = (self._ready[0] or self._ready[1]).popleft()
            self.launch(self._send(line, self._lines[line][0]))
        soon = (self._timers[0][0] - now) / 1000 if self._timers else MAX_SLEEP_S
        return min(hold or MAX_SLEEP_S, max(soon, 0.001))

    async def _fill(self, walk: Walk) -> None:
        """Read on, as far as there is room."""
        while len(walk.open) < MAX_OPEN_EVENTS and self._jobs < MAX_EVENTS:
            before = walk.read
            events = await walk.next(self.desk.platform, self.desk.tail, MAX_OPEN_EVENTS)
            for event in self.wanted(events):
                if not (walk is self.live and event.seq in self._known):
                    walk.open[event.seq] = None
                    self._add(Job(event.seq, event.id, event.subject, event.at, walk, event))
            if walk.read == before:
                break
        if walk.over:
            self.desk.told(self)
        if self._known and walk is self.live:
            self._known = {seq for seq in self._known if seq > walk.read}

    def _add(self, job: Job) -> None:
        key: Line = (job.walk is not self.live, job.subject)
        line = self._lines.get(key)
        self._jobs += 1
        if line is None:
            self._lines[key] = deque([job])
            self._schedule(key, job)
            return
        line.append(job)
        if line[0].recorded and not job.recorded:
            self._wait(job, line[0].next_at)

    def _schedule(self, key: Line, job: Job) -> None:
        """The first of its line goes now, or once its pause is over."""
        if job.next_at and job.next_at > self.now:
            heapq.heappush(self._timers, (job.next_at, job.seq, key))
        else:
            self._ready[key[0]].append(key)

    async def _send(self, key: Line, job: Job) -> None:
        try:
            event = job.event or await journal.find(self.desk.platform, job.seq)
        except Exception:  # the database is away: its line goes on once it is back
            self._later(key, job)
            raise
        if not self.has_time:  # the database took longer than the lease lasts
            self._later(key, job)
            return
        if event is None:
            self._settle(key, job, FORGOTTEN)
            return
        if not self.wanted((event,)):
            self._settle(key, job, NOT_WANTED)
            return
        headers, body = MODES.get(self.row.mode, MODES["structured"])(event.document)
        self._settle(key, job, await self.post(event.id, headers, body))

    def _later(self, key: Line, job: Job) -> None:
        heapq.heappush(self._timers, (self.now + int(MAX_SLEEP_S * 1000), job.seq, key))

    def _settle(self, key: Line, job: Job, outcome: Outcome) -> None:
        now, line = self.now, self._lines[key]
        job.tries += 1
        job.since = job.since or now
        # Where nothing else gets through either, it is the receiver that ends, and the event waits for its return.
        late = now - job.since >= self.desk.settings.retry_hours * 3_600_000 and not self.ending
        over = outcome in {FORGOTTEN, NOT_WANTED} or late
        if outcome.ok or over:
            # What is given up holds up nothing: its case goes on.
            self._note(job, "delivered" if outcome.ok else "failed", outcome)
            line.popleft()
            self._jobs -= 1
            if line:
                line[0].next_at = min(line[0].next_at, now)
                self._schedule(key, line[0])
            else:
                del self._lines[key]
            return
        job.next_at = now + backoff.pause(job.tries, outcome.wait)
        job.event = None
        self._note(job, "waiting", outcome)
        for other in line:
            if not other.recorded:
                self._wait(other, job.next_at)
        heapq.heappush(self._timers, (job.next_at, job.seq, key))

    def _wait(self, job: Job, until: int) -> None:
        """Have it wait behind another one of its case, which is tried first."""
        job.next_at, job.event, job.since = until, None, job.since or self.now
        self._note(job, "waiting", Outcome(False, "behind"))

    def _note(self, job: Job, state: str, outcome: Outcome) -> None:
        job.recorded = True
        job.walk.open.pop(job.seq, None)
        which = {"seq": job.seq, "last_seq": job.seq, "events": 1, "event": job.id, "subject": job.subject}
        self.note(outcome, state, **which, tries=job.tries, next_at=job.next_at, since=job.since or self.now)
