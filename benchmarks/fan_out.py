"""A broadcast to as many phones as a city has: its cost a phone, its memory, and how soon all of it is planned.

    python benchmarks/fan_out.py            # 10,000, 100,000 and 1,000,000 phones, about eight minutes
    python benchmarks/fan_out.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import Column, alternate, rows_of, table
from benchmarks.shared.processes import python
from benchmarks.shared.provider import PER_MINUTE, Provider, provider

#: Seconds that the provider takes for an answer, where the first phone is waited for.
FIRST_LATENCIES_S = (0.0, 0.5)

SIZES, SHORT = (10_000, 100_000, 1_000_000), (1_000, 10_000)


def compare(to: Provider, sizes: tuple[int, ...], elsewhere: bool) -> None:
    """Print each size's figures, and its cost as a multiple of the smallest's."""
    rows, first = [], 0.0
    for count in sizes:
        with postgres_if(elsewhere) as database:
            plan = {"sender": "broadcast", "count": count, "per_minute": PER_MINUTE, "database": database}
            one, _ = to.sent(python("sending/broadcaster.py"), plan, 900)
        cost = one["cpu"] / count * 1e6
        first = first or cost
        row = [f"{count:,}", f"{one['planned']:.1f}", f"{one['seconds']:.1f}", f"{count / one['seconds']:,.0f}"]
        rows.append([*row, f"{cost:.0f}", f"{cost / first:.2f}", f"{one['grown']:.1f}", f"{one['idle']:.0f}"])
    print(f"## {'PostgreSQL' if elsewhere else 'SQLite'}\n")
    head = ["phones", "planned after s", "sent after s", "phones/s", "CPU µs a phone", "to the first", "grown MiB"]
    table([*head, "idle MiB"], rows)


def compare_firsts(given: argparse.Namespace, to: Provider, latency: float) -> None:
    """Print how soon the first phone hears of a notice, and the memory that all take, of a process that was idle."""
    to.behave(latency=latency)

    def sender(elsewhere: bool, written: bool) -> Callable[[], dict[str, Any]]:
        def go() -> dict[str, Any]:
            plan = {"sender": "first", "count": given.count, "written": written, "per_minute": PER_MINUTE}
            with postgres_if(elsewhere) as database:
                one, seen = to.sent(python("sending/broadcaster.py"), {**plan, "database": database})
            return {**one, "first": seen["first"] - one["began"], "cpu": one["cpu"] / given.count * 1e6}

        return go

    ways = {
        f"{name}, {when}": sender(elsewhere, written)
        for name, elsewhere in (("SQLite", False), ("PostgreSQL", True))[: 1 + has_postgres()]
        for when, written in (("published at once", False), ("written a second before", True))
    }
    print(f"## The first of {given.count:,} phones, the provider at {latency * 1000:g} ms\n")
    columns = [Column("first phone s", "first", ".3f"), Column("all s", "seconds", ".2f")]
    columns += [Column("CPU µs a phone", "cpu"), Column("grown MiB", "grown", ".1f")]
    results = alternate(given.rounds, ways)
    table(["", *(one.head for one in columns)], rows_of(results, columns))


def main() -> None:
    given = begun(options(__doc__, count=(60_000, 2_000), rounds=(5, 1)))
    with provider() as to:
        for latency in FIRST_LATENCIES_S:
            compare_firsts(given, to, latency)
        to.behave(latency=0.0)
        for elsewhere in (False, True) if has_postgres() else (False,):
            compare(to, SHORT if given.short else SIZES, elsewhere)


if __name__ == "__main__":
    main()
