"""A platform that sends one broadcast to so many phones, and watches itself: what it cost, and how much memory it took.

A process of its own, on its own core. It reads a plan as JSON from standard input: {"sender", "folder", "url", "count",
"database", "per_minute"}; and prints what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import Any

from benchmarks.peers.serving import resident
from benchmarks.sending.population import dealt_with, drafted, phones, planned, platform_of, published
from benchmarks.sending.waves import Plan, answer
from benchmarks.shared.cities import PUSH as PLUGINS
from benchmarks.shared.cities import city
from benchmarks.shared.figures import cost

#: Seconds between two looks at the memory.
LOOK_S = 0.02

MIB = 1 << 20


async def watch(most: list[int]) -> None:
    """Keep the most that was resident."""
    while True:
        most[0] = max(most[0], resident())
        await asyncio.sleep(LOOK_S)


async def settled() -> int:
    """What is resident once nothing happens."""
    for _ in range(3):
        gc.collect()
        await asyncio.sleep(0.3)
    return resident()


async def broadcast(plan: Plan) -> dict[str, Any]:
    """One notice to every phone."""
    from banshi.app import open_platform
    from banshi.foundation import logs

    logs.configure("info")
    async with open_platform(platform_of(plan)) as platform:
        # Code and connections are warm, then the phones come.
        await phones(platform, 2_000, 2_000)
        await dealt_with(await published(platform, everyone=True))
        await phones(platform, plan["count"], first=2_000)
        idle = await settled()
        most = [idle]
        watching = asyncio.create_task(watch(most))
        with cost() as whole:
            with cost() as planning:
                one = await published(platform, divisions=["120000"])
                await planned(one)
            outcomes = await dealt_with(one)
        watching.cancel()
        assert outcomes == {"accepted": plan["count"]}, outcomes
        grown = (most[0] - idle) / MIB
        return {
            "seconds": whole.seconds,
            "planned": planning.seconds,
            "cpu": whole.cpu,
            "grown": grown,
            "idle": idle / MIB,
        }


async def way(plan: Plan) -> dict[str, Any]:
    """A notice to phones, as many by each of the ways: once whole, and once with the sending held back until all of it
    is planned."""
    from banshi.app import loaded, open_platform
    from banshi.foundation import logs
    from banshi.kernel.loading.configuration import read_configuration
    from mobile_push.delivery.service import PUSH

    logs.configure("info")
    own, names = Path(plan["folder"]) / f"own-{time.time_ns()}", plan["ways"]
    each = plan["count"] // len(names)
    count, warm = each * len(names), 2_000 * len(names)
    file = city(own, PLUGINS, settings={"mobile_push": {name: plan["push"][name] for name in names}})
    async with open_platform(loaded(read_configuration(file))) as platform:
        for place, name in enumerate(names):
            await phones(platform, 2_000, warm, first=2_000 * place, provider=name)
        await dealt_with(await published(platform, everyone=True))
        for place, name in enumerate(names):
            await phones(platform, each, first=warm + each * place, provider=name)
        most = [idle := await settled()]
        watching = asyncio.create_task(watch(most))
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
        watching.cancel()
        figures = {**whole.of(count), "planned": sending.of(count)["cpu"]}
        return {**figures, "grown": (most[0] - idle) / MIB}


async def first(plan: Plan) -> dict[str, Any]:
    """One notice to every phone from a process that has sent nothing yet; written beforehand where the plan says so."""
    from banshi.app import open_platform
    from banshi.foundation import logs
    from banshi.ops.cli.server.serve import spare_the_collector
    from mobile_push.broadcasts import lifecycle, publication
    from mobile_push.delivery.service import PUSH

    logs.configure("info")
    async with open_platform(platform_of(plan)) as platform:
        await phones(platform, plan["count"])
        draft = await drafted(platform, "notice", {"everyone": True}, store=False)
        spare_the_collector()
        idle = await settled()
        if plan["written"]:
            draft = await lifecycle.create(platform, draft, draft=True, receipt=publication.nothing)
            await asyncio.sleep(1)
        most = [idle]
        watching = asyncio.create_task(watch(most))
        began = time.time()
        with cost() as took:
            await publication.publish(platform, draft, platform[PUSH].couriered, new=not plan["written"])
            await platform[PUSH].announce()
            outcomes = await dealt_with(draft)
        watching.cancel()
        assert outcomes == {"accepted": plan["count"]}, outcomes
        return {"began": began, "seconds": took.seconds, "cpu": took.cpu, "grown": (most[0] - idle) / MIB}


async def seed(plan: Plan) -> dict[str, Any]:
    """Fill the database of a configuration with phones; nothing is sent."""
    from banshi.app import loaded, open_platform
    from banshi.foundation import logs
    from banshi.kernel.loading.configuration import read_configuration

    logs.configure("info")
    async with open_platform(loaded(read_configuration(Path(plan["config"])))) as platform:
        await phones(platform, plan["count"])
    return {}


async def refused(plan: Plan) -> dict[str, Any]:
    """One notice to so many phones, some of which are refused, from its publication to the last outcome recorded."""
    from banshi.app import open_platform
    from banshi.foundation import logs
    from mobile_push.tables.models import Chunk, Device

    logs.configure("info")
    async with open_platform(platform_of(plan)) as platform:
        await phones(platform, plan["count"])
        with cost() as took:
            await dealt_with(await published(platform, everyone=True))
        figures = {"seconds": took.seconds, "each": took.cpu / plan["count"] * 1e6}
        return {**figures, "chunks": await Chunk.all().count(), "left": await Device.all().count()}


if __name__ == "__main__":
    answer({"broadcast": broadcast, "way": way, "first": first, "seed": seed, "refused": refused})
