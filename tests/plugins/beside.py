"""The command line beside a running city."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from banshi.testing import Door
from tests.processes import commands


def commanded(
    door: Door, folder: Path, plugins: Mapping[str, Path], group: str
) -> Callable[..., Awaitable[tuple[str, int]]]:
    """`await banshi("list")`: `banshi GROUP list` on the city's database; what it says, and its status."""
    settings = door.platform.settings
    entries = "".join(f'[plugins.{name}]\napi = 1\npath = "{place}"\n' for name, place in plugins.items())
    platform = f'[platform]\ndata = "{settings.data}"\ndatabase = "{settings.database_url}"\n'
    (folder / "plugins.toml").write_text(platform + entries, encoding="utf-8")

    async def banshi(*words: str) -> tuple[str, int]:
        done = await asyncio.to_thread(commands.run, folder, group, *words)
        return done.stdout + done.stderr * bool(done.returncode), done.returncode

    return banshi
