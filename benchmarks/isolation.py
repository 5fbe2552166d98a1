"""What it costs to keep a plugin in a process of its own, and what the others notice when it spins.

    python benchmarks/isolation.py            # a minute
    python benchmarks/isolation.py --short    # a look whether it works at all

One handler, called as a submission calls it: within the platform's process, and apart. Then the child is killed again
and again, with a spare ready, and the time is taken until the next call is answered. Last, the handler spins for as
long as it may, and meanwhile a clock on the platform's loop tells how late it is: apart, and within, where nothing can
interrupt it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from banshi import Item, Submission
from banshi.builtin.isolation import supervisor as keeping
from banshi.kernel.runtime.containment import contained
from banshi.ops.cli.server.serve import loop_factory
from banshi.testing import Door, open_door
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import percentile, table
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.town.isolation_office import HANDLER_TIMEOUT_S, Office, written
from tests.waiting import lateness

#: Seconds for which a handler spins: less than it may take, and more.
SPIN_S, ENDLESS_SPIN_S = 0.9, 60.0

#: About a kilobyte, as a form with a dozen fields has.
ANSWERS = {f"field-{number}": "某某区某某街道某某社区" for number in range(16)}


def submission(item: Item, does: str = "pid") -> Submission:
    now = datetime.now(UTC)
    told = {"case_id": "1", "number": "20260101-AAAA-BBBB", "person": "wang", "name": "王小明", "received_at": now}
    return Submission(item=item, answers={**ANSWERS, "does": does}, **told)  # type: ignore[arg-type]


def microseconds(took: Sequence[float]) -> tuple[str, str]:
    return f"{percentile(took, 0.5) * 1e6:,.0f} µs", f"{percentile(took, 0.99) * 1e6:,.0f} µs"


async def calls(door: Door, count: int) -> tuple[list[float], float]:
    """Seconds of each call, one after the other; calls a second with 64 at once."""
    item = door.platform.registry.items["bench"]
    given, took = submission(item), []
    for _ in range(100 + count):
        begun = time.perf_counter()
        found, error = await contained(HANDLER_TIMEOUT_S, item.handler.validate, given)
        took.append(time.perf_counter() - begun)
        assert error is None, error
        assert len(found) == 1

    async def several() -> None:
        for _ in range(count // 64):
            await contained(HANDLER_TIMEOUT_S, item.handler.validate, given)

    begun = time.perf_counter()
    await asyncio.gather(*(several() for _ in range(64)))
    return took[100:], count // 64 * 64 / (time.perf_counter() - begun)


async def kills(door: Door, count: int) -> list[float]:
    """Seconds from a kill until a call is answered again, with a spare that is ready."""
    item, took, keeper = door.platform.registry.items["bench"], [], Office(door).keeper
    for _ in range(count):
        while not door.platform[keeping.SPARES].ready:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        begun = time.perf_counter()
        keeper.child.end("exit")
        _, error = await contained(30.0, item.handler.validate, submission(item))
        assert error is None, error
        took.append(time.perf_counter() - begun)
    return took


async def lag(door: Door, count: int, seconds: float) -> tuple[str, str]:
    """How late a clock of the loop's is while the handler spins so long, again and again: p99 and at most."""
    item = door.platform.registry.items["bench"]
    async with lateness() as late:
        for _ in range(count):
            await contained(HANDLER_TIMEOUT_S, item.handler.validate, submission(item, f"spin {seconds}"))
    return f"{percentile(late, 0.99) * 1000:,.1f} ms", f"{max(late) * 1000:,.1f} ms"


async def measured(folder: Path, given: argparse.Namespace) -> None:
    costs, lags, back = [], [], []
    plugins, rules = {"parks": written(folder)}, {"handler_timeout": HANDLER_TIMEOUT_S}
    for name, isolated in (("within", {}), ("apart", {"parks": {}})):
        home = folder / name
        home.mkdir()
        async with open_door(home, plugins, isolated=isolated, platform=rules) as door:
            took, rate = await calls(door, given.calls)
            costs.append((name, *microseconds(took), f"{rate:,.0f}/s"))
            lags.append((f"{name}, it spins for {SPIN_S} s", *await lag(door, given.spins, SPIN_S)))
            if isolated:
                lags.append((f"{name}, it spins until it is killed", *await lag(door, given.spins, ENDLESS_SPIN_S)))
                back = await kills(door, given.kills)
    table(["a call of one handler", "p50", "p99", "64 at once"], costs)
    table(["the loop is late", "p99", "at most"], lags)
    middle, longest = statistics.median(back) * 1000, max(back) * 1000
    print(f"back after a kill: {middle:.0f} ms, {longest:.0f} ms at most, of {len(back)}")


def main() -> None:
    given = begun(options(__doc__, calls=(20_000, 500), kills=(20, 2), spins=(5, 1)), "nothing is pinned")
    quiet()
    keeping.FIRST_PAUSE_S = keeping.LONGEST_PAUSE_S = 0.0
    with workspace() as folder, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(measured(folder, given))


if __name__ == "__main__":
    main()
