"""A broadcast to as many phones as a city has: its cost a phone, its memory, and how soon all of it is planned.

    python benchmarks/fan_out.py            # 10,000, 100,000 and 1,000,000 phones, about eight minutes
    python benchmarks/fan_out.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from databases import has_postgres, postgres
from processes import Running, finished, machine, python, running, table

SIZES, SHORT = (10_000, 100_000, 1_000_000), (1_000, 10_000)

#: What it could do is measured, not Google's quota.
PER_MINUTE = 60_000_000

MIB = 1024 * 1024


def measured(provider: Running, folder: Path, count: int, elsewhere: bool) -> dict[str, Any]:
    """One broadcast to so many phones."""
    plan: dict[str, Any] = {"folder": str(folder), "url": provider.url, "count": count, "per_minute": PER_MINUTE}
    with postgres() if elsewhere else nullcontext(None) as database:
        result: dict[str, Any] = finished(
            python("peers/broadcaster.py"), side=0, seconds=900, given={**plan, "database": database}
        )
    return result


def compare(provider: Running, folder: Path, sizes: tuple[int, ...], elsewhere: bool) -> None:
    """Print each size's figures, and its cost as a multiple of the smallest's."""
    rows, first = [], 0.0
    for count in sizes:
        one = measured(provider, folder, count, elsewhere)
        cost = one["cpu"] / count * 1e6
        first = first or cost
        rows.append(
            [
                f"{count:,}",
                f"{one['planned']:.1f}",
                f"{one['seconds']:.1f}",
                f"{count / one['seconds']:,.0f}",
                f"{cost:.0f}",
                f"{cost / first:.2f}",
                f"{one['grown'] / MIB:.1f}",
                f"{one['idle'] / MIB:.0f}",
            ]
        )
    print(f"## {'PostgreSQL' if elsewhere else 'SQLite'}\n")
    head = ["phones", "planned after s", "sent after s", "phones/s", "CPU µs a phone", "to the first", "grown MiB"]
    table([*head, "idle MiB"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="few phones")
    given = parser.parse_args()
    print(f"{machine()}\n")
    if given.short:
        print("The short form looks whether everything works; its figures say little.\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-") as name:
        folder = Path(name)
        with running(python("peers/provider.py", str(folder)), side=1) as provider:
            for elsewhere in (False, True) if has_postgres() else (False,):
                compare(provider, folder, SHORT if given.short else SIZES, elsewhere)


if __name__ == "__main__":
    main()
