"""The databases that tests are given are what the migrations make, and have not a row of an earlier test."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from tortoise import fields
from tortoise.apps import Apps
from tortoise.backends.sqlite.executor import SqliteExecutor
from tortoise.models import Model

from banshi.foundation.database import opening
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.upgrade import upgrade
from banshi.foundation.database.writes import Write
from banshi.foundation.encryption.look_ups import noted
from banshi.kernel.tables.cases import Case
from mobile_push.tables.models import Chunk, Device
from tests.banshi.foundation.database.test_store import case, event
from tests.conftest import sqlite_url
from tests.harness.borrowed import connected
from tests.harness.memory import prepared

CHUNK = {"broadcast_id": uuid4(), "provider": "fcm", "lane": 1, "devices": b"", "done": b"", "size": 0, "expires": 0}


def schema(folder: Path) -> list[tuple[str, ...]]:
    """Everything that a file has but its rows, and the names of the migrations."""
    with closing(sqlite3.connect(folder / "banshi.sqlite3")) as file:
        noted = file.execute("SELECT app, name FROM tortoise_migrations ORDER BY id").fetchall()
        modes = [file.execute(f"PRAGMA {one}").fetchone() for one in ("journal_mode", "page_size", "integrity_check")]
        return [*file.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"), *noted, *modes]


async def test_a_copied_database_is_what_migrating_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [tmp_path / name for name in ("first", "copied", "migrated")]
    for folder in folders:
        folder.mkdir()
        if folder.name == "migrated":
            monkeypatch.setattr(opening, "upgrade", upgrade)
        async with open_store(sqlite_url(folder), prepared.all_tables()) as opened:
            assert await opened.take_number("copies") == 1
    first, copied, migrated = map(schema, folders)
    assert first == copied == migrated


async def test_a_copied_database_has_the_tables_of_its_own_plugins_alone(tmp_path: Path) -> None:
    for number, tables in enumerate(({}, prepared.all_tables(), {})):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with open_store(sqlite_url(folder), tables):
            names = {entry[1] for entry in schema(folder) if entry[0] == "table"}
            assert ("push_device" in names) == bool(tables)


#: All that a schema of PostgreSQL has, but its name.
MADE = """
SELECT 'column', table_name || '.' || column_name,
    data_type || is_nullable || is_identity || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = $1
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = $1
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = $1::regnamespace
UNION ALL SELECT 'sequence', sequencename, concat(start_value, ' ', increment_by)
    FROM pg_sequences WHERE schemaname = $1
