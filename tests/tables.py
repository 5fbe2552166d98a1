"""Every table of a platform, looked through for what names something: nobody has to know which tables there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from banshi.testing import Door

TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgres": "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()",
}


async def names_of(door: Door) -> list[str]:
    """Every table that there is, but for Tortoise's own: its moments may have any digits in them."""
    store = door.platform.store
    rows = await store.connection.execute_query_dict(TABLES[store.dialect])
    return [str(row["name"]) for row in rows if row["name"] != "tortoise_migrations"]


async def tables_with(door: Door, *words: str) -> set[str]:
    """The tables of which a row has one of the words in any column, a UUID also without its hyphens."""
    connection = door.platform.store.connection
    sought = {*words, *(word.replace("-", "") for word in words)}
    found = set()
    for table in await names_of(door):
        rows = await connection.execute_query_dict(f'SELECT * FROM "{table}"')  # noqa: S608 - a table's own name
        if any(word in str(dict(row)) for row in rows for word in sought):
            found.add(table)
    return found


def with_mode(door: Door, code: str, mode: Any, *, team: frozenset[str] = frozenset(), name: str = "") -> str:
    """Another item like one that there is, in that mode; its code."""
    items = door.platform.registry.items
    made = name or f"{code}-{mode}"
    items[made] = replace(items[code], code=made, mode=mode, team=team)
    return made
