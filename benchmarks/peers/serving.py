"""What the servers that ours is compared with have in common: aiohttp on uvloop, and a word that they are there."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web


@asynccontextmanager
async def answering(*routes: web.AbstractRouteDef, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """The address at which these routes are answered until the block ends."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, **options)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024, reuse_port=bool(port)).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def serve(*routes: web.AbstractRouteDef, **how: Any) -> None:
    """Answer these routes for ever, once the address is said."""
    async with answering(*routes, **how) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


def may_open_files() -> None:
    """As many as the system lets this process have: each connection is one."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def resident() -> int:
    """Bytes of this process's memory that are in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
