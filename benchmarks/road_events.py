"""Roads with ten thousand events in force: a box, a way of thirty kilometres, and how soon a stream hears of a new one.

    python benchmarks/road_events.py            # everything, about two minutes
    python benchmarks/road_events.py --short    # a look whether it works at all, as in continuous integration

Server, callers and streams are one process here, so what is measured has the callers' own work in it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from banshi.testing import Door, open_door
from benchmarks.peers.serving import answering, may_open_files
from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.cities import DEPARTMENTS
from benchmarks.shared.databases import each_database
from benchmarks.shared.figures import median, percentile, table, told_wrong
from benchmarks.shared.quiet import quiet
from road.tables.models import RoadEvent
from road.vocabulary import DEFAULTS

#: The sample city in degrees, and the aims in milliseconds at p99.
WEST, SOUTH, EAST, NORTH = 103.7, 30.7, 105.8, 33.1
AIMS = {"box": 20.0, "way": 50.0, "stream": 1_000.0}
BODY = {"kind": "closure", "division": "510703", "text": "双向禁止通行"}
DRAWN = random.Random(44)


def line(steps: int, length: float) -> list[list[float]]:
    """A way through the city, more or less straight on, in parts of so many degrees."""
    lon, lat = DRAWN.uniform(WEST + 0.4, EAST - 0.4), DRAWN.uniform(SOUTH + 0.4, NORTH - 0.4)
    x, y = DRAWN.choice([(1, 0), (0, 1), (0.7, 0.7), (-0.7, 0.7)])
    found = []
    for _ in range(steps):
        found.append([round(lon, 6), round(lat, 6)])
        lon, lat = lon + length * x + DRAWN.uniform(0, length / 4), lat + length * y + DRAWN.uniform(0, length / 4)
    return found


async def filled(count: int) -> None:
    """So many events in force, half of them points."""
    now, rows = datetime.now(UTC), []
    for n in range(count):
        points = line(DRAWN.randint(5, 20), 0.001)
        place = {"type": "LineString", "coordinates": points} if n % 2 else {"type": "Point", "coordinates": points[0]}
        own = {"kind": "works", "road": f"示例路{n}号", "division": "510703", "geometry": place, "author": "sun"}
        details = {**DEFAULTS, "text": "管线施工，占用一条车道", "text_en": "Pipe works take one lane"}
        rows.append(RoadEvent(**own, details=details, starts_at=now, checked_at=now, updated_at=now))
    await RoadEvent.bulk_create(rows, batch_size=500)


async def lean(request: web.Request) -> web.Response:
    """What anybody would write: the rows that are known to be in the answer, read and written as GeoJSON."""
    rows = (
        await RoadEvent.filter(id__in=request.query["ids"].split(","), state="in-force") if request.query["ids"] else []
    )
    features = [
        {
            "type": "Feature",
            "id": str(one.id),
            "geometry": one.geometry,
            "properties": {"road": one.road, **one.details},
        }
        for one in rows
    ]
    return web.Response(body=orjson.dumps({"type": "FeatureCollection", "features": features}))


async def timed(rounds: int, one: Callable[[int], Awaitable[Any]]) -> tuple[list[float], list[float]]:
    """Milliseconds of each, and those of the processor, which others don't make longer."""
    await one(0)
    found, used = [], []
    for n in range(rounds):
        begun, cpu = time.perf_counter(), time.process_time()
        await one(n)
        found.append((time.perf_counter() - begun) * 1000)
        used.append((time.process_time() - cpu) * 1000)
    return found, used


