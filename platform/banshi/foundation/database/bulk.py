"""Many rows in one statement, and many statements in one turn; the text of each is made once.

On PostgreSQL a statement's message, its answer and its plan cost more than a row: rows go as one array a column. SQLite
has no arrays: there rows are inserted and changed by a list of values. Before each step its driver gives Python's lock
away, and it has to get it back from a loop that is busy.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Expression
from tortoise.fields.base import DatabaseDefault
from tortoise.models import Model
from tortoise.queryset import QuerySet

from banshi.foundation.database.cells import AnyModel, Cell, cell_of, maker, written

POSTGRES = "postgres"

#: From how many in the last statement on the next waits for more, and the seconds that it does.
MANY, GATHER_S = 6, 0.002

#: Rows that one statement inserts or changes on SQLite: with a dozen values each far below its bound of 32,766.
MAX_CHANGED_ROWS = 128

#: Rows that one statement changes, deletes or names at most, where nobody else is to wait long for any.
ROWS_PER_STATEMENT = 500

#: What is asked of a field, by what stands after its name.
SIGNS = {"": "=", "lt": "<", "gt": ">"}

#: The length in VARCHAR(40).
LENGTH = re.compile(r"\(\d+\)")


async def gather(last: int) -> None:
    """Wait for more where there were many in the last statement; else whoever is alone waits for nobody.

    A statement costs the same few turns of a thread or of the network, however many it serves.
    """
    if last >= MANY:
        await asyncio.sleep(GATHER_S)


async def insert(
    connection: BaseDBAsyncClient, model: type[Model], rows: Sequence[Model], *, unless_there: bool = False
) -> None:
    """Write new rows of one model; with `unless_there` those alone of whose keys there is none."""
    statements = insertions(connection.capabilities.dialect, model, rows, unless_there=unless_there)
    if statements is None:
        await model.bulk_create(rows, using_db=connection, ignore_conflicts=unless_there)
        return
    for sql, values in statements:
        await connection.execute_query(sql, values)


def insertions(
    dialect: str, model: type[Model], rows: Sequence[Model], *, unless_there: bool = False
) -> list[tuple[str, list[Any]]] | None:
    """What writes new rows of one model: SQL, each with its values. None where Tortoise has to word it."""
    if not _flat(model) or _leave_to_database(model, rows) or (dialect == POSTGRES and len(rows) == 1):
        return None
    (names, cells), ending = _cells(model), " ON CONFLICT DO NOTHING" if unless_there else ""
    lines = [written(cells, map(row.__dict__.__getitem__, names), row) for row in rows]
    if dialect == POSTGRES:
        return [(_insertion(model, dialect, 0) + ending, [*map(list, zip(*lines, strict=True))])]
    statements = []
    while lines:
        # A power of two: of a few lengths the database keeps the plans.
        size = min(MAX_CHANGED_ROWS, 1 << (len(lines).bit_length() - 1))
        part, lines = lines[:size], lines[size:]
        statements.append((_insertion(model, dialect, size) + ending, [*chain.from_iterable(part)]))
    return statements


@lru_cache(maxsize=1024)
def _cells(model: type[Model], asked: tuple[str, ...] | None = None) -> tuple[Sequence[str], Sequence[Cell]]:
    """Fields, of a new row where none are named, and how the values of each are written."""
    names = _filled(model) if asked is None else asked
    return [*names], [cell_of(model._meta.fields_map[name]) for name in names]


@lru_cache(maxsize=1024)
def _filled(model: type[Model]) -> Mapping[str, str]:
    """The columns that a new row fills, by field: all but a key that the database makes."""
    meta = model._meta
    return {name: one for name, one in meta.fields_db_projection.items() if one not in meta.generated_db_fields}


@lru_cache(maxsize=1024)
def _flat(model: type[Model]) -> bool:
    """Whether its rows can go as arrays: no array of arrays, which is taken apart."""
    return not (model._meta.schema or any(kind.endswith("]") for kind in _kinds(model, None)))


def _kinds(model: type[Model], names: Sequence[str] | None) -> list[str]:
    """The types of these fields' columns, or of all, without a length: it would cut what the column refuses."""
    fields = model._meta.fields_map
    asked = names or model._meta.fields_db_projection
    return [LENGTH.sub("", fields[name].get_for_dialect(POSTGRES, "SQL_TYPE")) for name in asked]


@lru_cache(maxsize=1024)
def _defaulted(model: type[Model]) -> Sequence[str]:
    return [name for name, field in model._meta.fields_map.items() if field.has_db_default()]


