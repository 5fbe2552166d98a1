"""What a developer writes into a model's comments and defaults reaches the database as it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields.base import Field
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import Operation
from tortoise.transactions import in_transaction

from banshi.foundation.database.opening import connected
from banshi.foundation.database.sqlite import statements
from banshi.foundation.database.upgrade import Classes, Executor, Present
from tests.banshi.foundation.database.upgrade.indexes import Indexes, indexes_of

#: What SQL, Python's formats and Tortoise's own escapes read as something else.
TEXTS = [
    "The key, in hexadecimal; empty while none.",
    "it's a 'text' with ''quotes'' and \"more\"",
    "/* ends */ early; and -- goes on",
    "one line;\nand another;\r\n\tand a third",
    "100 % of {braces} and %s, $1 and ?",
    "a back\\slash, \\n and \\",
    "一个分号；和 ' 一个;",
    ";",
]

COMMENTS = (
    "SELECT a.attname AS name, col_description(a.attrelid, a.attnum) AS said FROM pg_attribute a "
    "WHERE a.attrelid = 'parks_walk'::regclass AND a.attnum > 0 AND NOT a.attisdropped"
)


async def apply(url: str, *migrations: list[Operation], run: list[str]) -> list[dict[str, Any]]:
    """Apply these migrations one after the other, and run the statements; what the last one gave."""
    async with connected(url, {}) as (_, apps), in_transaction() as connection:
        state = Present(models={}, apps=Classes({"parks": "default"}))
        for operations in migrations:
            migration = Migration("0001_initial", "parks")
            migration.operations = operations
            await migration.apply(state, schema_editor=Executor(connection, apps)._schema_editor())
        for one in run:
            rows = await connection.execute_query_dict(one)
        if run:
            return [dict(row) for row in rows]
        return await comments(connection)


async def comments(connection: BaseDBAsyncClient) -> list[dict[str, Any]]:
    """The columns' comments where the database keeps them."""
    return await connection.execute_query_dict(COMMENTS) if connection.capabilities.dialect == "postgres" else []


def created(*more: tuple[str, Field[Any]], comment: str = "") -> Operation:
    columns = [("id", fields.IntField(primary_key=True)), *more]
    return ops.CreateModel(name="Walk", fields=columns, options={"table": "parks_walk", "table_description": comment})


def added(name: str, column: Field[Any]) -> Operation:
    return ops.AddField(model_name="Walk", name=name, field=column)


@pytest.mark.parametrize("text", TEXTS)
async def test_a_comment_may_hold_any_text(empty_database: str, text: str) -> None:
    note = fields.TextField(description=text)
    later = fields.TextField(null=True, description=text)
    # A table in the same step: what is said of a column must not wait for the next one's.
    said = await apply(empty_database, [created(("note", note), comment=text)], [added("later", later)], run=[])
    if "postgres" in empty_database:
        assert {row["name"]: row["said"] for row in said} == {"id": None, "note": text, "later": text}


@pytest.mark.parametrize("text", TEXTS)
async def test_a_default_of_the_database_is_the_text_that_was_written(empty_database: str, text: str) -> None:
    first = [created(("note", fields.TextField(db_default=text)))]
    second = [
        added("later", fields.TextField(db_default=text)),
        added("data", fields.JSONField(db_default={"said": text})),
    ]
    third = [ops.AlterField(model_name="Walk", name="later", field=fields.TextField(db_default=text + "!"))]
    insert = "INSERT INTO parks_walk (id) VALUES (1)"
    (row,) = await apply(empty_database, first, second, third, run=[insert, "SELECT * FROM parks_walk"])
    assert (row["note"], row["later"]) == (text, text + "!")
    assert fields.JSONField().to_python_value(row["data"]) == {"said": text}


@pytest.mark.parametrize("text", TEXTS)
async def test_a_default_fills_the_rows_of_a_column_that_may_no_longer_be_empty(tmp_path: Path, text: str) -> None:
    """On SQLite; PostgreSQL refuses such a step while a row has nothing there."""
    step = ops.AlterField(model_name="Walk", name="note", field=fields.TextField(default=text))
    fill = ops.RunSQL("INSERT INTO parks_walk (id) VALUES (1)")
    steps = [created(("note", fields.TextField(null=True))), fill, step]
    (row,) = await apply(f"sqlite://{tmp_path / 'banshi.sqlite3'}", steps, run=["SELECT * FROM parks_walk"])
    assert row["note"] == text


