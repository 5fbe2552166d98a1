"""Sealing anew what is in the tables: with the newest key of the ring, after a rotation or where it was plain so far.

Columns that are only read go row by row beside running servers: each row is written if it is still as it was read, and
whoever is cut short is simply begun again. Look-ups change all together, in one transaction and with no server running:
a search for a person finds them by one sealed text or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import OperationalError
from tortoise.models import Model
from tortoise.transactions import in_transaction

from banshi.foundation.database.bulk import placeholders
from banshi.foundation.database.store import CLOCK
from banshi.foundation.encryption import look_ups
from banshi.foundation.encryption.fields import OURS, PersonalJSON, Sealing, personal_fields
from banshi.foundation.encryption.ring import Ring
from banshi.foundation.encryption.sealing import SEALED, CannotOpen, UnknownKey

log = structlog.get_logger("banshi.resealing")

#: Rows that are read, and written in one transaction: others wait for no more than these.
ROWS_PER_STEP = 200

#: The ends of a table, for a quick look.
ENDS = (
    '(SELECT * FROM (SELECT * FROM "{table}" ORDER BY "{key}" DESC LIMIT 500) newest '
    'UNION ALL SELECT * FROM (SELECT * FROM "{table}" ORDER BY "{key}" LIMIT 500) oldest)'
)

#: How often a step is tried that another transaction got in the way of, and seconds between.
MAX_TRIES, PAUSE_S = 10, 0.2


@dataclass(frozen=True, slots=True)
class Column:
    """A personal column."""

    model: type[Model]
    field: Sealing

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def name(self) -> str:
        return self.model._meta.fields_db_projection[self.field.model_field_name]

    @property
    def key(self) -> str:
        return self.model._meta.db_pk_column

    @property
    def text(self) -> str:
        """SQL for what is in it as text."""
        return f'CAST("{self.name}" AS TEXT)'

    @property
    def start(self) -> int:
        """Where a sealed text begins in it: JSON is in quotes."""
        return 2 if isinstance(self.field, PersonalJSON) else 1

    def begins(self, head: str) -> str:
        """SQL that is true where it begins with that."""
        return f"substr({self.text}, {self.start}, {len(head)}) = '{head}'"


@dataclass(frozen=True, slots=True)
class Held:
    """So many rows of a column are sealed with a key; "" for those that are plain."""

    place: str
    key: str
    rows: int


class Running(Exception):
    """A server works with the database."""


def columns_in(models: Iterable[type[Model]], *, looked_up: bool | None = None) -> list[Column]:
    """The personal columns of these models."""
    found = [Column(model, field) for model in models for field in personal_fields(model).values()]
    return [one for one in found if looked_up is None or one.field.looked_up is looked_up]


async def held(connection: BaseDBAsyncClient, columns: Iterable[Column], *, ends: bool = False) -> list[Held]:
    """How many rows there are under which key, column by column.

    It reads every row; with `ends`, the newest and the oldest of each table alone.
    """
    found = []
    for one in columns:
        key = f"CASE WHEN {one.begins(SEALED)} THEN substr({one.text}, {one.start + len(SEALED)}, 10) ELSE '' END"
        rows = ENDS.format(table=one.table, key=one.key) if ends else f'"{one.table}"'
        # What is found by it may also name nobody.
        people = f"AND substr({one.text}, 1, 1) <> '{OURS}'" if one.field.looked_up else ""
        sql = (
            f"SELECT {key} AS sealed_with, COUNT(*) AS many FROM {rows} looked_at "  # noqa: S608 - names of columns
            f"WHERE {one.text} <> '' {people} GROUP BY 1 ORDER BY 1"
        )
        counted: dict[str, int] = {}
        for row in await connection.execute_query_dict(sql):
            name = str(row["sealed_with"]).partition(":")[0]
            counted[name] = counted.get(name, 0) + int(row["many"])
        found += [Held(one.field.place, name, many) for name, many in counted.items()]
    return found


async def reseal(
    connection: BaseDBAsyncClient, ring: Ring, columns: Sequence[Column]
) -> AsyncIterator[tuple[Column, int]]:
    """Seal what isn't sealed with the newest key: after each step, the column and how many rows it has changed."""
    for one in columns:
        head = f"{SEALED}{ring.sealing()[0]}:"
        async for rows in _steps(connection, one, f"{one.text} <> '' AND NOT {one.begins(head)}"):
            if changes := [(new, row["place"], row["text"]) for row in rows if (new := _anew(one, row)) is not None]:
                await _change(connection, one, changes)
                yield one, len(changes)


