"""10,000 items against 10: the start, the memory, reads, writes and the search of the real `banshi serve`.

    python benchmarks/scale.py            # everything, about three minutes
    python benchmarks/scale.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import tempfile
import time
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from api import (
    FULL,
    LANGUAGE,
    READS,
    SHORT,
    WRITES,
    Length,
    compare,
    compiled_in,
    fetched,
    load,
    round_of,
    seconds_of,
    seconds_to_answer,
    submission,
)
from large_city import real_items, write_city
from processes import ROOT, Running, alternate, banshi, machine, running, table

ITEM = "/v1/items/p0-i0"
CASES = f"{ITEM}/cases"

#: Seconds until the index of a search is there.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class City:
    """One size of city."""

    plugins: int
    items: int


LARGE, SMALL = City(100, 100), City(1, 10)
#: What the short form starts.
LESS = City(12, 100)


def resident(server: Running) -> float:
    """MiB of memory that the server's process has."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def asked(phrases: int) -> list[str]:
    """The hundred everyday phrases, and as many rows of random words from what departments call their items."""
    listed = tomllib.loads((ROOT / "tests" / "plugins" / "everyday_phrases.toml").read_text("utf-8"))
    words = [word for item in real_items() for words in item["keywords"].values() for word in words]
    chance = random.Random(11)
    rows = [" ".join(chance.choices(words, k=chance.randint(1, 6)))[:100] for _ in range(phrases)]
    return [one["words"] for one in listed["phrases"]] + rows


def starts(file: Path, length: Length, compiled: Mapping[str, str]) -> tuple[float, list[float]]:
    """Seconds to the first answer: of the very first start, and of those after it."""
    first = seconds_to_answer(file, compiled, ITEM)
    return first, [seconds_to_answer(file, compiled, ITEM) for _ in range(length.starts)]


def searched(server: Running, words: list[str], rounds: int) -> list[float]:
    """Milliseconds of each search, one after the other on one connection."""
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE)
    took = []
    for turn in range(rounds + 1):
        for text in words:
            began = time.perf_counter()
            connection.request("GET", f"/v1/items?q={quote(text)}")
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{text!r} was answered {answer.status}")
            # The first round waits for the index.
            if turn:
                took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="fewer items, one short round of each")
    parser.add_argument("--rounds", type=int, help="rounds of each, in alternation")
    given = parser.parse_args()
    length, large = (SHORT, LESS) if given.short else (FULL, LARGE)
    if given.rounds:
        length = Length(given.rounds, length.seconds, length.warm_up, length.starts)
    print(f"{machine()}\n")
    if given.short:
        print("The short form looks whether everything works; its figures say little.\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-", dir=os.environ.get("BENCHMARK_FOLDER")) as folder:
        measure(Path(folder), large, length)


def measure(folder: Path, large: City, length: Length) -> None:
    sizes = {f"{city.plugins * city.items:,} items": city for city in (SMALL, large)}
    files = {}
    for name, city in sizes.items():
        place = folder / name.replace(" ", "-").replace(",", "")
        place.mkdir()
        files[name] = write_city(place, city.plugins, city.items)
    compiled = compiled_in(folder)
    seconds_of("import banshi.ops.cli.server.serve, mobile_push", compiled)
    begun = {name: starts(file, length, compiled) for name, file in files.items()}
    small = next(iter(sizes))
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(running(banshi(file, "serve", "--port", "0"), **compiled))
            for name, file in files.items()
        }
        words = asked(100)
        rows = []
        for name, server in servers.items():
            took = searched(server, words, 3)
            first, again = begun[name]
            figures = [first, sorted(again)[len(again) // 2], resident(server)]
            rows.append([name, *(f"{one:.2f}" for one in figures[:2]), f"{figures[2]:.0f}"])
            rows[-1] += [f"{took[len(took) // 2]:.1f}", f"{took[len(took) * 99 // 100]:.1f}", f"{took[-1]:.1f}"]
        print("## Start, memory after searching, search over HTTP\n")
        head = ["", "first start, s", "start, s", "resident MiB", "search p50 ms", "p99", "worst"]
        table(head, rows)
        get = f"GET {ITEM} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"
        reads = {name: lambda one=server: load(one, length, READS, "200", head=get) for name, server in servers.items()}
        print(f"## GET {ITEM}, {READS} at once\n")
        compare(alternate(length.rounds, reads), small)
        plans = {name: submission(file.parent / "data", CASES) for name, file in files.items()}
        # Each waits until its engine has worked off the round, or that would go on beside the other's.
        writes = {name: round_of(server, length, plans[name], settle=True) for name, server in servers.items()}
        print(f"## POST {CASES}, {WRITES} at once\n")
        compare(alternate(length.rounds, writes), small)
        print("Resident MiB at the end: " + ", ".join(f"{name} {resident(one):.0f}" for name, one in servers.items()))
        for name, server in servers.items():
            began = time.perf_counter()
            size = len(fetched(server.url + "/openapi.json")[0])
            took = time.perf_counter() - began
            print(f"/openapi.json of {name}: {size / 1e6:.1f} MB, {took:.2f} s, then {resident(server):.0f} MiB")


if __name__ == "__main__":
    main()
