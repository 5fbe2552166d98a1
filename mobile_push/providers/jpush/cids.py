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
    """The ids of this process.

    Args:
        fetch: Asks JPush for some.
    """

    def __init__(self, fetch: Callable[[], Awaitable[list[str]]]) -> None:
        self._fetch = fetch
        self._pool: deque[str] = deque()
        self._until = 0.0
        self._fetching = asyncio.Lock()
        #: Push and phones → id, and until when it is good.
        self._kept: OrderedDict[Hashable, tuple[str, float]] = OrderedDict()

    async def of(self, push: Hashable) -> str:
        """The id of a push, the same as before where it has been tried. Raises what `fetch` raises."""
        now = time.monotonic()
        cid, until = self._kept.get(push, ("", 0.0))
        if now < until:
            return cid
        async with self._fetching:
            if not self._pool or now >= self._until:
                self._pool = deque(await self._fetch())
                self._until = now + GOOD_FOR_S
            cid = self._pool.popleft()
        self._kept[push] = cid, self._until
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return cid

    def settled(self, push: Hashable) -> None:
        """JPush has said what became of it."""
        self._kept.pop(push, None)
