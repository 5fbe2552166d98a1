"""Reads, writes, people's own cases and the start of the real `banshi serve`, each against a peer in the same run.

    python benchmarks/api.py            # everything, about six minutes
    python benchmarks/api.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from benchmarks.shared.api_load import (
    CASES,
    ITEM,
    LENGTHS,
    READS,
    WRITES,
    bare,
    columns,
    compiled_in,
    reads_of,
    started,
    submission,
    without_engine,
    writes_of,
)
from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.cities import FORM, SYNCED, city, office
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.fetching import fetched
from benchmarks.shared.figures import Column, Results, alternate, compare, median, table
from benchmarks.shared.own_cases import COLUMNS, LOOKS, Everybody, cases_each
from benchmarks.shared.processes import finished, python, running, serving, used_by

#: The peer of whoever reads their own.
LEAN = "lean aiohttp, SQL by hand"


def reads(folder: Path, length: argparse.Namespace) -> None:
    """`GET` of an item's guide against bare aiohttp with the same bytes and headers."""
    with serving(city(folder)) as ours, bare(ours, folder) as peer:
        size = len(fetched(peer.url + ITEM)[0])
        sides = {"bare aiohttp": reads_of(peer, length), "banshi": reads_of(ours, length)}
        results = alternate(length.rounds, sides)
    print(f"## GET {ITEM}: {size} bytes, {READS} at once\n")
    compare(results, columns("bare aiohttp"))


def writes(folder: Path, length: argparse.Namespace) -> None:
    """`POST` of a case against the leanest hand-written handler that writes the same rows."""
    files = {name: office(folder / name) for name in ("whole", "quiet")}
    (folder / "lean").mkdir()
    with ExitStack() as stack:
        whole = stack.enter_context(serving(files["whole"]))
        quiet = stack.enter_context(running(without_engine(files["quiet"], "serve", "--port", "0")))
        keys = folder / "whole" / "data" / "keys"
        posts = {name: submission(folder / name / "data") for name in files}
        lean = stack.enter_context(running(python("peers/lean.py", str(folder / "lean"), str(keys), str(FORM))))
        sides = {
            "lean aiohttp + Tortoise": writes_of(lean, length, posts["whole"]),
            "banshi, the same writes": writes_of(quiet, length, posts["quiet"]),
            "banshi, whole": writes_of(whole, length, posts["whole"], settle=True),
        }
        results = alternate(length.rounds, sides)
    size = len(posts["whole"]["body"].encode())
    print(f"## POST {CASES}: {size} bytes, {WRITES} at once, SQLite with synchronous=FULL\n")
    compare(results, columns("lean aiohttp + Tortoise"))
    done = median([one["done"] for one in results["banshi, whole"]])
    print(f"The whole server also accepted each case and put the message into its inbox: {done:,.0f} cases/s from the")
    print("first request until nothing was left to do.\n")


def own(folder: Path, length: argparse.Namespace) -> None:
    """What people read of their own, and a step with it, against the leanest handlers with the same SQL by hand."""
    for name, database in {"SQLite": False, **({"PostgreSQL": True} if has_postgres() else {})}.items():
        with ExitStack() as stack:
            url = stack.enter_context(postgres_if(database))
            file = office(folder / name, database=url)
            fill = python("shared/own_cases.py", str(file), str(cases_each(length.rounds, short=length.short)))
            everybody = Everybody(file.parent / "data", finished(fill, side=None, seconds=300), length)
            where = url or f"sqlite://{file.parent / 'data' / 'banshi.sqlite3'}?{SYNCED}"
            keys = file.parent / "data" / "keys"
            lean = stack.enter_context(running(python("peers/lean_cases.py", where, str(keys))))
            ours = stack.enter_context(running(without_engine(file, "serve", "--port", "0")))
            for what in LOOKS:
                sides = {LEAN: everybody.looks(lean, what), "banshi": everybody.looks(ours, what)}
                _told(f"{what}, {name}", alternate(length.rounds, sides))
            sides = {LEAN: everybody.acts(lean), "banshi": everybody.acts(ours)}
            _told(f"POST /v1/cases/{{id}}/actions/withdraw, {name}", alternate(length.rounds, sides))


def _told(what: str, results: Results) -> None:
    print(f"## {what}\n")
    compare(results, (*COLUMNS, Column("times the peer's CPU", "cpu", ".2f", LEAN)))


def start(folder: Path, length: argparse.Namespace) -> None:
    """From the start of the process to the first answered request, on a new and on a present database; the import."""
    compiled = compiled_in(folder)
    uncompiled = started(city(folder / "first"), compiled)["seconds"]
    took = defaultdict[str, list[float]](list)

    def importing(code: str) -> float:
        return used_by([sys.executable, "-c", code], side=0, **compiled).seconds

    for number in range(length.starts):
        file = city(folder / f"start-{number}")
        for database in ("a new", "a present"):
            title = f"`banshi serve` on {database} database, to the first answer"
            took[title].append(started(file, compiled)["seconds"])
        took["`import banshi`, the interpreter's own start included"].append(importing("import banshi"))
        took["the interpreter's own start"].append(importing("pass"))
    print("## Start\n")
    rows = [[title, f"{median(seconds):.3f}", f"{max(seconds):.3f}"] for title, seconds in took.items()]
    rows.insert(2, ["the very first, all of Python's modules still to be compiled", f"{uncompiled:.3f}", ""])
    table(["", "median s", "worst s"], rows)


if __name__ == "__main__":
    parts = {"reads": reads, "writes": writes, "own": own, "start": start}
    run_parts(options(__doc__, **LENGTHS, starts=(7, 1)), parts)
