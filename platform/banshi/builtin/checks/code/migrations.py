"""What a migration does to the version before, whose processes go on while machines are upgraded one by one."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from tortoise.migrations import operations as ops
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder

from banshi.foundation.database.opening import KERNEL, orm_config
from banshi.foundation.encryption.fields import Widen
from banshi.foundation.findings import Finding, did_you_mean
from banshi.kernel.loading.importing import import_advice, place_of
from banshi.kernel.loading.registry import Registry

#: The attribute of a migration that says why the version before can go on beside it.
BESIDE = "beside"

#: What takes away or changes something that the version before reads or writes.
CONTRACTING = (
    ops.RenameModel,
    ops.DeleteModel,
    ops.RemoveField,
    ops.RenameField,
    ops.AlterField,
    ops.AddConstraint,
    ops.DropSchema,
)

#: What a migration may do.
OPERATIONS = [name for name, one in vars(ops).items() if getattr(one, "__module__", "") == ops.__name__]

#: What operations call that which they are about.
NAMES = ("model_name", "old_name", "name", "schema_name")

#: Said before that of a column that has an index.
INDEX = "where an index is all that is new, name it in Meta.indexes instead; otherwise "

#: Said of each of those.
LATER = 'do so one version after the last one that uses it, and say in the migration `beside = "why that is so"`'


def unreadable(registry: Registry) -> Iterator[Finding]:
    """Migrations that can't be imported or are none, or that make tables in another plugin's name; for `banshi check`.

    Where there is one, the models can be compared with nothing.
    """
    for plugin, tables in registry.tables.items():
        package = importlib.import_module(tables.migrations)
        for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
            if module.name[0] not in "_~":
                for advice in _faults(f"{tables.migrations}.{module.name}", plugin):
                    yield Finding(plugin, "broken-migration", advice)


def _faults(name: str, plugin: str) -> Iterator[str]:
    """What is wrong with the module of one migration, with its file."""
    try:
        module = importlib.import_module(name)
    except Exception as error:  # whatever the module raises
        folder = Path(importlib.import_module(name.rpartition(".")[0]).__path__[0])
        place = place_of(error, folder)
        if isinstance(error, AttributeError) and error.obj is ops:
            yield f"{place}: there is no operation {error.name}: {did_you_mean(str(error.name), OPERATIONS)}"
        else:
            yield import_advice(error, place)
        return
    migration = getattr(module, "Migration", None)
    if not (isinstance(migration, type) and issubclass(migration, Migration)):
        yield f"{module.__file__}: write `class Migration(migrations.Migration)` with its operations, or remove it"
        return
    for one in migration.operations:
        if isinstance(one, ops.CreateModel) and (own := (one.options or {}).get("app", plugin)) != plugin:
            yield (
                f'{_place(module, f"app.*{own}")}: {one.name} is made for the plugin {own}: write "app": "{plugin}", or'
                f" go on calling the plugin {own} in plugins.toml, under which its tables were made"
            )


def _place(module: ModuleType, pattern: str) -> str:
    """The first line of a module that a pattern is found in, as file and line."""
    lines = Path(str(module.__file__)).read_text(encoding="utf-8").splitlines()
    found = (number for number, line in enumerate(lines, 1) if re.search(pattern, line))
    return f"{module.__file__}:{next(found, 1)}"


def contracting(registry: Registry) -> Iterator[Finding]:
    """Where the version before couldn't go on once a migration is applied; for `banshi check`."""
    loader = MigrationLoader(orm_config("sqlite://:memory:", registry.tables)["apps"], MigrationRecorder(None))
    loader.load_disk()
    for key, migration in sorted(loader.disk_migrations.items(), key=lambda one: (one[0].app_label, one[0].name)):
        if not getattr(migration, BESIDE, ""):
            for what in breaking(migration):
                owner = "platform" if key.app_label == KERNEL else key.app_label
                yield Finding(owner, "not-beside", f"{key.name}: {what}", warning=True)


def named(operation: ops.Operation) -> str:
    """What an operation is about, such as `Day.code`."""
    return ".".join(str(getattr(operation, name)) for name in NAMES if getattr(operation, name, ""))


def breaking(migration: Migration) -> Iterator[str]:
    """What a migration does that the version before can't live with, and what to do instead."""
    made = {one.name for one in migration.operations if isinstance(one, ops.CreateModel)}
    for one in migration.operations:
        where = named(one)
        if getattr(one, "model_name", "") in made:
            continue
        if isinstance(one, ops.AddField):
            column: Any = one.field
            if not column.null and not column.has_db_default():
                yield f"{where}: give it db_default, or null=True; the version before inserts rows without it"
            elif column.unique and not column.null:
                yield f"{where}: let it be null; the version before would insert the same value twice"
        elif isinstance(one, CONTRACTING) and not isinstance(one, Widen):
            indexed = isinstance(one, ops.AlterField) and cast("Any", one.field).index
            yield f"{type(one).__name__} {where}: {INDEX if indexed else ''}{LATER}"
