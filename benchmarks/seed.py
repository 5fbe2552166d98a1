"""A city's database at its size: worklist, inbox, my cases and catalogue over HTTP, and the plan of every statement.

    python benchmarks/seed.py                          # 10 million devices, 5 million cases; about half an hour, 30 GB
    python benchmarks/seed.py --devices 100000 --cases 50000
    python benchmarks/seed.py --short                  # as in continuous integration
    python benchmarks/seed.py --keep                   # leave the database, and say its name
    python benchmarks/seed.py --database NAME          # measure on one that was left

All data are made up (seed_city.py). The database is the script's own and is dropped at the end. The real `banshi serve`
answers; then it does everything that citizens, staff and its own sweeps do (seed_statements.py), each statement that it
sends is carried out once more, and EXPLAIN says how. Exits with 1 where an aim is missed or a statement goes without an
index.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson

from banshi.app import loaded
from banshi.builtin.identity.development import development_token
from banshi.builtin.worklist.waiting import work_in
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from benchmarks import seed_plans
from benchmarks.seed_city import PEOPLE_PER_CASE, write_city
from benchmarks.seed_statements import SHORT_SWEEPS_S, SWEEPS_S, statements_of
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import project
from benchmarks.shared.databases import asked, has_postgres, postgres, url_of
from benchmarks.shared.figures import percentile, table
from benchmarks.shared.processes import banshi_done, serving, workspace

#: Milliseconds at p99 of each of the four.
MAX_P99_MS = 20.0

#: Different people who ask, and requests under way in the rounds that show what more load does.
PEOPLE, AT_ONCE = 3_000, 4

#: Which share of the answers doesn't count at first: a database that was asked nothing yet reads from its disk.
WARM_UP_SHARE = 1 / 5


#: Statements, by words of theirs, that look at many rows on purpose, and why.
ON_PURPOSE = {
    "FROM push_device d WHERE d.provider =": "a broadcast's walk over the phones, step by step",
    "COALESCE(c.settled_at, 0) AS since, c.expires": "an operator's page, by number",
    'SELECT "id" "0" FROM "banshi_case" WHERE "item" IN (': "overdue permits: each item by itself",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What one person asks for, and how often `next` is followed from there, each page measured."""

    token: str
    path: str
    pages: int = 1
    #: How the page's `next` is called in the address.
    cursor: str = "cursor"


def asked_for(registry: Registry, settings: Settings, people: int, count: int) -> dict[str, Iterator[Request]]:
    """What is measured: many different people and officers, each from the first page to a deep one."""
    chance = random.Random(5)
    citizens = [development_token(settings, f"citizen-{chance.randint(1, people)}") for _ in range(min(count, PEOPLE))]
    work = work_in(registry)
    departments = sorted({item.department for item in registry.items.values()})
    every: dict[str, list[str]] = {}
    for department, role in work:
        for name in [department] if department else departments:
            every.setdefault(name, []).append(f"{name}:{role}")
    units = {f"{name}/{unit}:{role}" for (name, role), rows in work.items() for unit, _, _ in rows if name and unit}
    roles = [*every.values(), *([one] for one in sorted({role for listed in every.values() for role in listed}))]
    roles += [[one] for one in sorted(units)]
    officers = [development_token(settings, f"officer-{number}", roles=listed) for number, listed in enumerate(roles)]
    codes = sorted(registry.items)
    words = ("身份证", "驾驶证", "passport", "户口", "vehicle", "举报")
    catalogue = ["/v1/items", "/v1/items?limit=100", *(f"/v1/items/{code}" for code in codes)]
    catalogue += [f"/v1/items?department={name}" for name in departments] + [f"/v1/items?q={word}" for word in words]
    inbox, own = ["/v1/inbox?limit=20", "/v1/inbox", "/v1/inbox?limit=5"], ["", "?limit=3", "?state=closed"]
    return {
        "worklist": (
            Request(chance.choice(officers), f"/v1/worklist?limit={limit}", pages)
            for limit, pages in itertools.cycle([(20, 1), (20, 20), (100, 10)])
        ),
        "inbox": (Request(chance.choice(citizens), path, 3, "after") for path in itertools.cycle(inbox)),
        "my cases": (Request(chance.choice(citizens), f"/v1/cases{more}", 3) for more in itertools.cycle(own)),
        "catalogue": (Request("", path) for path in itertools.cycle(catalogue)),
    }


async def measured(url: str, requests: Iterator[Request], count: int, at_once: int) -> Sequence[float]:
    """Milliseconds of at least so many answers, so many of them under way, after some that don't count."""
    took: list[float] = []
    first = int(count * WARM_UP_SHARE)
    left = count + first

    async def one() -> None:
        nonlocal left
        while left > 0:
            request = next(requests)
            headers = {"Authorization": f"Bearer {request.token}"} if request.token else {}
            path, mark = request.path, "&" if "?" in request.path else "?"
            for _ in range(request.pages):
                left -= 1
                begun = time.perf_counter()
                async with session.get(url + path, headers=headers) as answer:
                    body = await answer.read()
                took.append((time.perf_counter() - begun) * 1000)
                if answer.status != 200:
                    raise RuntimeError(f"{path} was answered {answer.status}: {body!r}")
                page = orjson.loads(body)
                if not page.get("next"):
                    break
                path = f"{request.path}{mark}{request.cursor}={page['next']}"

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one() for _ in range(at_once)))
    return took[first:]


