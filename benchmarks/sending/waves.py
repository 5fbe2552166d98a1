"""What every sender in a process of its own does: take its plan, warm up, send what counts, and tell what that took."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import redirect_stdout
from typing import Any

import uvloop

from benchmarks.peers.serving import may_open_files
from benchmarks.shared.figures import cost, percentile
from tests.waiting import lateness

Plan = dict[str, Any]


def answer(works: Mapping[str, Callable[[Plan], Any]]) -> None:
    """Do the work that the plan on standard input names as its `sender`; what it gives is printed, both as JSON."""
    may_open_files()
    plan = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):
        result = works[plan["sender"]](plan)
        result = uvloop.run(result) if asyncio.iscoroutine(result) else result
    print(json.dumps(result))


async def sent(send: Callable[[int], Awaitable[Any]], plan: Plan, at_once: int) -> dict[str, float]:
    """What each message of the second wave took, `at_once` at the same time; and the loop's `lag`, ms at p99."""

    async def wave(count: int) -> None:
        numbers = iter(range(count))

        async def one_after_the_other() -> None:
            for number in numbers:
                await send(number)

        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))

    await wave(plan["warm"])
    async with lateness(0.001) as late:
        with cost() as took:
            await wave(plan["count"])
    return took.of(plan["count"]) | {"lag": percentile(late, 0.99) * 1e3}
