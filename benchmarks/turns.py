"""Conversations: nothing lost and nothing twice while the server is killed, and what a turn costs.

    python benchmarks/turns.py          # all of it, on SQLite, and on PostgreSQL where there is one
    python benchmarks/turns.py kills    # 10,000 messages, each delivered three times
    python benchmarks/turns.py rates    # a turn's time at 50 a second, and its cost against a lean handler
    python benchmarks/turns.py alerts   # its time while 10,000 contacts are told of an alert
    python benchmarks/turns.py --short

Of the kills 20 come exactly between a turn and its reply, and 5 at any moment. Ends with 1 where a promise is broken,
or, but for the short form, an aim is missed.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.databases import each_database
from benchmarks.talking import alerts, kills, rates
from benchmarks.town.report import scoreboard

LENGTHS = {
    "messages": (10_000, 300),
    "alerts": (10_000, 300),
    "kills": (20, 2),
    "rounds": (5, 1),
    "seconds": (6.0, 2.0),
    "warm_up": (2.0, 0.5),
}


def killing(folder: Path, length: argparse.Namespace) -> bool:
    """Whether nothing is lost, and nothing comes twice."""
    reports = []
    for title, database in each_database():
        report = asyncio.run(kills.tried(folder / title, title, database, length))
        report.print("kills")
        reports.append((title, "0 lost, 0 twice", report))
    scoreboard(reports)
    return not any(report.broken for *_, report in reports)


def measuring(part: ModuleType) -> Callable[[Path, argparse.Namespace], bool]:
    """Whether what the part aims at is met on each database."""

    def go(folder: Path, length: argparse.Namespace) -> bool:
        missed = []
        for title, database in each_database():
            missed += part.measured(folder / title, title, length, on_postgres=bool(database))
        return not missed

    return go


def main() -> int:
    parser = options(__doc__, **LENGTHS)
    parser.add_argument("--seed", type=int, default=1)
    return run_parts(parser, {"kills": killing, "rates": measuring(rates), "alerts": measuring(alerts)})


if __name__ == "__main__":
    raise SystemExit(main())
