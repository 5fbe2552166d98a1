"""The peer of the stream: aiohttp alone, on uvloop, that keeps event streams open and writes to all in turn.

It has the same two operations for the benchmark as `plugins/crier`. `POST …/alerts?size=…` writes one event of that
size to every stream with each response's `write`, as anybody would.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time

import uvloop
from aiohttp import web

from benchmarks.peers.serving import resident, serve

HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Streams:
    """The open streams, with the transport that each writes to."""

    def __init__(self) -> None:
        self.open: dict[web.StreamResponse, asyncio.Transport] = {}
        self.count = 0

    async def follow(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=HEADERS)
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"retry: 2000\n\n")
        assert request.transport is not None
        self.open[response] = request.transport
        try:
            await asyncio.Event().wait()
        finally:
            del self.open[response]
        return response

    def event(self, size: int) -> bytes:
        self.count += 1
        return b'id: 0.%d\nevent: message\ndata: {"cursor":"0.%d","body":"%b"}\n\n' % (
            self.count,
            self.count,
            b"a" * size,
        )

    async def publish(self, request: web.Request) -> web.Response:
        data, began, used = self.event(int(request.query.get("size", "200"))), time.monotonic(), time.process_time()
        for response in list(self.open):
            await response.write(data)
        seconds, cpu = time.monotonic() - began, time.process_time() - used
        return web.json_response({"seq": self.count, "began": began, "seconds": seconds, "cpu": cpu})

    async def state(self, _: web.Request) -> web.Response:
        gc.collect()
        figures = {"resident": resident(), "streams": len(self.open), "cpu": time.process_time()}
        return web.json_response(figures | {"blocks": sys.getallocatedblocks()})


if __name__ == "__main__":
    streams = Streams()
    routes = web.get("/v1/inbox/stream", streams.follow), web.post("/v1/benchmark/alerts", streams.publish)
    uvloop.run(serve(*routes, web.get("/v1/benchmark/state", streams.state), handler_cancellation=True))
