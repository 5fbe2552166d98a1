"""10,000 items against 10: the start, the memory, reads, writes and the search of the real `banshi serve`.

    python benchmarks/scale.py            # everything, about three minutes
    python benchmarks/scale.py --short    # fewer items, as in continuous integration

benchmarks/README.md says what is compared with what.
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, urlsplit

from benchmarks.shared.api_load import (
    LENGTHS,
    READS,
    WRITES,
    columns,
    compiled_in,
    reads_of,
    started,
    submission,
    writes_of,
)
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.fetching import fetched
from benchmarks.shared.figures import alternate, compare, percentile, table
from benchmarks.shared.large_city import real_items, write_city
from benchmarks.shared.processes import ROOT, Running, serving, used_by, workspace

ITEM = "/v1/items/p0-i0"
CASES = f"{ITEM}/cases"

#: Seconds until the index of a search is there.
INDEX_TIMEOUT_S = 60.0

#: Plugins and items of each, in the small city.
SMALL = (1, 10)


def asked(phrases: int) -> list[str]:
    """The hundred everyday phrases, and as many rows of random words from what departments call their items."""
    listed = tomllib.loads((ROOT / "tests" / "plugins" / "everyday_phrases.toml").read_text("utf-8"))
    words = [word for item in real_items() for words in item["keywords"].values() for word in words]
    chance = random.Random(11)
    rows = [" ".join(chance.choices(words, k=chance.randint(1, 6)))[:100] for _ in range(phrases)]
    return [one["words"] for one in listed["phrases"]] + rows


def searched(server: Running, words: list[str], rounds: int) -> list[float]:
    """Milliseconds of each search, one after the other on one connection."""
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=INDEX_TIMEOUT_S)
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
    return took


def main() -> None:
    given = begun(options(__doc__, **LENGTHS, starts=(7, 1), plugins=(100, 12)))
    with workspace() as folder:
        measure(folder, given)


def measure(folder: Path, given: argparse.Namespace) -> None:
    files = {}
    for plugins, items in (SMALL, (given.plugins, 100)):
        name = f"{plugins * items:,} items"
        files[name] = write_city(folder / str(plugins * items), plugins, items)
    compiled, small = compiled_in(folder), next(iter(files))
    used_by([sys.executable, "-c", "import banshi.app, banshi.ops.cli.server.serve, mobile_push"], **compiled)
    # The very first start of each, and those after it.
    starts = {
        name: [started(file, compiled, ITEM)["seconds"] for _ in range(1 + given.starts)]
        for name, file in files.items()
    }
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(file, **compiled)) for name, file in files.items()}
        words, rows = asked(100), []
        for name, server in servers.items():
            took = searched(server, words, 3)
            first, *again = starts[name]
            rows.append([name, f"{first:.2f}", f"{percentile(again, 0.5):.2f}", f"{server.memory():.0f}"])
            rows[-1] += [f"{percentile(took, share):.1f}" for share in (0.5, 0.99, 1)]
        print("## Start, memory after searching, search over HTTP\n")
        head = ["", "first start, s", "start, s", "resident MiB", "search p50 ms", "p99", "worst"]
        table(head, rows)
        print(f"## GET {ITEM}, {READS} at once\n")
        reads = {name: reads_of(server, given, ITEM) for name, server in servers.items()}
        compare(alternate(given.rounds, reads), columns(small))
        plans = {name: submission(file.parent / "data", CASES) for name, file in files.items()}
        # Each waits until its engine has worked off the round, or that would go on beside the other's.
        writes = {name: writes_of(server, given, plans[name], settle=True) for name, server in servers.items()}
        print(f"## POST {CASES}, {WRITES} at once\n")
        compare(alternate(given.rounds, writes), columns(small))
        print("Resident MiB at the end: " + ", ".join(f"{name} {one.memory():.0f}" for name, one in servers.items()))
        for name, server in servers.items():
            began = time.perf_counter()
            size = len(fetched(server.url + "/openapi.json")[0])
            took_s = time.perf_counter() - began
            print(f"/openapi.json of {name}: {size / 1e6:.1f} MB, {took_s:.2f} s, then {server.memory():.0f} MiB")


if __name__ == "__main__":
    main()
