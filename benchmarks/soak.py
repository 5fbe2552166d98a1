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
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import aiohttp
from chaos_server import Server
from chaos_town import query
from databases import has_postgres, postgres
from processes import ROOT, banshi, machine, python, table
from soak_memory import Sample, growth, warm, watched
from soak_town import Told, Town
from soak_visits import one_of, visit

from banshi.builtin.identity.tokens import REMEMBERED
from banshi.default_plugins import default_kinds
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.loader import inspect_plugins
from mobile_push.sandbox import FcmSandbox
from tests.ports import free_port

#: Visits a day at the peak, and hours that are compressed.
VISITS_A_DAY, HOURS = 150_000, 2

#: By how much the memory may grow.
GROWTH = 0.05

#: Seconds until everything promised is kept; by which a visit may begin late.
SETTLE, LATE = 120.0, 30.0

#: Tables of what was promised, and the states in which it is neither done nor lost.
PROMISES = {"banshi_outbox": {"done"}, "push_delivery": {"sent"}}


def configuration(folder: Path, database: str, sandbox: FcmSandbox) -> Path:
    """The project's plugins.toml, on that database, with the sandbox for Google."""
    text = (ROOT / "plugins.toml").read_text()
    own = f'data = "{folder / "data"}"\nlog_level = "info"' + (f'\ndatabase = "{database}"' if database else "")
    text = text.replace('data = "data"', own).replace('path = "plugins/', f'path = "{ROOT}/plugins/')
    key = sandbox.service_account_file(folder / "key.json")
    text += (
        f'\n[plugins.mobile_push.settings.fcm]\nservice_account_file = "{key}"\n'
        f'base_url = "{sandbox.base_url}"\nat_once = 20\n'
    )
    file = folder / "plugins.toml"
    file.write_text(text)
    return file


