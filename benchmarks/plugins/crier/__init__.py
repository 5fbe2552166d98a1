"""For benchmarks of the stream: publishes to everyone when it is told to, and says how the process is doing."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Parameter, Route, hookimpl, reply
from mobile_push.broadcasts import publication
from mobile_push.delivery.service import PUSH
from mobile_push.tables.models import Broadcast

#: One character that JSON and UTF-8 keep as one byte.
FILLER = "a"

SIZE = Parameter(name="size", schema={"type": "integer", "minimum": 1}, description="Bytes of the text.")
KIND = Parameter(name="kind", schema={"enum": ["alert", "notice"]}, description="What it is, an alert if not said.")
TOPIC = Parameter(name="topic", schema={"type": "string"}, description="Those who follow it, in place of everyone.")
SHOWN = {200: Answer(description="Figures.", schema={"type": "object"})}


def resident() -> int:
    """Bytes of this process's memory that are in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def publish(call: Call) -> web.StreamResponse:
    """Publish a broadcast to everyone, and tell how long the writing to all open streams took.

    Moments are those of the monotonic clock, which all processes of a machine share.
    """
    push, now = call.platform[PUSH], call.platform.now()
    text = FILLER * call.query.get("size", 200)
    draft = await Broadcast.create(
        kind=call.query.get("kind", "alert"),
        department="crier",
        state="draft",
        title={"zh-CN": "暴雨预警", "en": "Rainstorm warning"},
        body={"zh-CN": text, "en": text},
        link="/alerts/1",
        audience={"topics": [topic]} if (topic := call.query.get("topic")) else {"everyone": True},
        author="crier",
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    began = time.monotonic()
    published = await publication.publish(call.platform, draft, push.couriered)
    announced, used = time.monotonic(), time.process_time()
    await push.announce()
    ended, cpu = time.monotonic(), time.process_time() - used
    return reply(
        call, {"seq": published.seq, "began": began, "announced": announced, "seconds": ended - announced, "cpu": cpu}
    )


async def state(call: Call) -> web.StreamResponse:
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
    both = {"audience": Audience.ANYONE, "tag": "benchmark", "answers": SHOWN}
    return [
        Route(
            method="POST",
            path="/v1/benchmark/alerts",
            handler=publish,
            operation="benchmark_publish",
            summary="Publish an alert to everyone.",
            parameters=(SIZE, KIND, TOPIC),
            **both,
        ),
        Route(
            method="GET",
            path="/v1/benchmark/state",
            handler=state,
            operation="benchmark_state",
            summary="Show what the process holds.",
            **both,
        ),
    ]
