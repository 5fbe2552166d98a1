"""A broadcast to as many phones as a city has: its cost a phone, its memory, and how soon all of it is planned.

    python benchmarks/fan_out.py            # 10,000, 100,000 and 1,000,000 phones, about eight minutes
    python benchmarks/fan_out.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import table
from benchmarks.shared.processes import python
from benchmarks.shared.provider import PER_MINUTE, Provider, provider

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


def main() -> None:
    given = begun(options(__doc__))
    with provider() as to:
        for elsewhere in (False, True) if has_postgres() else (False,):
            compare(to, SHORT if given.short else SIZES, elsewhere)


if __name__ == "__main__":
    main()
