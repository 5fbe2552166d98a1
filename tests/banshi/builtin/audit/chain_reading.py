"""Sealing and verifying at a test's word, and what is found of what somebody does to the tables."""

# ruff: noqa: S608 - the tables' own names

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from banshi.builtin.audit.chain import seal_all
from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.verifying import Tally, Verification
from banshi.testing import Door


async def sealed(door: Door) -> int:
    return await seal_all(door.platform.store, door.platform[AUDIT], door.platform.now())


async def verified(door: Door, **how: Any) -> tuple[list[str], Tally]:
    reading = Verification(door.platform.store, door.platform[AUDIT], door.platform.now(), **how)
    return [str(one) async for one in reading.findings()], reading.tally


async def sql(door: Door, statement: str, *values: Any) -> None:
    marks = door.platform.store.placeholders(len(values))
    await door.platform.store.connection.execute_query(statement.format(*marks), list(values))


@asynccontextmanager
async def kept(door: Door, *tables: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """What brings the tables back as they are now."""

    async def put_back() -> None:
        for table in tables:
            await sql(door, f"DELETE FROM {table}")
            await sql(door, f"INSERT INTO {table} SELECT * FROM kept_{table}")
        assert (await verified(door))[0] == []

    for table in tables:
        await sql(door, f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")
    try:
        yield put_back
    finally:
        for table in tables:
            await sql(door, f"DROP TABLE kept_{table}")


async def found_after(door: Door, table: str, changes: Iterable[str]) -> dict[str, list[str]]:
    """What is found after each of the statements; they find the table the same."""
    found = {}
    async with kept(door, table) as put_back:
        for change in changes:
            await door.platform.store.connection.execute_query(change)
            found[change] = (await verified(door))[0]
            await put_back()
    return found
