"""The values of a hand-written statement, and the marks that stand for them in its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient


class Marks:
    """Takes a statement's values, gives a mark for each, and carries the statement out.

    Example::

        mark = Marks(platform.store)
        rows = await mark.rows(f"SELECT id FROM push_device WHERE id IN ({mark.each(ids)}) LIMIT {mark(100)}")
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self._sqlite = store.dialect == "sqlite"
        #: In the order of the marks' numbers; ids as the database's driver takes them.
        self.values: list[Any] = []

    def __call__(self, value: Any) -> str:
        """The mark of a value, which may stand in the SQL more than once."""
        return self.each((value,))

    def each(self, values: Iterable[Any]) -> str:
        """Marks for several values, parted by commas."""
        first = len(self.values) + 1
        if self._sqlite:
            values = [str(value) if isinstance(value, UUID) else value for value in values]
        self.values += values
        sign = "?" if self._sqlite else "$"
        return ", ".join([f"{sign}{number}" for number in range(first, len(self.values) + 1)])

    async def rows(self, sql: str, connection: BaseDBAsyncClient | None = None) -> Sequence[Mapping[str, Any]]:
        """The rows that a statement gives."""
        return await (connection or self._store.connection).execute_query_dict(sql, self.values)

    async def change(self, sql: str, connection: BaseDBAsyncClient | None = None) -> int:
        """How many rows a statement has changed."""
        count, _ = await (connection or self._store.connection).execute_query(sql, self.values)
        return int(count)

    async def update(self, table: str, values: str, which: str, connection: BaseDBAsyncClient | None = None) -> int:
        """How many rows it has changed of those of which that holds: locked in the order of their ids, as everybody
        does who locks several at once."""
        ordered = "" if self._sqlite else " ORDER BY id FOR UPDATE"
        these = f"SELECT id FROM {table} WHERE {which}{ordered}"  # noqa: S608 - marks, not values
        return await self.change(f"UPDATE {table} SET {values} WHERE id IN ({these})", connection)  # noqa: S608


async def together(store: Any, *asked: tuple[Marks, str]) -> list[list[Mapping[str, Any]]]:
    """The rows that each of several statements gives, in one turn of the database's."""
    found = await store.connection.together([(sql, mark.values) for mark, sql in asked])
    return [[dict(row) for row in rows] for rows in found]
