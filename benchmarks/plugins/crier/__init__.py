"""For benchmarks of the stream: publishes to everyone when it is told to, and says how the process is doing."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Parameter, Route, hookimpl, reply
from banshi.sdk.http import Routes
from benchmarks.peers.serving import resident
from benchmarks.sending.population import drafted
from mobile_push.broadcasts import publication
from mobile_push.delivery.service import PUSH

#: One character that JSON and UTF-8 keep as one byte.
FILLER = "a"

SIZE = Parameter(name="size", schema={"type": "integer", "minimum": 1}, description="Bytes of the text.")
KIND = Parameter(name="kind", schema={"enum": ["alert", "notice"]}, description="What it is, an alert if not said.")
TOPIC = Parameter(name="topic", schema={"type": "string"}, description="Those who follow it, in place of everyone.")
SHOWN = {200: Answer(description="Figures.", schema={"type": "object"})}


ROUTES = Routes("benchmark")


@ROUTES.post("/v1/benchmark/alerts", Audience.ANYONE, SHOWN, parameters=(SIZE, KIND, TOPIC))
async def benchmark_publish(call: Call) -> web.StreamResponse:
    """Publish a broadcast to everyone, and tell how long the writing to all open streams took.

    Moments are those of the monotonic clock, which all processes of a machine share.
    """
    push, text = call.platform[PUSH], FILLER * call.query.get("size", 200)
    audience = {"topics": [topic]} if (topic := call.query.get("topic")) else {"everyone": True}
    body = {"zh-CN": text, "en": text}
    draft = await drafted(call.platform, call.query.get("kind", "alert"), audience, department="crier", body=body)
    began = time.monotonic()
    published = await publication.publish(call.platform, draft, push.couriered)
    announced, used = time.monotonic(), time.process_time()
    await push.announce()
    ended, cpu = time.monotonic(), time.process_time() - used
    return reply(call, {"seq": published.seq, "began": began, "seconds": ended - announced, "cpu": cpu})


@ROUTES.get("/v1/benchmark/state", Audience.ANYONE, SHOWN)
async def benchmark_state(call: Call) -> web.StreamResponse:
    """What the process holds, after a collection."""
    gc.collect()
    hub = call.platform[PUSH].hub
    figures: dict[str, Any] = {
        "resident": resident(),
        "blocks": sys.getallocatedblocks(),
        "streams": len(hub),
        "waiting": max((stream.transport.get_write_buffer_size() for stream in hub.all()), default=0),
        "tasks": len(asyncio.all_tasks()),
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - no paths are needed
        "cpu": time.process_time(),
        "at": time.monotonic(),
    }
    return reply(call, figures)


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES
