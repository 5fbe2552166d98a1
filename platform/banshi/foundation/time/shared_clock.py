"""The time that all processes of a deployment share: a machine's clock, held to the database's.

Moments go into rows by which other machines act: a lease, a rest, a hold. A machine whose clock was an hour ahead for
some seconds would stop others' work for that hour, or hasten it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

#: Seconds by which a process may take another time for the present one than the database.
MAX_APART_S = 1.0

#: Seconds between two looks at the database's clock. In between the monotonic clock goes on, which never jumps.
LOOK_INTERVAL_S = 10.0


class SharedClock:
    """What one process takes for the present time."""

    def __init__(self, machine: Callable[[], float] = time.time) -> None:
        self.machine = machine
        #: How far the database's clock is ahead of the monotonic one; None while it was never asked.
        self._ahead: float | None = None

    def now(self) -> datetime:
        """The present time, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """The same in Unix seconds: the machine's time, or the nearest that the database's allows."""
        at = self.machine()
        if self._ahead is None:
            return at
        shared = time.monotonic() + self._ahead
        return min(max(at, shared - MAX_APART_S), shared + MAX_APART_S)

    async def look(self, ask: Callable[[], Awaitable[float]]) -> None:
        """Ask the database for its time in Unix seconds. What takes longer than `MAX_APART_S` says too little."""
        asked = time.monotonic()
        self.hear(await ask(), asked, time.monotonic())

    def hear(self, at: float, asked: float, heard: float) -> None:
        """What the database said at that moment of the monotonic clock to what it was asked at another."""
        if heard - asked <= MAX_APART_S:
            self._ahead = at - (asked + heard) / 2
