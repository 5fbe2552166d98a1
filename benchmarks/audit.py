"""What the audit's chain costs whoever creates cases, and how fast entries are sealed and read against it.

    python benchmarks/audit.py              # 10,000 cases a round on SQLite, and on PostgreSQL where there is one
    python benchmarks/audit.py --short      # 2,000 cases a round

Each case is one write of case, entry and promise, 64 at once, through the store. Three sides take turns: no entry is
marked; each is marked; each is marked and a loop in the same process seals meanwhile, far more often than the platform.
What a case costs this process in processor time is what to compare where others use the
machine; PostgreSQL's own work is in the rate alone. It ends with 1 where the reading finds anything.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import uvloop
from databases import has_postgres, postgres
from processes import ROOT, machine, table
from tortoise.backends.base.executor import EXECUTOR_CACHE

from banshi.builtin.audit import keeping
from banshi.builtin.audit.chain import seal_all
from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.marks import stamp
from banshi.builtin.audit.verifying import Verification
from banshi.foundation import logs
from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.tables.cases import CaseEvent
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import Door, open_door

TRAFFIC = ROOT / "plugins" / "departments" / "traffic"

#: Writes under way, and seconds between two rounds of sealing on the side that seals.
AT_ONCE, PAUSE = 64, 0.5

SIDES = ("without the chain", "marked", "marked and sealed")


async def created(door: Door, cases: int) -> tuple[float, float]:
    """Create so many cases; how many a second, and what one cost this process in microseconds of processor time."""
    platform, left = door.platform, iter(range(cases))
    item = platform.registry.items["zone-pass"]

    async def some() -> None:
        for number in left:
            case, event = new_case(platform, item, Principal(subject=f"person-{number}"), {"plate": "川B12345"})
            # Nobody takes it up: the engine's work is measured elsewhere.
            promise = OutboxRow(consumer="benchmark", topic="none", payload={"case": str(case.id)}, dedup=str(case.id))
            await platform.store.commit(Write(rows=[case, event, promise]))

    begun, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return cases / (time.perf_counter() - begun), (time.process_time() - used) / cases * 1e6


@asynccontextmanager
async def sealing(door: Door) -> AsyncIterator[None]:
    async def loop() -> None:
        while True:
            await sealed(door)
            await asyncio.sleep(PAUSE)

    task = asyncio.create_task(loop())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def sealed(door: Door) -> int:
    return await seal_all(door.platform.store, door.platform[AUDIT], door.platform.now())


async def one_round(door: Door, side: str, cases: int) -> tuple[float, float]:
    store, key = door.platform.store, door.platform[AUDIT]
    store.before_insert(CaseEvent, partial(stamp, key) if side != SIDES[0] else lambda _: None)
    if side != SIDES[2]:
        return await created(door, cases)
    await sealed(door)
    async with sealing(door):
        return await created(door, cases)


async def rate(work: Callable[[], Awaitable[int]]) -> str:
    begun, used = time.perf_counter(), time.process_time()
    entries = await work()
    took, cost = time.perf_counter() - begun, (time.process_time() - used) / entries * 1e6
    return f"{entries:,} entries, {entries / took:,.0f}/s, {cost:.0f} CPU µs each"


async def read(door: Door) -> int:
    verification = Verification(door.platform.store, door.platform[AUDIT], door.platform.now())
    found = [str(one) async for one in verification.findings()]
    if found:
        sys.exit(f"{len(found)} findings: {found[:3]}")
    return verification.tally.entries


async def measure(title: str, database: str, cases: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="banshi-audit-") as folder:
        async with open_door(
            Path(folder), {"traffic": TRAFFIC}, platform={"database": database} if database else {}
        ) as door:
            await created(door, cases // 4)
            results: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
            for number in range(rounds):
                for side in SIDES if number % 2 else SIDES[::-1]:
                    results[side].append(await one_round(door, side, cases))
            print(f"## {title}\n")
            rows = []
            for side, figures in results.items():
                both = list(zip(figures, results[SIDES[0]], strict=True))
                by_rate = statistics.median(one[0] / bare[0] for one, bare in both)
                by_cost = statistics.median(bare[1] / one[1] for one, bare in both)
                rate_of, cost = (statistics.median(one[place] for one in figures) for place in (0, 1))
                rows.append([side, f"{rate_of:,.0f}", f"{cost:,.0f}", f"{by_rate:.3f}", f"{by_cost:.3f}"])
            table(["", "cases/s", "CPU µs", "ratio", "ratio by CPU"], rows)
            await sealed(door)
            await one_round(door, SIDES[1], cases)
            print(f"\nSealed at once: {await rate(partial(sealed, door))}.")
            await one_round(door, SIDES[0], cases)
            print(f"Without a mark, as from before the chain: {await rate(partial(sealed, door))}.")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(f"Read against the chain: {await rate(partial(read, door))}, ", end="")
            print(f"{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MiB more than before.\n")


def main(cases: int, rounds: int) -> None:
    print(f"{machine()}; {cases:,} cases a round, {rounds} rounds\n")
    uvloop.run(measure("SQLite", "", cases, rounds))
    if has_postgres():
        # Tortoise keeps the text of its INSERTs by table; no real process talks to both databases.
        EXECUTOR_CACHE.clear()
        with postgres() as database:
            uvloop.run(measure("PostgreSQL", database, cases, rounds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="2,000 cases a round, three rounds")
    short = parser.parse_args().short
    logs.configure("error")
    # The platform's own sealing is not what is measured.
    keeping.ROUND = 86_400.0
    main(*((2_000, 3) if short else (10_000, 5)))
