"""What it costs to keep a plugin in a process of its own.

    python benchmarks/isolation.py            # a minute
    python benchmarks/isolation.py --short    # a look whether it works at all

One handler, called as a submission calls it: within the platform's process, and apart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from banshi import Item, Submission
from banshi.kernel.runtime.containment import contained
from banshi.ops.cli.server.serve import loop_factory
from banshi.testing import Door, open_door
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import percentile, table
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.town.isolation_office import HANDLER_TIMEOUT_S, written

#: About a kilobyte, as a form with a dozen fields has.
ANSWERS = {f"field-{number}": "某某区某某街道某某社区" for number in range(16)}


def submission(item: Item) -> Submission:
    now = datetime.now(UTC)
    told = {"case_id": "1", "number": "20260101-AAAA-BBBB", "person": "wang", "name": "王小明", "received_at": now}
    return Submission(item=item, answers={**ANSWERS, "does": "pid"}, **told)  # type: ignore[arg-type]


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


async def measured(folder: Path, count: int) -> None:
    costs, plugins = [], {"parks": written(folder)}
    for name, isolated in (("within", {}), ("apart", {"parks": {}})):
        home = folder / name
        home.mkdir()
        async with open_door(home, plugins, isolated=isolated) as door:
            took, rate = await calls(door, count)
            costs.append((name, *microseconds(took), f"{rate:,.0f}/s"))
    table(["a call of one handler", "p50", "p99", "64 at once"], costs)


def main() -> None:
    given = begun(options(__doc__, calls=(20_000, 500)), "nothing is pinned")
    quiet()
    with workspace() as folder, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(measured(folder, given.calls))


if __name__ == "__main__":
    main()
