"""What all processes have done lately, counted in their Redis."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from banshi.foundation.servers.redis_client import RedisSettings, client_of

#: By Redis' own clock: a machine whose clock is ahead would take all others for silent.
SHARERS = Path(__file__).with_name("sharers.lua").read_text("ascii")


class SharedRates:
    """As `Rates`, and raises whatever Redis raises."""

    def __init__(self, settings: RedisSettings, prefix: str) -> None:
        self.client: Any = client_of(settings.url)
        self._windows = SlidingWindowCounterRateLimiter(Storage(self.client, prefix))

    async def wait(self, name: str, most: int, seconds: int, cost: int) -> float:
        """0.0 and it is counted, or in how many seconds it may be asked again."""
        item = RateLimitItemPerSecond(most, seconds)
        if await self._windows.hit(item, name, cost=cost):
            return 0.0
        reset = (await self._windows.get_window_stats(item, name)).reset_time
        # What was counted in the window before leaves bit by bit.
        return float(min(max(reset - time.time(), 0.01), item.get_expiry()))

    async def sharers(self, key: str, process: str, stale: float) -> int:
        """How many processes have asked under that key within `stale` seconds, this one among them."""
        return max(1, int(await self.client.eval(SHARERS, 1, key, process, stale, int(stale) * 2)))


class Storage(RedisStorage):
    """Counts through a client of ours: a server's, behind Sentinels, or a Cluster's."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._given = client
        super().__init__("async+redis://", implementation="redispy", key_prefix=prefix)

    def configure_bridge(self) -> None:
        self.bridge.storage = self._given  # type: ignore[attr-defined]
        self.bridge.connection_getter = lambda _: self._given  # type: ignore[attr-defined]