ORDER BY 1, 2, 3
"""


async def test_a_schema_that_is_made_from_a_script_is_what_migrating_makes(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's pg_dump is not installed")
    monkeypatch.setattr(prepared, "SCRIPT", [tmp_path / "schema.sql"])
    async with connected(postgres_server) as connection:
        migrated, again = [await prepared.make_schema(connection, postgres_server) for _ in range(2)]
        made = [
            [tuple(str(cell).replace(name, "") for cell in row) for row in await connection.fetch(MADE, name)]
            for name in (migrated, again)
        ]
        assert made[0] == made[1]
        assert {kind for kind, *_ in made[0]} == {"column", "index", "constraint", "sequence"}
        noted = [
            await connection.fetch(f"SELECT * FROM {name}.tortoise_migrations ORDER BY id")  # noqa: S608
            for name in (migrated, again)
        ]
        assert noted[0] == noted[1]
        assert noted[0]


async def test_a_schema_that_nobody_has_opened_yet_is_migrated_only_for_what_it_does_not_have(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated: list[list[str]] = []

    async def noted(apps: dict[str, Any]) -> list[str]:
        migrated.append(await upgrade(apps))
        return migrated[-1]

    monkeypatch.setattr(prepared, "upgrade", noted)
    async with connected(postgres_server) as connection:
        name = await prepared.make_schema(connection, postgres_server)
        migrated.clear()
        url = f"{postgres_server}?schema={name}"
        for lacks in ([], [[]]):
            async with open_store(url, prepared.all_tables()):
                assert migrated == lacks
        await prepared.empty_schema(connection, name)
        monkeypatch.delitem(prepared.APPS, "traffic")
        async with open_store(url, prepared.all_tables()) as opened:
            assert migrated == [[], []]
            assert opened.context in prepared.NEW
        async with open_store(url, prepared.all_tables()) as opened:
            assert opened.context not in prepared.NEW


async def test_an_emptied_schema_has_no_row_and_counts_from_one(postgres_server: str) -> None:
    async with connected(postgres_server) as connection:
        name = await prepared.make_schema(connection, postgres_server)
        for _ in range(2):
            async with open_store(f"{postgres_server}?schema={name}", prepared.all_tables()) as opened:
                assert await opened.take_number("cases") == 1
                one, chunk = case("1"), Chunk(**CHUNK)
                await opened.commit(Write(rows=[one, event(one)]))
                await chunk.save()
                assert chunk.id == 1
                encrypted = await noted(opened.connection) is not None
            # An encrypted one notes the key of its look-ups among the numbers.
            assert await prepared.empty_schema(connection, name) == 4 + encrypted
            assert await prepared.empty_schema(connection, name) == 0
            assert await connection.fetchval(f"SELECT count(*) FROM {name}.tortoise_migrations") > 3  # noqa: S608


def worked_out(models: list[type[Model]]) -> list[Any]:
    """What Tortoise knows of models beyond what is written in them."""
    return [
        (
            one._meta.filters,
            [sorted(map(repr, fields)) for fields in (one._meta.db_fields, one._meta.fields, one._meta.fetch_fields)],
            one._meta.basequery.__class__,
            one._meta.basequery_all_fields.get_sql(),
            sorted(one._meta.db_native_fields + one._meta.db_default_fields + one._meta.db_complex_fields, key=repr),
        )
        for one in models
    ]


async def test_what_is_known_of_models_is_what_is_worked_out_each_time(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    models: list[type[Model]] = [Case, Device, Chunk]
    # Each of the two is opened from memory, after the other one and after itself.
    for number, way in enumerate(["sqlite", "postgres", "sqlite", "sqlite", "postgres"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        url = postgres if way == "postgres" else sqlite_url(folder)
        async with open_store(url, prepared.all_tables()):
            kept = worked_out(models)
        with monkeypatch.context() as patched:
            patched.setattr(Apps, "_build_initial_querysets", prepared.build)
            async with open_store(url, prepared.all_tables()):
                assert worked_out(models) == kept


def walks(*columns: str) -> type[Model]:
    """A model of another test, whose table has the same name."""
    attributes = {name: fields.TextField() for name in columns}
    meta = type("Meta", (), {"table": "walks", "app": "walks"})
    return type("Walk", (Model,), {"id": fields.IntField(primary_key=True), **attributes, "Meta": meta})


async def test_of_two_models_that_have_a_table_each_is_worked_out_for_itself(tmp_path: Path) -> None:
    first, second = walks("day"), walks("day", "park")
    async with open_store(sqlite_url(tmp_path), {}) as opened:
        for model in (first, second, first, first):
            model._meta.default_connection = "default"
            apps: Any = SimpleNamespace(apps={"walks": {"Walk": model}})
            prepared.build_unless_built(apps)
            inserted = SqliteExecutor(model, opened.connection).insert_query
            assert ('"park"' in inserted) == (model is second)
            assert ("park__in" in model._meta.filters) == (model is second)
            assert model.all().sql().count("park") == (model is second)


def made_again() -> type[Model]:
    class Made(Model):
        #: Stands inside a function.
        inner = fields.IntField()

    return Made


def test_the_comments_of_a_class_that_is_made_again_are_the_same_and_the_callers_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prepared, "COMMENTS", {})
    prepared.comments_from_memory(made_again()).clear()
    assert prepared.comments_from_memory(made_again()) == prepared.read_comments(made_again()) != {}
    assert len(prepared.COMMENTS) == 1
