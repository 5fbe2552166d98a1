"""What encrypted columns cost whoever creates cases and reads them, and how fast rows are sealed anew.

    python benchmarks/encryption.py              # 5,000 cases a round on SQLite, and on PostgreSQL where there is one
    python benchmarks/encryption.py --short      # 1,000 cases a round

Each case is one write of case, entry and promise with a zone pass's answers, 64 at once, through the store, on two
databases that take turns: one plain, one with a ring of keys. What a case costs this process in processor time is what
to compare where others use the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from databases import has_postgres, postgres
from processes import ROOT, machine, table
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import _current_context

from banshi.foundation import logs
from banshi.foundation.database.writes import Write
from banshi.foundation.encryption.ring import Keys, Ring, new_key, new_ring, read_keys, write_keys
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.outbox import OutboxRow
from banshi.ops.backup.resealing import columns_in, reseal
from banshi.testing import Door, open_door
from tests.zone_pass import answers_with

TRAFFIC = ROOT / "plugins" / "departments" / "traffic"

#: Writes under way, and cases that one look reads.
AT_ONCE, PAGE = 64, 50

SIDES = ("plain", "encrypted")

ANSWERS = answers_with(
    ("01a21992-b097-724f-856f-a89ba2f009a2", "01a21992-b1c9-7325-af73-8e883354c1e1"),
    zones=["2", "5"],
    purpose="为社区超市配送蔬菜",
)


async def created(door: Door, cases: int) -> None:
    platform, left = door.platform, iter(range(cases))
    item = platform.registry.items["zone-pass"]

    async def some() -> None:
        for number in left:
            case, event = new_case(platform, item, Principal(subject=f"person-{number % 1000}", name="王小明"), ANSWERS)
            # Nobody takes it up: the engine's work is measured elsewhere.
            promise = OutboxRow(consumer="benchmark", topic="none", payload={"case": str(case.id)}, dedup=str(case.id))
            await platform.store.commit(Write(rows=[case, event, promise]))

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def read(door: Door, cases: int) -> None:
    """As many cases by their person, page by page."""
    del door
    for number in range(cases // PAGE):
        await Case.filter(person=f"person-{number % 1000}").order_by("-id").limit(PAGE)


async def measured(work: Callable[[Door, int], Awaitable[None]], door: Door, cases: int) -> tuple[float, float]:
    """How many a second, and what one cost this process in microseconds of processor time."""
    with within(door):
        begun, used = time.perf_counter(), time.process_time()
        await work(door, cases)
        return cases / (time.perf_counter() - begun), (time.process_time() - used) / cases * 1e6


@contextmanager
def within(door: Door) -> Iterator[None]:
    """Of two databases that are open, this door's is the one that is asked."""
    token = _current_context.set(door.platform.store.context)
    try:
        yield
    finally:
        _current_context.reset(token)


async def resealed(door: Door, file: Path) -> str:
    """Rotate, and seal the answers of all cases anew."""
    keys = read_keys(file)
    write_keys(file, Keys((*keys.keys, new_key(datetime.now(UTC))), keys.look_ups))
    context: Any = door.platform.store.context
    live, context.ring = context.ring.live, Ring(file)
    context.ring.live = live
    answers = [one for one in columns_in([Case], looked_up=False) if one.field.model_field_name == "answers"]
    with within(door):
        begun = time.perf_counter()
        rows = sum([rows async for _, rows in reseal(door.platform.store.connection, context.ring, answers)])
    return f"{rows:,} rows' answers sealed anew, {rows / (time.perf_counter() - begun):,.0f}/s"


async def measure(title: str, urls: tuple[str, str], cases: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="banshi-encryption-") as name:
        folder = Path(name)
        file = folder / "personal.keys"
        write_keys(file, new_ring(datetime.now(UTC)))
        async with AsyncExitStack() as stack:
            doors: dict[str, Door] = {}
            for side, url in zip(SIDES, urls, strict=True):
                given: dict[str, Any] = {"database": url} if url else {}
                given |= {"personal_keys": file} if side == "encrypted" else {}
                (folder / side).mkdir()
                opening = open_door(folder / side, {"traffic": TRAFFIC}, platform=given)
                doors[side] = await stack.enter_async_context(opening)
                await measured(created, doors[side], cases // 4)
            print(f"## {title}\n")
            rows = []
            for what, work in (("cases created", created), ("cases read", read)):
                results: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
                for number in range(rounds):
                    for side in SIDES if number % 2 else SIDES[::-1]:
                        results[side].append(await measured(work, doors[side], cases))
                for side, figures in results.items():
                    both = list(zip(figures, results["plain"], strict=True))
                    ratio = statistics.median(one[0] / plain[0] for one, plain in both)
                    by_cost = statistics.median(plain[1] / one[1] for one, plain in both)
                    rate, cost = (statistics.median(one[place] for one in figures) for place in (0, 1))
                    rows.append([what, side, f"{rate:,.0f}", f"{cost:,.0f}", f"{ratio:.3f}", f"{by_cost:.3f}"])
            table(["", "columns", "a second", "CPU µs", "ratio", "ratio by CPU"], rows)
            print(f"\n{await resealed(doors['encrypted'], file)}.\n")


def main(cases: int, rounds: int) -> None:
    print(f"{machine()}; {cases:,} cases a round, {rounds} rounds\n")
    uvloop.run(measure("SQLite", ("", ""), cases, rounds))
    if has_postgres():
        # Tortoise keeps the text of its INSERTs by table; no real process talks to both databases.
        EXECUTOR_CACHE.clear()
        with postgres() as plain, postgres() as encrypted:
            uvloop.run(measure("PostgreSQL", (plain, encrypted), cases, rounds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="1,000 cases a round, three rounds")
    short = parser.parse_args().short
    logs.configure("error")
    main(*((1_000, 3) if short else (5_000, 5)))
