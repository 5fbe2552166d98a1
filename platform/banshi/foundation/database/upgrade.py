"""Bringing the tables to the newest schema, with Tortoise's migrations."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import replace
from itertools import takewhile
from typing import Any

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import require_context
from tortoise.exceptions import DBConnectionError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.migrations.graph import MigrationGraph, MigrationKey
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model
from tortoise.transactions import in_transaction

from banshi.foundation.database.failover.fates import code_of
from banshi.foundation.database.schema_editors import EDITORS
from banshi.foundation.database.snapshot import make_tables
from banshi.foundation.findings import ConfigurationError, Finding, one_line, refused

log = structlog.get_logger("banshi.upgrade")

#: Of processes that start together on PostgreSQL, the one that holds this lock migrates.
MIGRATING = 0x62616E736869

#: Milliseconds that a change waits for a table, and so does everybody who comes to it after the change has; the seconds
#: between two tries; and those after which whoever has the table is no passing guest.
LOCK_TIMEOUT_MS, RETRY_PAUSE_S, MAX_WAIT_S = 2_000, 1.0, 600.0

#: What to do where a table that has to change is not let go.
IN_THE_WAY = f"end what has held a table for {MAX_WAIT_S:.0f} seconds (a backup, a long query), then start again"

#: What PostgreSQL says where a lock is not to be had: lock_not_available, deadlock_detected.
IN_USE = {"55P03", "40P01"}

#: Where rows refer to none.
ADRIFT = 'SELECT DISTINCT "table", "parent" FROM pragma_foreign_key_check'

#: Whether it is noted yet which migrations were applied, by dialect.
NOTED = {
    "sqlite": "SELECT 1 AS noted FROM sqlite_schema WHERE name = 'tortoise_migrations'",
    "postgres": "SELECT 1 AS noted WHERE to_regclass('tortoise_migrations') IS NOT NULL",
}


async def upgrade(apps: dict[str, Any], *, snapshots: bool = True) -> list[str]:
    """Bring every app's tables to the newest schema; gives what was applied, such as "traffic 0002_closures".

    In one transaction: a process that is killed between a migration and the note that it was applied would leave a
    database with which none could start again. Of several that start together one migrates while the others wait.
    Beside servers that run it takes no table that others have for long, and tries again.
    A new SQLite file is made from `snapshots`, where an app has one, rather than migration by migration.
    Raises ConfigurationError where a newer version has been here, a table isn't to be had, or a migration fails;
    then nothing is changed.
    """
    begun = time.monotonic()
    while True:
        try:
            return await _upgrade(apps, snapshots=snapshots)
        except Exception as error:
            if code_of(error) not in IN_USE:
                raise
            if time.monotonic() - begun > MAX_WAIT_S:
                raise refused("table-in-use", IN_THE_WAY) from error
            log.warning("a table is in use; its change is tried again", seconds=RETRY_PAUSE_S)
            await asyncio.sleep(RETRY_PAUSE_S)


async def _upgrade(apps: dict[str, Any], *, snapshots: bool) -> list[str]:
    async with dropping_nothing(), in_transaction() as connection:
        if connection.capabilities.dialect == "postgres":
            # A table of millions of rows is rebuilt for longer than any request may take.
            await connection.execute_query("SET LOCAL statement_timeout = 0")
            # Between two statements Tortoise works out what the next one changes, on a busy machine for a while.
            await connection.execute_query("SET LOCAL idle_in_transaction_session_timeout = 0")
            await connection.execute_query(f"SELECT pg_advisory_xact_lock({MIGRATING})")
            # Everybody who wants the table stands behind whoever waits to change it: a backup would stop the city.
            await connection.execute_query(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        executor = Executor(connection, apps)
        # Tortoise asks for the table of what was applied before it makes it, which would spoil the transaction.
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        await executor.bring(snapshots=snapshots)
        return executor.planned


@asynccontextmanager
async def dropping_nothing() -> AsyncIterator[None]:
    """SQLite without a look at what refers to a row: it would delete that with the table that is made anew."""
    connection = require_context().connections.get("default")
    if connection.capabilities.dialect != "sqlite":
        yield
        return
    ((looking,),) = (tuple(row.values()) for row in await connection.execute_query_dict("PRAGMA foreign_keys"))
    # Inside a transaction it does nothing.
    await connection.execute_query("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        await connection.execute_query(f"PRAGMA foreign_keys = {int(looking)}")


async def missing(apps: dict[str, Any]) -> list[str]:
    """What `upgrade` would apply; changes nothing. Raises ConfigurationError where a newer version has been here."""
    connection = require_context().connections.get("default")
    executor = Executor(connection, apps)
    await executor.loader.build_graph()
    noted = await connection.execute_query_dict(NOTED[connection.capabilities.dialect])
    applied = set(await executor.recorder.applied_migrations()) if noted else set()
    executor._migration_plan(executor.latest, applied, executor.loader.graph)
    return executor.planned


def too_old(steps: Iterable[str]) -> ConfigurationError:
    """Says what to do about a database in which these steps were not applied yet."""
    advice = f"run `banshi migrate` with the rights to change tables, then start; not applied yet: {', '.join(steps)}"
    return refused("schema-too-old", advice)


class Executor(MigrationExecutor):
    """Tortoise's, without the second in which it makes the classes of all models anew for each step, twice."""

    def __init__(self, connection: BaseDBAsyncClient, apps: dict[str, Any]) -> None:
        super().__init__(connection, apps)
        self._apps = apps
        self.latest = [MigrationTarget(app_label=app, name="__latest__") for app in apps]
        #: What is to be applied, once that is known.
        self.planned: list[str] = []
        #: What is being applied.
        self.under_way: MigrationKey | None = None
        #: Where on SQLite rows refer to none, table and table referred to, before anything is applied.
        self.adrift: set[tuple[str, str]] = set()

    async def bring(self, *, snapshots: bool) -> None:
        """Apply what is missing. Raises ConfigurationError where a step fails, or leaves rows that refer to none."""
        made = await self._from_snapshots() if snapshots else []
        try:
            await self.migrate(self.latest, progress=self._note)
        except DBConnectionError:
            raise
        except Exception as error:  # whatever a plugin's step raises
            if self.under_way is None or code_of(error) in IN_USE:
                raise
            raise failed(self.under_way, error) from error
        if self.planned and (adrift := await self._adrift() - self.adrift):
            rows = ", ".join(f"rows of {table} refer to none of {parent}" for table, parent in sorted(adrift))
            advice = f"mend one of {', '.join(self.planned)}, nothing was applied: {rows}"
            raise refused("migration-failed", advice)
        self.planned = [*made, *self.planned]

    async def _from_snapshots(self) -> list[str]:
        """Make the tables of an empty SQLite file without the way that led to them; the migrations that this spares."""
        if self.connection.capabilities.dialect != "sqlite" or await self.recorder.applied_migrations():
            return []
        await self.loader.build_graph()
        steps = [step.migration for step in self._migration_plan(self.latest, set(), self.loader.graph)]
        made = await make_tables(self.connection, self._apps, {one.app_label: one.name for one in steps})
        spared = [one for one in steps if one.app_label in made]
        for one in spared:
            await self.recorder.record_applied(one.app_label, one.name)
        return [f"{one.app_label} {one.name}" for one in spared]

    def _note(self, event: str, app: str, name: str) -> None:
        self.under_way = MigrationKey(app_label=app, name=name) if event == "apply_start" else None

    async def _adrift(self) -> set[tuple[str, str]]:
        if self.connection.capabilities.dialect != "sqlite":
            return set()
        rows = await self.connection.execute_query_dict(ADRIFT)
        return {(row["table"], row["parent"]) for row in rows}

    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:
        return EDITORS[self.connection.capabilities.dialect](self.connection, atomic=atomic, collect_sql=collect_sql)

    def _migration_plan(
        self, targets: Iterable[MigrationTarget] | None, applied: set[MigrationKey], graph: MigrationGraph
    ) -> list[PlanStep]:
        self._refuse_newer(applied)
        plan = super()._migration_plan(targets, applied, graph)
        self.planned = [f"{step.migration.app_label} {step.migration.name}" for step in plan]
        return plan

    def _refuse_newer(self, applied: set[MigrationKey]) -> None:
        """Tables that a newer version has changed are not this version's to write to."""
        known = self.loader.disk_migrations
        newer = sorted(key for key in applied if key.app_label in self.loader.migrated_apps and key not in known)
        if newer:
            raise ConfigurationError([too_new(app, newer) for app in dict.fromkeys(key.app_label for key in newer)])

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        self.adrift = await self._adrift()
        before = Unseen(models={}, apps=Classes({app: one["default_connection"] for app, one in self._apps.items()}))
        for key in takewhile(lambda key: key != upto, self._full_plan()):
            for step in getattr(self.loader.graph.nodes[key], "operations", ()) if key in applied else ():
                step.state_forward(key.app_label, before)
        return Present(models=before.models, apps=before.clone().apps)


