"""Schema and program fit each other, or the start says what to do; and whoever has data keeps them on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import DBConnectionError
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.executor import MigrationTarget
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import Operation
from tortoise.models import Model
from tortoise.transactions import in_transaction

from banshi.app import configure
from banshi.builtin.checks.code.migrations import breaking, contracting
from banshi.foundation.database.opening import connected, open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.upgrade import MIGRATING, Executor
from banshi.foundation.encryption.fields import Widen
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.settings import Pool, Settings
from banshi.ops.cli import group
from banshi.testing import open_door
from conversations.tables import former
from tests.banshi.foundation.database.upgrade.indexes import Indexes, indexes_of
from tests.harness.memory.prepared import all_tables
from tests.places import ROOT, TRAFFIC
from tests.readers.refusals import refused

NEWER = (
    "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('{app}', '{name}', '2099-01-01T00:00:00+00:00')"
)

#: Whose rows a migration has taken over into a plugin of its own; a version later they go.
FORMER = [getattr(former, name) for name in former.__all__]

#: A value of each type that a column has on either database.
VALUES = {
    **dict.fromkeys(("uuid", "char(36)"), "'01990000-0000-7000-8000-000000000001'"),
    **dict.fromkeys(("integer", "bigint", "smallint", "int"), "1"),
    **dict.fromkeys(("double precision", "real"), "1.5"),
    **dict.fromkeys(("json", "jsonb"), "'{}'"),
    **dict.fromkeys(("timestamp with time zone", "timestamp", "timestamptz"), "'2026-01-01T00:00:00+00:00'"),
    **dict.fromkeys(("bytea", "blob"), "'x'"),
    **dict.fromkeys(("text", "character varying", "varchar"), "'x'"),
    "date": "'2026-01-01'",
    "boolean": "true",
    "bool": "true",
}

COLUMNS = {
    "sqlite": (
        'SELECT m.name AS "table", c.name, lower(c.type) AS type FROM sqlite_schema m, pragma_table_info(m.name) c '
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'tortoise%' ORDER BY m.rowid, c.cid"
    ),
    "postgres": (
        'SELECT table_name AS "table", column_name AS name, data_type AS type FROM information_schema.columns WHERE '
        "table_schema = current_schema() AND table_name NOT LIKE 'tortoise%' ORDER BY table_name, ordinal_position"
    ),
}


async def tables_of(connection: BaseDBAsyncClient) -> dict[str, dict[str, str]]:
    """Every table with its columns and their types, as the database has them."""
    found: dict[str, dict[str, str]] = {}
    for row in await connection.execute_query_dict(COLUMNS[connection.capabilities.dialect]):
        kind = row["type"] if row["type"] in VALUES else row["type"].partition("(")[0]
        found.setdefault(row["table"], {})[row["name"]] = VALUES[kind]
    return found


async def fill(connection: BaseDBAsyncClient, full: set[str]) -> None:
    """A row into every table that isn't `full`. All have the same values, so that whatever refers to a row finds it."""
    waiting = {name: columns for name, columns in (await tables_of(connection)).items() if name not in full}
    while waiting:
        before = len(waiting)
        for name, columns in list(waiting.items()):
            names, values = ", ".join(f'"{column}"' for column in columns), ", ".join(columns.values())
            try:
                async with in_transaction() as inside:
                    await inside.execute_query(f'INSERT INTO "{name}" ({names}) VALUES ({values})')  # noqa: S608
            except Exception:  # what it refers to isn't there yet
                if name == list(waiting)[-1] and len(waiting) == before:
                    raise
                continue
            full.add(name)
            del waiting[name]


async def rows_of(store: Store, table: str) -> int:
    rows = await store.connection.execute_query_dict(f'SELECT COUNT(*) AS n FROM "{table}"')  # noqa: S608
    return int(rows[0]["n"])


@pytest.mark.plain(why="writes its rows as plain text")
async def test_every_migration_is_applied_with_a_row_in_every_table_and_none_is_lost(empty_database: str) -> None:
    """What an empty table never meets: a new column without a value, a key that is made anew, a row that refers."""
    full: set[str] = set()
    async with connected(empty_database, all_tables()) as (_, apps), in_transaction() as connection:
        executor = Executor(connection, apps)
        note = executor.recorder.record_applied

        async def note_and_fill(app: str, name: str) -> None:
            await note(app, name)
            await fill(connection, full)

        executor.recorder.record_applied = note_and_fill  # type: ignore[method-assign]
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        await executor.migrate(executor.latest)
    assert len(executor.planned) > 20
    async with open_store(empty_database, all_tables(), migrate=False) as store:
        present = await tables_of(store.connection)
        assert set(present) <= full
        empty = {name for name in present if not await rows_of(store, name)}
        assert empty == {model._meta.db_table for model in FORMER}


