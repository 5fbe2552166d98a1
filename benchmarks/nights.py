"""What the night does to those who are served beside it, and what a large file of figures takes.

    python benchmarks/nights.py            # both parts
    python benchmarks/nights.py beside     # p99 of a server with and without its night, in turns
    python benchmarks/nights.py files      # a million figures handed in: processor time and memory
    python benchmarks/nights.py --short

`beside` has 600 series of five years in the server's database; as long as a round with the night lasts, one night
follows another. The aim: p99 with it within the spread of the rounds without. Ends with 1 where it is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.cities import DEPARTMENTS, city
from benchmarks.shared.figures import Column, alternate, compare, paced, percentile, spread, told_wrong
from benchmarks.shared.processes import banshi, banshi_done, python, running, used_by
from tests.insights.figures.bureau import CATEGORY
from tests.insights.planted import WEEKS, planted

#: 20 categories in 24 streets of five districts: with these and the city 600 series.
CATEGORIES, DISTRICTS, STREETS = 20, ("510703", "510704", "510705", "510722", "510781"), 24
#: Reads of a city's busiest hour.
PER_SECOND = 200
HEADER = "week,division,category,count\n"


def bureau(folder: Path, rows: int = 0) -> Path:
    """A plugins.toml of a city that counts these."""
    own = (CATEGORY.format(code=f"kind-{one}", counts='{ imports = ["reports"] }') for one in range(CATEGORIES))
    (folder / "categories.toml").write_text("".join(own).replace('"parks"', '"traffic"'), encoding="utf-8")
    settings = {"categories": str(folder / "categories.toml"), "city": "510700", "import_rows": max(rows, 1_000_000)}
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", "insights": "insights"}
    return city(folder, plugins, settings={"insights": settings})


def lines(weeks: int, streets: int) -> Iterator[str]:
    """Figures of so many weeks up to the last whole one."""
    series, today = planted(), date.today()
    last = today - timedelta(days=today.weekday() + 7)
    for week in range(weeks):
        day = last - timedelta(weeks=weeks - 1 - week)
        for street in range(streets):
            division = f"{DISTRICTS[street % len(DISTRICTS)]}{street // len(DISTRICTS) + 1:03}"
            for kind in range(CATEGORIES):
                counts = series[(kind * STREETS + street) % len(series)].counts
                yield f"{day},{division},kind-{kind},{counts[week % WEEKS]}\n"


def written(file: Path, weeks: int, streets: int = STREETS) -> int:
    """How many lines a file has."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        stream.writelines(lines(weeks, streets))
    return weeks * streets * CATEGORIES


async def steady(url: str, seconds: float) -> list[float]:
    """Milliseconds of each of `PER_SECOND` requests, which go out whether those before are answered or not."""
    took: list[float] = []

    async def one(_: int) -> None:
        begun = time.perf_counter()
        async with session.get(url) as answer:
            await answer.read()
        took.append((time.perf_counter() - begun) * 1000)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await paced(PER_SECOND, seconds, one)
    return took


def beside(folder: Path, given: argparse.Namespace) -> bool:
    config, night = bureau(folder), folder / "night"
    written(folder / "reports.csv", WEEKS if not given.short else 30)
    print(banshi_done(config, "insights", "import", str(folder / "reports.csv")), end="", flush=True)
    # A night at the most is a day long: a server that was never asked has one already.
    with running(
        [*python("peers/with_nights.py", str(night)), "--config", str(config), "serve", "--port", "0"]
    ) as server:

        def read() -> dict[str, Any]:
            took = asyncio.run(steady(f"{server.url}/v1/items/zone-pass", given.seconds))
            return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99)}

        def with_night() -> dict[str, Any]:
            night.touch()
            before = len(night.read_text())
            try:
                found = read()
                found["nights"] = (len(night.read_text()) - before) / len("judged\n")
            finally:
                night.unlink()
            time.sleep(given.pause)
            return found

        results = alternate(given.rounds, {"without the night": read, "with it": with_night})
    compare(results, (Column("p50 ms", "p50", ".1f"), Column("p99 ms", "p99", ".1f")))
    late = {name: [one["p99"] for one in rounds] for name, rounds in results.items()}
    for name, p99 in late.items():
        print(f"{name}: p99 of {spread(p99, '.1f')} ms, least, median and most of {len(p99)} rounds")
    print(f"{sum(one['nights'] for one in results['with it']):.0f} nights ended meanwhile\n", flush=True)
    most = sorted(late["with it"])[given.rounds // 2]
    is_missed = not given.short and most > max(late["without the night"])
    return told_wrong([f"p99 of {most:.1f} ms with the night"] if is_missed else [])


def files(folder: Path, given: argparse.Namespace) -> None:
    weeks = max(1, given.figures // (CATEGORIES * 96))
    rows = written(folder / "reports.csv", weeks, 96)
    config, size = bureau(folder, rows), (folder / "reports.csv").stat().st_size / 1e6
    banshi_done(config, "migrate")
    took = used_by(banshi(config, "insights", "import", str(folder / "reports.csv")))
    print(f"{rows:,} figures of {size:.0f} MB: {took}\n", flush=True)


if __name__ == "__main__":
    lengths = {"rounds": (3, 1), "seconds": (20.0, 1.0), "pause": (8.0, 0.5)}
    parser = options(__doc__, **lengths, figures=(1_000_000, 4_000))
    sys.exit(run_parts(parser, {"beside": beside, "files": files}))