def failed(key: MigrationKey, error: Exception) -> ConfigurationError:
    """Says what to do about a plugin's migration that can't be applied."""
    plugin = "platform" if key.app_label == "banshi" else key.app_label
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    steps = [one for frame in frames if isinstance(one := frame.f_locals.get("self"), Operation)]
    what = f"{type(steps[0]).__name__} ({steps[0].describe()}): " if steps else ""
    return refused("migration-failed", f"mend {key.name}, nothing of it was applied: {what}{one_line(error)}", plugin)


def too_new(app: str, newer: Sequence[MigrationKey]) -> Finding:
    """Says what to do about an app whose tables a newer version has changed."""
    plugin = "platform" if app == "banshi" else app
    names = ", ".join(key.name for key in newer if key.app_label == app)
    advice = f"start the newer version that has been here, or restore a backup from before it; unknown here: {names}"
    return Finding(plugin, "schema-too-new", advice)


class Classes(StateApps):
    """The models' classes after a step: those that it changed, and what refers to them, are new, the others stay."""

    def _build_initial_querysets(self) -> None:
        ready: set[type[Model]] = self.__dict__.setdefault("_ready", set())
        every = self.apps
        self.apps = {app: {name: m for name, m in models.items() if m not in ready} for app, models in every.items()}
        try:
            super()._build_initial_querysets()
        finally:
            self.apps = every
        ready.update(model for models in every.values() for model in models.values() if model._meta._inited)


class Unseen(State):
    """The models after steps that were applied long ago: nobody looks at their classes, and none is made."""

    def _reload(self, models_to_reload: object) -> None: ...


class Present(State):
    """The models as they are after a step."""

    def clone(self) -> State:
        """The models now: a step that changes one gives it another field, and makes other classes."""
        known = {key: replace(one, options={**one.options}, fields={**one.fields}) for key, one in self.models.items()}
        classes = copy(self.apps)
        classes.apps = {app: dict(models) for app, models in self.apps.items()}
        return State(models=known, apps=classes)
