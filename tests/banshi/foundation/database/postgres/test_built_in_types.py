"""What PostgreSQL says of its own types is asked once a process, and of types that were made on it each time."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from tortoise import connections

from banshi.foundation.database import postgres as database
from banshi.foundation.database.opening import open_store

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)

#: A type of arrays, and what one may have in it.
ARRAYS: list[tuple[str, list[Any]]] = [
    ("varchar", ["one", "", "号码", None]),
    ("text", ["{}", 'a "quoted", one']),
    ("bigint", [2**63 - 1, -(2**63), None]),
    ("int", [1, -1]),
    ("boolean", [True, False, None]),
    ("uuid", [uuid.UUID(int=7)]),
    ("jsonb", ['{"a": 1}', "null"]),
    ("timestamptz", [NOW, None]),
    ("date", [date(2026, 11, 29)]),
    ("numeric", [Decimal("1.50")]),
    ("bytea", [b"\x00\xff"]),
    ("double precision", [0.5]),
]


@pytest.fixture
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "TOLD", {})


async def connected(url: str, kind: type[asyncpg.Connection]) -> tuple[asyncpg.Connection, list[str]]:
    """A connection, and what it asks the server."""
    place = url.replace("asyncpg:", "postgres:").partition("?")[0]
    connection, asked = await asyncpg.connect(place, connection_class=kind), list[str]()
    connection.add_query_logger(lambda record: asked.append(record.query))
    return connection, asked


async def test_a_second_connection_asks_nothing_and_reads_and_writes_what_a_plain_one_does(
    postgres_server: str, nothing_told: None
) -> None:
    plain, all_asked = await connected(postgres_server, asyncpg.Connection)
    first, _ = await connected(postgres_server, database.Connection)
    second, asked = await connected(postgres_server, database.Connection)
    try:
        ours = [f"SELECT $1::{name}[] AS given, unnest($1::{name}[]) AS one" for name, _ in ARRAYS]
        for statement, (_, values) in zip(ours, ARRAYS, strict=True):
            told = [await one.fetch(statement, values) for one in (plain, first, second)]
            assert told[0] == told[1] == told[2]
            assert told[2][0]["given"] == values
        # They are told of a moment later.
        await asyncio.sleep(0)
        assert asked == ours
        assert set(all_asked) > set(ours), "a plain one asks, and this test would see it"
    finally:
        for one in (plain, first, second):
            await one.close()


async def test_a_type_that_was_made_on_the_server_is_asked_for_by_each_connection(
    postgres_server: str, nothing_told: None
) -> None:
    """Two databases may have another one by its number; here it is dropped, and another one made."""
    for words in (("red", "green"), ("left", "right")):
        connection, _ = await connected(postgres_server, database.Connection)
        try:
            await connection.execute(f"CREATE TYPE mood AS ENUM ('{words[0]}', '{words[1]}')")
            assert await connection.fetchval("SELECT $1::mood[]", list(words)) == list(words)
            assert not database.TOLD
        finally:
            await connection.execute("DROP TYPE mood")
            await connection.close()


async def test_a_platform_s_connections_are_such_ones(postgres: str) -> None:
    async with open_store(postgres, {}), connections.get("default").acquire_connection() as connection:
        assert isinstance(connection, database.Connection)
