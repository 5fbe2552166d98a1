"""What encrypted columns cost whoever creates cases and reads them, and how fast rows are sealed anew.

    python benchmarks/encryption.py              # 5,000 cases a round on SQLite, and on PostgreSQL where there is one
    python benchmarks/encryption.py --short      # 1,000 cases a round

Each case is one write of case, entry and promise with a zone pass's answers, 64 at once, through the store, on two
databases that take turns: one plain, one with a ring of keys. What a case costs this process in processor time is what
to compare where others use the machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from tortoise.context import _current_context

from banshi.foundation import logs
from banshi.foundation.encryption.ring import Keys, Ring, new_key, new_ring, read_keys, write_keys
from banshi.kernel.tables.cases import Case
from banshi.ops.backup.resealing import columns_in, reseal
from banshi.testing import Door, open_door
from benchmarks.shared import cases
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import DEPARTMENTS
from benchmarks.shared.databases import each_database, postgres_if
from benchmarks.shared.figures import Column, alternated, cost, ratios, rows_of, table
from benchmarks.shared.processes import workspace
from tests.town.zone_pass import answers_with

#: Cases that one look reads, and people who have them.
PAGE, PEOPLE = 50, 1000

SIDES = ("plain", "encrypted")

COLUMNS = (Column("a second", "per_second"), Column("CPU µs", "cpu"), *ratios("plain", "per_second", form=".3f"))

ANSWERS = answers_with(
    ("01a21992-b097-724f-856f-a89ba2f009a2", "01a21992-b1c9-7325-af73-8e883354c1e1"),
    zones=["2", "5"],
    purpose="为社区超市配送蔬菜",
)


async def created(door: Door, count: int) -> None:
    await cases.created(door.platform, count, ANSWERS, people=PEOPLE)


async def read(door: Door, count: int) -> None:
    """As many cases by their person, page by page."""
    del door
    for number in range(count // PAGE):
        await Case.filter(person=f"person-{number % PEOPLE}").order_by("-id").limit(PAGE)


async def measured(work: Callable[[Door, int], Awaitable[None]], door: Door, count: int) -> dict[str, float]:
    """How many a second, and what one cost this process in microseconds of processor time."""
    with within(door), cost() as took:
        await work(door, count)
    return took.of(count)


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


async def measure(title: str, urls: tuple[str, str], given: argparse.Namespace) -> None:
    with workspace() as folder:
        file = folder / "personal.keys"
        write_keys(file, new_ring(datetime.now(UTC)))
        async with AsyncExitStack() as stack:
            doors: dict[str, Door] = {}
            for side, url in zip(SIDES, urls, strict=True):
                own: dict[str, Any] = {"database": url} if url else {}
                own |= {"personal_keys": file} if side == "encrypted" else {}
                (folder / side).mkdir()
                opening = open_door(folder / side, {"traffic": DEPARTMENTS / "traffic"}, platform=own)
                doors[side] = await stack.enter_async_context(opening)
                await measured(created, doors[side], given.cases // 4)
            print(f"## {title}\n")
            rows = []
            for what, work in (("cases created", created), ("cases read", read)):
                sides = {side: partial(measured, work, door, given.cases) for side, door in doors.items()}
                results = await alternated(given.rounds, sides)
                rows += [[what, *row] for row in rows_of(results, COLUMNS)]
            table(["", "columns", *(one.head for one in COLUMNS)], rows)
            print(f"\n{await resealed(doors['encrypted'], file)}.\n")


def main() -> None:
    given = begun(options(__doc__, cases=(5_000, 1_000), rounds=(5, 3)))
    print(f"{given.cases:,} cases a round, {given.rounds} rounds\n")
    logs.configure("error")
    for title, plain in each_database():
        with postgres_if(plain) as encrypted:
            uvloop.run(measure(title, (plain, encrypted), given))


if __name__ == "__main__":
    main()
