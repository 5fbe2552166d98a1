"""What a page of the site takes beside its calls of the API, and how many a core makes in a second.

    python benchmarks/pages.py
    python benchmarks/pages.py --short

Each page is asked for one at a time, in this process, so that the seconds of the API's calls can be taken off; the peer
is a bare aiohttp handler that answers a page of the same bytes. The aims: 10 ms at the median beside the calls, and 200
pages a second of a core's time, the client's and the connection's own taken off by the peer.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from banshi import Principal
from banshi.sdk.http import READER
from banshi.testing import Door
from benchmarks.peers.serving import answering
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import table
from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.channels.site.browsing import kept_of
from tests.town.api_world import World, open_world
from tests.town.registers import made_up_person
from web_site.session import COOKIE

#: The aims, in milliseconds and in pages.
MAX_OWN_MS, MIN_PAGES = 10.0, 200


class Watched:
    """The seconds that calls of the API have taken so far, of those that aren't within another."""

    def __init__(self, door: Door) -> None:
        self.seconds, self._within = 0.0, False
        reader: Any = door.platform[READER]
        reader.get, reader.send = self._timed(reader.get), self._timed(reader.send)

    def _timed(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(*given: Any, **named: Any) -> Any:
            at = time.perf_counter()
            try:
                return await call(*given, **named)
            finally:
                self.seconds += time.perf_counter() - at

        return timed


async def taken(door: Door, address: str, headers: dict[str, str], rounds: int, watched: Watched) -> dict[str, float]:
    """Milliseconds of a page, of its calls and beside those, at the median; processor time, at the mean; its bytes."""
    own, whole, calls, size = list[float](), list[float](), list[float](), 0
    for turn in range(rounds + 3):
        if turn == 3:
            processor = time.process_time()
        watched.seconds, at = 0.0, time.perf_counter()
        async with door.session.get(address, headers=headers) as answer:
            size = len(await answer.read())
            assert answer.status == 200, (address, answer.status)
        seconds = time.perf_counter() - at
        if turn >= 3:
            own.append(seconds - watched.seconds)
            whole.append(seconds)
            calls.append(watched.seconds)
    spent = (time.process_time() - processor) / rounds * 1000
    told = {"whole": whole, "calls": calls, "own": own}
    return {name: statistics.median(some) * 1000 for name, some in told.items()} | {"processor": spent, "size": size}


async def bare(door: Door, size: int, rounds: int, watched: Watched) -> dict[str, float]:
    """The same of the peer."""
    body = b"x" * size

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/html")

    async with answering(web.get("/", answer)) as url:
        return await taken(door, f"{url}/", {}, rounds, watched)


def pages(world: World) -> dict[str, str]:
    return {
        "home": "", "search": "/search?q=驾照丢了", "guide": "/items/zone-pass", "form": "/items/zone-pass/form",
        "cases": "/cases", "case": f"/cases/{world.case}", "inbox": "/inbox", "pass": f"/cases/{world.case}/pass",
    }  # fmt: skip


async def measured(folder: Path, given: argparse.Namespace) -> bool:
    rows, is_right = [], True
    async with open_world(folder) as world:
        door, watched = world.door, Watched(world.door)
        person = Principal("wang", name="王小明", resident_id=made_up_person(1))
        headers = {"Cookie": f"{COOKIE.name}={kept_of(door, person)}"}
        for name, path in pages(world).items():
            page = await taken(door, f"{door.url}/site{path}", headers, given.rounds, watched)
            peer = await bare(door, int(page["size"]), given.rounds, watched)
            own, spent = page["own"] - peer["own"], page["processor"] - peer["processor"]
            is_right = is_right and own <= MAX_OWN_MS
            rows.append([name, f"{page['whole']:.1f}", f"{page['calls']:.1f}", f"{own:.1f}", f"{1000 / spent:.0f}",
                         f"{page['processor'] / peer['processor']:.1f}"])  # fmt: skip
    head = ["page", "ms", "calls, ms", "beside, ms", "pages a core's second", "times the bare one's"]
    table(head, rows)
    return is_right


def main() -> None:
    given = begun(options(__doc__, rounds=(200, 20)))
    quiet(logging.CRITICAL)
    with workspace() as folder:
        is_right = asyncio.run(measured(folder, given))
    if not is_right:
        print(f"a page takes more than {MAX_OWN_MS:g} ms beside its calls")
    sys.exit(not is_right)


if __name__ == "__main__":
    main()
