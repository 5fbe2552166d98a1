"""Work that goes on beside the requests, for as long as the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

from banshi.foundation.logs import place_of

#: Seconds until work that ended by an error begins anew.
RESTART_PAUSE_S = 1.0

log = structlog.get_logger("banshi")


@asynccontextmanager
async def working(name: str, *works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Keep `works` going while the block runs, and cancel them at its end.

    An error ends none of them: it is logged with its place under `name`, and the work begins anew after
    `RESTART_PAUSE_S`. What returns is over.
    """
    tasks = [asyncio.create_task(_keep_going(name, work), name=name) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def every(seconds: float, work: Callable[[], Awaitable[object]], failed: str) -> None:
    """Do `work` now and again after so many seconds, for good. A round that fails is logged as `failed`, and where."""
    while True:
        try:
            await work()
        except Exception as error:
            log.error(failed, error=type(error).__name__, where=place_of(error))
        await asyncio.sleep(seconds)


async def woken(wake: asyncio.Event, seconds: float | None) -> bool:
    """Wait for `wake`, for so many seconds at most, or for good; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await wake.wait()
    except TimeoutError:
        return False


async def apart(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work that goes on where the caller leaves, and whose failure nobody then hears of."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda over: over.cancelled() or over.exception())
    await asyncio.shield(task)


class UnderWay(set[asyncio.Task[None]]):
    """Works of one worker that go on beside each other.

    `failed` logs what one ended by, and `wake` is set as each ends, for there is room again.
    """

    def __init__(self, wake: asyncio.Event, failed: Callable[..., object]) -> None:
        super().__init__()
        self._wake, self._failed = wake, failed

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let it go."""
        task = asyncio.create_task(work)
        self.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error=type(error).__name__, where=place_of(error))
        self._wake.set()

    async def drain(self, seconds: float | None = None) -> None:
        """Wait until all have ended; who hasn't after so many seconds, or once nobody waits here, is cancelled."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*self, return_exceptions=True)


async def _keep_going(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except Exception as error:
            log.error("work failed and begins anew", work=name, error=type(error).__name__, where=place_of(error))
        await asyncio.sleep(RESTART_PAUSE_S)
