"""Ids by which JPush knows a push that it has taken already: what is sent again with its id is pushed once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Hashable

#: Ids that are fetched in one call, without a VIP contract and with one; and seconds for which they are used: JPush
#: knows each for a day.
A_CALL, A_VIP_CALL, GOOD_FOR_S = 10, 1000, 12 * 3600.0
#: Pushes whose end nobody knows yet, and whose ids are kept for when they come again.
MAX_KEPT = 1024


class Cids:
    """The ids of this process; `fetch` asks JPush for some."""

    def __init__(self, fetch: Callable[[], Awaitable[list[str]]]) -> None:
        self._fetch, self._fetching = fetch, asyncio.Lock()
        #: Ids, each with the moment until which it is good; and those of pushes.
        self._pool: deque[tuple[str, float]] = deque()
        self._kept: OrderedDict[Hashable, tuple[str, float]] = OrderedDict()

    async def of(self, push: Hashable) -> str:
        """The id of a push, the same as before where it has been tried. Raises what `fetch` raises."""
        async with self._fetching:
            now = time.monotonic()
            if push not in self._kept or now >= self._kept[push][1]:
                while not self._pool or now >= self._pool[0][1]:
                    self._pool = deque((cid, now + GOOD_FOR_S) for cid in await self._fetch())
                self._kept[push] = self._pool.popleft()
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
            return self._kept[push][0]

    def settled(self, push: Hashable) -> None:
        """JPush has said what became of it."""
        self._kept.pop(push, None)
