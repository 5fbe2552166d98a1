"""Write the next migration of every app whose models have changed.

Run it from the repository root: `python tools/make_migrations.py`. It compares the models with the migrations that are
there and writes a file only where they differ. A foreign key into another app needs its dependency written in by hand.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from pathlib import Path

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from banshi.configuration import read_configuration
from banshi.opening import orm_config
from banshi.web.app import inspected


async def write() -> list[str]:
    # Inspected, not loaded: a plugin without its first migration is wrong, and this is how that is mended.
    registry, _ = inspected(read_configuration(Path("plugins.toml")))
    for tables in registry.tables.values():
        make_package(tables.migrations)
    config = orm_config("sqlite://:memory:", registry.tables)
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None  # noqa: S101 - init has just set it
        return await MigrationAutodetector(context.apps, config["apps"]).write()


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
