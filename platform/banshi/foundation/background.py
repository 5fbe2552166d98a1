"""Work that goes on beside the requests, for as long as the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

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


async def woken(wake: asyncio.Event, seconds: float) -> bool:
    """Wait for `wake`, for so many seconds at most; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await wake.wait()
    except TimeoutError:
        return False


async def _keep_going(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except Exception as error:
            log.error("work failed and begins anew", work=name, error=type(error).__name__, where=place_of(error))
        await asyncio.sleep(RESTART_PAUSE_S)
