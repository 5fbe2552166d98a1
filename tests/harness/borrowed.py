"""Schemas on PostgreSQL for doors that name no database, where `BANSHI_TEST_DATABASE=postgres` is set.

A test's doors have a schema for each folder of data, migrated for an earlier test and emptied since. One that plugins
of the test's own have added tables to is dropped.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tortoise.backends.base.executor import EXECUTOR_CACHE

from tests.harness.administered import Administrator
from tests.harness.memory import prepared

T = TypeVar("T")

#: Ends the connections that a test left behind: they might hold a lock.
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"

#: Rows that may be emptied out of a schema which is used again; with more of them another one is made.
MAX_ROWS_EMPTIED = 5000

#: Schemas that were migrated, used and emptied again.
FREE: list[str] = []

#: How many migrations are noted in a schema that nobody has added to.
NOTED = "SELECT count(*) FROM {schema}.tortoise_migrations"


class Borrowed:
    """The schemas of one test."""

    def __init__(self, server: str, administrator: Administrator) -> None:
        self._server, self._administrator = server, administrator
        self._name = f"test_{uuid.uuid4().hex}"
        self._schemas: dict[Path, str] = {}

    def database_in(self, data: Path) -> str:
        """In place of `banshi.testing.database_in`."""
        place = data.resolve()
        if place not in self._schemas:
            EXECUTOR_CACHE.clear()
            self._schemas[place] = elsewhere(self._take())
        return f"{self._server}?schema={self._schemas[place]}&application_name={self._name}"

    def give_back(self) -> None:
        if self._schemas:
            EXECUTOR_CACHE.clear()
            self._administrator.do(partial(give_back, application=self._name, schemas=self._schemas.values()))

    async def _take(self) -> str:
        if FREE:
            return FREE.pop()
        async with connected(self._server) as connection:
            return await prepared.make_schema(connection, self._server)


@asynccontextmanager
async def connected(server: str) -> AsyncIterator[Any]:
    """A connection to the database of this process, between tests of which each knows one database alone."""
    import asyncpg

    connection = await asyncpg.connect(server.replace("asyncpg:", "postgres:", 1))
    try:
        yield connection
    finally:
        await connection.close()


async def give_back(connection: Any, *, application: str, schemas: Iterable[str]) -> None:
    """End what a test's application has left, and empty its schemas for another test, or drop them."""
    await connection.execute(END_ALL, application)
    for schema in schemas:
        steps = await connection.fetchval(NOTED.format(schema=schema))
        if steps == prepared.STEPS.get(schema) and await prepared.empty_schema(connection, schema) <= MAX_ROWS_EMPTIED:
            FREE.append(schema)
        else:
            await connection.execute(f"DROP SCHEMA {schema} CASCADE")


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Do it on a loop of another thread: a test's own may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
