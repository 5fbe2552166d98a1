"""What it costs staff that each reading of a case is recorded before it is answered; citizens pay nothing for it.

    python benchmarks/readings.py            # SQLite, and PostgreSQL where there is one
    python benchmarks/readings.py --short    # one round of a second each, and no aim

The real `banshi serve`, 32 at once. Each look of "recorded" is the first of its person and case in its quarter of an
hour, so that each is a row; "again" is the same few cases over and over. The aim: at least 0.8 of the rate without.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from benchmarks.shared.api_load import columns, each_of, load
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import office
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import alternate, compare, median
from benchmarks.shared.own_cases import STAFF as REVIEWER
from benchmarks.shared.processes import Running, banshi, finished, python, running, workspace

#: Requests under way at once.
AT_ONCE = 32

#: Members of staff who read: a round needs as many pairs of them and cases as it reads.
STAFF = 100

#: The least of the rate without the record that staff keep.
MIN_RATE_KEPT = 0.8


class Office:
    """A server with its cases, and whoever reads them."""

    def __init__(self, server: Running, data: Path, people: Any, length: argparse.Namespace) -> None:
        self.server, self.length = server, length
        settings = Settings(data=data)
        self.staff = [development_token(settings, f"staff-{n}", roles=[REVIEWER]) for n in range(STAFF)]
        self.own = [(case, development_token(settings, person)) for person, cases in people for case in cases]
        #: Each pair once: what a round has read is no first reading any more.
        pairs = [(case, token) for case, _ in self.own for token in self.staff]
        self.size, self.pairs = len(pairs) // (length.rounds + 1), iter(pairs)

    def by_staff(self) -> dict[str, Any]:
        """A round of first readings."""
        return self._read([pair for pair, _ in zip(self.pairs, range(self.size), strict=False)])

    def again(self) -> dict[str, Any]:
        """A round of the same few."""
        return self._read([(case, self.staff[0]) for case, _ in self.own[:AT_ONCE]])

    def by_citizen(self) -> dict[str, Any]:
        return self._read(self.own)

    def _read(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        plan = each_of("GET /v1/cases/{case}", pairs)
        return load(self.server, self.length, AT_ONCE, "200", **plan)


def measure(title: str, given: argparse.Namespace, folder: Path) -> bool:
    """Whether staff keep what they have to."""
    with ExitStack() as stack:
        offices = []
        for name in ("with", "without"):
            url = stack.enter_context(postgres_if(title == "PostgreSQL"))
            file = office(folder / f"{title}-{name}", database=url)
            fill = python("shared/own_cases.py", str(file), "4")
            people = finished(fill, side=None, seconds=300)
            program = banshi(file) if name == "with" else python("peers/without_readings.py", "--config", str(file))
            server = stack.enter_context(running([*program, "serve", "--port", "0"]))
            offices.append(Office(server, file.parent / "data", people, given))
        for one in offices:
            one.by_staff()  # each token's signature is looked at once
            one.by_citizen()
        here, without = offices
        sides = {"without the record": without.by_staff, "recorded": here.by_staff, "again": here.again}
        results = alternate(given.rounds, sides)
        print(f"## {title}: staff read cases, {AT_ONCE} at once\n")
        compare(results, columns("without the record"))
        mine = alternate(given.rounds, {"without the record": without.by_citizen, "now": here.by_citizen})
        print(f"## {title}: a citizen reads cases of theirs, {AT_ONCE} at once\n")
        compare(mine, columns("without the record"))
    pairs = zip(results["recorded"], results["without the record"], strict=True)
    kept = median([one["per_second"] / other["per_second"] for one, other in pairs])
    print(f"Staff keep {kept:.2f} of the rate; the aim is {MIN_RATE_KEPT}.\n")
    return kept >= MIN_RATE_KEPT


def main() -> int:
    given = begun(options(__doc__, rounds=(5, 1), seconds=(4.0, 1.0), warm_up=(0.5, 0.2)))
    titles = ["SQLite", *(["PostgreSQL"] if has_postgres() else [])]
    with workspace() as folder:
        kept = [measure(title, given, folder) for title in titles]
    return 0 if given.short or all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
