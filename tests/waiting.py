"""Waiting in tests for what comes in its own time: with a limit that only a fault reaches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

#: Longest time in seconds; a busy machine is no failure.
WAIT_TIMEOUT_S = 30.0

#: Seconds between two looks: a twentieth of those that were waited already, within these bounds. Many looks ask a
#: server, a database or the system, which has better things to do while somebody waits for it.
MIN_LOOK_S, MAX_LOOK_S = 0.005, 0.025


async def until(holds: Callable[[], Any], seconds: float = WAIT_TIMEOUT_S) -> float:
    """Wait until it holds, or what it gives to be awaited does; the seconds that it took."""
    begun = time.monotonic()
    while True:
        said = holds()
        if await said if isinstance(said, Awaitable) else said:
            return time.monotonic() - begun
        waited = time.monotonic() - begun
        assert waited < seconds, "not in time"
        await asyncio.sleep(min(max(MIN_LOOK_S, waited / 20), MAX_LOOK_S))


def children_of(process: int) -> list[int]:
    """The processes that it has begun and that are there; none where the system doesn't tell."""
    try:
        lists = [one.read_text() for one in Path(f"/proc/{process}/task").glob("*/children")]
        return [int(child) for children in lists for child in children.split()]
    except OSError:
        return []


@asynccontextmanager
async def lateness(step: float = 0.005) -> AsyncIterator[list[float]]:
    """By how many seconds the loop comes back too late to what wanted `step` of them, again and again."""
    late: list[float] = []
    over = asyncio.Event()

    async def watch() -> None:
        while not over.is_set():
            begun = time.perf_counter()
            await asyncio.sleep(step)
            late.append(time.perf_counter() - begun - step)

    watching = asyncio.create_task(watch())
    try:
        yield late
    finally:
        # The last look counts too: what stood still may have done so just now.
        over.set()
        await watching


async def within_a_minute(seconds: float) -> None:
    """Wait until a minute has that many seconds left: a rate by the minute is an estimate beyond.

    Redis counts minutes of the day, and a process alone those since the machine's start.
    """
    for clock in (time.time, time.monotonic, time.time):
        left = 60 - clock() % 60
        if left < seconds:
            await asyncio.sleep(left + 0.01)
