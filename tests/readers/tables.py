"""Every table of a platform, looked through for what names something: nobody has to know which tables there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from banshi.foundation.database.store import Store
from banshi.foundation.encryption.fields import personal_fields
from banshi.foundation.encryption.look_ups import models_of
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


async def rows_of(store: Store, table: str) -> list[dict[str, Any]]:
    """All rows of a table; what is sealed in them is opened."""
    rows = await store.connection.execute_query_dict(f'SELECT * FROM "{table}"')  # noqa: S608 - a table's own name
    models = {one._meta.db_table: one for one in models_of(store.context.apps)}
    if table not in models:
        return [dict(row) for row in rows]
    columns = {one.source_field or name: one for name, one in personal_fields(models[table]).items()}
    return [
        {name: columns[name].to_python_value(value) if name in columns else value for name, value in row.items()}
        for row in rows
    ]


async def tables_with(door: Door, *words: str) -> set[str]:
    """The tables of which a row has one of the words in any column, sealed or not; a UUID also without its hyphens."""
    return {table for table in await names_of(door) if _any(await rows_of(door.platform.store, table), words)}


async def tables_that_show(door: Door, *words: str) -> set[str]:
    """The same, as whoever has a copy of the database and no key sees it: what is sealed stays so."""
    connection = door.platform.store.connection
    shown = [(table, f'SELECT * FROM "{table}"') for table in await names_of(door)]  # noqa: S608 - a table's own name
    return {table for table, sql in shown if _any(await connection.execute_query_dict(sql), words)}


def _any(rows: Sequence[Mapping[str, Any]], words: Sequence[str]) -> bool:
    sought = {*words, *(word.replace("-", "") for word in words)}
    return any(word in str(dict(row)) for row in rows for word in sought)


def with_mode(door: Door, code: str, mode: Any, *, team: frozenset[str] = frozenset(), name: str = "") -> str:
    """Another item like one that there is, in that mode; its code."""
    items = door.platform.registry.items
    made = name or f"{code}-{mode}"
    items[made] = replace(items[code], code=made, mode=mode, team=team)
    return made
