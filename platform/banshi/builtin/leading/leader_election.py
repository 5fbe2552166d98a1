"""What one process of a deployment does for all: tidying up, clearing away. It holds a lease; another takes over.

Nothing here has to be done exactly once. A leader that is killed is replaced when its lease ends, by the database's own
clock; one that stands still longer than that no longer counts as the leader, by its own.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from banshi.foundation.background import every, woken, working
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.signals.signals import SIGNALS

log = structlog.get_logger("banshi.leader")

#: Seconds for which a leader leads without renewing, between two renewals or attempts, and between two looks of work
#: that only the leader does.
LEASE_S, RENEWAL_INTERVAL_S, LOOK_INTERVAL_S = 15.0, 5.0, 1.0

#: What is leased, and the topic of the signal that it is free.
FREE = "leader"


class Leader:
    """Whether this process leads."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._name = os.urandom(8).hex()
        self._until = 0.0
        self._wake = asyncio.Event()
        platform[SIGNALS].on(FREE, lambda _: self._wake.set())

    @property
    def leads(self) -> bool:
        return time.monotonic() < self._until

    async def keep(self) -> None:
        """Take the lead where nobody has it, and keep it; until cancelled."""
        while True:
            led, begun = self.leads, time.monotonic()
            if await self._take():
                # From before the database was asked: its clock began to count afterwards.
                self._until = begun + LEASE_S
                if not led:
                    log.info("leads")
            elif led:
                self._until = 0.0
                log.warning("another process leads")
            self._wake.clear()
            await woken(self._wake, RENEWAL_INTERVAL_S)

    async def _take(self) -> bool:
        clock = self._platform.store.clock
        sql = (
            f"INSERT INTO banshi_lease (name, holder, until) VALUES ($1, $2, {clock} + $3) "  # noqa: S608 - our own clock
            f"ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = {clock} + $3 "
            # One that ends later than twice the longest was taken before the clock was set back.
            f"WHERE banshi_lease.holder = $2 OR banshi_lease.until <= {clock} OR banshi_lease.until > {clock} + 2 * $3 "
            "RETURNING holder"
        )
        values = [FREE, self._name, int(LEASE_S * 1000)]
        return bool(await self._platform.store.connection.execute_query_dict(sql, values))

    async def give_up(self) -> None:
        """Let another process lead at once."""
        if not self.leads:
            return
        self._until = 0.0
        sql = "UPDATE banshi_lease SET until = 0 WHERE name = $1 AND holder = $2"
        try:
            await self._platform.store.connection.execute_query(sql, [FREE, self._name])
            self._platform[SIGNALS].send(FREE, ["free"])
        except Exception as error:  # it ends by itself
            log.warning("the lead could not be given up", error=type(error).__name__)


LEADER: Key[Leader] = Key("leader")


async def led(platform: Platform, seconds: float, work: Callable[[], Awaitable[object]], failed: str) -> None:
    """As `every`, while this process leads: one process of the deployment does the work, every so many seconds."""
    leader = platform[LEADER]
    while True:
        if leader.leads:
            rounds = asyncio.create_task(every(seconds, work, failed))
            try:
                while leader.leads:
                    await asyncio.wait([rounds], timeout=LOOK_INTERVAL_S)
            finally:
                rounds.cancel()
                await asyncio.gather(rounds, return_exceptions=True)
        await asyncio.sleep(LOOK_INTERVAL_S)


@asynccontextmanager
async def open_leader(platform: Platform) -> AsyncIterator[Leader]:
    """The lead, wherever it is; it is given up at the end. SQLite is one process's, and that one leads.

    A process that leaves all work to others never leads.
    """
    leader = Leader(platform)
    if not platform.duty.works:
        yield leader
        return
    if platform.store.dialect == "sqlite":
        leader._until = math.inf
        yield leader
        return
    try:
        async with working("banshi-leader", leader.keep):
            yield leader
    finally:
        # Now that nothing takes it again.
        await leader.give_up()
