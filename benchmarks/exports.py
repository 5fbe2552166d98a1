"""What the exports of a large city's catalogue cost the real `banshi serve`: time, memory, and what waits meanwhile.

    python benchmarks/exports.py
    python benchmarks/exports.py --short

The repository's own city, and one of ten thousand items. Each export is read for the first time, which writes its file,
and again; beside the first reading somebody asks for an item's guide every 10 ms. Memory is the server's highest
since it answered its first request.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import tempfile
import time
from pathlib import Path

import aiohttp
from large_city import write_city
from processes import ROOT, Running, banshi, machine, running, table

PLUGIN = ROOT / "plugins" / "integrations" / "catalogue_exports"

#: What is asked for, one after the other.
PATHS = ("cpsv-ap.jsonld", "item-list.json", "item-list.csv")

#: Seconds between two reads of a guide.
PAUSE = 0.01


def memory(server: Running, what: str) -> float:
    """MiB that the server's process has (VmRSS), or has had at most (VmHWM)."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024


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
        await asyncio.sleep(PAUSE)
    return longest


async def measured(server: Running, item: str) -> list[list[str]]:
    """A row for each export."""
    rows = []
    async with aiohttp.ClientSession() as session:
        guide = f"{server.url}/v1/items/{item}"
        await read(session, guide)
        start = memory(server, "VmRSS")
        for path in PATHS:
            url, used = f"{server.url}/v1/exports/{path}", server.cpu()
            first = asyncio.ensure_future(read(session, url))
            longest = await beside(session, guide, first)
            (took, size), used = await first, server.cpu() - used
            again = min([(await read(session, url))[0] for _ in range(5)])
            now = f"{start:.0f} to {memory(server, 'VmHWM'):.0f} MiB"
            rows.append([path, f"{size / 1e6:.1f} MB", f"{took:.2f} s", f"{used:.2f} s", f"{1000 * again:.1f} ms"])
            rows[-1] += [f"{longest:.0f} ms", now]
        own = [(await read(session, f"{server.url}/v1/exports/cpsv-ap/{item}.jsonld")) for _ in range(200)]
        middle = sorted(took for took, _ in own)[len(own) // 2]
        rows.append(["cpsv-ap/{code}.jsonld", f"{own[0][1] / 1e3:.1f} kB", "", "", f"{1000 * middle:.1f} ms", "", ""])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="1,200 items in place of 10,000")
    plugins = 12 if parser.parse_args().short else 100
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-", dir=os.environ.get("BENCHMARK_FOLDER")) as name:
        folder = Path(name)
        large = write_city(folder, plugins, 100)
        with large.open("a", encoding="utf-8") as file:
            file.write(f'[plugins.catalogue_exports]\napi = 1\npath = "{PLUGIN}"\n')
        own = folder / "own.toml"
        text = (ROOT / "plugins.toml").read_text("utf-8").replace('path = "plugins/', f'path = "{ROOT}/plugins/')
        own.write_text(text.replace('data = "data"', 'data = "own"'), "utf-8")
        # A large city's first start checks everything; the checks are not what is measured here.
        subprocess.run(banshi(large, "check"), check=True, capture_output=True)
        for title, file, item in (("98", own, "zone-pass"), (f"{plugins * 100:,}", large, "p0-i0")):
            with running(banshi(file, "serve", "--port", "0")) as server:
                rows = asyncio.run(measured(server, item))
                print(f"## {title} items\n")
                head = ["", "size", "first", "processor", "again", "a guide meanwhile", "memory"]
                table(head, rows)


if __name__ == "__main__":
    main()
