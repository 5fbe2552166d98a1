"""The indexes of every table, as either database has them."""

from __future__ import annotations

from tortoise.backends.base.client import BaseDBAsyncClient

#: Every index but those of primary keys, a row for each of its columns, in order.
INDEXES = {
    "sqlite": (
        'SELECT m.name AS "table", i.name, i."unique" AS alone, c.name AS "column" FROM sqlite_schema m, '
        "pragma_index_list(m.name) i, pragma_index_info(i.name) c WHERE m.type = 'table' AND i.origin <> 'pk' "
        "AND m.name NOT LIKE 'tortoise%' ORDER BY m.name, i.name, c.seqno"
    ),
    "postgres": (
        'SELECT t.relname AS "table", n.relname AS name, i.indisunique AS alone, a.attname AS "column" '
        "FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid "
        "JOIN pg_attribute a ON a.attrelid = n.oid WHERE t.relnamespace = current_schema()::regnamespace "
        "AND NOT i.indisprimary AND t.relname NOT LIKE 'tortoise%' ORDER BY t.relname, n.relname, a.attnum"
    ),
}

#: Columns of an index in order, and whether each value of them is there once.
Indexes = set[tuple[tuple[str, ...], bool]]


async def indexes_of(connection: BaseDBAsyncClient) -> dict[str, Indexes]:
    """The indexes of every table, as the database has them."""
    columns: dict[tuple[str, str, bool], list[str]] = {}
    for row in await connection.execute_query_dict(INDEXES[connection.capabilities.dialect]):
        columns.setdefault((row["table"], row["name"], bool(row["alone"])), []).append(row["column"])
    found: dict[str, Indexes] = {}
    for (table, _, alone), names in columns.items():
        found.setdefault(table, set()).add((tuple(names), alone))
    return found
