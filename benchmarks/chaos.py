"""Every fault on the list, tried on the real thing; what was lost, what came twice, and when it went on.

    python benchmarks/chaos.py                       # all of them, a quarter of an hour
    python benchmarks/chaos.py redis postgres        # two of them
    python benchmarks/chaos.py --short --at-once 2   # a look whether everything works, as in continuous integration
    python benchmarks/chaos.py push-killed --phones 30000 --kills 20 --postgres
    python benchmarks/chaos.py --list

Real servers, workers, PostgreSQL and Redis are started here on ports of their own and killed by their process ids; a
proxy between them is the bad network. docs/faults.md says which tests are the short form of each. Ends with the
scoreboard, and with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from chaos_report import FULL, SHORT, Length, Report, scoreboard
from chaos_rows import ROWS, Row
from processes import machine

#: Seconds after which a row is given up.
LONGEST = 420.0


async def tried(row: Row, length: Length) -> Report:
    """Try one fault. What it raises is a promise that was not kept."""
    report = Report(row.promise)
    try:
        attempt = getattr(import_module(row.module), row.function)
        with tempfile.TemporaryDirectory(prefix="banshi-chaos-") as folder:
            try:
                async with asyncio.timeout(LONGEST):
                    report = await attempt(Path(folder), length)
            finally:
                report.errors = errors_in(Path(folder))
    except Exception as error:
        traceback.print_exc()
        report.promise(False, f"{type(error).__name__}: {error}")
    return report


def errors_in(folder: Path) -> list[str]:
    """The last lines that servers have logged as errors; they are told where a promise is broken."""
    lines = [line for log in sorted(folder.rglob("*.log")) for line in log.read_text(errors="replace").splitlines()]
    return [line[:600] for line in lines if '"error"' in line or "Traceback" in line][-5:]


def timed(row: Row, length: Length) -> Report:
    """Try one fault, and say how long it took."""
    begun = time.monotonic()
    report = asyncio.run(tried(row, length))
    report.say("seconds in all", f"{time.monotonic() - begun:.1f}")
    return report


def run(rows: Sequence[Row], length: Length, at_once: int) -> bool:
    """Try the faults, so many at a time in processes of their own; whether every promise was kept."""
    reports: list[tuple[str, str, Report]] = []
    again: list[Row] = []
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        trying = [(row, pool.submit(timed, row, length)) for row in rows]
        try:
            for row, one in trying:
                report = one.result()
                if report.broken and at_once > 1:
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = {row.name: row for row in ROWS}
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(names)}; all where none is named")
    parser.add_argument("--short", action="store_true", help="a look whether everything works")
    parser.add_argument("--at-once", type=int, default=1, help="faults at a time: they wait more than they work")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--phones", type=int)
    parser.add_argument("--outage", type=float, metavar="SECONDS", help="for which something is out of order")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="faults of pushing on PostgreSQL in place of SQLite")
    given = parser.parse_args()
    if unknown := [name for name in given.faults if name not in names]:
        parser.error(f"{', '.join(unknown)}: there are {', '.join(names)}")
    if given.list:
        print("\n".join(names))
        return
    base = SHORT if given.short else FULL
    wished = {name: getattr(given, name) for name in ("kills", "phones", "outage") if getattr(given, name) is not None}
    length = replace(base, **wished, seed=given.seed, postgres=given.postgres)
    print(f"{machine()}; here nothing is pinned", flush=True)
    rows = [names[name] for name in given.faults] or list(ROWS)
    sys.exit(0 if run(rows, length, given.at_once) else 1)


if __name__ == "__main__":
    main()
