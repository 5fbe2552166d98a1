"""The stored answers to Idempotency-Keys, looked up together: one statement for all requests that wait for theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from banshi.foundation.database.store import Store
from banshi.foundation.keys import Key

#: By hand: each submission asks this, and Tortoise takes longer to word it than the database to answer it.
SQL = "SELECT id, fingerprint, status, headers, body FROM banshi_idempotency_key WHERE id IN ({listed})"


class StoredAnswers:
    """Reads the rows of stored answers. While one statement is under way, the next look-ups gather."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any] | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def find(self, identity: str) -> Mapping[str, Any] | None:
        """The row of this hash of a key, read after this was called; None where there is none."""
        waiting = self._waiting.get(identity)
        if waiting is None:
            waiting = self._waiting[identity] = asyncio.get_running_loop().create_future()
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read(), name="banshi-stored-answers")
        # Shielded: of two that wait for one row, the first may hang up.
        return await asyncio.shield(waiting)

    async def _read(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            try:
                listed, values = self._store.table(("varchar", list(waiting)))
                rows = await self._store.connection.execute_query_dict(SQL.format(listed=listed), values)
            except Exception as error:  # whoever waits is told
                for future in waiting.values():
                    future.set_exception(error)
                    future.exception()  # nobody may be left to hear it
                continue
            found = {row["id"]: row for row in rows}
            for identity, future in waiting.items():
                future.set_result(found.get(identity))


STORED_ANSWERS: Key[StoredAnswers] = Key("stored answers to idempotency keys")
