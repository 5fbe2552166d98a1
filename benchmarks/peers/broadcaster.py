"""A platform that sends one broadcast to so many phones, and watches itself: what it cost, and how much memory it took.

A process of its own, on its own core. It reads a plan as JSON from standard input: {"folder", "url", "count",
"database", "per_minute"}; and prints what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import uvloop
from population import dealt_with, phones, planned, platform_of, published

#: Seconds between two looks at the memory.
LOOK = 0.02

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


async def watch(most: list[int]) -> None:
    """Keep the most that was resident."""
    while True:
        most[0] = max(most[0], resident())
        await asyncio.sleep(LOOK)


async def settled() -> int:
    """What is resident once nothing happens."""
    for _ in range(3):
        gc.collect()
        await asyncio.sleep(0.3)
    return resident()


async def broadcast(plan: dict[str, Any]) -> dict[str, Any]:
    """One notice to every phone."""
    from banshi.app import open_platform
    from banshi.foundation import logs
    from mobile_push.tables.models import Chunk

    logs.configure("info")
    async with open_platform(platform_of(plan)) as platform:
        # Code and connections are warm, then the phones come.
        await phones(platform, 2_000, 2_000)
        await dealt_with(await published(platform, everyone=True))
        await phones(platform, plan["count"], first=2_000)
        idle = await settled()
        most = [idle]
        watching = asyncio.create_task(watch(most))
        cpu, started = time.process_time(), time.perf_counter()
        one = await published(platform, divisions=["120000"])
        await planned(one)
        found, outcomes = time.perf_counter() - started, {}
        planning = time.process_time() - cpu
        outcomes = await dealt_with(one)
        took, cpu = time.perf_counter() - started, time.process_time() - cpu
        watching.cancel()
        assert outcomes == {"accepted": plan["count"]}, outcomes
        return {
            "seconds": took,
            "planned": found,
            "planning": planning,
            "cpu": cpu,
            "grown": most[0] - idle,
            "idle": idle,
            "chunks": await Chunk.filter(broadcast_id=one.id).count(),
        }


async def seed(plan: dict[str, Any]) -> dict[str, Any]:
    """Fill the database of a configuration with phones; nothing is sent."""
    from banshi.app import loaded, open_platform
    from banshi.foundation import logs
    from banshi.kernel.loading.configuration import read_configuration

    logs.configure("info")
    async with open_platform(loaded(read_configuration(Path(plan["config"])))) as platform:
        await phones(platform, plan["count"])
    return {}


WORKS: dict[str, Callable[[dict[str, Any]], Any]] = {"broadcast": broadcast, "seed": seed}


if __name__ == "__main__":
    plan = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):
        result = uvloop.run(WORKS[plan.get("work", "broadcast")](plan))
    print(json.dumps(result))
