"""PostgreSQL that is restarted at once or whose standby takes over, and a bad network between it and the platform."""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from benchmarks.shared.beside import beside
from benchmarks.shared.figures import spread
from benchmarks.town.checks import Database
from benchmarks.town.city import City, city
from benchmarks.town.report import Report
from benchmarks.town.town import ONE, TWO
from tests.servers import postgres_servers
from tests.servers.fault_proxy import FaultProxy

#: What is told to somebody is on the way to disk: the system keeps it though the server dies, so nothing is synced.
DURABLE = ("synchronous_commit=on", "max_connections=60")

#: Seconds until the platform is connected again, once there is something to connect to. A machine under load gets more.
MAX_RECONNECT_S = 5.0

#: Seconds until writes are made again, once there is a server that takes them and a way to it.
MAX_SWITCHOVER_S = 10.0

#: Seconds between two looks whether the platform says that it is ready.
LOOK_S = 0.05

#: Answers between two faults.
ANSWERS_BETWEEN = 15


@asynccontextmanager
async def on_postgres(folder: Path) -> AsyncIterator[tuple[City, postgres_servers.Server, FaultProxy]]:
    """A city on a PostgreSQL of its own, which it reaches through a network that may be bad."""
    with postgres_servers.alone(folder / "postgres", *DURABLE) as server:
        async with FaultProxy(to=server.port) as network:
            through = f"asyncpg://postgres@127.0.0.1:{network.port}/postgres"
            async with city(folder, database=through, seen_at=server.url) as one:
                yield one, server, network


async def postgres(folder: Path, length: argparse.Namespace) -> Report:
    """The server is ended at once (SIGQUIT) or killed (SIGKILL) in turn, and begun again after a moment."""
    chance = random.Random(length.seed)
    report = Report(f"PostgreSQL is restarted at once, {length.kills} times")
    async with on_postgres(folder) as (one, server, _):
        await one.start(length.seed)
        away: list[float] = []
        for number in range(length.kills):
            await one.answers(ANSWERS_BETWEEN)
            one.memory.sent.clear()
            await one.memory.sent.wait()
            await asyncio.sleep(chance.uniform(0.0, 0.02))
            ended = time.monotonic()
            await asyncio.to_thread(server.kill, signal.SIGKILL if number % 2 else signal.SIGQUIT)
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            report.promise((await one.catalogue()) in {200, 503}, "the API breaks while the database is away")
            await asyncio.to_thread(server.begin_again)
            begun = time.monotonic()
            away.append(begun - ended)
            await one.answers(1)
            report.recovery.append(one.memory.next_after(begun))
        report.injected = length.kills
        report.say("seconds that it was away", spread(away))
        report.promise(max(report.recovery) <= MAX_RECONNECT_S, f"reconnected after {max(report.recovery):.1f} s")
        report.promise(one.memory.unavailable > 0 or not length.full, "nobody was told 503")
        await one.end(report)
    return report


async def postgres_network(folder: Path, length: argparse.Namespace) -> Report:
    """Latency, resets, half-closed connections, dripping bytes, and a black hole, one after the other."""
    report = Report("the network between the platform and PostgreSQL is bad")
    async with on_postgres(folder) as (one, _, network):
        await one.start(length.seed)
        await one.answers(ANSWERS_BETWEEN)
        for name, fault in network_faults(network, length.outage / 4).items():
            before, unavailable = time.monotonic(), one.memory.unavailable
            await fault()
            network.heal()
            healed = time.monotonic()
            await one.answers(1)
            took = one.memory.next_after(healed)
            report.injected += 1
            report.recovery.append(took)
            meanwhile = sum(before < at < healed for at in one.memory.answered)
            told = one.memory.unavailable - unavailable
            report.say(f"{name}: answers meanwhile, 503 told, seconds to the next", f"{meanwhile}, {told}, {took:.2f}")
            report.promise(took <= MAX_RECONNECT_S, f"{name}: went on after {took:.1f} s")
        await one.end(report)
    return report


def network_faults(network: FaultProxy, seconds: float) -> dict[str, Callable[[], Awaitable[None]]]:
    """By name what harms the network for so long, again and again."""

    def absent() -> None:
        network.absent = True
        network.reset()

    async def lasts(fault: Callable[[], object]) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            fault()
            await asyncio.sleep(0.3)

    faults: dict[str, Callable[[], object]] = {
        "latency": partial(setattr, network, "latency", 0.05),
        "resets": network.reset,
        "half closes": network.half_close,
        "dripping": partial(setattr, network, "drip", 0.002),
        "absent": absent,
        "black hole": network.fall_silent,
    }
    return {name: partial(lasts, fault) for name, fault in faults.items()}


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
            await asyncio.sleep(LOOK_S)

    def between(self, begun: float, ended: float) -> list[int]:
        """What was asked and answered from then to then."""
        return [status for asked, answered, status in self.said if begun < asked and answered < ended]


@dataclass
class Pair:
    """A primary and the standby without which no commit of it is confirmed."""

    primary: postgres_servers.Server
    standby: postgres_servers.Server
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
            async with city(folder, database=through, seen_at=first.url, commands=ONE if moving else TWO) as one:
                yield one, Pair(first, copy, address if moving else None)


async def switchover(folder: Path, length: argparse.Namespace) -> Report:
    """Planned switchovers, then a primary that is killed; by an address that moves, then by one that names both."""
    report = Report("PostgreSQL's standby takes over, as planned and because the primary is killed")
    for name, moving in (("an address that moves", True), ("an address that names both", False)):
        place = folder / ("moving" if moving else "both")
        place.mkdir()
        async with on_pair(place, moving=moving) as (one, pair):
            await one.start(length.seed)
            ready = Readiness(one)
            async with beside(ready.watch()):
                for number in range(length.kills // 2 + 1):
                    await one.answers(ANSWERS_BETWEEN)
                    planned = number < length.kills // 2
                    await changed(one, pair, ready, report, f"{name}, {'planned' if planned else 'killed'}", length)
            report.promise(503 in {status for _, _, status in ready.said}, f"{name}: /readyz was never asked meanwhile")
            one.database = Database(pair.primary.url)
            await one.end(report)
    report.promise(max(report.recovery) <= MAX_SWITCHOVER_S, f"writes again after {max(report.recovery):.1f} s")
    report.say("seconds from the new primary to the next write, min / median / max", spread(report.recovery))
    return report


async def changed(
    one: City, pair: Pair, ready: Readiness, report: Report, what: str, length: argparse.Namespace
) -> None:
    """Change servers once, and hold what was said meanwhile against what is promised."""
    told = one.memory.unavailable
    way = pair.hand_over if what.endswith("planned") else pair.lose_primary
    gone, last, there = await way(length.outage / 5)
    report.promise((await one.catalogue()) in {200, 503}, f"{what}: the API breaks")
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
