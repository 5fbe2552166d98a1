"""What is wrong with a plugin's tables: modules that aren't there, names that are taken, models without migration."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

from tortoise.apps import Apps
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

from banshi.builtin.checks.code.migrations import named
from banshi.default_plugins import MODELS
from banshi.foundation.database.opening import KERNEL, orm_config
from banshi.foundation.findings import Finding, one_line
from banshi.kernel.loading.registry import Registry


class Detector(MigrationAutodetector):
    """Tortoise's, which applies all migrations once, and without the classes of the models after each step."""

    def __init__(self, apps: Apps, config: dict[str, dict[str, Any]]) -> None:
        super().__init__(apps, config)
        self._made: State | None = None

    async def _project_state(self) -> State:
        if self._made is None:
            made = Described(models={}, apps=StateApps())
            for key in self._full_plan():
                migration = self.loader.graph.nodes[key]
                if not isinstance(migration, Migration):
                    raise ValueError(f"Missing migration for {key}")
                await migration.apply(made, dry_run=True, schema_editor=None)
            made.render()
            self._made = made
        return self._made


class Described(State):
    """The models as migrations describe them; their classes are made of the last description."""

    def _reload(self, models_to_reload: set[tuple[str, str]]) -> None:
        """Steps compare descriptions alone."""

    def render(self) -> None:
        """Make the classes. Raises what Tortoise does of a description that none can be made of."""
        super()._reload(set(self.models))


#: How a migration is made.
MAKE = "run `python tools/make_migrations.py`"


def tables_are_there(registry: Registry) -> Iterator[Finding]:
    """A plugin's models and migrations can be imported, and no two models share a table."""
    owners = {_table(model): KERNEL for name in MODELS for model in _models(name)}
    for plugin, tables in registry.tables.items():
        try:
            models = _models(tables.models)
            migrations = _migrations(tables.migrations, models)
        except Exception as error:  # whatever the plugin's module raises
            yield Finding(plugin, "no-tables", f"mend what banshi_tables names: {one_line(error)}")
            continue
        if models and not any(not name.startswith("_") for name in migrations):
            yield Finding(plugin, "no-migration", f"write the first migration of {tables.models}: {MAKE}")
        for model in models:
            owner = owners.setdefault(_table(model), plugin)
            if owner != plugin:
                advice = f"rename the table {_table(model)!r} of {model.__name__}: {owner} has one of that name"
                yield Finding(plugin, "duplicate-table", advice)


def owners_of_tables(registry: Registry) -> dict[str, str]:
    """Whose each table is, by its name; of plugins whose models can't be imported, none."""
    owners = {_table(model): KERNEL for name in MODELS for model in _models(name)}
    for plugin, tables in registry.tables.items():
        with contextlib.suppress(Exception):  # `tables_are_there` tells what the plugin's module raises
            owners = {_table(model): plugin for model in _models(tables.models)} | owners
    return owners


async def unmigrated(registry: Registry) -> list[Finding]:
    """Where the models say something else than the migrations; for `banshi check`, when all else about tables holds."""
    config = orm_config("sqlite://:memory:", registry.tables)
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None  # noqa: S101 - init has just set it
        detector = Detector(context.apps, config["apps"])
        try:
            writers = await detector.changes()
            made = await detector._project_state()
        except Exception as error:  # migrations that don't fit one another
            names = [name for name in registry.tables if re.search(rf"\b{re.escape(name)}\b", str(error))]
            advice = f"mend its migrations, which can't be applied one after the other: {one_line(error)}"
            return [Finding(names[0] if names else "platform", "broken-migration", advice)]
        found = [
            Finding(
                one.app_label,
                "unmigrated",
                f"{MAKE}: the models differ from the migrations by {', '.join(map(named, one.operations[:3]))}",
            )
            for one in writers
        ]
        return found + [
            Finding(app, "renamed-table", f"{place_of_class(model)}: {_renamed(model, made.models[app, name].table)}")
            for app, models in context.apps.items()
            for name, model in models.items()
            if (app, name) in made.models and made.models[app, name].table != _table(model)
        ]


def _renamed(model: type[Model], made: str) -> str:
    """What to do about a model's table that its migrations call otherwise, which no migration is written for."""
    advice = f"call the table of {model.__name__} {made!r}, as its migrations do, and not {_table(model)!r}"
    return f"{advice}; or copy its rows into a table of that name, by a model of its own and a migration"


def place_of_class(cls: type) -> str:
    """File and line where a class is written."""
    return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"


def _models(module: str) -> list[type[Model]]:
    return [
        one
        for one in vars(importlib.import_module(module)).values()
        if isinstance(one, type) and issubclass(one, Model) and one.__module__ == module
    ]


def _migrations(package: str, models: list[type[Model]]) -> list[str]:
    """The modules of a package; none where models wait for it to be made. Raises whatever its import raises."""
    try:
        found = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package or not models:
            raise
        return []
    return [one.name for one in pkgutil.iter_modules(getattr(found, "__path__", ()))]


def _table(model: type[Model]) -> str:
    return model._meta.db_table or model.__name__.lower()
