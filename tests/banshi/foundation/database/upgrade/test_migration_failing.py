"""A plugin's migration that can't be applied, or would take rows with it, is told by its name, and changes nothing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from banshi.builtin.checks.code.tables import tables_are_there
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.tables import Tables
from tests.readers.refusals import refused

MODELS = '''"""Walks and their benches."""

from tortoise import fields
from tortoise.models import Model


class Walk(Model):
    """A walk."""

    id = fields.IntField(primary_key=True)
    day = fields.CharField(max_length=10)


class Bench(Model):
    """A bench."""

    id = fields.IntField(primary_key=True)
    walk = fields.ForeignKeyField("walks.Walk")
'''

FIRST = '''"""Walks and benches."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True
    operations = [
        ops.CreateModel("Walk", [("id", fields.IntField(primary_key=True)), ("day", fields.CharField(max_length=10))]),
        ops.CreateModel(
            "Bench", [("id", fields.IntField(primary_key=True)), ("walk", fields.ForeignKeyField("walks.Walk"))]
        ),
    ]
'''

SECOND = '''"""A step."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


async def fail(apps, editor):
    raise ZeroDivisionError("so many walks")


class Migration(migrations.Migration):
    dependencies = [("walks", "0001_initial")]
    operations = [{operation}]
'''

ROWS = "INSERT INTO walk (id, day) VALUES (1, 'x'); INSERT INTO bench (id, walk_id) VALUES (1, 1)"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package of a plugin with two tables and one migration; gives its folder of migrations."""
    folder = tmp_path / "path" / "walks" / "migrations"
    folder.mkdir(parents=True)
    for file, text in {
        folder.parent / "__init__.py": "",
        folder.parent / "models.py": MODELS,
        folder / "__init__.py": "",
        folder / "0001_initial.py": FIRST,
    }.items():
        file.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in [name for name in sys.modules if name.partition(".")[0] == "walks"]:
        monkeypatch.delitem(sys.modules, name)
    return folder


TABLES = {"walks": Tables(models="walks.models", migrations="walks.migrations")}


async def with_rows(url: str, folder: Path, operation: str) -> None:
    """The database with rows in the tables of the first migration, and the second one's file."""
    async with open_store(url, TABLES) as store:
        for row in ROWS.split("; "):
            await store.connection.execute_script(row)
    (folder / "0002_step.py").write_text(SECOND.format(operation=operation), encoding="utf-8")


async def test_a_table_that_is_made_anew_keeps_the_rows_that_refer_to_it(empty_database: str, package: Path) -> None:
    """To SQLite a table that is dropped is one whose rows are all deleted, and with them whatever refers to them."""
    operation = 'ops.AlterField("Walk", "day", fields.CharField(max_length=10, null=True))'
    await with_rows(empty_database, package, operation)
    async with open_store(empty_database, TABLES) as store:
        rows = await store.connection.execute_query_dict("SELECT walk_id FROM bench")
        assert rows == [{"walk_id": 1}]
        await store.connection.execute_script("DELETE FROM walk")
        assert await store.connection.execute_query_dict("SELECT walk_id FROM bench") == []


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ('ops.AddField("Walk", "who", fields.CharField(max_length=8))', "who"),
        ('ops.RunSQL("UPDATE no_walk SET day = 1")', "no_walk"),
        ('ops.AddField("Wall", "who", fields.IntField(null=True))', "Wall"),
        ("ops.RunPython(fail)", "ZeroDivisionError: so many walks"),
    ],
)
async def test_a_migration_that_fails_is_told_with_its_plugin_and_its_step(
    empty_database: str, package: Path, operation: str, said: str
) -> None:
    await with_rows(empty_database, package, operation)
    failed = await refused(open_store(empty_database, TABLES))
    (finding,) = failed.findings
    assert (finding.plugin, finding.rule) == ("walks", "migration-failed")
    assert finding.advice.startswith("mend 0002_step, nothing of it was applied: ")
    assert said in finding.advice
    (package / "0002_step.py").unlink()
    async with open_store(empty_database, TABLES) as store:
        assert await store.connection.execute_query_dict("SELECT * FROM walk") == [{"id": 1, "day": "x"}]


async def test_rows_that_would_refer_to_none_are_told_and_stay(empty_database: str, package: Path) -> None:
    """PostgreSQL asks with each statement, SQLite at the end."""
    await with_rows(empty_database, package, 'ops.RunSQL("UPDATE bench SET walk_id = 7")')
    await refused(
        open_store(empty_database, TABLES), r"migration-failed: .*(rows of bench refer to none of|violates foreign key)"
    )
    (package / "0002_step.py").unlink()
    async with open_store(empty_database, TABLES) as store:
        assert await store.connection.execute_query_dict("SELECT walk_id FROM bench") == [{"walk_id": 1}]


def test_a_plugin_without_any_migration_yet_is_told_how_to_make_one(package: Path) -> None:
    shutil.rmtree(package)
    (finding,) = tables_are_there(SimpleNamespace(tables=TABLES))  # type: ignore[arg-type]
    assert str(finding).startswith("walks: no-migration: write the first migration of walks.models: run `python tools/")
    (package.parent / "models.py").write_text("import walks.nothing", encoding="utf-8")
    for name in ("walks.models", "walks"):
        sys.modules.pop(name, None)
    (finding,) = tables_are_there(SimpleNamespace(tables=TABLES))  # type: ignore[arg-type]
    assert finding.rule == "no-tables"
