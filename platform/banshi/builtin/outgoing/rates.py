"""How often something may be done: counted by all processes together where they share a Redis, and else by each."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from banshi.foundation.background import working
from banshi.foundation.keys import Key
from banshi.foundation.logs import refusal_of
from banshi.foundation.redis_client import RedisSettings, answered, client_of
from banshi.kernel.runtime.running import Platform

log = structlog.get_logger("banshi.rates")

#: Seconds that Redis may take over an answer: whoever asks has something to do. And those between two looks whether one
#: that failed is back: at first, and at most. Whoever finds out late goes on with its equal part of what others use up.
REDIS_TIMEOUT_S = 0.25
FIRST_LOOK_S, LONGEST_LOOK_S = 0.25, 1.0

#: Seconds after which a process that no longer asks for its part is no sharer any more.
SHARER_STALE_S = 10.0

#: Sharers before anything was heard: this process alone.
NOBODY_ELSE = (1, 0.0)


class Shared(RedisStorage):
    """Counts in Redis, through a client of ours: a server's, behind Sentinels, or a Cluster's."""

    def __init__(self, settings: RedisSettings) -> None:
        self.client: Any = client_of(settings.url)
        super().__init__("async+redis://", implementation="redispy", key_prefix=f"{settings.name}:rates")

    def configure_bridge(self) -> None:
        self.bridge.storage = self.client  # type: ignore[attr-defined]
        self.bridge.connection_getter = lambda _: self.client  # type: ignore[attr-defined]


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

    def __init__(self, shared: Shared | None, prefix: str, process: str) -> None:
        #: What this process counts for itself.
        self.alone = Alone()
        self._shared = shared
        self._together = SlidingWindowCounterRateLimiter(shared) if shared is not None else None
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
        return self._together is not None and not self._away.is_set()

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
        if self._together is not None and self.together:
            item = RateLimitItemPerSecond(most, seconds)
            try:
                async with asyncio.timeout(REDIS_TIMEOUT_S):
                    return await answered(self._asked(self._together, item, name, cost))
            except Exception as error:
                self._lost(error)
        return self.alone.wait(name, most, seconds, cost)

    async def _asked(self, counted: Any, item: RateLimitItemPerSecond, name: str, cost: int) -> float:
        if await counted.hit(item, name, cost=cost):
            return 0.0
        reset = (await counted.get_window_stats(item, name)).reset_time
        # What was counted in the window before leaves bit by bit.
        return float(min(max(reset - time.time(), 0.01), item.get_expiry()))

    async def sharers(self, name: str) -> int:
        """How many processes share it, this one among them; as it was last known while Redis is away."""
        if self._shared is not None and self.together:
            try:
                async with asyncio.timeout(REDIS_TIMEOUT_S):
                    self._know(name, await answered(self._counted(self._shared.client, name)))
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

    async def _counted(self, client: Any, name: str) -> int:
        key, now = f"{self._prefix}:sharers:{name}", time.time()
        await client.zadd(key, {self._process: now})
        await client.zremrangebyscore(key, 0, now - SHARER_STALE_S)
        await client.expire(key, int(SHARER_STALE_S) * 2)
        return max(1, int(await client.zcard(key)))

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
    shared = Shared(redis) if redis is not None else None
    rates = Rates(shared, f"{redis.name}:rates" if redis is not None else "", os.urandom(6).hex())
    try:
        async with working("banshi-rates", rates.watch):
            yield rates
    finally:
        if shared is not None:
            await shared.client.aclose()
