"""Phones that have just opened their streams: what each needs to know is read for many of them at once.

After a restart all phones come back in the same moment. One by one they would queue for the database, and what is read
for one costs little more for a hundred.
"""

from __future__ import annotations

import asyncio

from banshi import Platform
from mobile_push.inbox import standings
from mobile_push.inbox.standings import Standing

#: Persons who are read at once: a mark each, and SQLite takes 32,766 in a statement.
MAX_PERSONS_AT_ONCE = 500


class Arrivals:
    """Reads where people stand, for all who have asked since the last reading began."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._waiting: list[tuple[str, asyncio.Future[Standing]]] = []
        self._reader: asyncio.Task[None] | None = None

    async def standing(self, person: str) -> Standing:
        """Where a person stands, read after this was called. Raises what the database raised."""
        future: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
        self._waiting.append((person, future))
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="mobile-push-arrivals")
        return await future

    async def _read(self) -> None:
        try:
            while self._waiting:
                asking, self._waiting = self._waiting[:MAX_PERSONS_AT_ONCE], self._waiting[MAX_PERSONS_AT_ONCE:]
                await self._answer(asking)
        finally:
            self._reader = None

    async def _answer(self, asking: list[tuple[str, asyncio.Future[Standing]]]) -> None:
        try:
            found = await standings.standings(self._platform, {person for person, _ in asking})
        except Exception as error:  # each of them is told, and its phone tries again
            for _, future in asking:
                if not future.done():
                    future.set_exception(error)
            return
        for person, future in asking:
            # One that has left meanwhile has cancelled its own.
            if not future.done():
                future.set_result(found[person])
