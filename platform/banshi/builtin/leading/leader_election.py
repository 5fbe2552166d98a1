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
from banshi.foundation.database.pulse import MAX_SLEEP_S
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.signals.signals import SIGNALS

log = structlog.get_logger("banshi.leader")

#: Seconds for which a leader leads without renewing, and between two renewals, or looks whether nobody leads.
LEASE_S, RENEWAL_INTERVAL_S = 15.0, 5.0

#: What is leased, and the topic of the signal that it is free.
FREE = "leader"


class Leader:
    """Whether this process leads."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._name = os.urandom(8).hex()
        self._until = 0.0
        self._wake = asyncio.Event()
        #: Set once the lead is won or lost; then another one takes its place.
        self._changed = asyncio.Event()
        platform[SIGNALS].on(FREE, lambda _: self._wake.set())
        clock, length = platform.store.clock, int(LEASE_S * 1000)
        taken = f"name = '{FREE}' AND until > {clock} AND until <= {clock} + {2 * length}"
        led = f"(SELECT 1) one WHERE NOT EXISTS (SELECT 1 FROM banshi_lease WHERE {taken})"  # noqa: S608 - ours
        if platform.duty.works and platform.store.dialect != "sqlite":
            platform.store.pulse.when("nobody leads", led, self._wake.set, RENEWAL_INTERVAL_S)

    @property
    def leads(self) -> bool:
        return time.monotonic() < self._until

    def lead_until(self, moment: float) -> None:
        """Lead until that moment of the monotonic clock, or no more."""
        led, self._until = self.leads, moment
        if self.leads is not led:
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    async def turned(self) -> None:
        """Wait until this process leads, or where it does, until it doesn't any more."""
        led = self.leads
        while self.leads is led:
            left = self._until - time.monotonic()
            await woken(self._changed, left if led and left < math.inf else None)

    async def keep(self) -> None:
        """Take the lead where nobody has it, and keep it; until cancelled."""
        while True:
            led, begun = self.leads, time.monotonic()
            if await self._take():
                # From before the database was asked: its clock began to count afterwards.
                self.lead_until(begun + LEASE_S)
                if not led:
                    log.info("leads")
            elif led:
                self.lead_until(0.0)
                log.warning("another process leads")
            self._wake.clear()
            await woken(self._wake, RENEWAL_INTERVAL_S if self.leads else MAX_SLEEP_S)

    async def _take(self) -> bool:
        store = self._platform.store
        clock, (lease, own, length) = store.clock, store.placeholders(3)
        sql = (
            f"INSERT INTO banshi_lease (name, holder, until) VALUES ({lease}, {own}, {clock} + {length}) "  # noqa: S608
            f"ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = {clock} + {length} "
            # One that ends later than twice the longest was taken before the clock was set back.
            f"WHERE banshi_lease.holder = {own} OR banshi_lease.until <= {clock} "
            f"OR banshi_lease.until > {clock} + 2 * {length} "
            "RETURNING holder"
        )
        values = [FREE, self._name, int(LEASE_S * 1000)]
        return bool(await store.connection.execute_query_dict(sql, values))

    async def give_up(self) -> None:
        """Let another process lead at once."""
        if not self.leads:
            return
        self.lead_until(0.0)
        store = self._platform.store
        lease, own = store.placeholders(2)
        sql = f"UPDATE banshi_lease SET until = 0 WHERE name = {lease} AND holder = {own}"  # noqa: S608 - marks
        try:
            await store.connection.execute_query(sql, [FREE, self._name])
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
                await leader.turned()
            finally:
                rounds.cancel()
                await asyncio.gather(rounds, return_exceptions=True)
        await leader.turned()


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
        leader.lead_until(math.inf)
        yield leader
        return
    try:
        async with working("banshi-leader", leader.keep):
            yield leader
    finally:
        # Now that nothing takes it again.
        await leader.give_up()