def import_samples(file: Path) -> None:
    """Fill the registers that are asked. Raises RuntimeError."""
    done = subprocess.run(banshi(file, "register", "import", "--samples"), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


async def fill(town: Town, people: int) -> None:
    """As after half a day: so many people were there, as many as the server remembers the tokens of."""
    numbers = iter(range(people))

    async def one() -> None:
        for number in numbers:
            await town.called(f"before-{number}").get("/v1/inbox/unread")

    await asyncio.gather(*(one() for _ in range(16)))
    town.told = Told(wrong=town.told.wrong)


async def come(town: Town, visits: int, seconds: float, seed: int) -> float:
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


async def states(database: str) -> dict[str, Counter[str]]:
    """By table, how many promises are in each state."""
    found = {}
    for name in PROMISES:
        rows = await query(database, f"SELECT state, COUNT(*) AS n FROM {name} GROUP BY state")
        found[name] = Counter({row["state"]: row["n"] for row in rows})
    return found


async def settled(database: str) -> tuple[float, dict[str, Counter[str]]]:
    """Wait until nothing is due; the seconds, and how everything then stands."""
    begun = time.monotonic()
    while True:
        found = await states(database)
        waited = time.monotonic() - begun
        if not any(rows["due"] for rows in found.values()) or waited > SETTLE:
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


async def soak(folder: Path, database: str, minutes: float, visits: int, seed: int, *, judged: bool) -> list[str]:
    """One run on one database; what was wrong with it."""
    async with FcmSandbox() as sandbox:
        sandbox.behaviour.latency = 0.05
        file = configuration(folder, database, sandbox)
        read = read_configuration(file)
        registry, _ = inspect_plugins(read, default_kinds())
        await asyncio.to_thread(import_samples, file)
        alive, program = folder / "alive", [*python("soak_server.py"), "--config", str(file)]
        server = Server(file, free_port(), folder / "server.log", program=program, SOAK_ALIVE=str(alive))
        timeout = aiohttp.ClientTimeout(total=60)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            server.start()
            try:
                await server.ready(session)
                town = Town(session, server.url, registry, read.settings)
                if judged:
                    await fill(town, REMEMBERED)
                samples: list[Sample] = []
                watching = asyncio.create_task(watched(server.process, alive, samples))
                late = await come(town, visits, minutes * 60, seed)
                watching.cancel()
                waited, promised = await settled(database or read.settings.database_url)
                status = await asyncio.to_thread(server.end, signal.SIGTERM)
            finally:
                server.kill()
    sent = len({(one.token, one.message["data"]["message_id"]) for one in sandbox.received})
    wrong = list(judge(town.told, samples, late, status, promised, log_lines(folder / "server.log"), judged=judged))
    report(town.told, samples, late, waited, promised, sent)
    return wrong


def judge(
    told: Told,
    samples: Sequence[Sample],
    late: float,
    status: int,
    promised: Mapping[str, Counter[str]],
    logged: Counter[str],
    *,
    judged: bool,
) -> list[str]:
    """Everything that should not have been."""
    wrong = [*told.wrong, *(f"{count} lines of the log: {said}" for said, count in logged.items())]
    for name, rows in promised.items():
        wrong += [f"{count} rows of {name} are {state}" for state, count in rows.items() if state not in PROMISES[name]]
    if status:
        wrong.append(f"the server ended with status {status}")
    if late > LATE:
        wrong.append(f"the last visit began {late:.0f} s late: they came faster than they were dealt with")
    if judged and (grown := max(growth([one.own for one in warm(samples)]))) > GROWTH:
        wrong.append(f"the memory has grown by {grown:.1%}")
    return wrong


def report(
    told: Told, samples: Sequence[Sample], late: float, waited: float, promised: Mapping[str, Counter[str]], sent: int
) -> None:
    took, counted = sorted(told.took), warm(samples)
    thirds, line = growth([one.own for one in counted])
    seconds = samples[-1].at
    rows = [
        (
            "visits; requests; a second",
            f"{told.visits.total():,}; {told.requests.total():,}; {told.requests.total() / seconds:.0f}",
        ),
        (
            "answers: p50, p99, longest",
            " / ".join(f"{took[int(len(took) * at)]:.0f}" for at in (0.5, 0.99)) + f" / {took[-1]:.0f} ms",
        ),
        ("the last visit began late by", f"{max(0.0, late):.1f} s"),
        ("different pushes that arrived", f"{sent:,}"),
        ("all promises were kept after", f"{waited:.1f} s"),
        *((name, ", ".join(f"{count:,} {state}" for state, count in rows.items())) for name, rows in promised.items()),
        (
            "memory of its own: at first, after the warm-up, at the end",
            f"{samples[0].own:.1f} / {counted[0].own:.1f} / {counted[-1].own:.1f} MiB",
        ),
        ("Python's blocks alive, after the warm-up and at the end", f"{counted[0].blocks:,} / {counted[-1].blocks:,}"),
        (
            "what malloc has in use, and keeps free: the same two",
            f"{counted[0].used:.1f}, {counted[0].kept:.1f} / {counted[-1].used:.1f}, {counted[-1].kept:.1f} MiB",
        ),
        ("resident at the end", f"{samples[-1].resident:.1f} MiB"),
        ("growth: last third against the first; of a line through all", f"{thirds:+.1%}; {line:+.1%}"),
    ]
    table(["", "figure"], rows)
    for name, count in sorted(told.visits.items()):
        print(f"{count:8,} {name}")
    print(f"{len(told.requests)} operations: " + ", ".join(f"{name} {n:,}" for name, n in told.requests.most_common()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--open-hours", type=float, default=24.0, help="hours in which a day's visits come")
    parser.add_argument("--visits", type=int, help="visits in all, instead of two hours' worth")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="both databases, 15 seconds each, no word on memory")
    given = parser.parse_args()
    visits = given.visits or round(VISITS_A_DAY / given.open_hours * HOURS)
    minutes, sides = (0.25, (False, True)) if given.short else (given.minutes, (given.postgres,))
    if given.short:
        visits = given.visits or 90
    print(f"{machine()}; here nothing is pinned; load {os.getloadavg()[0]:.1f}\n")
    failed = False
    for side in sides:
        if side and not has_postgres():
            continue
        name = "PostgreSQL" if side else "SQLite"
        print(
            f"## {visits:,} visits in {minutes:g} minutes on {name}, {visits / minutes / 60:.1f} a second\n", flush=True
        )
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="banshi-soak-")))
            database = stack.enter_context(postgres()) if side else ""
            wrong = asyncio.run(soak(folder, database, minutes, visits, given.seed, judged=not given.short))
        print(f"\n{len(wrong)} wrong; load {os.getloadavg()[0]:.1f}")
        for one in wrong[:20]:
            print(f"  {one}")
        print(flush=True)
        failed = failed or bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
