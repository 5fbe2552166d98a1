"""Ids by which a service knows a push that it has taken already: what is sent again with its id is pushed once.

Which push has which is written down before it is sent: so whoever sends it after this process was killed knows it too.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256

from banshi import Platform
from mobile_push.providers.provider import Push
from mobile_push.tables.marks import Marks

#: Seconds for which an id that was fetched is used, and is kept from then on: a service knows each for a day.
GOOD_FOR_S = 8 * 3600.0


class PushIds:
    """Ids of pushes; `fetch` asks the service for some. Without a platform each push has a new one."""

    def __init__(self, fetch: Callable[[], Awaitable[list[str]]], platform: Platform | None) -> None:
        self._fetch, self._platform, self._fetching = fetch, platform, asyncio.Lock()
        #: Ids, each with the moment until which it is good.
        self._pool: deque[tuple[str, float]] = deque()

    async def of(self, push: Push, tokens: Sequence[str]) -> str:
        """The id of a push to these phones, the same as before where it was tried. Raises what `fetch` raises."""
        async with self._fetching:
            while not self._pool or time.monotonic() >= self._pool[0][1]:
                ends = time.monotonic() + GOOD_FOR_S
                self._pool = deque((one, ends) for one in await self._fetch())
                if self._platform is not None:
                    store = self._platform.store
                    await Marks(store).change(f"DELETE FROM push_id WHERE until <= {store.clock}")  # noqa: S608
            one = self._pool.popleft()
        if self._platform is None:
            return one[0]
        mark, until = Marks(self._platform.store), f"{self._platform.store.clock} + {int(GOOD_FOR_S * 1000)}"
        key = sha256("\n".join((push.message_id, push.withdrawn, *tokens)).encode()).hexdigest()
        rows = await mark.rows(
            f"INSERT INTO push_id (key, given, until) VALUES ({mark(key)}, {mark(one[0])}, {until}) "  # noqa: S608
            "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING given"
        )
        if rows[0]["given"] != one[0]:
            self._pool.appendleft(one)
        return str(rows[0]["given"])
