"""PostgreSQL's standby takes over from the primary: as planned, and because the primary is killed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from chaos_checks import Database
from chaos_city import City, city
from chaos_postgres import BETWEEN, DURABLE, reads
from chaos_report import Length, Report, spread

from tests import postgres_servers
from tests.fault_proxy import FaultProxy
from tests.postgres_servers import Server

#: Seconds until writes are made again, once there is a server that takes them and a way to it.
WRITTEN = 10.0

#: Seconds between two looks whether the platform says that it is ready.
LOOK = 0.05


@dataclass
class Readiness:
    """What `/readyz` of all servers says, again and again."""

    one: City
    #: When it was asked, when it answered, and the status.
    said: list[tuple[float, float, int]] = field(default_factory=list)

    async def watch(self) -> None:
        while True:
            for url in self.one.urls:
                asked = time.monotonic()
                try:
                    async with self.one.session.get(f"{url}/readyz") as answer:
                        status = answer.status
                except (aiohttp.ClientError, TimeoutError):
                    status = 0
                self.said.append((asked, time.monotonic(), status))
            await asyncio.sleep(LOOK)

    def between(self, begun: float, ended: float) -> list[int]:
        """What was asked and answered from then to then."""
        return [status for asked, answered, status in self.said if begun < asked and answered < ended]


@dataclass
class Pair:
    """A primary and the standby without which no commit of it is confirmed."""

    primary: Server
    standby: Server
    #: The address that leads to the primary, where an address moves and the platform knows no servers.
    address: FaultProxy | None

    async def hand_over(self, hold: float) -> tuple[float, float, float]:
        """A switchover as it is planned: the primary stops in order and is the standby's standby from then on.

        When the primary was gone, when the last moment was in which nothing took writes, and when writes had a way
        again. An address follows `hold` seconds later: until then it leads to what is a standby by now.
        """
        old, new = self.primary, self.standby
        await asyncio.to_thread(old.kill, signal.SIGINT)
        gone = promoting = time.monotonic()
        await asyncio.to_thread(new.promote)
        there = time.monotonic()
        await asyncio.to_thread(old.follow, new)
        if self.address is not None:
            await asyncio.sleep(hold)
            promoting = time.monotonic()
            self.address.to = new.port
            there = time.monotonic()
        self.primary, self.standby = new, old
        await asyncio.to_thread(postgres_servers.synchronous, new)
        return gone, promoting, there

    async def lose_primary(self, hold: float) -> tuple[float, float, float]:
        """The primary is killed; after `hold` seconds its standby is told to take over."""
        await asyncio.to_thread(self.primary.kill, signal.SIGKILL)
        gone = time.monotonic()
        await asyncio.sleep(hold)
        promoting = time.monotonic()
        await asyncio.to_thread(self.standby.promote)
        if self.address is not None:
            promoting = time.monotonic()
            self.address.to = self.standby.port
        self.primary = self.standby
        return gone, promoting, time.monotonic()


@asynccontextmanager
async def on_pair(folder: Path, *, moving: bool) -> AsyncIterator[tuple[City, Pair]]:
    """A city on two servers. It knows both, or an address that moves from the one to the other."""
    with postgres_servers.replicated(folder, *DURABLE) as (first, copy):
        postgres_servers.synchronous(first)
        async with FaultProxy(to=first.port) as address:
            hosts = f"127.0.0.1:{address.port}" if moving else f"127.0.0.1:{first.port},127.0.0.1:{copy.port}"
            through = f"postgres://postgres@{hosts}/postgres"
            commands = [("serve",)] if moving else [("serve",)] * 2
            async with city(folder, database=through, seen_at=first.url, commands=commands) as one:
                yield one, Pair(first, copy, address if moving else None)


async def switchover(folder: Path, length: Length) -> Report:
    """Planned switchovers, then a primary that is killed; by an address that moves, then by one that names both."""
    report = Report("PostgreSQL's standby takes over, as planned and because the primary is killed")
    for name, moving in (("an address that moves", True), ("an address that names both", False)):
        place = folder / ("moving" if moving else "both")
        place.mkdir()
        async with on_pair(place, moving=moving) as (one, pair):
            await one.start()
            one.live(length.seed)
            ready = Readiness(one)
            watching = asyncio.create_task(ready.watch())
            try:
                for number in range(length.kills // 2 + 1):
                    await one.answers(BETWEEN)
                    planned = number < length.kills // 2
                    await changed(one, pair, ready, report, f"{name}, {'planned' if planned else 'killed'}", length)
            finally:
                watching.cancel()
            report.promise(503 in {status for _, _, status in ready.said}, f"{name}: /readyz was never asked meanwhile")
            one.database = Database(pair.primary.url)
            await one.end(report)
    report.promise(max(report.recovery) <= WRITTEN, f"writes again after {max(report.recovery):.1f} s")
    report.say("seconds from the new primary to the next write, min / median / max", spread(report.recovery))
    return report


async def changed(one: City, pair: Pair, ready: Readiness, report: Report, what: str, length: Length) -> None:
    """Change servers once, and hold what was said meanwhile against what is promised."""
    told = one.memory.unavailable
    way = pair.hand_over if what.endswith("planned") else pair.lose_primary
    gone, last, there = await way(length.outage / 5)
    report.promise((await reads(one)) in {200, 503}, f"{what}: the API breaks")
    await one.answers(1)
    took = one.memory.next_after(there)
    report.injected += 1
    report.recovery.append(took)
    said = ready.between(gone, last)
    report.promise(set(said) <= {503}, f"{what}: /readyz said {sorted(set(said))} while nothing took writes")
    told = one.memory.unavailable - told
    figures = f"{there - gone:.2f}, {took:.2f}, {told}, {len(said)}"
    report.say(f"{what}: seconds without a server, to the next write, 503 told, looks at /readyz", figures)
    await one.answers(1)
