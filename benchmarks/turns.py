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

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.databases import each_database
from benchmarks.shared.processes import workspace
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


def killing(length: argparse.Namespace) -> bool:
    """Whether nothing is lost, and nothing comes twice."""
    reports = []
    for title, database in each_database(postgres_alone=length.postgres):
        with workspace() as folder:
            report = asyncio.run(kills.tried(folder, title, database, length))
        report.print("kills")
        reports.append((title, "0 lost, 0 twice", report))
    scoreboard(reports)
    return not any(report.broken for *_, report in reports)


def timing(length: argparse.Namespace) -> bool:
    """Whether a turn costs what it may, in multiples of the lean handler's: others may use the machine."""
    missed = []
    for title, database in each_database(postgres_alone=length.postgres):
        with workspace() as folder:
            missed += rates.measured(folder, title, length, on_postgres=bool(database))
    # The short form looks whether it works at all: its rounds are too short for an aim.
    return length.short or not missed


def alerting(length: argparse.Namespace) -> bool:
    """Whether an alert comes once to each, and keeps nobody's answer back."""
    missed = []
    for title, database in each_database(postgres_alone=length.postgres):
        with workspace() as folder:
            missed += alerts.measured(folder, title, length, on_postgres=bool(database))
    return not missed


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {"kills": killing, "rates": timing, "alerts": alerting}


def main() -> int:
    parser = options(__doc__, **LENGTHS)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL alone")
    parser.add_argument("--seed", type=int, default=1)
    given = begun(parser)
    kept = [PARTS[name](given) for name in given.parts or PARTS]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
