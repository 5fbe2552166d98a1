"""One of several processes that begin at the same moment on an empty folder. Tells what it has made or found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from banshi.builtin.passes.keys import KEYRING
from banshi.foundation import logs
from banshi.testing import open_door


def begin(folder: Path, plugins: Mapping[str, Path | str], database: str, go: Event, told: Connection) -> None:
    logs.configure("error")
    told.send("ready")
    while not go.is_set():
        time.sleep(0.001)
    told.send(asyncio.run(found(folder, plugins, database)))


async def found(folder: Path, plugins: Mapping[str, Path | str], database: str) -> dict[str, Any]:
    async with open_door(folder, plugins, platform={"database": database}) as door:
        row, _ = await door.platform[KEYRING].signer()
        reply = await door.anyone.get("/v1/passes/keys")
        return {"kid": row.kid, "token": door.citizen("wang").token, "status": reply.status}
