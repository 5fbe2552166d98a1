"""SQLite for Tortoise, safe against a task that is cancelled, or killed, in the middle of a transaction.

Tortoise's own client keeps its one lock for good when a task is cancelled while its transaction begins: a phone that
leaves cancels its request, and the whole platform would stand still. It also leaves the transaction of `execute_many`
open for whoever comes next, and a script commits the transaction that it runs in. `banshi.store` names this module as
the engine.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class Transaction(SqliteTransactionWrapper):
    """The connection inside a transaction."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Transaction(self))

    async def begin(self) -> None:
        """Begin as a writer: waiting for another process here costs nothing, failing later costs the transaction."""
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error

    async def execute_script(self, query: str) -> None:
        """Run the statements of a migration one by one: sqlite3's own executescript commits what came before it."""
        for statement in statements(query):
            await self.execute_query(statement)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, each with its comments; a semicolon in a text, a comment or a trigger ends none."""
    begun = ""
    for part in re.split("(?<=;)", script):
        begun += part
        if sqlite3.complete_statement(begun):
            if begun.strip("; \t\r\n"):
                yield begun.strip()
            begun = ""
    if begun.strip():
        yield begun.strip()


class Begin(SqliteTransactionContext):
    """The transaction, as `async with` takes it."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            try:
                # The connection's thread works in order: what was begun is over before the next one begins.
                if self.connection._connection is not None:
                    await self.connection.rollback()
            finally:
                self._trxlock.release()
            raise
        connection: TransactionalDBClient = self.connection
        self.token = get_connections().set(self.connection_name, connection)
        return connection


class Client(SqliteClient):
    """The one connection of a process."""

    async def create_connection(self, with_db: bool) -> None:
        if self._connection is None:
            # What can't be opened fails here, and not in a thread that outlives the loop which it reports to.
            sqlite3.connect(self.filename).close()
        await super().create_connection(with_db)

    def _in_transaction(self) -> TransactionContext:
        return Begin(Transaction(self), self._lock)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as connection:
            await connection.execute_many(query, values)


#: Where Tortoise looks.
client_class = Client