def answers(file: Path, registry: Registry, people: int, count: int) -> bool:
    """Measure the four; whether each is within the aim."""
    settings = registry.configuration.settings
    rows, kept = [], True
    with serving(file) as server:
        for name, requests in asked_for(registry, settings, people, count).items():
            spent = server.cpu()
            took = asyncio.run(measured(server.url, requests, count, 1))
            spent = (server.cpu() - spent) * 1000 / (len(took) + count * WARM_UP_SHARE)
            more = asyncio.run(measured(server.url, requests, count // 2, AT_ONCE))
            within = percentile(took, 0.99) < MAX_P99_MS
            kept = kept and within
            figures = [*(percentile(took, share) for share in (0.5, 0.95, 0.99, 1)), spent, percentile(more, 0.99)]
            shown = [f"{one:.1f}" for one in figures]
            rows.append([name, f"{len(took):,}", *shown, f"{MAX_P99_MS:g}", "kept" if within else "MISSED"])
    head = ["", "answers", "p50 ms", "p95 ms", "p99 ms", "longest", "server's CPU ms", f"p99, {AT_ONCE} under way"]
    table([*head, "aim at p99", ""], rows)
    print(f"The load of the machine was {os.getloadavg()[0]:.1f}.\n", flush=True)
    return kept


def excuse_of(plan: seed_plans.Plan) -> str:
    """Why a plan may look at many rows, or nothing."""
    text = " ".join(plan.statement.text.split())
    return next((why for words, why in ON_PURPOSE.items() if words in text), "")


async def planned(url: str, statements: Sequence[seed_plans.Statement], verbose: bool) -> bool:
    """Look at the plan of each statement; whether all go by an index."""
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        tables = await seed_plans.large_tables(connection)
        await seed_plans.clear_up(connection, tables)
        found = await seed_plans.plans(connection, statements, tables)
    finally:
        await connection.close()
    touched = ", ".join(sorted({name for plan in found for name in plan.ways}))
    print(f"{len(statements)} different statements were sent, {len(found)} of them to large tables: {touched}\n")
    wrong = [plan for plan in found if plan.wrong and not excuse_of(plan)]
    for plan in found if verbose else [plan for plan in found if plan.wrong]:
        word = (excuse_of(plan) or "WRONG") if plan.wrong else "right"
        print(f"{word} {plan.milliseconds:8.1f} ms  {plan.statement.short}")
        for line in plan.wrong or sorted(f"{name}: {way}" for name, ways in plan.ways.items() for way in ways):
            print(f"                   {line}")
    slowest = max((plan.milliseconds for plan in found), default=0)
    print(f"{len(wrong)} of {len(found)} are WRONG; the slowest takes {slowest:.1f} ms\n")
    return not wrong


def main() -> None:
    parser = options(__doc__, devices=(10_000_000, 50_000), cases=(5_000_000, 25_000), requests=(4_000, 400))
    parser.add_argument("--keep", action="store_true", help="leave the database behind")
    parser.add_argument("--database", default="", help="measure on a database that was left behind")
    parser.add_argument("--verbose", action="store_true", help="show the right plans too")
    if not has_postgres():
        return
    given = begun(parser, "PostgreSQL is not pinned")
    print("Everything in this city is made up.\n")
    there = nullcontext(url_of(given.database)) if given.database else postgres(keep=given.keep)
    with workspace() as folder, there as url:
        sys.exit(run(folder, url, given))


def run(folder: Path, database: str, given: argparse.Namespace) -> int:
    file = project(folder, database=database)
    registry, plain = loaded(read_configuration(file)), database.replace("asyncpg:", "postgres:", 1)
    if not given.database:
        begun = time.monotonic()
        banshi_done(file, "migrate")
        asyncio.run(write_city(plain, registry, devices=given.devices, cases=given.cases))
        ((size,),) = asked(plain, "SELECT pg_size_pretty(pg_database_size(current_database()))")
        print(f"the database has {size}\nseeded in {time.monotonic() - begun:.0f} s\n", flush=True)
    else:
        # The signing keys of the run before, whose private halves were in its folder.
        asked(plain, "DELETE FROM banshi_signing_key")
    people = max(1, round(given.cases * PEOPLE_PER_CASE))
    kept = answers(file, registry, people, given.requests)
    chance = random.Random(6)
    somebody = (f"citizen-{chance.randint(1, people)}" for _ in itertools.count())
    sweeps = SHORT_SWEEPS_S if given.short else SWEEPS_S
    statements = statements_of(folder, database, registry, somebody, sweeps)
    right = asyncio.run(planned(plain, statements, given.verbose))
    # A short run is on whatever machine integrates, beside whatever it does.
    return 0 if (kept or given.short) and right else 1


if __name__ == "__main__":
    main()