def declared(model: type[Model]) -> Indexes:
    """The indexes that a model says it has."""
    meta = model._meta

    def column(name: str) -> str:
        return meta.fields_map[meta.fields_map[name].source_field or name].model_field_name

    said = {((name,), field.unique) for name, field in meta.fields_map.items() if field.index or field.unique}
    said |= {(tuple(names), True) for names in meta.unique_together}
    said |= {(tuple(index.fields if isinstance(index, Index) else index), False) for index in meta.indexes}
    return {(tuple(map(column, names)), alone) for names, alone in said if names != (meta.pk_attr,)}


async def test_the_database_has_the_indexes_that_the_models_say_and_no_others(database: str) -> None:
    """Of a database like those that migrations make step by step: `test_snapshot`, `test_prepared`."""
    async with open_store(database, all_tables()) as store:
        real = await indexes_of(store.connection)
        assert store.context.apps is not None
        models = [model for app in store.context.apps.values() for model in app.values()]
        said = {model._meta.db_table: declared(model) for model in models}
    missing = {name: said[name] - real.get(name, set()) for name in said}
    more = {name: real[name] - said.get(name, set()) for name in real}
    assert len(said) > 20
    assert {name: which for name, which in missing.items() if which} == {}
    assert {name: which for name, which in more.items() if which} == {}


def test_every_migration_lets_the_version_before_go_on_beside_it() -> None:
    """While machines are upgraded one after the other, the older ones read and write what the newer one has changed."""
    assert [str(one) for one in contracting(configure(ROOT / "plugins.toml"))] == []


TEXT = fields.TextField

#: An operation, and what is said of it: the beginning, or nothing where the version before can live with it.
OPERATIONS: list[tuple[Operation, str]] = [
    (ops.CreateModel(name="Walk", fields=[("id", fields.IntField(primary_key=True))]), ""),
    (ops.AddField(model_name="Walk", name="length", field=fields.IntField()), ""),
    (ops.AddField(model_name="Park", name="note", field=TEXT(null=True)), ""),
    (ops.AddField(model_name="Park", name="note", field=TEXT(default="", db_default="")), ""),
    (ops.AddField(model_name="Park", name="code", field=fields.CharField(max_length=8, null=True, unique=True)), ""),
    (ops.AddIndex(model_name="Park", index=Index(fields=["id"])), ""),
    (ops.RemoveIndex(model_name="Park", name="park_day"), ""),
    (ops.RunSQL("UPDATE park SET note = 'x'"), ""),
    (Widen(model_name="Park", name="code", field=fields.CharField(max_length=80)), ""),
    (ops.AddField(model_name="Park", name="note", field=TEXT()), "Park.note: give it db_default, or null=True"),
    # Python's own default is not the database's.
    (ops.AddField(model_name="Park", name="note", field=TEXT(default="")), "Park.note: give it db_default"),
    (
        ops.AddField(model_name="Park", name="code", field=fields.CharField(max_length=8, unique=True, db_default="")),
        "Park.code: let it be null",
    ),
    (ops.AlterField(model_name="Park", name="note", field=TEXT()), "AlterField Park.note: do so one version after"),
    (
        ops.AlterField(model_name="Park", name="day", field=fields.DateField(db_index=True)),
        "AlterField Park.day: where an index is all that is new, name it in Meta.indexes instead; otherwise do so one",
    ),
    (ops.RemoveField(model_name="Park", name="note"), "RemoveField Park.note: do so one version after"),
    (ops.RenameField(model_name="Park", old_name="note", new_name="notes"), "RenameField Park.note: do so one"),
    (ops.RenameModel(old_name="Park", new_name="Garden"), "RenameModel Park: do so one version after"),
    (ops.DeleteModel(name="Park"), "DeleteModel Park: do so one version after"),
    (
        ops.AddConstraint(model_name="Park", constraint=UniqueConstraint(fields=("note",), name="park_note")),
        "AddConstraint Park: do so one version after",
    ),
]


@pytest.mark.parametrize(("operation", "said"), OPERATIONS)
def test_what_the_version_before_cannot_live_with_is_told_with_what_to_do(operation: Operation, said: str) -> None:
    migration = Migration("0002_walks", "parks")
    migration.operations = [OPERATIONS[0][0], operation]
    told = list(breaking(migration))
    assert len(told) == bool(said)
    assert all(one.startswith(said) for one in told)


