"""Write the next migration of every app whose models have changed.

Run it from the repository root: `python tools/make_migrations.py`. It compares the models with the migrations that are
there and writes a file only where they differ. A foreign key into another app needs its dependency written in by hand.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from banshi.store import orm_config
from banshi.web.app import configure
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector


async def write() -> list[str]:
    registry = configure(Path("plugins.toml"))
    config = orm_config("sqlite://:memory:", registry.tables)
    async with TortoiseContext() as context:
        await context.init(config=config)
        assert context.apps is not None  # noqa: S101 - init has just set it
        return await MigrationAutodetector(context.apps, config["apps"]).write()


if __name__ == "__main__":
    for file in asyncio.run(write()) or ["nothing has changed"]:
        print(file)
