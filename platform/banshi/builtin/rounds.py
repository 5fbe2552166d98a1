"""Work beside the requests, in rounds: what is due is looked for again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from structlog.typing import FilteringBoundLogger

from banshi.foundation.background import woken
from banshi.foundation.errors import Problem
from banshi.foundation.logs import place_of
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.runtime.running import Platform


async def move(platform: Platform, case_id: Any, action: str) -> bool:
    """Take a step of the platform's; False where the case has moved on meanwhile, or its plugin isn't loaded."""
    try:
        await lifecycle.move(platform, case_id, action, actors.SYSTEM)
    except Problem:
        return False
    return True


async def whenever(wake: asyncio.Event, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` when something wakes it, and at least every so many seconds; until cancelled."""
    while True:
        await woken(wake, seconds)
        wake.clear()
        await work()


async def in_turn(
    platform: Platform, works: Sequence[Callable[[Platform], Awaitable[object]]], log: FilteringBoundLogger, failed: str
) -> None:
    """One round. What fails is logged as `failed` and tried in the next one; the rest goes on."""
    for work in works:
        try:
            await work(platform)
        except Exception as error:
            log.error(failed, work=work.__name__, error=type(error).__name__, where=place_of(error))
