"""Plugins that do what none should: in a process of their own, poisoned, or removed with work under way."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from banshi.builtin.isolation import supervisor as keeping
from banshi.foundation.retry import Retry
from banshi.testing import open_door
from benchmarks.shared.cities import DEPARTMENTS, city
from benchmarks.shared.figures import percentile
from benchmarks.shared.quiet import quiet
from benchmarks.town.report import Report
from benchmarks.town.story import APPLY
from benchmarks.town.town import Town, opened, reading
from tests.town.isolation_office import HANDLER_TIMEOUT_S, Office, written
from tests.waiting import lateness, until

TRAFFIC = {"traffic": DEPARTMENTS / "traffic"}

#: What a department's code does, and what its own caller may then be told.
DOES = {
    "raise": {502},
    "exit": {502, 504},
    "spin": {504},
    "block": {504},
    "leak 370": {201, 502},
    "garbage": {201, 502},
    "flood": {201, 502, 504},
}

#: The loop may be so late, in seconds.
MAX_LAG_S = 0.05

#: The rows of the channel that chokes.
OURS = "WHERE consumer = 'channel:crier'"

CHANNEL = """
from banshi import Channel, hookimpl


async def deliver(platform, messages):
    for message in messages:
        if message.person.startswith("poison"):
            raise ValueError("poison")


@hookimpl
def banshi_channels():
    return [Channel(name="crier", deliver=deliver)]
"""


async def plugin(folder: Path, length: argparse.Namespace) -> Report:
    """A handler raises, exits, spins, blocks, leaks and says nonsense, while others ask for something else."""
    quiet()
    keeping.RETRY = Retry(0.0, 0.0)
    report = Report("an isolated plugin raises, exits, hangs, leaks and talks nonsense")
    parks = {"parks": written(folder), **TRAFFIC}
    rules = {"handler_timeout": HANDLER_TIMEOUT_S, "breaker_failures": 1_000_000}
    idle: list[float] = []
    statuses = Counter[tuple[str, int]]()
    apart = open_door(folder, parks, isolated={"parks": {}}, platform=rules)
    async with machine(idle), apart as door, lateness() as late, reading(door.url) as others:
        office = Office(door)
        for _ in range(max(1, length.kills // 3)):
            for does, may in DOES.items():
                status = (await office.does(does)).status
                report.injected += 1
                statuses[does.partition(" ")[0], status] += 1
                report.promise(status in may, f"{does}: {status}")
                begun = time.monotonic()
                await office.recovered()
                report.recovery.append(time.monotonic() - begun)
    middle, p99 = (percentile(late, share) for share in (0.5, 0.99))
    report.say("answers", ", ".join(f"{does} {status}: {n}" for (does, status), n in sorted(statuses.items())))
    others.tell(report)
    shown = " / ".join(f"{one * 1000:.1f}" for one in (middle, p99, max(late)))
    report.say("the loop is late by, p50 / p99 / at most, ms", shown)
    report.say("a process with nothing to do, p99, ms", f"{idle[0] * 1000:.1f}")
    report.promise(p99 <= MAX_LAG_S + idle[0], f"the loop was {p99 * 1000:.0f} ms late at p99")
    return report


#: `lateness` in a process that has nothing else to do: so late is everything on this machine. It ends when told to.
IDLE = """
import select, sys, time
late = []
while not select.select([sys.stdin], [], [], 0)[0]:
    begun = time.perf_counter()
    time.sleep(0.005)
    late.append(time.perf_counter() - begun - 0.005)
print(sorted(late)[len(late) * 99 // 100])
"""


@asynccontextmanager
async def machine(late: list[float]) -> AsyncIterator[None]:
    """Adds, at the end, how late a process with nothing to do was at p99."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", IDLE, stdin=pipe, stdout=pipe)
    yield
    said, _ = await process.communicate(b"end\n")
    late.append(float(said))


async def poison(folder: Path, length: argparse.Namespace) -> Report:
    """A channel chokes on some people's messages; with those under way it is taken out, and put back later."""
    report = Report("a channel chokes on some messages, is removed with them under way, and comes back")
    (folder / "crier").mkdir()
    (folder / "crier" / "__init__.py").write_text(CHANNEL)
    count, poisoned = 4 * length.kills, length.kills
    everything = {**TRAFFIC, "crier": folder / "crier"}
    async with opened(configured(folder, everything)) as one:
        async with served(one) as apply:
            for number in range(count):
                await apply("poison" if number < poisoned else "wang")
            await until(lambda: stands(one, "done", count - poisoned), 60)
        before = await states(one)
        configured(folder, TRAFFIC)
        async with served(one) as apply:
            await apply("wang")
            await asyncio.sleep(2.0)
            report.promise(await states(one) == before, "rows of a removed plugin were touched")
        configured(folder, everything)
        async with served(one):
            report.recovery.append(await until(lambda: stands(one, "parked", poisoned), 60))
            shown = f'banshi_outbox_waiting{{consumer="channel:crier",state="parked"}} {poisoned}'
            report.promise(shown in await one.metrics(), "operators are not shown what is parked")
        rows = await one.rows(f"SELECT DISTINCT tries FROM banshi_outbox {OURS} AND state = 'parked'")
        after = await states(one)
    report.injected, report.lost = poisoned, count - after.total()
    report.say("rows by state before, after", f"{dict(before)}; {dict(after)}")
    report.promise([row["tries"] for row in rows] == [4], f"parked after {[row['tries'] for row in rows]} tries")
    report.promise(report.lost == 0, f"{report.lost} rows were dropped")
    return report


def configured(folder: Path, plugins: dict[str, Path]) -> Path:
    return city(folder, plugins, outbox_attempts=4, log_level="error")


@asynccontextmanager
async def served(one: Town) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """A server with the plugins.toml as it is now, ended by SIGTERM; gives what lets somebody apply for a pass."""
    await one.start()

    async def apply(name: str) -> None:
        story, key = one.applicant(name), str(uuid4())
        await story.citizen.post(APPLY, key, {"answers": await story.answers_of(key)})

    yield apply
    await one.stop()
    assert not one.memory.wrong, one.memory.wrong


async def states(one: Town) -> Counter[str]:
    """The channel's rows by state."""
    return await asyncio.to_thread(one.database.states, "banshi_outbox", OURS)


async def stands(one: Town, state: str, count: int) -> bool:
    return (await states(one))[state] == count
