"""Two hours of a city's peak, compressed: does the server's memory grow, and does anything go wrong?

    python benchmarks/soak.py                          # ten minutes on SQLite
    python benchmarks/soak.py --postgres --minutes 15
    python benchmarks/soak.py --short                  # as in continuous integration: both, no word on memory

The city has 15,000 visits a day and its peak ten times that. 150,000 visits over the 24 hours in which a headless
platform is open are 1.74 a second, and 12,500 in two hours; they come in `--minutes` instead. Where all come while
offices are open (`--open-hours 8`) it is three times as many. A visit is some ten requests by somebody new and what
staff do about it (soak_visits.py). The real `banshi serve` runs on the project's plugins.toml; pushes go to a local
stand-in for Google's service. Exits with 1 where memory has grown by more than 5 % after the warm-up, where an answer,
a line of the log or a promise is wrong, or where visits came faster than they were dealt with.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from banshi.app import loaded
from banshi.builtin.identity.tokens import MAX_REMEMBERED
from banshi.kernel.loading.configuration import read_configuration
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.beside import beside
from benchmarks.shared.cities import project
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import percentile, table
from benchmarks.shared.processes import banshi_done, python, workspace
from benchmarks.shared.servers import Server
from benchmarks.town.checks import Database
from benchmarks.town.memory import Sample, growth, warm, watched
from benchmarks.town.visitors import People, Told
from benchmarks.town.visits import one_of, visit
from mobile_push.sandbox import FcmSandbox

#: Visits a day at the peak, and hours that are compressed.
VISITS_A_DAY, HOURS = 150_000, 2

#: By how much the memory may grow.
MAX_GROWTH = 0.05

#: Seconds until everything promised is kept; by which a visit may begin late.
SETTLING_TIMEOUT_S, MAX_LATE_S = 120.0, 30.0

#: Tables of what was promised, and the states in which it is neither done nor lost.
PROMISES = {"banshi_outbox": {"done"}, "push_delivery": {"sent"}}


def configuration(folder: Path, database: str, sandbox: FcmSandbox) -> Path:
    """The project's plugins.toml, on that database, with the sandbox for Google and all registers filled."""
    key = sandbox.service_account_file(folder / "key.json")
    fcm = {"service_account_file": key, "base_url": sandbox.base_url, "at_once": 20}
    file = project(folder, push={"fcm": fcm, "one_person": ["traffic"]}, database=database)
    banshi_done(file, "register", "import", "--samples")
    return file


async def fill(town: People, people: int) -> None:
    """As after half a day: so many people were there, as many as the server remembers the tokens of."""
    numbers = iter(range(people))

    async def one() -> None:
        for number in numbers:
            await town.called(f"before-{number}").get("/v1/inbox/unread")

    await asyncio.gather(*(one() for _ in range(16)))
    town.told = Told(wrong=town.told.wrong)


async def come(town: People, visits: int, seconds: float, seed: int) -> float:
    """Let so many visits begin at even times; by how many seconds the last of them began late."""
    chance, begun, going = random.Random(seed), time.monotonic(), set[asyncio.Task[None]]()
    for number in range(visits):
        await asyncio.sleep(begun + seconds * number / visits - time.monotonic())
        own = random.Random(f"{seed}/{number}")
        task = asyncio.create_task(visit(town, one_of(chance), own))
        going.add(task)
        task.add_done_callback(going.discard)
        # A server that can't keep up has them wait at its door, and the benchmark says so.
        while len(going) >= 200:
            await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
    late = time.monotonic() - begun - seconds
    if going:
        await asyncio.wait(going)
    return late


async def settled(database: Database) -> tuple[float, dict[str, Counter[str]]]:
    """Wait until nothing is due; the seconds, and how many promises are in each state by table."""
    begun = time.monotonic()
    while True:
        found = {name: await asyncio.to_thread(database.states, name) for name in PROMISES}
        waited = time.monotonic() - begun
        if not any(rows["due"] for rows in found.values()) or waited > SETTLING_TIMEOUT_S:
            return waited, found
        await asyncio.sleep(0.5)


def log_lines(file: Path) -> Counter[str]:
    """Lines of the log that are errors or no lines of it at all, by what they say."""
    found: Counter[str] = Counter()
    for line in file.read_text().splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            # That a sandbox takes the pushes is what this wants, and each start says it.
            if "fcm-sandbox:" not in line:
                found[line[:200]] += 1
            continue
        if said.get("level") in {"error", "critical"}:
            found[" ".join(f"{name}={said[name]}" for name in ("event", "error", "where", "code") if name in said)] += 1
    return found


