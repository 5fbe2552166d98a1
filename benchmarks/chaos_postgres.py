"""PostgreSQL that is restarted at once, and a bad network between it and the platform."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from chaos_city import City, city
from chaos_report import Length, Report, spread

from tests import postgres_servers
from tests.fault_proxy import FaultProxy

#: What is told to somebody is on the way to disk: the system keeps it though the server dies, so nothing is synced.
DURABLE = ("synchronous_commit=on", "max_connections=60")

#: Seconds until the platform is connected again, once there is something to connect to. A machine under load gets more.
RECONNECTED = 5.0

#: Answers between two faults.
BETWEEN = 15


@asynccontextmanager
async def on_postgres(folder: Path) -> AsyncIterator[tuple[City, postgres_servers.Server, FaultProxy]]:
    """A city on a PostgreSQL of its own, which it reaches through a network that may be bad."""
    with postgres_servers.alone(folder / "postgres", *DURABLE) as server:
        async with FaultProxy(to=server.port) as network:
            through = f"asyncpg://postgres@127.0.0.1:{network.port}/postgres"
            async with city(folder, database=through, seen_at=server.url) as one:
                yield one, server, network


async def postgres(folder: Path, length: Length) -> Report:
    """The server is ended at once (SIGQUIT) or killed (SIGKILL) in turn, and begun again after a moment."""
    chance = random.Random(length.seed)
    report = Report(f"PostgreSQL is restarted at once, {length.kills} times")
    async with on_postgres(folder) as (one, server, _):
        await one.start()
        one.live(length.seed)
        away: list[float] = []
        for number in range(length.kills):
            await one.answers(BETWEEN)
            one.memory.sent.clear()
            await one.memory.sent.wait()
            await asyncio.sleep(chance.uniform(0.0, 0.02))
            ended = time.monotonic()
            await asyncio.to_thread(server.kill, signal.SIGKILL if number % 2 else signal.SIGQUIT)
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            report.promise((await reads(one)) in {200, 503}, "the API breaks while the database is away")
            await asyncio.to_thread(server.begin_again)
            begun = time.monotonic()
            away.append(begun - ended)
            await one.answers(1)
            report.recovery.append(one.memory.next_after(begun))
        report.injected = length.kills
        report.say("seconds that it was away", spread(away))
        report.promise(max(report.recovery) <= RECONNECTED, f"reconnected after {max(report.recovery):.1f} s")
        report.promise(one.memory.unavailable > 0 or not length.full, "nobody was told 503")
        await one.end(report)
    return report


async def reads(one: City) -> int:
    """What somebody gets who reads the catalogue meanwhile."""
    async with one.session.get(f"{one.urls[0]}/v1/items/zone-pass") as answer:
        return answer.status


async def postgres_network(folder: Path, length: Length) -> Report:
    """Latency, resets, half-closed connections, dripping bytes, and a black hole, one after the other."""
    report = Report("the network between the platform and PostgreSQL is bad")
    async with on_postgres(folder) as (one, _, network):
        await one.start()
        one.live(length.seed)
        await one.answers(BETWEEN)
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
            report.promise(took <= RECONNECTED, f"{name}: went on after {took:.1f} s")
        await one.end(report)
    return report


def network_faults(network: FaultProxy, seconds: float) -> dict[str, Callable[[], object]]:
    """By name what harms the network for so long."""

    async def latency() -> None:
        network.latency = 0.05
        await asyncio.sleep(seconds)

    async def resets() -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            network.reset()
            await asyncio.sleep(0.3)

    async def half_closes() -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            network.half_close()
            await asyncio.sleep(0.3)

    async def dripping() -> None:
        network.drip = 0.002
        await asyncio.sleep(seconds)

    async def absent() -> None:
        network.absent = True
        network.reset()
        await asyncio.sleep(seconds)

    async def black_hole() -> None:
        network.fall_silent()
        await asyncio.sleep(seconds)

    faults = (latency, resets, half_closes, dripping, absent, black_hole)
    return {fault.__name__.replace("_", " "): fault for fault in faults}
