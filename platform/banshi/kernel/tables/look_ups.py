"""Rows that each submission looks up, read together: one statement for all requests that wait for theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from banshi.foundation.database.bulk import gather
from banshi.foundation.database.store import Store


class LookUps:
    """Reads rows by a text key. While one statement is under way, the next look-ups gather.

    `sql` gives `id` and what else is wanted, with `{listed}` for a query of the keys. It is written by hand, since
    Tortoise takes longer to word it than the database to answer it.
    """

    def __init__(self, store: Store, sql: str) -> None:
        self._store, self._sql = store, sql
        self._waiting: list[tuple[str, asyncio.Future[Mapping[str, Any] | None]]] = []
        self._last = 0
        self._reader: asyncio.Task[None] | None = None

    async def find(self, identity: str) -> Mapping[str, Any] | None:
        """The row of this key, read after this was called; None where there is none."""
        own: asyncio.Future[Mapping[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((identity, own))
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read(), name="banshi-look-ups")
        return await own

    async def _read(self) -> None:
        while self._waiting:
            await gather(self._last)
            waiting, self._waiting, self._last = self._waiting, [], len(self._waiting)
            try:
                listed, values = self._store.table(("varchar", [key for key, _ in waiting]))
                rows = await self._store.connection.execute_query_dict(self._sql.format(listed=listed), values)
            except Exception as error:  # whoever waits is told
                for future in (one for _, one in waiting if not one.done()):
                    future.set_exception(error)
                continue
            found = {row["id"]: row for row in rows}
            for identity, future in waiting:
                if not future.done():  # who waited may have hung up
                    future.set_result(found.get(identity))
