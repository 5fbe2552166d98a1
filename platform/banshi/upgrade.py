"""Bringing the tables to the newest schema, with Tortoise's migrations."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model
from tortoise.transactions import in_transaction

#: Of processes that start together on PostgreSQL, the one that holds this lock migrates.
MIGRATING = 0x62616E736869


async def upgrade(apps: dict[str, Any]) -> None:
    """Bring every app's tables to the newest schema.

    In one transaction: a process that is killed between a migration and the note that it was applied would leave a
    database with which none could start again. Of several that start together one migrates while the others wait.
    """
    async with in_transaction() as connection:
        if connection.capabilities.dialect == "postgres":
            await connection.execute_query(f"SELECT pg_advisory_xact_lock({MIGRATING})")
        executor = Executor(connection, apps)
        # Tortoise asks for the table of what was applied before it makes it, which would spoil the transaction.
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        await executor.migrate([MigrationTarget(app_label=app, name="__latest__") for app in apps])


class Executor(MigrationExecutor):
    """Tortoise's, without the second in which it makes the classes of all models anew for each step, twice."""

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        state = await super()._project_state(applied, upto=upto)
        classes = Classes(state.apps._default_connections, state.apps._connections)
        classes.apps = state.apps.apps
        return Present(models=state.models, apps=classes)


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


class Present(State):
    """The models as they are after a step."""

    def clone(self) -> State:
        return Past(self)


class Past(State):
    """The models as they were before a step; their classes are made when a step looks at them, and most don't."""

    def __init__(self, present: State) -> None:
        self.models = {key: model.clone() for key, model in present.models.items()}
        self._present = present

    @cached_property
    def apps(self) -> StateApps:  # type: ignore[override]  # made late, and then as writeable as its parent's
        return self._present.apps.clone(model_states=self.models)
