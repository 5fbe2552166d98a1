"""A register in somebody else's database, which is only ever read.

What makes sure of that is not this code alone: PostgreSQL is asked in a read-only transaction of a session that is
read-only by default; SQLite opens the file for reading and permits nothing but a SELECT. Still, give it an account that
may do nothing else.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from banshi.kernel.loading.outside_systems import RegisterSource
from banshi.kinds.query.registers.protocol import MAX_RECORDS, Found, Question, RegisterBroken, RegisterDown, Source

#: Connections to one database at most.
MAX_CONNECTIONS = 4

#: What a statement may do in SQLite: select, read a column, call a function, recurse.
PERMITTED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}

#: Instructions of SQLite's machine between two looks at whether the time is up.
LOOK_EVERY_INSTRUCTIONS = 1_000

#: Literals, names, comments and casts, in which a colon means something else; then a parameter.
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|::|:([a-z][a-z0-9_]*)", re.DOTALL)


def parameters_of(sql: str) -> tuple[str, ...]:
    """The named parameters of a statement, each once, in their order."""
    return tuple(dict.fromkeys(found[1] for found in _TOKEN.finditer(sql) if found[1]))


def numbered(sql: str) -> str:
    """The statement with `:plate` as PostgreSQL knows it, `$1`."""
    names = parameters_of(sql)
    return _TOKEN.sub(lambda found: f"${names.index(found[1]) + 1}" if found[1] else found[0], sql)


def values_of(sql: str, question: Question) -> dict[str, Any]:
    known = {**question.fields, "owner": question.owner}
    return {name: known.get(name) for name in parameters_of(sql)}


def sqlite_file(database: str, folder: Path) -> Path:
    """The file that `sqlite://FILE` names; a relative one lies beside plugins.toml."""
    return folder / database.removeprefix("sqlite://").partition("?")[0]


class SqliteRegister:
    """Opens the file anew for each question: it may be replaced at any time."""

    def __init__(self, source: RegisterSource, folder: Path) -> None:
        self._sql = source.sql
        self._timeout = source.timeout
        self._uri = f"file:{quote(str(sqlite_file(source.database, folder)))}?mode=ro"

    async def find(self, question: Question) -> Found:
        ended: list[bool] = []
        values = values_of(self._sql, question)
        try:
            return Found(records=await asyncio.to_thread(self._rows, values, ended))
        finally:
            # The thread can't be cancelled; it looks here.
            ended.append(True)

    def _rows(self, values: Mapping[str, Any], ended: list[bool]) -> list[dict[str, Any]]:
        try:
            with closing(sqlite3.connect(self._uri, uri=True, timeout=self._timeout)) as connection:
                connection.set_authorizer(_only_select)
                connection.set_progress_handler(lambda: bool(ended), LOOK_EVERY_INSTRUCTIONS)
                connection.row_factory = sqlite3.Row
                return [dict(row) for row in connection.execute(self._sql, values).fetchmany(MAX_RECORDS + 1)]
        except sqlite3.OperationalError as error:
            if "unable to open" in str(error) or "locked" in str(error):
                raise RegisterDown("the file can't be read now") from error
            raise RegisterBroken("the statement fails") from error
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise RegisterBroken("the statement fails") from error


def _only_select(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in PERMITTED else sqlite3.SQLITE_DENY


class PostgresRegister:
    """Asks over connections that are made when the first question comes."""

    def __init__(self, source: RegisterSource, pool: Any) -> None:
        self._source = source
        self._statement = numbered(source.sql)
        self._pool = pool

    async def find(self, question: Question) -> Found:
        import asyncpg

        values = values_of(self._source.sql, question).values()
        try:
            async with self._pool.acquire() as connection, connection.transaction(readonly=True):
                cursor = await connection.cursor(self._statement, *values)
                rows = await cursor.fetch(MAX_RECORDS + 1)
        except asyncpg.QueryCanceledError:
            raise TimeoutError from None
        except (
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InvalidCatalogNameError,
            OSError,
        ) as error:
            if isinstance(error, TimeoutError):
                raise
            raise RegisterDown("the database can't be reached") from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise RegisterBroken("the statement fails") from error
        return Found(records=[dict(row) for row in rows])


@asynccontextmanager
async def open_sql(source: RegisterSource, folder: Path) -> AsyncIterator[Source]:
    """The register of a database. A server that is away keeps nobody from starting."""
    if source.database.startswith("sqlite://"):
        yield SqliteRegister(source, folder)
        return
    import asyncpg

    milliseconds = str(int(source.timeout * 1000))
    pool = asyncpg.create_pool(
        re.sub(r"^\w+://", "postgres://", source.database),
        min_size=0,
        max_size=MAX_CONNECTIONS,
        timeout=source.timeout,
        command_timeout=source.timeout,
        server_settings={
            "application_name": "banshi-register",
            "default_transaction_read_only": "on",
            "statement_timeout": milliseconds,
            "idle_in_transaction_session_timeout": milliseconds,
        },
    )
    await pool
    try:
        yield PostgresRegister(source, pool)
    finally:
        pool.terminate()
