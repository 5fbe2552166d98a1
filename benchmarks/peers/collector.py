"""A collector that takes every batch of spans and counts its bytes, as the other side of `tracing.py`.

GET says how many came.
"""

from __future__ import annotations

import uvloop
from aiohttp import web

from benchmarks.peers.serving import serve

came = 0


async def take(request: web.Request) -> web.Response:
    global came
    async for part in request.content.iter_any():
        came += len(part)
    return web.Response(content_type="application/x-protobuf")


async def tell(_: web.Request) -> web.Response:
    return web.Response(text=str(came))


if __name__ == "__main__":
    uvloop.run(serve(web.post("/{path:.*}", take), web.get("/{path:.*}", tell)))