async def test_a_step_of_several_statements_of_its_own_may_hold_semicolons(empty_database: str) -> None:
    script = "INSERT INTO parks_walk VALUES (1, 'a;b'); -- one; of\nINSERT INTO parks_walk VALUES (2, 'c;'); /* ; */"
    steps = [created(("note", fields.TextField())), ops.RunSQL(script)]
    rows = await apply(empty_database, steps, run=["SELECT note FROM parks_walk ORDER BY id"])
    assert rows == [{"note": "a;b"}, {"note": "c;"}]


@pytest.mark.parametrize(
    ("script", "single"),
    [
        ("", []),
        (" ;; \n; ", []),
        ("A; B", ["A;", "B"]),
        ('A \'x;y\'; B "x;""y";', ["A 'x;y';", 'B "x;""y";']),
        ("A /* x; */;\n-- y;\nB;", ["A /* x; */;", "-- y;\nB;"]),
        (
            "CREATE TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; DELETE FROM d; END; A",
            ["CREATE TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; DELETE FROM d; END;", "A"],
        ),
        ("A; B 'never ended; C;", ["A;", "B 'never ended; C;"]),
    ],
)
def test_a_script_is_taken_apart_where_a_statement_ends(script: str, single: list[str]) -> None:
    assert list(statements(script)) == single


# -- a table that is made anew ----------------------------------------------------------------------------------------


def day(**more: Any) -> Field[Any]:
    return fields.CharField(max_length=10, **more)


def altered(name: str, column: Field[Any]) -> Operation:
    return ops.AlterField(model_name="Walk", name=name, field=column)


def table() -> Operation:
    """Two columns that are unique together, one with an index, and an index of two."""
    columns = [
        ("id", fields.IntField(primary_key=True)),
        ("place", day()),
        ("day", day()),
        ("note", day(db_index=True)),
    ]
    options = {
        "table": "parks_walk",
        "unique_together": (("place", "day"),),
        "indexes": [Index(fields=["day", "note"])],
    }
    return ops.CreateModel(name="Walk", fields=columns, options=options)


INDEXED, PAIR, KEY = (("note",), False), (("day", "note"), False), (("place", "day"), True)

#: Steps, and the indexes that are there after them.
STEPS: dict[str, tuple[list[Operation], Indexes]] = {
    "a default of Python's": ([altered("place", day(default="x"))], {INDEXED, PAIR, KEY}),
    "null": ([altered("day", day(null=True))], {INDEXED, PAIR, KEY}),
    "null, and an index": ([altered("day", day(null=True, db_index=True))], {INDEXED, PAIR, KEY, (("day",), False)}),
    "an index": ([altered("place", day(db_index=True))], {INDEXED, PAIR, KEY, (("place",), False)}),
    "an index less": ([altered("note", day())], {PAIR, KEY}),
    "unique": ([altered("day", day(unique=True))], {INDEXED, PAIR, KEY, (("day",), True)}),
    "unique, and not any more": (
        [altered("day", day(unique=True)), altered("day", day())],
        {INDEXED, PAIR, KEY},
    ),
    "a column less": (
        [
            ops.RemoveIndex(model_name="Walk", fields=["day", "note"]),
            ops.RemoveField(model_name="Walk", name="note"),
        ],
        {KEY},
    ),
    "a column more, with an index": (
        [added("kind", day(null=True, db_index=True))],
        {INDEXED, PAIR, KEY, (("kind",), False)},
    ),
    "a unique column more": ([added("kind", day(null=True, unique=True))], {INDEXED, PAIR, KEY, (("kind",), True)}),
    "another name": (
        [
            ops.RemoveConstraint(model_name="Walk", fields=["place", "day"]),
            ops.RenameField(model_name="Walk", old_name="place", new_name="spot"),
            ops.AddConstraint(model_name="Walk", constraint=UniqueConstraint(fields=("spot", "day"))),
        ],
        {INDEXED, PAIR, (("spot", "day"), True)},
    ),
}


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_leaves_every_other_index_and_key_as_it_was(empty_database: str, step: str) -> None:
    steps, there = STEPS[step]
    await apply(empty_database, [table()], steps, run=["SELECT 1"])
    async with connected(empty_database, {}) as (context, _):
        assert (await indexes_of(context.connections.get("default")))["parks_walk"] == there
