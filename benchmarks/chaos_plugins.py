"""Plugins that do what none should: in a process of their own, poisoned, or removed with work under way."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
import structlog
from chaos_checks import Database
from chaos_report import Length, Report
from chaos_server import Server
from chaos_story import Caller, Memory, Story
from processes import ROOT

from banshi.builtin.identity.development import development_token
from banshi.builtin.isolation import supervisor as keeping
from banshi.kernel.loading.settings import Settings
from banshi.testing import Person, open_door
from tests.kernel.isolation_office import TIMEOUT, Office, written
from tests.ports import free_port
from tests.waiting import lateness

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
LAG = 0.05

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


async def plugin(folder: Path, length: Length) -> Report:
    """A handler raises, exits, spins, blocks, leaks and says nonsense, while others ask for something else."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    keeping.FIRST_PAUSE_S = keeping.LONGEST_PAUSE_S = 0.0
    report = Report("an isolated plugin raises, exits, hangs, leaks and talks nonsense")
    parks = {"parks": written(folder), "traffic": ROOT / "plugins/departments/traffic"}
    rules = {"handler_timeout": TIMEOUT, "breaker_failures": 1_000_000}
    idle: list[float] = []
    statuses, reads = Counter[tuple[str, int]](), Counter[int]()
    apart = open_door(folder, parks, isolated={"parks": {}}, platform=rules)
    async with machine(idle), apart as door, lateness() as late:
        office, over = Office(door), asyncio.Event()
        watching = asyncio.create_task(reading(door.anyone, reads, over))
        for _ in range(max(1, length.kills // 3)):
            for does, may in DOES.items():
                status = (await office.does(does)).status
                report.injected += 1
                statuses[does.partition(" ")[0], status] += 1
                report.promise(status in may, f"{does}: {status}")
                begun = time.monotonic()
                await office.recovered()
                report.recovery.append(time.monotonic() - begun)
        over.set()
        await watching
    ranked = sorted(late)
    p99 = ranked[len(ranked) * 99 // 100]
    report.say("answers", ", ".join(f"{does} {status}: {n}" for (does, status), n in sorted(statuses.items())))
    report.say("reads of others meanwhile", dict(reads))
    report.say("the loop is late by, p50 / p99 / at most, ms", " / ".join(
        f"{one * 1000:.1f}" for one in (ranked[len(ranked) // 2], p99, ranked[-1])
    ))  # fmt: skip
    report.promise(set(reads) == {200}, f"others were answered {dict(reads)}")
    report.say("a process with nothing to do, p99, ms", f"{idle[0] * 1000:.1f}")
    report.promise(p99 <= LAG + idle[0], f"the loop was {p99 * 1000:.0f} ms late at p99")
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


async def reading(person: Person, reads: Counter[int], over: asyncio.Event) -> None:
    while not over.is_set():
        reads[(await person.get("/v1/items/zone-pass")).status] += 1
        await asyncio.sleep(0.02)


async def poison(folder: Path, length: Length) -> Report:
    """A channel chokes on some people's messages; with those under way it is taken out, and put back later."""
    report = Report("a channel chokes on some messages, is removed with them under way, and comes back")
    (folder / "crier").mkdir()
    (folder / "crier" / "__init__.py").write_text(CHANNEL)
    base = f'[platform]\ndata = "{folder / "data"}"\noutbox_attempts = 4\nlog_level = "error"\n'
    base += f'[plugins.traffic]\npath = "{ROOT}/plugins/departments/traffic"\napi = 1\n'
    crier = f'[plugins.crier]\npath = "{folder / "crier"}"\napi = 1\n'
    settings = Settings(data=folder / "data")
    database, server = Database(settings.database_url), Server(folder / "plugins.toml", free_port(), folder / "log")
    count, poisoned = 4 * length.kills, length.kills
    try:
        async with served(server, folder, base + crier) as apply:
            for number in range(count):
                await apply("poison" if number < poisoned else "wang", settings)
            await settled(database, "done", count - poisoned)
        before = await states(database)
        async with served(server, folder, base) as apply:
            await apply("wang", settings)
            await asyncio.sleep(2.0)
            report.promise(await states(database) == before, "rows of a removed plugin were touched")
        async with served(server, folder, base + crier):
            started = time.monotonic()
            await settled(database, "parked", poisoned)
            report.recovery.append(time.monotonic() - started)
            async with aiohttp.ClientSession() as session, session.get(f"{server.url}/metrics") as answer:
                text = await answer.text()
        shown = f'banshi_outbox_waiting{{consumer="channel:crier",state="parked"}} {poisoned}'
        report.promise(shown in text, "operators are not shown what is parked")
    finally:
        server.kill()
    rows = await asyncio.to_thread(
        database.rows, f"SELECT DISTINCT tries FROM banshi_outbox {OURS} AND state = 'parked'"
    )
    after = await states(database)
    report.injected, report.lost = poisoned, count - sum(after.values())
    report.say("rows by state before, after", f"{dict(before)}; {dict(after)}")
    report.promise([row["tries"] for row in rows] == [4], f"parked after {[row['tries'] for row in rows]} tries")
    report.promise(report.lost == 0, f"{report.lost} rows were dropped")
    return report


@asynccontextmanager
async def served(server: Server, folder: Path, text: str) -> AsyncIterator[Callable[[str, Settings], Awaitable[None]]]:
    """A server with this plugins.toml, ended by SIGTERM; gives what lets somebody apply for a pass."""
    (folder / "plugins.toml").write_text(text)
    async with aiohttp.ClientSession() as session:
        server.start()
        await server.ready(session)

        async def apply(name: str, settings: Settings) -> None:
            memory, key = Memory(), str(uuid4())
            caller = Caller(session, [server.url], development_token(settings, name), memory)
            story = Story(name, caller, caller, memory, random.Random(key), asyncio.Event())
            answers = await story.answers_of(key)
            await caller.post("/v1/items/zone-pass/cases", key, {"answers": answers})

        yield apply
    status = await asyncio.to_thread(server.end, signal.SIGTERM)
    assert status == 0, f"after SIGTERM the server ended with status {status}"


async def states(database: Database) -> Counter[str]:
    """The channel's rows by state."""
    sql = f"SELECT state, COUNT(*) AS n FROM banshi_outbox {OURS} GROUP BY state"
    return Counter({row["state"]: row["n"] for row in await asyncio.to_thread(database.rows, sql)})


async def settled(database: Database, state: str, count: int) -> None:
    """Wait until so many of the channel's rows are in a state."""
    deadline = time.monotonic() + 60
    while (found := await states(database))[state] != count:
        assert time.monotonic() < deadline, f"{dict(found)} in place of {count} {state}"
        await asyncio.sleep(0.05)