async def answers(door: Door, bare: str, rounds: int) -> dict[str, list[Any]]:
    """Boxes of some four kilometres, and ways of thirty with a kilometre on each side: ours, and the lean handler's."""
    asked: dict[str, list[str]] = {"box": [], "way": []}
    for _ in range(rounds):
        (lon, lat), way = line(1, 0)[0], line(31, 0.0085)
        asked["box"].append(f"box={lon},{lat},{lon + 0.04:.6f},{lat + 0.04:.6f}")
        asked["way"].append(f"width=1000&along={';'.join(f'{x},{y}' for x, y in way)}")
    rows = []
    for name, queries in asked.items():
        found: list[list[str]] = [[] for _ in queries]

        async def ours(n: int, queries: list[str] = queries, found: list[list[str]] = found) -> None:
            got = (await door.anyone.get(f"/v1/road/events?{queries[n]}")).ok()
            found[n] = [one["id"] for one in got["features"]]

        async def theirs(n: int, found: list[list[str]] = found) -> None:
            async with door.session.get(f"{bare}/?ids={','.join(found[n])}") as response:
                await response.read()

        (own, cpu), (_, peer) = await timed(rounds, ours), await timed(rounds, theirs)
        ratio = f"{median([a / b for a, b in zip(cpu, peer, strict=True)]):.2f}"
        rows.append([name, sum(map(len, found)) / rounds, *shown(own, cpu), ratio])
    return {str(row[0]): row[1:] for row in rows}


def shown(own: list[float], cpu: list[float]) -> list[float]:
    return [percentile(own, 0.5), percentile(own, 0.99), percentile(cpu, 0.5), percentile(cpu, 0.99)]


async def streams(door: Door, count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the confirmation to each open stream, and those of the processor for all of them."""
    officer = door.staff("sun", "traffic/command-centre:reviewer")
    heard: asyncio.Queue[float] = asyncio.Queue()

    async def follow(response: aiohttp.ClientResponse) -> None:
        async for said in response.content:
            if said.startswith(b"data"):
                heard.put_nowait(time.perf_counter())

    found, used = [], []
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        for _ in range(count):
            response = await stack.enter_async_context(session.get(f"{door.url}/v1/road/stream", timeout=None))
            task = asyncio.create_task(follow(response))
            stack.callback(task.cancel)
        for n in range(rounds):
            begun, cpu = time.perf_counter(), time.process_time()
            (await officer.post("/v1/road/events", {**BODY, "road": f"示例大桥{n}"})).created()
            found += [(await heard.get() - begun) * 1000 for _ in range(count)]
            used.append((time.process_time() - cpu) * 1000)
    return found, used


async def measured(folder: Path, database: str, length: argparse.Namespace) -> dict[str, list[Any]]:
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", "road": "road"}
    platform = {"database": database} if database else {}
    async with open_door(folder, plugins, platform=platform) as door:
        await filled(length.events)
        (await door.anyone.get("/v1/road/events")).ok()
        async with answering(web.get("/", lean)) as url:
            found = await answers(door, url, length.rounds)
        told = await streams(door, length.streams, length.told)
        found["stream"] = [length.streams, *shown(*told), ""]
    return found


def roads(folder: Path, length: argparse.Namespace) -> bool:
    """Each of the three on both databases, against its aim."""
    wrong, rows = [], []
    for name, url in each_database():
        found = asyncio.run(measured(folder / name, url, length))
        for what, (each, *figures, ratio) in found.items():
            rows.append([name, what, f"{each:.0f}", *(f"{one:.1f}" for one in figures), ratio])
            if figures[1] > AIMS[what]:
                wrong.append(f"{name}: {what} takes {figures[1]:.0f} ms at p99, {AIMS[what]:.0f} at most")
    print(f"## {length.events:,} events in force, {length.streams:,} streams\n")
    head = [
        "database",
        "what",
        "events or streams",
        "p50 ms",
        "p99 ms",
        "CPU p50",
        "CPU p99",
        "of the lean handler's CPU",
    ]
    table(head, rows)
    return told_wrong(wrong) or length.short


def main() -> int:
    quiet()
    may_open_files()
    lengths = {"events": (10_000, 2_000), "rounds": (1_000, 60), "streams": (2_000, 100), "told": (10, 3)}
    return run_parts(options(__doc__, **lengths), {"roads": roads})


if __name__ == "__main__":
    sys.exit(main())
