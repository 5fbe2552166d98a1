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
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import uvloop

from banshi.builtin.audit import keeping
from banshi.builtin.audit.chain import seal_all
from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.marks import stamp
from banshi.builtin.audit.verifying import Verification
from banshi.foundation import logs
from banshi.kernel.tables.cases import CaseEvent
from banshi.testing import Door, open_door
from benchmarks.shared import cases
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.beside import beside
from benchmarks.shared.cities import DEPARTMENTS
from benchmarks.shared.databases import each_database
from benchmarks.shared.figures import Column, alternated, compare, cost, ratios
from benchmarks.shared.processes import workspace

#: Seconds between two rounds of sealing on the side that seals.
BETWEEN_SEALS_S = 0.5

BARE, MARKED, SEALED = "without the chain", "marked", "marked and sealed"

COLUMNS = (Column("cases/s", "per_second"), Column("CPU µs", "cpu"), *ratios(BARE, "per_second", form=".3f"))


async def created(door: Door, count: int) -> dict[str, float]:
    """Create so many cases; how many a second, and what one cost this process in microseconds of processor time."""
    with cost() as took:
        await cases.created(door.platform, count, {"plate": "川B12345"}, people=count)
    return took.of(count)


async def sealing(door: Door) -> None:
    while True:
        await sealed(door)
        await asyncio.sleep(BETWEEN_SEALS_S)


async def sealed(door: Door) -> int:
    return await seal_all(door.platform.store, door.platform[AUDIT], door.platform.now())


async def one_round(door: Door, side: str, count: int) -> dict[str, float]:
    store, key = door.platform.store, door.platform[AUDIT]
    store.before_insert(CaseEvent, partial(stamp, key) if side != BARE else lambda _: None)
    if side != SEALED:
        return await created(door, count)
    await sealed(door)
    async with beside(sealing(door)):
        return await created(door, count)


async def rate(work: Callable[[], Awaitable[int]]) -> str:
    with cost() as took:
        entries = await work()
    found = took.of(entries)
    return f"{entries:,} entries, {found['per_second']:,.0f}/s, {found['cpu']:.0f} CPU µs each"


async def read(door: Door) -> int:
    verification = Verification(door.platform.store, door.platform[AUDIT], door.platform.now())
    found = [str(one) async for one in verification.findings()]
    if found:
        sys.exit(f"{len(found)} findings: {found[:3]}")
    return verification.tally.entries


async def measure(title: str, database: str, given: argparse.Namespace) -> None:
    platform = {"database": database} if database else {}
    with workspace() as folder:
        async with open_door(folder, {"traffic": DEPARTMENTS / "traffic"}, platform=platform) as door:
            await created(door, given.cases // 4)
            sides = {side: partial(one_round, door, side, given.cases) for side in (BARE, MARKED, SEALED)}
            results = await alternated(given.rounds, sides)
            print(f"## {title}\n")
            compare(results, COLUMNS)
            await sealed(door)
            await sides[MARKED]()
            print(f"\nSealed at once: {await rate(partial(sealed, door))}.")
            await sides[BARE]()
            print(f"Without a mark, as from before the chain: {await rate(partial(sealed, door))}.")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(f"Read against the chain: {await rate(partial(read, door))}, ", end="")
            print(f"{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MiB more than before.\n")


def main() -> None:
    given = begun(options(__doc__, cases=(10_000, 2_000), rounds=(5, 3)))
    print(f"{given.cases:,} cases a round, {given.rounds} rounds\n")
    logs.configure("error")
    # The platform's own sealing is not what is measured.
    keeping.ROUND_S = 86_400.0
    for title, database in each_database():
        uvloop.run(measure(title, database, given))


if __name__ == "__main__":
    main()
