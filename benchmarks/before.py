"""Reads and whole cases of this commit against those of an earlier one, in turn, in one run.

    git worktree add /tmp/before COMMIT && (cd /tmp/before && the README's test line up to its group)
    python benchmarks/before.py /tmp/before/.venv/bin/banshi
    python benchmarks/before.py /tmp/before/.venv/bin/banshi writes --rounds 5

A whole case is one from its submission to the message in the inbox. On PostgreSQL too, where this machine has it.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from benchmarks.shared.api_load import (
    CASES,
    ITEM,
    READS,
    WRITES,
    as_known,
    bare,
    columns,
    of_its_own,
    reads_of,
    submission,
    writes_of,
)
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import city, office
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import Column, alternate, compare, ratios
from benchmarks.shared.processes import serving, workspace

WHOLE_CASES = (
    *(Column("cases/s", "done"), Column("server's CPU µs a case", "whole_cpu"), Column("p99 ms", "p99", ".1f")),
    *(*ratios("before", "done", "whole_cpu"), Column("p99's ratio", "p99", ".2f", "before")),
)


def writes(folder: Path, given: argparse.Namespace, database: str | None) -> None:
    """`POST` of cases, until each is accepted and its message is in the inbox."""
    sides = {}
    with ExitStack() as stack:
        for name, command in (("before", given.before), ("now", None)):
            url = stack.enter_context(postgres_if(database))
            file = as_known(office(folder / f"{database or 'sqlite'}-{name}", database=url), command)
            server = stack.enter_context(serving(file, command=command))
            sides[name] = writes_of(server, given, submission(file.parent / "data"), settle=True)
        results = alternate(given.rounds, sides)
    print(f"## POST {CASES}, {WRITES} at once, until nothing is left to do: {database or 'SQLite'}\n")
    compare(results, WHOLE_CASES)


def reads(folder: Path, given: argparse.Namespace) -> None:
    """`GET` of an item's guide, bare aiohttp with the same bytes beside them."""
    with ExitStack() as stack:
        # An earlier version reads its own plugins.
        earlier = of_its_own(city(folder / "reads-before"), given.before)
        before = stack.enter_context(serving(earlier, command=given.before))
        now = stack.enter_context(serving(city(folder / "reads-now")))
        servers = {"bare aiohttp": stack.enter_context(bare(now, folder)), "before": before, "now": now}
        results = alternate(given.rounds, {name: reads_of(one, given) for name, one in servers.items()})
    print(f"## GET {ITEM}: {READS} at once\n")
    compare(results, columns("bare aiohttp"))


def main() -> None:
    parser = options(__doc__, rounds=(3, 1), seconds=(4.0, 1.0), warm_up=(1.0, 0.2))
    parser.add_argument("before", help="the command `banshi` of the earlier commit's environment")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these: reads, writes, postgres")
    given = begun(parser)
    parts = given.parts or ["reads", "writes", "postgres"]
    with workspace() as folder:
        if "reads" in parts:
            reads(folder, given)
        if "writes" in parts:
            writes(folder, given, None)
        if "postgres" in parts and has_postgres():
            writes(folder, given, "PostgreSQL")


if __name__ == "__main__":
    main()
