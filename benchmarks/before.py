"""Reads and whole cases of this commit against those of an earlier one, in turn, in one run.

    git worktree add /tmp/before COMMIT && (cd /tmp/before && the README's test line up to its group)
    python benchmarks/before.py /tmp/before/.venv/bin/banshi
    python benchmarks/before.py /tmp/before/.venv/bin/banshi writes --rounds 5

A whole case is one from its submission to the message in the inbox. On PostgreSQL too, where this machine has it.
A start is one on a present database, from its process to the first answered request: each commit's with its own
department, this one's with the earlier department too, and both with the same 10,000 items.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.shared.api_load import (
    CASES,
    ITEM,
    READS,
    WRITES,
    bare,
    columns,
    compiled_in,
    reads_of,
    started,
    submission,
    writes_of,
)
from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.cities import city, office
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import Column, alternate, compare, ratios
from benchmarks.shared.large_city import write_city
from benchmarks.shared.processes import ROOT, serving, used_by

WHOLE_CASES = (
    *(Column("cases/s", "done"), Column("server's CPU µs a case", "whole_cpu"), Column("p99 ms", "p99", ".1f")),
    *(*ratios("before", "done", "whole_cpu"), Column("p99's ratio", "p99", ".2f", "before")),
)

STARTS = (
    *(Column("s", "seconds", ".3f"), Column("CPU s", "cpu", ".3f")),
    *(Column("times before's", "seconds", ".2f", "before"), Column("by CPU", "cpu", ".2f", "before")),
)

#: Starts of each side in a round: one is short, and the machine's mood isn't.
STARTS_A_ROUND = 4

#: Plugins of a large city, and the items of each; its first item.
LARGE, LARGE_ITEM = (100, 100), "/v1/items/p0-i0"


def writes(folder: Path, given: argparse.Namespace, *, database: str = "") -> None:
    """`POST` of cases, until each is accepted and its message is in the inbox."""
    if database and not has_postgres():
        return
    sides = {}
    with ExitStack() as stack:
        for name, command in (("before", given.before), ("now", None)):
            url = stack.enter_context(postgres_if(database))
            file = office(folder / name, database=url)
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


def starts(folder: Path, given: argparse.Namespace) -> None:
    """`banshi serve` to its first answer, and `import banshi`, all modules compiled."""
    compiled = {name: compiled_in(folder / name) for name in ("before", "now")}
    before, now = partial(started, command=given.before), started
    earlier = [of_its_own(city(folder / name), given.before) for name in ("start-before", "start-earlier")]
    large = [write_city(folder / f"large-{one}", *LARGE) for one in ("before", "now")]
    in_turn(
        "`serve` to its first answer",
        given,
        {
            "before": partial(before, earlier[0], compiled["before"]),
            "now": partial(now, city(folder / "start-now"), compiled["now"]),
            "now, with the items of before": partial(now, earlier[1], compiled["now"]),
        },
    )
    sides = {
        "before": partial(before, large[0], compiled["before"], LARGE_ITEM),
        "now": partial(now, large[1], compiled["now"], LARGE_ITEM),
    }
    in_turn("`serve` to its first answer, 10,000 items", given, sides)
    programs = {"before": str(Path(given.before).with_name("python")), "now": sys.executable}
    imports = {
        name: partial(used_by, [one, "-c", "import banshi"], side=0, **compiled[name]) for name, one in programs.items()
    }
    in_turn("`import banshi`", given, {name: lambda one=one: one()._asdict() for name, one in imports.items()})


def in_turn(what: str, given: argparse.Namespace, sides: Mapping[str, Callable[[], Any]]) -> None:
    alternate(1, sides)  # Compiles, makes the database, and checks a large city's items.
    print(f"## {what}\n")
    compare(alternate(given.rounds * STARTS_A_ROUND, sides), STARTS)


def of_its_own(file: Path, command: str) -> Path:
    """The plugins.toml with the plugins of the tree that another environment's `banshi` is of."""
    tree = Path(command).absolute().parents[2]
    file.write_text(file.read_text("utf-8").replace(str(ROOT), str(tree)), "utf-8")
    return file


def main() -> int:
    parser = options(__doc__, rounds=(3, 1), seconds=(4.0, 1.0), warm_up=(1.0, 0.2))
    parser.add_argument("before", help="the command `banshi` of the earlier commit's environment")
    on_postgres = partial(writes, database="PostgreSQL")
    return run_parts(parser, {"reads": reads, "writes": writes, "postgres": on_postgres, "starts": starts})


if __name__ == "__main__":
    raise SystemExit(main())
