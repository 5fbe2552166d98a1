"""What is wrong with a plugin's tables: modules that aren't there, names that are taken, models without migration."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from tortoise.context import TortoiseContext
from tortoise.models import Model

from banshi.default_plugins import MODELS
from banshi.foundation.database.opening import KERNEL, orm_config
from banshi.foundation.findings import Finding
from banshi.foundation.wording import told
from banshi.kernel.loading.registry import Registry

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
            yield Finding(plugin, "no-tables", f"mend what banshi_tables names: {told(error)}")
            continue
        if models and not any(not name.startswith("_") for name in migrations):
            yield Finding(plugin, "no-migration", f"write the first migration of {tables.models}: {MAKE}")
        for model in models:
            owner = owners.setdefault(_table(model), plugin)
            if owner != plugin:
                advice = f"rename the table {_table(model)!r} of {model.__name__}: {owner} has one of that name"
                yield Finding(plugin, "duplicate-table", advice)


async def unmigrated(registry: Registry) -> list[Finding]:
    """Where the models say something else than the migrations; for `banshi check`, when all else about tables holds."""
    from tortoise.migrations.autodetector import MigrationAutodetector  # a server doesn't need it

    config = orm_config("sqlite://:memory:", registry.tables)
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None  # noqa: S101 - init has just set it
        writers = await MigrationAutodetector(context.apps, config["apps"]).changes()
    advice = f"{MAKE}: the models differ from the migrations"
    return [Finding(writer.app_label, "unmigrated", advice) for writer in writers]


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
