"""Write the next migration of every app whose models have changed.

Run it from the repository root: `python tools/make_migrations.py`. It compares the models with the migrations that are
there and writes a file only where they differ. A foreign key into another app needs its dependency written in by hand.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from banshi.app import inspected
from banshi.foundation.database.opening import connected, orm_config
from banshi.foundation.database.snapshot import snapshot_file, snapshot_text
from banshi.foundation.database.upgrade import upgrade
from banshi.foundation.encryption import look_ups
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.registry import Registry


async def write() -> list[str]:
    # Inspected, not loaded: a plugin without its first migration is wrong, and this is how that is mended.
    registry, _ = inspected(read_configuration(Path("plugins.toml")))
    files = await write_migrations(registry)
    importlib.invalidate_caches()
    return [*files, *await write_snapshots(registry)]


async def write_migrations(registry: Registry) -> list[str]:
    for tables in registry.tables.values():
        make_package(tables.migrations)
    config = orm_config("sqlite://:memory:", registry.tables)
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None  # noqa: S101 - init has just set it
        return await MigrationAutodetector(context.apps, config["apps"]).write()


async def write_snapshots(registry: Registry) -> list[str]:
    """What all migrations make of an empty SQLite file, beside those of each app; the files that have changed."""
    changed = []
    async for file, text in snapshots(registry):
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            changed.append(str(file))
    return changed


async def snapshots(registry: Registry) -> AsyncIterator[tuple[Path, str]]:
    """Each app's snapshot: its file, and the text that it has to have."""
    async with connected("sqlite://:memory:", registry.tables) as (context, apps):
        connection = context.connections.get("default")
        await upgrade(apps, snapshots=False)
        statements = await connection.execute_query_dict(
            "SELECT tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid"
        )
        noted = await connection.execute_query_dict(
            "SELECT app, MAX(name) AS newest FROM tortoise_migrations GROUP BY app"
        )
        newest = {row["app"]: row["newest"] for row in noted}
        models = look_ups.models_of(context.apps)
        for app, about in apps.items():
            tables = {model._meta.db_table for model in models if model._meta.app == app}
            own = [row["sql"] for row in statements if row["tbl_name"] in tables]
            yield snapshot_file(about["migrations"]), snapshot_text(newest[app], own)


def make_package(name: str) -> None:
    """The package for a plugin's migrations, where there is none yet."""
    if importlib.util.find_spec(name) is None:
        parent, _, last = name.rpartition(".")
        folder = Path(importlib.import_module(parent).__path__[0]) / last
        folder.mkdir()
        (folder / "__init__.py").write_text('"""Migrations."""\n', encoding="utf-8")
        importlib.invalidate_caches()


if __name__ == "__main__":
    for file in asyncio.run(write()) or ["nothing has changed"]:
        print(file)
