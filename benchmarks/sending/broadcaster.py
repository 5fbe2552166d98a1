"""A platform that sends one broadcast to so many phones, and watches itself: what it cost, and how much memory it took.

A process of its own, on its own core. It reads a plan as JSON from standard input: {"sender", "folder", "url", "count",
"database", "per_minute"}; and prints what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from banshi.ops.cli.server.serve import spare_the_collector
from benchmarks.peers.serving import resident
from benchmarks.sending.population import dealt_with, drafted, opened, phones, planned, platform_of, published
from benchmarks.sending.waves import Plan, answer
from benchmarks.shared.beside import beside
from benchmarks.shared.cities import PUSH as PLUGINS
from benchmarks.shared.cities import city
from benchmarks.shared.figures import cost
from mobile_push.broadcasts import lifecycle, publication
from mobile_push.delivery.service import PUSH
from mobile_push.tables.models import Chunk, Device

#: Seconds between two looks at the memory.
LOOK_S = 0.02

MIB = 1 << 20


@asynccontextmanager
async def grown(idle: int) -> AsyncIterator[dict[str, float]]:
    """By how many MiB more than `idle` was resident at most: `grown` at the end of the block."""
    most, figures = idle, dict[str, float]()

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, resident())
            await asyncio.sleep(LOOK_S)

    async with beside(watch()):
        yield figures
    figures["grown"] = (most - idle) / MIB


async def settled() -> int:
    """What is resident once nothing happens."""
    for _ in range(3):
        gc.collect()
        await asyncio.sleep(0.3)
    return resident()


async def broadcast(plan: Plan) -> dict[str, Any]:
    """One notice to every phone."""
    async with platform_of(plan) as platform:
        # Code and connections are warm, then the phones come.
        await phones(platform, 2_000, 2_000)
        await dealt_with(await published(platform, everyone=True))
        await phones(platform, plan["count"], first=2_000)
        idle = await settled()
        async with grown(idle) as figures:
            with cost() as whole:
                with cost() as planning:
                    one = await published(platform, divisions=["120000"])
                    await planned(one)
                outcomes = await dealt_with(one)
        assert outcomes == {"accepted": plan["count"]}, outcomes
        took = {"seconds": whole.seconds, "planned": planning.seconds, "cpu": whole.cpu}
        return {**took, **figures, "idle": idle / MIB}


async def way(plan: Plan) -> dict[str, Any]:
    """A notice to phones, as many by each of the ways: once whole, and once with the sending held back until all of it
    is planned."""
    own, names = Path(plan["folder"]) / f"own-{time.time_ns()}", plan["ways"]
    each = plan["count"] // len(names)
    count, warm = each * len(names), 2_000 * len(names)
    file = city(own, PLUGINS, settings={"mobile_push": {name: plan["push"][name] for name in names}})
    async with opened(file) as platform:
        for place, name in enumerate(names):
            await phones(platform, 2_000, warm, first=2_000 * place, provider=name)
        await dealt_with(await published(platform, everyone=True))
        for place, name in enumerate(names):
            await phones(platform, each, first=warm + each * place, provider=name)
        async with grown(await settled()) as figures:
            with cost() as whole:
                assert await dealt_with(await published(platform, divisions=["120000"])) == {"accepted": count}
            paces = [courier.pace for courier in platform[PUSH].couriers]
            for pace in paces:
                pace.resting_until = time.monotonic() + 600
            one = await published(platform, divisions=["120000"])
            await planned(one)
            with cost() as sending:
                for pace in paces:
                    pace.resting_until = 0.0
                platform[PUSH].wake()
                assert await dealt_with(one) == {"accepted": count}
        return {**whole.of(count), **figures, "planned": sending.of(count)["cpu"]}


async def first(plan: Plan) -> dict[str, Any]:
    """One notice to every phone from a process that has sent nothing yet; written beforehand where the plan says so."""
    async with platform_of(plan) as platform:
        await phones(platform, plan["count"])
        draft = await drafted(platform, "notice", {"everyone": True}, store=False)
        spare_the_collector()
        idle = await settled()
        if plan["written"]:
            draft = await lifecycle.create(platform, draft, draft=True, receipt=publication.nothing)
            await asyncio.sleep(1)
        began = time.time()
        async with grown(idle) as figures:
            with cost() as took:
                await publication.publish(platform, draft, platform[PUSH].couriered, new=not plan["written"])
                await platform[PUSH].announce()
                outcomes = await dealt_with(draft)
        assert outcomes == {"accepted": plan["count"]}, outcomes
        return {"began": began, "seconds": took.seconds, "cpu": took.cpu, **figures}


async def seed(plan: Plan) -> dict[str, Any]:
    """Fill the database of a configuration with phones; nothing is sent."""
    async with opened(Path(plan["config"])) as platform:
        await phones(platform, plan["count"])
    return {}


async def refused(plan: Plan) -> dict[str, Any]:
    """One notice to so many phones, some of which are refused, from its publication to the last outcome recorded."""
    async with platform_of(plan) as platform:
        await phones(platform, plan["count"])
        with cost() as took:
            await dealt_with(await published(platform, everyone=True))
        figures = {"seconds": took.seconds, "each": took.cpu / plan["count"] * 1e6}
        return {**figures, "chunks": await Chunk.all().count(), "left": await Device.all().count()}


if __name__ == "__main__":
    answer({"broadcast": broadcast, "way": way, "first": first, "seed": seed, "refused": refused})
