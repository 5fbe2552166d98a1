"""What PostgreSQL says of its own types, asked once a process.

asyncpg has codecs for numbers, texts and the like; of an array of them each connection asks the server anew, by a query
of 4 to 25 ms before the first statement that has one. A type of PostgreSQL's own has one number on all servers.
"""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import asyncpg

#: The first number that a server gives to what is made on it (`FirstNormalObjectId`).
FIRST_MADE_OID = 16_384

#: What servers have said, by the numbers that were asked for together.
TOLD: dict[frozenset[int], Any] = {}

#: In place of the statement that would have been asked: a named one, so that it takes nobody's place.
NOT_ASKED = SimpleNamespace(name="told before")


class Connection(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """A connection that knows what others have been told."""

    async def _introspect_types(self, typeoids: Collection[int], limit: float) -> tuple[Any, Any]:
        asked = frozenset(typeoids)
        if asked in TOLD:
            return TOLD[asked], NOT_ASKED
        told, statement = await super()._introspect_types(typeoids, limit)
        if max(asked) < FIRST_MADE_OID:
            TOLD[asked] = told
        return told, statement
