"""A clock that jumps to the next moment at which anything is to happen, so that hours of a scheduler take seconds.

Import it before anything that asks what time it is, and run with `run`. Python's clocks, the event loop's and SQLite's
then show one and the same virtual time; it stands still while the database or a thread is at work, which so takes no
time at all. What the machine can do is measured elsewhere; here it is only the scheduler's own times that count.
"""

from __future__ import annotations

import asyncio
import selectors
import sqlite3
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Unix seconds at which virtual time begins.
EPOCH = 1_790_000_000.0

#: Real seconds for which a thread's answer is waited for at a time.
LOOK_S = 0.05


#: Seconds that a turn of the loop takes: who waits for less than a float can add would wait for ever.
TURN_S = 1e-6


class Clock:
    """Virtual time in seconds, and how much is under way that takes none of it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.under_way = 0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return EPOCH + self.now


CLOCK = Clock()

#: What is real.
real_monotonic, real_connect = time.monotonic, sqlite3.connect

time.monotonic, time.time = CLOCK.monotonic, CLOCK.time  # type: ignore[assignment]


def _connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
    connection = real_connect(*arguments, **options)
    connection.create_function("virtual_now", 0, lambda: int(CLOCK.time() * 1000))
    return connection


sqlite3.connect = _connect  # type: ignore[assignment]


class Jumping(selectors.DefaultSelector):
    """Where nothing is ready and nothing under way, the clock jumps to the loop's next timer."""

    def select(self, timeout: float | None = None) -> Any:
        if CLOCK.under_way or timeout is None:
            return super().select(LOOK_S if timeout is None or timeout > 0 else 0)
        found = super().select(0)
        CLOCK.now += TURN_S if found else max(timeout, TURN_S)
        return found


class Loop(asyncio.SelectorEventLoop):
    """An event loop on virtual time."""

    def __init__(self) -> None:
        super().__init__(Jumping())

    def time(self) -> float:
        return CLOCK.now

    def run_in_executor(self, *arguments: Any) -> Any:
        CLOCK.under_way += 1
        future = super().run_in_executor(*arguments)
        future.add_done_callback(_over)
        return future


def _over(_: Any) -> None:
    CLOCK.under_way -= 1


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on virtual time, the platform's database included."""
    import aiosqlite.core

    from banshi.foundation.database import store

    store.CLOCK["sqlite"] = "virtual_now()"
    execute = getattr(aiosqlite.core.Connection._execute, "really", aiosqlite.core.Connection._execute)

    async def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        CLOCK.under_way += 1
        try:
            return await execute(self, *arguments, **options)
        finally:
            CLOCK.under_way -= 1

    counted.really = execute  # type: ignore[attr-defined]
    aiosqlite.core.Connection._execute = counted  # type: ignore[method-assign]
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main)