async def _steps(connection: BaseDBAsyncClient, column: Column, where: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The rows of which `where` is true, some at a time by their keys: each key as `place`, and the `text`."""
    behind, given = "", list[Any]()
    (place,) = placeholders(connection.capabilities.dialect, 1)
    while True:
        sql = (
            f'SELECT "{column.key}" AS place, {column.text} AS text FROM "{column.table}" '  # noqa: S608 - our own names
            f'WHERE {where} {behind} ORDER BY "{column.key}" LIMIT {ROWS_PER_STEP}'
        )
        rows = await connection.execute_query_dict(sql, given)
        if not rows:
            return
        yield rows
        behind, given = f'AND "{column.key}" > {place}', [rows[-1]["place"]]


def _anew(column: Column, row: Any) -> str | None:
    """A row's text sealed anew; None where it can't be opened, which is told."""
    try:
        return column.field.sealed(column.field.opened(row["text"]))
    except CannotOpen as error:
        log.error("a row can't be sealed anew; it is left as it is", why=str(error.of(row["place"])))
        return None


async def _change(connection: BaseDBAsyncClient, column: Column, changes: Sequence[tuple[str, Any, str]]) -> None:
    """Write the new texts where the old ones are still there."""
    # What changed meanwhile was written with the newest key, or is found by the next run.
    new, place, text = placeholders(connection.capabilities.dialect, 3)
    which = f'"{column.key}" = {place} AND {column.text} = {text}'
    sql = f'UPDATE "{column.table}" SET "{column.name}" = {new} WHERE {which}'  # noqa: S608 - our own names
    for attempt in range(MAX_TRIES):
        try:
            await connection.execute_many(sql, [list(one) for one in changes])
            return
        except OperationalError:
            # A deadlock, a lock that was waited for too long: the other one's turn comes first.
            if attempt + 1 == MAX_TRIES:
                raise
            await asyncio.sleep(PAUSE_S * (attempt + 1))


async def reseal_look_ups(ring: Ring, models: Sequence[type[Model]], after: Sequence[str]) -> int:
    """Seal all look-ups with the ring's newest key for them; how many values. Raises Running, UnknownKey.

    `after` are plugins' statements. All or nothing: whoever is killed in between has changed nothing.
    """
    number = ring.newest_look_up
    changed = 0
    async with in_transaction() as connection:
        if connection.capabilities.dialect == "postgres":
            await connection.execute_query("SET LOCAL statement_timeout = 0")
            await connection.execute_query("SET LOCAL idle_in_transaction_session_timeout = 0")
            tables = sorted({one.table for one in columns_in(models, looked_up=True)})
            names = ", ".join(f'"{table}"' for table in tables)
            await _refuse_running(connection)
            await connection.execute_query(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
        there = await look_ups.noted(connection)
        if there is not None and ring.look_up(there) is None:
            raise UnknownKey("look-ups", f"they are sealed with look-up key {there}, which {ring.file} doesn't have")
        ring.live = number
        for one in columns_in(models, looked_up=True):
            changed += await _look_ups_of(connection, one, number)
        await look_ups.note(connection, number)
        for statement in after:
            await connection.execute_query(statement)
    return changed


async def _look_ups_of(connection: BaseDBAsyncClient, column: Column, number: int) -> int:
    new, place = placeholders(connection.capabilities.dialect, 2)
    sql = f'UPDATE "{column.table}" SET "{column.name}" = {new} WHERE "{column.key}" = {place}'  # noqa: S608 - our own names
    changed = 0
    async for rows in _steps(connection, column, look_ups.others(column.name, number)):
        changes = []
        for row in rows:
            try:
                changes.append([column.field.sealed(column.field.opened(row["text"])), row["place"]])
            except CannotOpen as error:
                raise error.of(row["place"]) from None
        await connection.execute_many(sql, changes)
        changed += len(rows)
    return changed


async def _refuse_running(connection: BaseDBAsyncClient) -> None:
    """Whoever leads on PostgreSQL holds a lease. A SQLite file is one process's, which says nothing of itself."""
    sql = f"SELECT holder FROM banshi_lease WHERE name <> 'doctor' AND until > {CLOCK[connection.capabilities.dialect]}"  # noqa: S608
    if rows := await connection.execute_query_dict(sql):
        raise Running(f"a server works with this database ({rows[0]['holder']}): stop every server, then run it again")
