"""The newest events in memory, read once for all receivers that keep up."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter

import structlog

from banshi import Platform
from banshi.sdk.database import MAX_SLEEP_S
from banshi.sdk.operations import woken

from . import journal

log = structlog.get_logger("banshi.webhooks")

#: Events that are kept at least, twice as many at most, and those that are read at once.
MIN_EVENTS_KEPT, MAX_EVENTS_READ = 4096, 1024

#: Seconds for which events gather before they are read, and until they are tried again that couldn't be.
GATHER_S, RETRY_S = 0.02, 0.5


class Tail:
    """The events behind `floor`, up to `top`; where nobody `needs` any, none is read."""

    def __init__(
        self, platform: Platform, needs: Callable[[], bool], grown: Callable[[Sequence[journal.Logged], int], None]
    ) -> None:
        self.wake = asyncio.Event()
        self.floor = self.top = 0
        self._platform = platform
        self._needs = needs
        self._grown = grown
        self._events: list[journal.Logged] = []
        platform.store.pulse.changes(
            "events for webhooks", "SELECT value FROM webhooks_top WHERE name = 'events'", self.wake.set
        )

    async def begin(self) -> None:
        """Everything up to now is read from the log by whoever has not sent it yet."""
        if not self.top:
            self.floor = self.top = await journal.top()

    async def run(self) -> None:
        """Read on until cancelled."""
        await self.begin()
        while True:
            if await woken(self.wake, MAX_SLEEP_S):
                await asyncio.sleep(GATHER_S)
            self.wake.clear()
            try:
                while await self._read() == MAX_EVENTS_READ:
                    pass
            except Exception as error:  # the database is away: nothing is lost, so keep asking
                log.error("events can't be read", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _read(self) -> int:
        if not self._needs():
            await self._pass()
            return 0
        events = await journal.page(self._platform, self.top, MAX_EVENTS_READ)
        if events:
            before, self.top = self.top, events[-1].seq
            self._events.extend(events)
            if len(self._events) > 2 * MIN_EVENTS_KEPT:
                self.floor = self._events[-MIN_EVENTS_KEPT - 1].seq
                del self._events[:-MIN_EVENTS_KEPT]
            self._grown(events, before)
        return len(events)

    async def _pass(self) -> None:
        """Go on behind everything: who is taken by then, or later, reads what was before from the log."""
        before, self.top = self.top, await journal.top()
        self.floor = self.top
        self._events.clear()
        self._grown((), before)

    async def after(self, position: int, limit: int) -> tuple[Sequence[journal.Logged], int]:
        """The next events behind a position, and the position behind them: the same where there are none."""
        if position >= self.top:
            return (), position
        if position < self.floor:
            events = await journal.page(self._platform, position, limit)
            return events, events[-1].seq if events else self.floor
        first = bisect_right(self._events, position, key=attrgetter("seq"))
        found = self._events[first : first + limit]
        return found, found[-1].seq if found else self.top
