"""Figures of weeks or months, each counted once a minute, however many ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from banshi.kernel.runtime.running import Platform

#: Seconds for which a period's figures are kept, so that whoever asks again and again costs nothing.
KEPT_S = 60.0

Period = TypeVar("Period")
Figures = TypeVar("Figures")


class KeptFigures(Generic[Period, Figures]):
    """The figures of the periods that somebody has asked for lately."""

    def __init__(self, platform: Platform, count: Callable[[Platform, Period], Awaitable[Figures]]) -> None:
        self._platform, self._count = platform, count
        #: Each with the time at which it is too old.
        self.known: dict[Period, tuple[float, Figures]] = {}
        #: One period is counted at a time, however many ask.
        self._turn = asyncio.Lock()

    async def of(self, period: Period) -> Figures:
        """What is counted for a period; at most `KEPT_S` seconds old."""
        async with self._turn:
            found = self.known.get(period)
            if found is None or time.monotonic() >= found[0]:
                counted = await self._count(self._platform, period)
                found = self.known[period] = (time.monotonic() + KEPT_S, counted)
            return found[1]