async def test_a_database_that_a_newer_version_has_changed_is_refused_with_the_plugin_and_the_step(
    empty_database: str,
) -> None:
    some = {"traffic": all_tables()["traffic"]}
    async with open_store(empty_database, some) as store:
        for app, name in (("traffic", "0099_toll"), ("banshi", "0098_tide"), ("gone", "0001_initial")):
            await store.connection.execute_script(NEWER.format(app=app, name=name))
    for migrate in (True, False):
        told = await refused(open_store(empty_database, some, migrate=migrate))
        told = {(one.plugin, one.rule): one.advice for one in told.findings}
        assert set(told) == {("platform", "schema-too-new"), ("traffic", "schema-too-new")}
        assert "0099_toll" in told["traffic", "schema-too-new"]
        assert "0098_tide" in told["platform", "schema-too-new"]


async def test_a_start_that_may_not_migrate_says_which_steps_are_missing_and_changes_nothing(
    empty_database: str,
) -> None:
    told = await refused(open_store(empty_database, all_tables(), migrate=False))
    (finding,) = told.findings
    assert (finding.plugin, finding.rule) == ("platform", "schema-too-old")
    assert "`banshi migrate`" in finding.advice
    assert "traffic 0001_initial" in finding.advice
    async with connected(empty_database, {}) as (context, _):
        assert not await tables_of(context.connections.get("default"))


