"""The command line beside a running city."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from banshi.testing import Door
from tests.plugins.open311_city import DEPARTMENTS, PLUGINS
from tests.processes import commands


def commanded(door: Door, folder: Path) -> Callable[..., Awaitable[tuple[str, int]]]:
    """`banshi client …` on the city's database: what it says, and its status."""
    settings, config = door.platform.settings, folder / "plugins.toml"
    plugins = {**PLUGINS, **DEPARTMENTS, "streets": folder / "streets"}
    entries = "".join(f'[plugins.{name}]\napi = 1\npath = "{place}"\n' for name, place in plugins.items())
    config.write_text(
        f'[platform]\ndata = "{settings.data}"\ndatabase = "{settings.database_url}"\n{entries}', encoding="utf-8"
    )

    async def banshi(*words: str) -> tuple[str, int]:
        done = await asyncio.to_thread(commands.run, folder, "client", *words)
        return done.stdout + done.stderr * bool(done.returncode), done.returncode

    return banshi
