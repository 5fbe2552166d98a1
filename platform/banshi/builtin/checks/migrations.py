"""What a migration does to the version before, whose processes go on while machines are upgraded one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from tortoise.migrations import operations as ops
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder

from banshi.foundation.database.opening import KERNEL, orm_config
from banshi.foundation.encryption.fields import Widen
from banshi.foundation.findings import Finding
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

#: What operations call that which they are about.
NAMES = ("model_name", "old_name", "name", "schema_name")

#: Said before that of a column that has an index.
INDEX = "where an index is all that is new, name it in Meta.indexes instead; otherwise "

#: Said of each of those.
LATER = 'do so one version after the last one that uses it, and say in the migration `beside = "why that is so"`'


def contracting(registry: Registry) -> Iterator[Finding]:
    """Where the version before couldn't go on once a migration is applied; for `banshi check`."""
    loader = MigrationLoader(orm_config("sqlite://:memory:", registry.tables)["apps"], MigrationRecorder(None))
    loader.load_disk()
    for key, migration in sorted(loader.disk_migrations.items(), key=lambda one: (one[0].app_label, one[0].name)):
        if not getattr(migration, BESIDE, ""):
            for what in breaking(migration):
                owner = "platform" if key.app_label == KERNEL else key.app_label
                yield Finding(owner, "not-beside", f"{key.name}: {what}", warning=True)


def breaking(migration: Migration) -> Iterator[str]:
    """What a migration does that the version before can't live with, and what to do instead."""
    made = {one.name for one in migration.operations if isinstance(one, ops.CreateModel)}
    for one in migration.operations:
        where = ".".join(str(getattr(one, name)) for name in NAMES if getattr(one, name, ""))
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