async def soak(folder: Path, database: str, given: argparse.Namespace) -> list[str]:
    """One run on one database; what was wrong with it."""
    async with FcmSandbox() as sandbox:
        sandbox.behaviour.latency = 0.05
        file = await asyncio.to_thread(configuration, folder, database, sandbox)
        read = read_configuration(file)
        alive, program = folder / "alive", python("peers/telling_server.py", "--config", str(file))
        server = Server(file, folder / "server.log", program=program, SOAK_ALIVE=str(alive))
        timeout = aiohttp.ClientTimeout(total=60)
        connector = aiohttp.TCPConnector(limit=0)
        session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        async with session, server.up(session):
            town = People(session, server.url, loaded(read), read.settings)
            if not given.short:
                await fill(town, MAX_REMEMBERED)
            samples: list[Sample] = []
            async with beside(watched(server.pid, alive, samples)):
                late = await come(town, given.visits, given.minutes * 60, given.seed)
            waited, promised = await settled(Database(database or read.settings.database_url))
            status = await asyncio.to_thread(server.end)
    sent = len({(one.token, one.message["data"]["message_id"]) for one in sandbox.received})
    wrong = list(judge(town.told, late, status, promised, log_lines(folder / "server.log")))
    if not given.short and (grown := max(growth([one.own for one in warm(samples)]))) > MAX_GROWTH:
        wrong.append(f"the memory has grown by {grown:.1%}")
    report(town.told, samples, late, waited, promised, sent)
    return wrong


def judge(
    told: Told, late: float, status: int, promised: Mapping[str, Counter[str]], logged: Counter[str]
) -> list[str]:
    """Everything that should not have been."""
    wrong = [*told.wrong, *(f"{count} lines of the log: {said}" for said, count in logged.items())]
    for name, rows in promised.items():
        wrong += [f"{count} rows of {name} are {state}" for state, count in rows.items() if state not in PROMISES[name]]
    if status:
        wrong.append(f"the server ended with status {status}")
    if late > MAX_LATE_S:
        wrong.append(f"the last visit began {late:.0f} s late: they came faster than they were dealt with")
    return wrong


def report(
    told: Told, samples: Sequence[Sample], late: float, waited: float, promised: Mapping[str, Counter[str]], sent: int
) -> None:
    counted, requests = warm(samples), told.requests.total()
    thirds, line = growth([one.own for one in counted])
    first, last = counted[0], counted[-1]
    answers = " / ".join(f"{percentile(told.took, share):.0f}" for share in (0.5, 0.99, 1))
    memory = (
        f"{samples[0].own:.1f} / {first.own:.1f} / {last.own:.1f} MiB",
        f"{first.used:.1f}, {first.kept:.1f} / {last.used:.1f}, {last.kept:.1f} MiB",
    )
    figures = {
        "visits; requests; a second": f"{told.visits.total():,}; {requests:,}; {requests / samples[-1].at:.0f}",
        "answers: p50, p99, longest": f"{answers} ms",
        "the last visit began late by": f"{max(0.0, late):.1f} s",
        "different pushes that arrived": f"{sent:,}",
        "all promises were kept after": f"{waited:.1f} s",
        **{name: ", ".join(f"{n:,} {state}" for state, n in rows.items()) for name, rows in promised.items()},
        "memory of its own: at first, after the warm-up, at the end": memory[0],
        "Python's blocks alive, after the warm-up and at the end": f"{first.blocks:,} / {last.blocks:,}",
        "what malloc has in use, and keeps free: the same two": memory[1],
        "resident at the end": f"{last.resident:.1f} MiB",
        "growth: last third against the first; of a line through all": f"{thirds:+.1%}; {line:+.1%}",
    }
    table(["", "figure"], list(figures.items()))
    for name, count in sorted(told.visits.items()):
        print(f"{count:8,} {name}")
    print(f"{len(told.requests)} operations: " + ", ".join(f"{name} {n:,}" for name, n in told.requests.most_common()))


def main() -> None:
    # In short both databases, a quarter of a minute each, and no word on memory.
    parser = options(__doc__, minutes=(10.0, 0.25))
    parser.add_argument("--open-hours", type=float, default=24.0, help="hours in which a day's visits come")
    parser.add_argument("--visits", type=int, help="visits in all, instead of two hours' worth")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--seed", type=int, default=1)
    given = begun(parser, "here nothing is pinned")
    given.visits = given.visits or (90 if given.short else round(VISITS_A_DAY / given.open_hours * HOURS))
    failed = False
    for side in (False, True) if given.short else (given.postgres,):
        if side and not has_postgres():
            continue
        rate = f"{given.visits / given.minutes / 60:.1f} a second; load {os.getloadavg()[0]:.1f}"
        name = "PostgreSQL" if side else "SQLite"
        print(f"## {given.visits:,} visits in {given.minutes:g} minutes on {name}, {rate}\n", flush=True)
        with workspace() as folder, postgres_if(side) as database:
            wrong = asyncio.run(soak(folder, database, given))
        print(f"\n{len(wrong)} wrong; load {os.getloadavg()[0]:.1f}")
        for one in wrong[:20]:
            print(f"  {one}")
        print(flush=True)
        failed = failed or bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