def _leave_to_database(model: type[Model], rows: Sequence[Model]) -> bool:
    """Whether a row leaves a column to the database, which an array can't say, or brings a key that it makes."""
    if model._meta.generated_db_fields and any(row._custom_generated_pk for row in rows):
        return True
    for name in _defaulted(model):
        for row in rows:
            if isinstance(getattr(row, name), DatabaseDefault):
                return True
    return False


@lru_cache(maxsize=1024)
def _insertion(model: type[Model], dialect: str, rows: int) -> str:
    columns = _filled(model)
    into = ", ".join(f'"{column}"' for column in columns.values())
    return f'INSERT INTO "{model._meta.db_table}" ({into}) {_source(model, tuple(columns), dialect, rows)}'


#: The names of the fields that a change asks for and of those that it sets.
Shape = tuple[tuple[str, ...], tuple[str, ...]]


def shape(model: type[Model], where: Mapping[str, Any], values: Mapping[str, Any]) -> Shape | None:
    """What a change of the one row of a key has in common with others; None where it says more than plain values."""
    plain = model._meta.fields_db_projection
    if model._meta.pk_attr not in where or model._meta.generated_db_fields or not _flat(model):
        return None
    for asked in (where, values):
        for name, value in asked.items():
            if name not in plain or isinstance(value, Expression) or (value is None and asked is where):
                return None
    return tuple(where), tuple(values)


async def update(
    connection: BaseDBAsyncClient,
    model: type[Model],
    alike: Shape,
    changes: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> set[Any]:
    """Carry out changes of one shape, each of another row; the keys of those rows that were as they should be.

    On PostgreSQL two transactions that change the same rows in other orders may wait for each other; one is then ended,
    and carried out anew in halves.
    """
    dialect, (_, cells) = connection.capabilities.dialect, _cells(model, alike[0] + alike[1])
    rows = [written(cells, (*where.values(), *values.values()), model) for where, values in changes]
    most = len(rows) if dialect == POSTGRES else MAX_CHANGED_ROWS
    keys = set()
    for part in (rows[start : start + most] for start in range(0, len(rows), most)):
        if dialect == POSTGRES:
            sql, values = _changing(model, *alike, dialect, 0), [*map(list, zip(*part, strict=True))]
        else:
            sql, values = _changing(model, *alike, dialect, len(part)), [*chain.from_iterable(part)]
        keys |= {key_of(model, row["key"]) for row in await connection.execute_query_dict(sql, values)}
    return keys


def key_of(model: type[Model], value: Any) -> Any:
    """A row's key as one value, however it was written: a UUID as text, in capitals too."""
    return model._meta.pk.to_python_value(value)


@lru_cache(maxsize=1024)
def _changing(model: type[Model], asked: tuple[str, ...], told: tuple[str, ...], dialect: str, rows: int) -> str:
    named, table = model._meta.fields_db_projection, model._meta.db_table
    # Their places, since a column may be asked for and set in one.
    marks = [f"v{number}" for number in range(len(asked) + len(told))]
    values = ", ".join(f'"{named[name]}" = new.{mark}' for name, mark in zip(told, marks[len(asked) :], strict=True))
    where = " AND ".join(f'"{table}"."{named[name]}" = new.{mark}' for name, mark in zip(asked, marks, strict=False))
    source = _source(model, asked + told, dialect, rows)
    return (
        f'WITH new({", ".join(marks)}) AS ({source}) UPDATE "{table}" SET {values} '  # noqa: S608 - names of columns
        f'FROM new WHERE {where} RETURNING "{model._meta.db_pk_column}" AS key'
    )


def _source(model: type[Model], names: tuple[str, ...], dialect: str, rows: int) -> str:
    """The new values of these fields as rows: arrays on PostgreSQL, marks for so many rows on SQLite."""
    if dialect == POSTGRES:
        return f"SELECT * FROM unnest({_arrays(_kinds(model, names))})"  # noqa: S608 - types of columns
    marks = f"({', '.join('?' * len(names))})"
    return f"VALUES {', '.join([marks] * rows)}"


def _arrays(kinds: Sequence[str]) -> str:
    return ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, 1))


def placeholders(dialect: str, count: int) -> list[str]:
    """Numbered marks for the values of a hand-written statement: each may stand in it anywhere, and more than once."""
    sign = "$" if dialect == POSTGRES else "?"
    return [f"{sign}{number}" for number in range(1, count + 1)]


