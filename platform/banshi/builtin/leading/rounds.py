"""Work beside the requests, in rounds: what is due is looked for again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

from structlog.typing import FilteringBoundLogger
from tortoise.models import Model

from banshi.builtin.leading.leader_election import led
from banshi.foundation.background import woken, working
from banshi.foundation.errors import Problem
from banshi.foundation.logs import place_of
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.runtime.running import Platform

#: Seconds between two rounds of what has time.
HOUR_S = 3600.0


#: One round of some work.
Round = Callable[[Platform], Awaitable[object]]


@asynccontextmanager
async def rounds(seconds: float, name: str, work: Round, failed: str, platform: Platform) -> AsyncIterator[None]:
    """Do `work` at start and after so many seconds each while the block runs, in the process that leads."""
    async with working(name, partial(led, platform, seconds, partial(work, platform), failed)):
        yield


def hourly(name: str, work: Round, failed: str, platform: Platform) -> AbstractAsyncContextManager[None]:
    """The same every hour."""
    return rounds(HOUR_S, name, work, failed, platform)


async def move(platform: Platform, case_id: Any, action: str) -> bool:
    """Take a step of the platform's; False where the case has moved on meanwhile, or its plugin isn't loaded."""
    try:
        await lifecycle.move(platform, case_id, action, actors.SYSTEM)
    except Problem:
        return False
    return True


def looking_at(
    platform: Platform, model: type[Model], seconds: float, look: Round, wake: asyncio.Event | None = None
) -> Callable[[], Awaitable[None]]:
    """What looks when rows of the model were written, and at least every so many seconds; until cancelled.

    It also looks when `wake` is set, such as by `Store.pulse`.
    """
    wake = wake or asyncio.Event()
    platform.store.on_rows(model, wake.set)

    async def looking() -> None:
        while True:
            await woken(wake, seconds)
            wake.clear()
            await look(platform)

    return looking


async def in_turn(platform: Platform, works: Sequence[Round], log: FilteringBoundLogger, failed: str) -> None:
    """One round. What fails is logged as `failed` and tried in the next one; the rest goes on."""
    for work in works:
        try:
            await work(platform)
        except Exception as error:
            log.error(failed, work=work.__name__, error=type(error).__name__, where=place_of(error))
