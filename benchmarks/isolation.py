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
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from processes import machine, table

from banshi import Item, Submission
from banshi.builtin.isolation import supervisor as keeping
from banshi.kernel.runtime.containment import contained
from banshi.ops.cli.server.serve import loop_factory
from banshi.testing import Door, open_door
from tests.waiting import lateness

ITEMS = """
[department]
code = "parks"
title = { zh-CN = "园林局", en = "Parks" }

[[items]]
code = "bench"
kind = "application"
title = { zh-CN = "长椅", en = "A bench" }
summary = { zh-CN = "认养长椅。", en = "Adopt a bench." }
audience = ["person"]
result = { kind = "answer", title = { zh-CN = "答复", en = "Answer" } }
form = { type = "object", additionalProperties = false, properties = { spins = { type = "number" } } }
"""

PLUGIN = """
import time

from banshi import Application, FieldProblem, hookimpl


class Bench(Application):
    async def validate(self, submission):
        until = time.monotonic() + submission.answers.get("spins", 0)
        while time.monotonic() < until:
            pass
        return [FieldProblem("/park", "There is no such park.", "unknown")]


@hookimpl
def banshi_handlers():
    return {"bench": Bench()}
"""

#: Seconds that a handler may take here, and for which it spins: less, and more.
TIMEOUT, SPINS, LONG = 1.0, 0.9, 60.0

#: About a kilobyte, as a form with a dozen fields has.
ANSWERS = {f"field-{number}": "某某区某某街道某某社区" for number in range(16)}


@dataclass(frozen=True, slots=True)
class Length:
    calls: int
    kills: int
    spins: int


FULL, SHORT = Length(20_000, 20, 5), Length(500, 2, 1)


@contextmanager
def places() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="banshi-isolation-") as folder:
        parks = Path(folder) / "parks"
        parks.mkdir()
        (parks / "items.toml").write_text(ITEMS, encoding="utf-8")
        (parks / "__init__.py").write_text(PLUGIN, encoding="utf-8")
        yield Path(folder)


def submission(item: Item, **answers: Any) -> Submission:
    now = datetime.now(UTC)
    told = {"case_id": "1", "number": "20260101-AAAA-BBBB", "person": "wang", "name": "王小明", "received_at": now}
    return Submission(item=item, answers={**ANSWERS, **answers}, **told)  # type: ignore[arg-type]


def microseconds(took: Sequence[float]) -> tuple[str, str]:
    ranked = sorted(took)
    return f"{ranked[len(ranked) // 2] * 1e6:,.0f} µs", f"{ranked[len(ranked) * 99 // 100] * 1e6:,.0f} µs"


async def calls(door: Door, count: int) -> tuple[list[float], float]:
    """Seconds of each call, one after the other; calls a second with 64 at once."""
    item = door.platform.registry.items["bench"]
    given, took = submission(item), []
    for _ in range(100 + count):
        begun = time.perf_counter()
        found, error = await contained(TIMEOUT, item.handler.validate, given)
        took.append(time.perf_counter() - begun)
        assert error is None, error
        assert len(found) == 1

    async def several() -> None:
        for _ in range(count // 64):
            await contained(TIMEOUT, item.handler.validate, given)

    begun = time.perf_counter()
    await asyncio.gather(*(several() for _ in range(64)))
    return took[100:], count // 64 * 64 / (time.perf_counter() - begun)


async def kills(door: Door, length: Length) -> list[float]:
    """Seconds from a kill until a call is answered again, with a spare that is ready."""
    item, took = door.platform.registry.items["bench"], []
    keeper: Any = next(door.platform[one.key] for owner, one in door.platform.registry.resources if owner == "parks")
    for _ in range(length.kills):
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
            await contained(TIMEOUT, item.handler.validate, submission(item, spins=seconds))
    ranked = sorted(late)
    return f"{ranked[len(ranked) * 99 // 100] * 1000:,.1f} ms", f"{ranked[-1] * 1000:,.1f} ms"


async def measured(folder: Path, length: Length) -> None:
    costs, lags, back = [], [], []
    for name, isolated in (("within", {}), ("apart", {"parks": {}})):
        home = folder / name
        home.mkdir()
        plugins, rules = {"parks": folder / "parks"}, {"handler_timeout": TIMEOUT}
        async with open_door(home, plugins, isolated=isolated, platform=rules) as door:
            took, rate = await calls(door, length.calls)
            costs.append((name, *microseconds(took), f"{rate:,.0f}/s"))
            lags.append((f"{name}, it spins for {SPINS} s", *await lag(door, length.spins, SPINS)))
            if isolated:
                lags.append((f"{name}, it spins until it is killed", *await lag(door, length.spins, LONG)))
                back = await kills(door, length)
    table(["a call of one handler", "p50", "p99", "64 at once"], costs)
    table(["the loop is late", "p99", "at most"], lags)
    middle, longest = statistics.median(back) * 1000, max(back) * 1000
    print(f"back after a kill: {middle:.0f} ms, {longest:.0f} ms at most, of {len(back)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="a few calls of each")
    length = SHORT if parser.parse_args().short else FULL
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    keeping.FIRST_PAUSE = keeping.LONGEST_PAUSE = 0.0
    print(f"{machine()}; nothing is pinned\n")
    with places() as folder, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(measured(folder, length))


if __name__ == "__main__":
    main()