def table(dialect: str, *columns: tuple[str, Sequence[Any]]) -> tuple[str, list[Any]]:
    """Values as a table for a statement that has no others: its SQL, alike however many rows, and what goes with it.

    Each column is a type of PostgreSQL's with its values, texts or numbers.
    """
    kinds, values = zip(*columns, strict=True)
    if dialect == POSTGRES:
        return f"SELECT * FROM unnest({_arrays(kinds)})", [list(column) for column in values]  # noqa: S608
    cells = ", ".join(f"json_extract(value, '$[{number}]')" for number in range(len(kinds)))
    return f"SELECT {cells} FROM json_each(?1)", [orjson.dumps(list(zip(*values, strict=True))).decode()]  # noqa: S608


async def fetch(connection: BaseDBAsyncClient, model: type[AnyModel], keys: Sequence[UUID]) -> dict[UUID, AnyModel]:
    """The rows of these keys that are there, by key."""
    if not keys:
        return {}
    listed, given = table(connection.capabilities.dialect, ("uuid", [str(key) for key in keys]))
    rows = await connection.execute_query_dict(_reading(model, listed), given)
    return {row.pk: row for row in made(model, rows)}


def made(model: type[AnyModel], rows: Sequence[Mapping[str, Any]]) -> list[AnyModel]:
    """Rows of which a statement has read some columns, as a query's `only` would give them; all have the same."""
    make = maker(model, tuple(rows[0])) if rows else None
    return [make(row.values()) for row in rows] if make else []


async def delete(rows: QuerySet[Any]) -> None:
    """Delete rows, some at a time: nobody else waits long for any."""
    key = rows.model._meta.pk_attr
    while keys := await rows.limit(ROWS_PER_STATEMENT).values_list(key, flat=True):
        await rows.model.filter(pk__in=list(keys)).delete()


class Asked(NamedTuple):
    """Rows of a model by values of fields (`id`, `id__lt`) that aren't None; in an order (`-id` for the last first), so
    many at most, and these fields of each; or all."""

    model: type[Model]
    where: Mapping[str, Any]
    order: str = ""
    most: int = 0
    only: tuple[str, ...] = ()


async def read(*asked: Asked) -> Iterator[list[Any]]:
    """The rows of each, in one turn of the connection, by SQL that is made once: Tortoise words every query anew.

    Each one's are made, and what is sealed in them opened, when they are taken.
    """
    connection: Any = asked[0].model._meta.db
    statements, makers = [], []
    for model, where, order, most, only in asked:
        sql, cells, make = _selection(connection.capabilities.dialect, model, (*where,), order, bool(most), only)
        values = written(cells, where.values(), model)
        statements.append((sql, [*values, most] if most else values))
        makers.append(make)
    found = await connection.together(statements)
    return ([*map(make, rows)] for make, rows in zip(makers, found, strict=True))


@lru_cache(maxsize=1024)
def _selection(
    dialect: str, model: type[Model], asked: tuple[str, ...], order: str, limited: bool, only: tuple[str, ...]
) -> tuple[str, list[Cell], Callable[[Iterable[Any]], Model]]:
    """A statement, what makes its values of those that are asked for, and what makes rows of its answer's."""
    named, parts = model._meta.fields_db_projection, [name.partition("__") for name in asked]
    columns = tuple(named[name] for name in only or named)
    *marks, most = placeholders(dialect, len(asked) + 1)
    terms = [f'"{named[name]}" {SIGNS[sign]} {mark}' for (name, _, sign), mark in zip(parts, marks, strict=True)]
    shown = ", ".join(f'"{column}"' for column in columns)
    sql = f'SELECT {shown} FROM "{model._meta.db_table}" WHERE {" AND ".join(terms)}'  # noqa: S608 - names of columns
    if order:
        sql += f' ORDER BY "{named[order.removeprefix("-")]}"' + (" DESC" if order[0] == "-" else "")
    cells = [cell_of(model._meta.fields_map[name]) for name, _, _ in parts]
    return sql + (f" LIMIT {most}" if limited else ""), cells, maker(model, columns)


@lru_cache(maxsize=1024)
def _reading(model: type[Model], listed: str) -> str:
    columns = ", ".join(f'"{column}"' for column in model._meta.fields_db_projection.values())
    return f'SELECT {columns} FROM "{model._meta.db_table}" WHERE "{model._meta.db_pk_column}" IN ({listed})'  # noqa: S608
