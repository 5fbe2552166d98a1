"""Every fault on the list, tried on the real thing; what was lost, what came twice, and when it went on.

    python benchmarks/chaos.py                       # all of them, a quarter of an hour
    python benchmarks/chaos.py redis postgres        # two of them
    python benchmarks/chaos.py --short --at-once 2   # a look whether everything works, as in continuous integration
    python benchmarks/chaos.py push-killed --phones 30000 --kills 20 --postgres

Real servers, workers, PostgreSQL and Redis are started here on ports of their own and killed by their process ids; a
proxy between them is the bad network. docs/faults.md says which tests are the short form of each. Ends with the
scoreboard, and with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from benchmarks.shared.arguments import lengths_of, machine, options
from benchmarks.shared.processes import workspace
from benchmarks.town.report import Report, scoreboard
from benchmarks.town.rows import ROWS, Row

#: Seconds after which a row is given up.
ROW_TIMEOUT_S = 420.0

#: Phones, how often something is killed, cut off or begun anew, and seconds for which something is out of order.
LENGTHS = {"phones": (9_000, 400), "kills": (6, 2), "outage": (10.0, 1.0)}


async def tried(row: Row, length: argparse.Namespace) -> Report:
    """Try one fault. What it raises is a promise that was not kept."""
    report = Report(row.promise)
    try:
        attempt = getattr(import_module(f"benchmarks.faults.{row.module}"), row.function)
        with workspace() as folder:
            try:
                async with asyncio.timeout(ROW_TIMEOUT_S):
                    report = await attempt(folder, length)
            finally:
                report.errors = errors_in(folder)
    except Exception as error:
        traceback.print_exc()
        report.promise(False, f"{type(error).__name__}: {error}")
    return report


def errors_in(folder: Path) -> list[str]:
    """The last lines that servers have logged as errors; they are told where a promise is broken."""
    lines = [line for log in sorted(folder.rglob("*.log")) for line in log.read_text(errors="replace").splitlines()]
    return [line[:600] for line in lines if '"error"' in line or "Traceback" in line][-5:]


def timed(row: Row, length: argparse.Namespace) -> Report:
    """Try one fault, and say how long it took."""
    begun = time.monotonic()
    report = asyncio.run(tried(row, length))
    report.say("seconds in all", f"{time.monotonic() - begun:.1f}")
    return report


def run(rows: Sequence[Row], length: argparse.Namespace) -> bool:
    """Try the faults, so many at a time in processes of their own; whether every promise was kept."""
    reports: list[tuple[str, str, Report]] = []
    again: list[Row] = []
    with ProcessPoolExecutor(length.at_once, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        trying = [(row, pool.submit(timed, row, length)) for row in rows]
        try:
            for row, one in trying:
                report = one.result()
                if report.broken and length.at_once > 1:
                    report.print(f"{row.name}, beside another one")
                    again.append(row)
                    continue
                report.print(row.name)
                reports.append((row.name, row.promise, report))
            for row in again:
                # Two at a time take each other's seconds: what is broken is broken alone as well.
                report = pool.submit(timed, row, length).result()
                report.print(row.name)
                reports.append((row.name, row.promise, report))
        finally:
            # Also of as many as there were until somebody had enough of it.
            scoreboard(reports)
            pool.shutdown(cancel_futures=True)
    return not any(report.broken for _, _, report in reports)


def main() -> None:
    parser = options(__doc__, **LENGTHS)
    names = {row.name: row for row in ROWS}
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(names)}; all where none is named")
    parser.add_argument("--at-once", type=int, default=1, help="faults at a time: they wait more than they work")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="faults of pushing on PostgreSQL in place of SQLite")
    given = lengths_of(parser)
    if unknown := [name for name in given.faults if name not in names]:
        parser.error(f"{', '.join(unknown)}: there are {', '.join(names)}")
    # Whether the promised figures are held to it.
    given.full = given.phones >= LENGTHS["phones"][0]
    print(machine("here nothing is pinned"), flush=True)
    sys.exit(0 if run([names[name] for name in given.faults] or list(ROWS), given) else 1)


if __name__ == "__main__":
    main()
