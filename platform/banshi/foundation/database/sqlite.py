"""SQLite for Tortoise, where moments compare as moments, and a task may be cancelled in the middle of a transaction.

Tortoise's own client keeps its one lock for good when a task is cancelled while its transaction begins: a phone that
leaves cancels its request, and the whole platform would stand still. It also leaves the transaction of `execute_many`
open for whoever comes next, a script commits the transaction that it runs in, and a moment is written in the zone in
which somebody happened to say it. `banshi.foundation.database.opening` names this module as the engine.
"""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.fields.db_defaults import Now

AnyRows = TypeVar("AnyRows")

log = structlog.get_logger("banshi.sqlite")


def spelled(moment: datetime) -> str:
    """The one text of a moment, in UTC: SQLite has no type for moments and compares their texts.

    Texts of one zone are in the order of time, and "+" stands before ".", so the full second before its parts. A moment
    without a zone is one of UTC, as it is for Tortoise. Raises OverflowError where its zone leads out of the calendar.
    """
    aware = moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment.astimezone(UTC)
    return aware.isoformat(" ")


# For every value of every statement of this process, whoever wrote it; Tortoise's own, which it takes the place of, is
# the same but for the zone. So whatever was written in UTC before still is as it has to be.
sqlite3.register_adapter(datetime, spelled)

#: The database's own time so spelled, for columns with `db_default=Now()`: CURRENT_TIMESTAMP leaves its zone out.
Now._DIALECT_SQL["sqlite"] = "(replace(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000+00:00', '.000000', ''))"

#: Every column of the file that is declared as one for moments, whoever's table it is in.
MOMENTS = (
    'SELECT m.name AS "table", c.name AS "column" FROM sqlite_schema m JOIN pragma_table_info(m.name) c '
    "WHERE m.type = 'table' AND (c.type LIKE 'TIMESTAMP%' OR c.type LIKE 'DATETIME%') ORDER BY m.name, c.cid"
)

#: Holds for a text that isn't spelled so.
ELSE = (
    "typeof({c}) = 'text' AND ({c} LIKE '%.000000+00:00' OR NOT ({c} GLOB '????-??-?? ??:??:??+00:00' "
    "OR {c} GLOB '????-??-?? ??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]+00:00'))"
)


async def respell(connection: SqliteClient) -> None:
    """Bring moments that were written in other zones, or otherwise, to the one text of each, in all tables of the file.

    What is no moment stays as it is. So does, with a warning, one of which a unique key would have two.
    """
    opened: Any = connection._connection
    await opened.create_function("banshi_spelled", 1, _respelled, deterministic=True)
    for row in await connection.execute_query_dict(MOMENTS):
        table, column = (f'"{name}"' for name in (row["table"].replace('"', '""'), row["column"].replace('"', '""')))
        otherwise = f"{ELSE.format(c=column)} AND {column} <> banshi_spelled({column})"
        await connection.execute_query(
            f"UPDATE OR IGNORE {table} SET {column} = banshi_spelled({column}) WHERE {otherwise}"  # noqa: S608
        )
        left = await connection.execute_query_dict(f"SELECT COUNT(*) AS rows FROM {table} WHERE {otherwise}")  # noqa: S608
        if left[0]["rows"]:
            where = f"{row['table']}.{row['column']}"
            advice = "a unique key has each of these moments in two zones: delete the row that isn't in UTC"
            log.warning("moments stay in another zone", column=where, advice=advice, **left[0])


def _respelled(text: str) -> str:
    try:
        return spelled(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return text


class Turns(SqliteClient):
    """A connection of which each turn waits for a loop that is busy: twice, for its beginning and for its end."""

    async def together(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[Sequence[Any]]:
        """Ask all of them in one turn of the connection's thread; the rows that each gave."""
        return await self.in_a_turn(lambda opened: [opened.execute(*one).fetchall() for one in statements])

    async def in_a_turn(self, work: Callable[[sqlite3.Connection], AnyRows]) -> AnyRows:
        """What `work` gives."""
        async with self.acquire_connection() as connection:
            try:
                return cast("AnyRows", await connection._execute(work, connection._conn))
            except sqlite3.OperationalError as error:
                raise OperationalError(error) from error
            except sqlite3.IntegrityError as error:
                raise IntegrityError(error) from error


class Transaction(Turns, SqliteTransactionWrapper):
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


class Use(ConnectionWrapper[Any]):
    """The connection for one statement. Where it can't be opened, the next statement must not wait for this one."""

    async def __aenter__(self) -> Any:
        await self._lock.acquire()
        try:
            await self.ensure_connection()
        except BaseException:
            self._lock.release()
            raise
        return self.connection


class Client(Turns):
    """The one connection of a process."""

    async def create_connection(self, with_db: bool) -> None:
        if self._connection is None:
            # What can't be opened fails here, and not in a thread that outlives the loop which it reports to.
            sqlite3.connect(self.filename).close()
        try:
            await super().create_connection(with_db)
        except BaseException:
            # Half open it would be taken for good by whoever comes next.
            await self.close()
            raise

    def acquire_connection(self) -> Use:
        return Use(self._lock, self)

    async def takes_writes(self) -> bool:
        """Whether its file is there and can be written: a disk that fails is mounted anew, to be read alone."""
        ((only_read,),) = (tuple(row.values()) for row in await self.execute_query_dict("PRAGMA query_only"))
        file = Path(self.filename)
        there = await asyncio.to_thread(lambda: os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))
        return not only_read and (there or self.filename == ":memory:")

    def _in_transaction(self) -> TransactionContext:
        return Begin(Transaction(self), self._lock)

    def writing(self, wait_ms: int) -> TransactionContext:  # noqa: ARG002 - its one lock is waited for by `busy_timeout`
        return self._in_transaction()

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as connection:
            await connection.execute_many(query, values)

    async def at_once(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[dict[str, Any]]]:
        """Carry all of them out in one transaction, in one turn of the connection's thread; the rows that each gave."""

        def whole(opened: sqlite3.Connection) -> list[list[dict[str, Any]]]:
            opened.execute("BEGIN IMMEDIATE")
            try:
                found = [[*map(dict, opened.execute(sql, values))] for sql, values in statements]
                opened.commit()
            except BaseException:
                opened.rollback()
                raise
            return found

        return await self.in_a_turn(whole)


#: Where Tortoise looks.
client_class = Client
