"""Imported by the process that `commands` forks: it has been a platform once, so that a fork finds all modules
imported and all that depends on nothing but the code worked out."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

from tortoise.backends.base.executor import EXECUTOR_CACHE

from banshi.app import configure, open_platform
from banshi.ops.cli.server import serve
from tests.places import ROOT

CITY = f"""
[platform]
data = "data"
[plugins.traffic]
api = 1
path = "{ROOT / "plugins" / "departments" / "traffic"}"
[plugins.mobile_push]
api = 1
package = "mobile_push"
"""


def be_a_platform_once() -> None:
    async def opened() -> None:
        async with open_platform(configure(file)):
            pass

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plugins.toml"
        file.write_text(CITY, encoding="utf-8")
        serve.run(opened())
    # Of one kind of database, and a fork's may be of the other.
    EXECUTOR_CACHE.clear()
    gc.collect()
    # Forks share what they needn't look through for garbage.
    gc.freeze()


be_a_platform_once()
