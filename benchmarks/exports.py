"""What the exports of a large city's catalogue cost the real `banshi serve`: time, memory, and what waits meanwhile.

    python benchmarks/exports.py
    python benchmarks/exports.py --short

The repository's own city, and one of ten thousand items. Each export is read for the first time, which writes its file,
and again; beside the first reading somebody asks for an item's guide every 10 ms. Memory is the server's highest
since it answered its first request.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import project
from benchmarks.shared.figures import percentile, table
from benchmarks.shared.large_city import write_city
from benchmarks.shared.processes import ROOT, Running, banshi_done, serving, workspace

PLUGIN = ROOT / "plugins" / "integrations" / "catalogue_exports"

#: What is asked for, one after the other.
PATHS = ("cpsv-ap.jsonld", "item-list.json", "item-list.csv")

#: Seconds between two reads of a guide.
BETWEEN_READS_S = 0.01


async def read(session: aiohttp.ClientSession, url: str) -> tuple[float, int]:
    """Seconds until all of it was there, and its bytes."""
    began, size = time.perf_counter(), 0
    async with session.get(url) as answer:
        answer.raise_for_status()
        async for piece in answer.content.iter_any():
            size += len(piece)
    return time.perf_counter() - began, size


async def beside(session: aiohttp.ClientSession, url: str, until: asyncio.Future[tuple[float, int]]) -> float:
    """The longest that a read of a guide took meanwhile, in milliseconds."""
    longest = 0.0
    while not until.done():
        longest = max(longest, (await read(session, url))[0] * 1000)
        await asyncio.sleep(BETWEEN_READS_S)
    return longest


async def measured(server: Running, item: str) -> list[list[str]]:
    """A row for each export."""
    rows = []
    async with aiohttp.ClientSession() as session:
        guide = f"{server.url}/v1/items/{item}"
        await read(session, guide)
        start = server.memory()
        for path in PATHS:
            url, used = f"{server.url}/v1/exports/{path}", server.cpu()
            first = asyncio.ensure_future(read(session, url))
            longest = await beside(session, guide, first)
            (took, size), used = await first, server.cpu() - used
            again = min([(await read(session, url))[0] for _ in range(5)])
            now = f"{start:.0f} to {server.memory('VmHWM'):.0f} MiB"
            rows.append([path, f"{size / 1e6:.1f} MB", f"{took:.2f} s", f"{used:.2f} s", f"{1000 * again:.1f} ms"])
            rows[-1] += [f"{longest:.0f} ms", now]
        own = [(await read(session, f"{server.url}/v1/exports/cpsv-ap/{item}.jsonld")) for _ in range(200)]
        middle = percentile([took for took, _ in own], 0.5)
        rows.append(["cpsv-ap/{code}.jsonld", f"{own[0][1] / 1e3:.1f} kB", "", "", f"{1000 * middle:.1f} ms", "", ""])
    return rows


def main() -> None:
    given = begun(options(__doc__, plugins=(100, 12)))
    with workspace() as folder:
        large = write_city(folder, given.plugins, 100, catalogue_exports=PLUGIN)
        # A large city's first start checks everything; the checks are not what is measured here.
        banshi_done(large, "check")
        own = project(folder / "own")
        for title, file, item in (("the repository's", own, "zone-pass"), (f"{given.plugins * 100:,}", large, "p0-i0")):
            with serving(file) as server:
                rows = asyncio.run(measured(server, item))
                print(f"## {title} items\n")
                table(["", "size", "first", "processor", "again", "a guide meanwhile", "memory"], rows)


if __name__ == "__main__":
    main()