def test_banshi_migrate_says_what_is_to_do_does_it_and_then_has_nothing_to_do(
    empty_database: str, tmp_path: Path
) -> None:
    def said(*arguments: str) -> tuple[int, list[str]]:
        # A process of its own has a thread of its own as well: this test may run inside a loop.
        result = CliRunner().invoke(group, ["--config", str(tmp_path / "plugins.toml"), "migrate", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result.exit_code, result.output.splitlines()

    lines = ["[platform]", f'database = "{empty_database}"', "migrate_at_start = false"]
    lines += ["[plugins.traffic]", "api = 1", f'path = "{TRAFFIC}"']
    (tmp_path / "plugins.toml").write_text("\n".join(lines), encoding="utf-8")
    code, first = said("--check")
    assert code == 1
    assert "traffic 0001_initial" in first
    assert first[-1] == f"{len(first) - 1} to apply; `banshi migrate` does it."
    code, done = said()
    assert code == 0
    assert done[:-1] == first[:-1]
    assert done[-1] == f"{len(first) - 1} applied."
    for arguments in ((), ("--check",)):
        assert said(*arguments) == (0, ["Every table is at this version's schema."])


async def test_a_platform_that_may_not_migrate_serves_once_somebody_has(empty_database: str, tmp_path: Path) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC}
    platform = {"database": empty_database, "migrate_at_start": False}
    await refused(open_door(tmp_path, plugins, platform=platform))
    async with open_door(tmp_path, plugins, platform={**platform, "migrate_at_start": True}):
        pass
    async with open_door(tmp_path, plugins, platform=platform) as door:
        (await door.anyone.get("/v1/items")).ok()


# -- the pool --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pool", "why"),
    [
        ({"least": 0}, "least"),
        ({"least": 5, "most": 4}, "least <= most"),
        ({"most": 501}, "500"),
        ({"statement_seconds": 0.05}, "0.1"),
        ({"statement_seconds": 3601}, "3600"),
    ],
)
def test_a_pool_that_cannot_be_is_refused_with_what_can(pool: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Pool(**pool)


def test_what_a_databases_address_says_itself_of_its_pool_stands() -> None:
    pool = Pool(least=3, most=7, statement_seconds=2.5)
    url = Settings(database="postgres://db.example/banshi?maxsize=2&schema=city", pool=pool).database_url
    assert url == "postgres://db.example/banshi?minsize=2&maxsize=2&statement_timeout=2500&schema=city"
    assert Settings(database="sqlite://x.sqlite3", pool=pool).database_url == "sqlite://x.sqlite3"
    patient = Settings(database="postgres://db.example/banshi?maxsize=2", pool=pool).patient_url
    assert patient == "postgres://db.example/banshi?minsize=2&maxsize=2"
    more = Settings(database="postgres://db.example/banshi?minsize=20", pool=Pool(statement_seconds=0)).database_url
    assert more == "postgres://db.example/banshi?minsize=20&maxsize=20"


@pytest.mark.parametrize("wrong", ["&schema=nowhere_at_all", "&sslmode=require", "&minsize=9&maxsize=3"])
async def test_whatever_keeps_the_pool_from_being_made_is_a_setting_to_mend(postgres_server: str, wrong: str) -> None:
    """… and is told in a sentence, and not as a stack."""
    await refused(open_store(f"{postgres_server}?application_name=x{wrong}", {}), "no-database")


async def test_somebody_whom_the_server_does_not_know_is_a_setting_to_mend(postgres_server: str) -> None:
    stranger = postgres_server.replace("postgres@", "nobody_at_all@", 1)
    await refused(open_store(stranger, {}), "no-database")


async def test_a_statement_that_takes_too_long_is_ended_and_the_connection_goes_on(postgres: str) -> None:
    async with open_store(f"{postgres}&maxsize=1&statement_timeout=200", {}) as store:
        with pytest.raises(DBConnectionError, match="statement timeout"):
            await store.connection.execute_query("SELECT pg_sleep(30)")
        assert await store.connection.execute_query_dict("SELECT 1 AS one") == [{"one": 1}]


async def test_a_transaction_that_stands_still_lets_its_rows_go(postgres: str) -> None:
    """A process that was stopped in the middle of one would otherwise hold them against all others."""
    count = "INSERT INTO banshi_counter (name, value) VALUES ('held', 1) ON CONFLICT (name) DO UPDATE SET value = 2"
    async with open_store(f"{postgres}&maxsize=2&statement_timeout=400", {}) as store:
        with pytest.raises(DBConnectionError):
            await standing_still(count)
        async with asyncio.timeout(5):
            assert await store.take_number("held") == 1


async def standing_still(statement: str) -> None:
    async with in_transaction() as stopped:
        await stopped.execute_query(statement)
        await asyncio.sleep(1)
        await stopped.execute_query("SELECT 1")


async def test_a_migration_may_take_longer_than_any_statement(empty_postgres: str) -> None:
    import asyncpg

    server = empty_postgres.partition("?")[0].replace("asyncpg:", "postgres:", 1)
    holder = await asyncpg.connect(server)
    try:
        await holder.execute(f"SELECT pg_advisory_lock({MIGRATING})")
        waiting = asyncio.create_task(started(f"{empty_postgres}&statement_timeout=200"))
        await asyncio.sleep(1)
        assert not waiting.done()
        await holder.execute(f"SELECT pg_advisory_unlock({MIGRATING})")
        await waiting
    finally:
        await holder.close()


async def started(url: str) -> None:
    async with open_store(url, {}):
        pass


async def test_a_change_of_a_table_that_is_being_read_for_long_holds_up_nobody_and_comes_after(
    empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup reads every table in one transaction; whoever waits behind the change would wait for its end."""
    monkeypatch.setattr("banshi.foundation.database.upgrade.LOCK_TIMEOUT_MS", 300)
    async with reading_for_long(empty_postgres) as (reader, visitor):
        changing = asyncio.create_task(started(empty_postgres))
        for _ in range(4):
            async with asyncio.timeout(20):
                await visitor.fetch("SELECT * FROM banshi_outbox")
            await asyncio.sleep(0.4)
        assert not changing.done()
        await reader.execute("COMMIT")
        await changing
        assert await visitor.fetch("SELECT tries FROM banshi_outbox") == []


async def test_a_table_that_is_never_let_go_is_told_with_what_to_do_and_nothing_is_changed(
    empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LOCK_TIMEOUT_MS": 100, "RETRY_PAUSE_S": 0.1, "MAX_WAIT_S": 0.2}.items():
        monkeypatch.setattr(f"banshi.foundation.database.upgrade.{name}", value)
    async with reading_for_long(empty_postgres) as (_, visitor):
        with pytest.raises(ConfigurationError, match="table-in-use: end what has held a table"):
            await started(empty_postgres)
        applied = await visitor.fetch("SELECT name FROM tortoise_migrations WHERE app = 'banshi' ORDER BY name")
        assert [row["name"] for row in applied] == ["0001_initial"]


@asynccontextmanager
async def reading_for_long(url: str) -> AsyncIterator[tuple[Any, Any]]:
    """A database as of the first migration, somebody in the middle of a long transaction on it, and a passing guest."""
    import asyncpg

    async with connected(url, {}) as (_, apps), in_transaction() as connection:
        executor = Executor(connection, apps)
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        await executor.migrate([MigrationTarget(app_label="banshi", name="0001_initial")])
    server, _, rest = url.partition("?schema=")
    both = [await asyncpg.connect(server.replace("asyncpg:", "postgres:", 1)) for _ in range(2)]
    try:
        for one in both:
            await one.execute(f"SET search_path TO {rest.partition('&')[0]}")
        await both[0].execute("BEGIN")
        await both[0].fetch("SELECT * FROM banshi_outbox")
        yield both[0], both[1]
    finally:
        for one in both:
            await one.close()
