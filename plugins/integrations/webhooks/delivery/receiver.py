"""A receiver, as the process sees it that sends to it: how far it is, how it does, and what is not recorded yet.

It is alone with its requests: whatever a receiver does, another has tasks, connections and a place of its own.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from banshi import Platform
from banshi.sdk.http import Client
from banshi.sdk.operations import UnderWay, place_of
from banshi.sdk.outgoing import Outgoing

from ..events import matching
from ..events.journal import Logged
from ..events.tail import Tail
from ..events.walk import Walk
from ..models import Subscription
from ..settings import WebhookSettings
from .records import DELIVERY, Taken
from .sending import Outcome, send
from .standing import Standing

log = structlog.get_logger("banshi.webhooks")

#: Longest time between two looks, in seconds.
MAX_SLEEP_S = 1.0


@dataclass(frozen=True, slots=True)
class SharedByReceivers:
    """What all receivers of a process share."""

    platform: Platform
    settings: WebhookSettings
    outgoing: Outgoing
    tail: Tail
    #: Called with the receiver that has something to record.
    told: Callable[[Receiver], None]
    #: Called with what each request came to.
    counted: Callable[[Outcome], None]


class Receiver(ABC):
    """Sends to one receiver until it is stopped."""

    #: Failures in a row after which it is left alone as a whole.
    enough = 1

    def __init__(self, desk: SharedByReceivers, row: Subscription, client: Client, good_until: float) -> None:
        self.desk = desk
        self.row = row
        self.wake = asyncio.Event()
        self.live = Walk(row.position)
        self.replays: dict[UUID, Walk] = {}
        self._replayed: set[UUID] = set()
        self.standing = Standing.of(row, self.enough)
        #: Deliveries that aren't recorded yet, as the columns of `records.DELIVERY`.
        self.rows: list[tuple[Any, ...]] = []
        #: Why it is to be disabled, once it is.
        self.ending = ""
        self.stopping = False
        #: Until when, by the monotonic clock, it is ours.
        self.good_until = good_until
        self._paced_until = 0.0
        # What was sent without an outcome is sent again.
        self._sending = UnderWay(self.wake, partial(log.error, "a delivery failed"))
        self.wanted: Callable[[Sequence[Logged]], Sequence[Logged]] = matching.wants(row, client)

    def goes_on(self, row: Subscription) -> bool:
        """Whether what its client has changed leaves what is known here of the receiver as it is."""
        resumed = row.version != self.row.version and self.standing.failures > 0 and not row.failures
        return row.url == self.row.url and not resumed

    def refresh(self, row: Subscription, client: Client, good_until: float) -> None:
        """What its client has changed meanwhile, and for how long it is ours."""
        self.row, self.good_until = row, good_until
        self.wanted = matching.wants(row, client)
        self.wake.set()

    @property
    def now(self) -> int:
        return int(self.desk.platform.now().timestamp() * 1000)

    @property
    def at_once(self) -> int:
        """Requests that may be under way."""
        return self.desk.settings.at_once

    @property
    def waiting(self) -> int:
        """Events in memory that aren't delivered."""
        return 0

    def oldest(self) -> int | None:
        """When the oldest of them happened, in milliseconds."""
        return None

    def passed(self, events: Sequence[Logged], before: int) -> bool:
        """Go past events, if it has read all that is before them and none of them is for it."""
        if not events or self.live.read != before or self.wanted(events):
            return False
        self.live.read = events[-1].seq
        return True

    async def run(self) -> None:
        """Send until stopped. The database may be away meanwhile."""
        begun = False
        while not self.stopping:
            self.wake.clear()
            try:
                if not begun:
                    await self.begin()
                    begun = True
                pause = await self.step()
            except Exception as error:
                log.error("a receiver's events can't be read", error=type(error).__name__, where=place_of(error))
                pause = MAX_SLEEP_S
            await self._sleep(min(pause, MAX_SLEEP_S))

    @abstractmethod
    async def begin(self) -> None:
        """Read what waits from an earlier time."""

    @abstractmethod
    async def step(self) -> float:
        """Begin what may go now; seconds until there is something to do without being woken."""

    async def drain(self) -> None:
        """Stop, once what is under way has ended; whoever waits no longer cancels this, and that with it."""
        self.stopping = True
        self.wake.set()
        await self._sending.drain()

    def abort(self) -> None:
        """End what is under way without an outcome: it is sent again."""
        self.stopping = True
        for task in self._sending:
            task.cancel()

    # -- sending -------------------------------------------------------------------------------------------------

    def hold(self) -> float:
        """0.0 and a request may begin now, or the seconds to wait at least."""
        if self.stopping or self.ending or not self.has_time:
            return MAX_SLEEP_S
        if rest := self.standing.rest(self.now):
            return rest / 1000
        if len(self._sending) >= (1 if self.standing.probing else self.at_once):
            return MAX_SLEEP_S
        return max(0.0, self._paced_until - time.monotonic())

    @property
    def has_time(self) -> bool:
        """Whether a request that begins now ends before the lease."""
        return time.monotonic() + self.desk.settings.timeout <= self.good_until

    def launch(self, work: Any) -> None:
        """Let a request go."""
        if self.row.pace:
            self._paced_until = max(self._paced_until, time.monotonic()) + 60 / self.row.pace
        self._sending.begin(work)

    async def post(self, identifier: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Send one request, and take in what it came to."""
        desk = self.desk
        seconds = desk.settings.timeout
        outcome = await send(desk.platform, desk.outgoing, self.row, identifier, headers, body, seconds)
        desk.counted(outcome)
        give_up = desk.settings.retry_hours * 3_600_000
        self.ending = self.ending or self.standing.answered(outcome, self.now, give_up)
        return outcome

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        # Not a timeout: a hundred receivers are woken with each group of events.
        timer = asyncio.get_running_loop().call_later(seconds, self.wake.set)
        try:
            await self.wake.wait()
        finally:
            timer.cancel()

    # -- what is recorded ----------------------------------------------------------------------------------------

    def note(self, outcome: Outcome, state: str, **columns: Any) -> None:
        """Have it recorded what a delivery came to: `columns` are its own of `records.DELIVERY`."""
        ended = {"status": outcome.status, "code": outcome.code[:32], "took": outcome.took}
        row = {"subscription": str(self.row.id), "state": state, "at": self.now, **ended, **columns}
        self.rows.append(tuple(row[name] for name in DELIVERY))
        self.desk.told(self)

    def take(self, *, ends: bool) -> Taken:
        """What there is to record; with `ends` that it is disabled, of which its owner has been told."""
        rows, self.rows = self.rows, []
        ending = ("disabled", self.ending) if ends else ("active", "")
        walks = [(walk.position, "done" if walk.over else "due", str(name)) for name, walk in self.replays.items()]
        own = (self.row.id, self.row.term, self.row.version)
        return Taken(*own, rows, self.live.position, self.standing.values, ending, walks)

    def put_back(self, taken: Taken) -> None:
        """It could not be recorded."""
        self.rows[:0] = taken.rows

    def replay(self, name: UUID, walk: Walk) -> None:
        if name not in self.replays and name not in self._replayed:
            self.replays[name] = walk
            self.wake.set()

    def recorded(self, taken: Taken) -> None:
        """It is on disk: replays that were over are forgotten."""
        for _, state, name in taken.walks:
            if state == "done":
                self.replays.pop(UUID(name), None)
                self._replayed.add(UUID(name))
