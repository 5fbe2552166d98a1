"""The peer of reads: aiohttp alone, on uvloop, one route that answers prepared bytes with prepared headers.

Reads {"headers": {...}, "body": "..."} as JSON from the file that it is given.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import uvloop
from aiohttp import web


async def serve(answer: dict[str, object]) -> None:
    body, headers = str(answer["body"]).encode(), dict(answer["headers"])  # type: ignore[call-overload]

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    app = web.Application()
    app.router.add_get("/v1/items/{code}", show)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(json.loads(Path(sys.argv[1]).read_text())))
