"""How often something may be done: counted by all processes together where they share a Redis, and else by each."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import structlog

from banshi.foundation.background import working
from banshi.foundation.keys import Key
from banshi.foundation.logs import refusal_of
from banshi.foundation.servers.redis_client import answered
from banshi.kernel.runtime.running import Platform

if TYPE_CHECKING:
    from banshi.builtin.limits.shared_rates import SharedRates

log = structlog.get_logger("banshi.rates")

#: Seconds that Redis may take over an answer: whoever asks has something to do. And those between two looks whether one
#: that failed is back: at first, and at most. Whoever finds out late goes on with its equal part of what others use up.
REDIS_TIMEOUT_S = 0.25
FIRST_LOOK_S, LONGEST_LOOK_S = 0.25, 1.0

#: Seconds after which a process that no longer asks for its part is no sharer any more.
SHARER_STALE_S = 10.0

#: Sharers before anything was heard: this process alone.
NOBODY_ELSE = (1, 0.0)


class Alone:
    """What this process has counted, by name, in windows that slide: the one before counts for what of it overlaps."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        #: By a window's seconds: its number, and what was counted by name in it and in the one before.
        self._windows: dict[int, tuple[float, dict[str, int], dict[str, int]]] = {}

    def wait(self, name: str, most: int, seconds: int, cost: int = 1) -> float:
        """As `Rates.wait`."""
        number, elapsed = divmod(self.clock(), seconds)
        found = self._windows.get(seconds)
        if found is None or found[0] != number:
            before = found[1] if found is not None and found[0] == number - 1 else {}
            found = self._windows[seconds] = (number, {}, before)
        used, old = found[1].get(name, 0), found[2].get(name, 0)
        if used + int(old * (1 - elapsed / seconds)) + cost <= most:
            found[1][name] = used + cost
            return 0.0
        rest = seconds - elapsed
        # What was counted in the window before leaves bit by bit.
        left = (used + cost + old - most) * seconds / old - elapsed if used + cost <= most else rest
        return min(max(left, 0.01), rest)


class Rates:
    """What was done lately, by name."""

    def __init__(self, shared: SharedRates | None, prefix: str, process: str) -> None:
        #: What this process counts for itself.
        self.alone = Alone()
        self._shared = shared
        self._prefix = prefix
        self._process = process
        self._away = asyncio.Event()
        #: How many share it, by name, and until when fewer are not believed.
        self._sharers: dict[str, tuple[int, float]] = {}

    @property
    def may_be_shared(self) -> bool:
        """Whether there is a Redis to count in, away or not."""
        return self._shared is not None

    @property
    def together(self) -> bool:
        """Whether all processes are counted together at present."""
        return self._shared is not None and not self._away.is_set()

    async def watch(self) -> None:
        """Find out when a Redis that failed is back, until cancelled. Nobody who has something to do asks for that."""
        while self._shared is not None:
            await self._away.wait()
            pause = FIRST_LOOK_S
            while True:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_LOOK_S)
                with suppress(Exception):
                    async with asyncio.timeout(REDIS_TIMEOUT_S):
                        await answered(self._shared.client.ping())
                    break
            self._away.clear()
            log.info("rates are counted together again")

    async def wait(self, name: str, most: int, seconds: int, *, cost: int = 1) -> float:
        """0.0 and it is counted, or in how many seconds it may be asked again: at most `most` in so many seconds."""
        if self._shared is not None and self.together:
            try:
                async with asyncio.timeout(REDIS_TIMEOUT_S):
                    return await answered(self._shared.wait(name, most, seconds, cost))
            except Exception as error:
                self._lost(error)
        return self.alone.wait(name, most, seconds, cost)

    async def sharers(self, name: str) -> int:
        """How many processes share it, this one among them; as it was last known while Redis is away."""
        if self._shared is not None and self.together:
            key = f"{self._prefix}:sharers:{name}"
            try:
                async with asyncio.timeout(REDIS_TIMEOUT_S):
                    self._know(name, await answered(self._shared.sharers(key, self._process, SHARER_STALE_S)))
            except Exception as error:
                self._lost(error)
        return self._sharers.get(name, NOBODY_ELSE)[0]

    def _know(self, name: str, found: int) -> None:
        """Fewer than before are believed once nobody else was heard of for a while.

        A Redis that was flushed or begun again knows of one at first: if it went away then, each would take all.
        """
        known, until = self._sharers.get(name, NOBODY_ELSE)
        now = time.monotonic()
        if found >= known or now > until:
            self._sharers[name] = (found, now + SHARER_STALE_S)

    def _lost(self, error: Exception) -> None:
        if not self._away.is_set():
            log.warning("rates are counted by each process for itself: Redis is away", **refusal_of(error))
        self._away.set()


#: How many calls somebody has made.
RATES: Key[Rates] = Key("rates")


@asynccontextmanager
async def open_rates(platform: Platform) -> AsyncIterator[Rates]:
    """The rates of this process, or of all that share its Redis."""
    redis = platform.settings.redis
    shared, prefix = None, f"{redis.name}:rates" if redis is not None else ""
    if redis is not None:
        from banshi.builtin.limits.shared_rates import SharedRates

        shared = SharedRates(redis, prefix)
    rates = Rates(shared, prefix, os.urandom(6).hex())
    try:
        async with working("banshi-rates", rates.watch):
            yield rates
    finally:
        if shared is not None:
            await shared.client.aclose()
