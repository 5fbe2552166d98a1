"""Reads and whole cases of this commit against those of an earlier one, in turn, in one run.

    git worktree add /tmp/before COMMIT && (cd /tmp/before && the README's test line up to its group)
    python benchmarks/before.py /tmp/before/.venv/bin/banshi
    python benchmarks/before.py /tmp/before/.venv/bin/banshi writes --rounds 5

A whole case is one from its submission to the message in the inbox. On PostgreSQL too, where this machine has it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from api import (
    CASES,
    ITEM,
    LANGUAGE,
    READS,
    WRITES,
    Length,
    city,
    fetched,
    load,
    office,
    peer_of,
    submission,
    until_settled,
)
from databases import has_postgres, postgres
from processes import ROOT, Running, alternate, banshi, machine, median, running, table


def writes(before: str, folder: Path, length: Length, database: str | None) -> None:
    """`POST` of cases, until each is accepted and its message is in the inbox."""
    sides: dict[str, Callable[[], dict[str, Any]]] = {}
    with ExitStack() as stack:
        for name, command in (("before", before), ("now", None)):
            url = stack.enter_context(postgres()) if database else None
            file = office(folder / f"{database or 'sqlite'}-{name}", database=url)
            server = stack.enter_context(running(banshi(file, "serve", "--port", "0", command=command)))
            sides[name] = whole_cases(server, length, submission(file.parent / "data"))
        results = alternate(length.rounds, sides)
    print(f"## POST {CASES}, {WRITES} at once, until nothing is left to do: {database or 'SQLite'}\n")
    rows = []
    for name, rounds in results.items():
        pairs = list(zip(rounds, results["before"], strict=True))
        rate, cpu, p99 = (median([one[key] for one in rounds]) for key in ("done", "whole_cpu", "p99"))
        ratio = median([one["done"] / other["done"] for one, other in pairs])
        cost = median([other["whole_cpu"] / one["whole_cpu"] for one, other in pairs])
        late = median([one["p99"] / other["p99"] for one, other in pairs])
        rows.append([name, f"{rate:,.0f}", f"{cpu:,.0f}", f"{p99:.1f}", f"{ratio:.2f}", f"{cost:.2f}", f"{late:.2f}"])
    table(["", "cases/s", "server's CPU µs a case", "p99 ms", "ratio", "ratio by CPU", "p99's ratio"], rows)


def whole_cases(server: Running, length: Length, plan: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """One round of submissions, with what the server has used once nothing is left to do."""

    def go() -> dict[str, Any]:
        started, used = time.perf_counter(), server.cpu()
        result = load(server, length, WRITES, "201", **plan, keys=f"{time.time_ns():x}")
        until_settled(server)
        result["done"] = result["all"] / (time.perf_counter() - started)
        result["whole_cpu"] = (server.cpu() - used) / result["all"] * 1e6
        return result

    return go


def reads(before: str, folder: Path, length: Length) -> None:
    """`GET` of an item's guide, bare aiohttp with the same bytes beside them."""
    head = f"GET {ITEM} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"
    with ExitStack() as stack:
        servers = {}
        for name, command in (("before", before), ("now", None)):
            file = city(folder / f"reads-{name}")
            if command:
                # An earlier version reads its own plugins.
                tree = Path(command).absolute().parents[2]
                file.write_text(file.read_text(encoding="utf-8").replace(str(ROOT), str(tree)), encoding="utf-8")
            servers[name] = stack.enter_context(running(banshi(file, "serve", "--port", "0", command=command)))
        peer = stack.enter_context(running(peer_of(*fetched(servers["now"].url + ITEM), folder)))
        sides = {"bare aiohttp": peer, **servers}
        results = alternate(
            length.rounds,
            {name: lambda one=one: load(one, length, READS, "200", head=head) for name, one in sides.items()},  # type: ignore[misc]
        )
    from api import compare

    print(f"## GET {ITEM}: {READS} at once\n")
    compare(results, "bare aiohttp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("before", help="the command `banshi` of the earlier commit's environment")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these: reads, writes, postgres")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each, in alternation")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    given = parser.parse_args()
    length = Length(given.rounds, given.seconds, 1.0, 0)
    parts = given.parts or ["reads", "writes", "postgres"]
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-") as name:
        folder = Path(name)
        if "reads" in parts:
            reads(given.before, folder, length)
        if "writes" in parts:
            writes(given.before, folder, length, None)
        if "postgres" in parts and has_postgres():
            writes(given.before, folder, length, "PostgreSQL")


if __name__ == "__main__":
    main()
