"""What a run of faults found, and the scoreboard of all of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.shared.figures import table


@dataclass
class Report:
    """The figures of a fault, and the promises that it broke."""

    title: str
    #: How many faults there were; what was lost or is not as it was promised; what came twice.
    injected: int = 0
    lost: int = 0
    duplicated: int = 0
    #: Seconds from a fault, or its end, until it went on.
    recovery: list[float] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    #: What servers have logged as errors.
    errors: list[str] = field(default_factory=list)
    #: Why it was not tried.
    skipped: str = ""

    def say(self, what: str, figure: object) -> None:
        self.rows.append((what, str(figure)))

    def promise(self, kept: bool, what: str) -> None:
        if not kept:
            self.broken.append(what)

    def skip(self, why: str) -> Report:
        self.skipped = why
        return self

    def print(self, name: str) -> None:
        print(f"\n## {name}: {self.title}\n")
        if self.skipped:
            print(f"not run: {self.skipped}\n")
            return
        if self.rows:
            table(("", "figure"), self.rows)
        for one in self.broken[:20]:
            print(f"BROKEN  {one}", flush=True)
        for line in self.errors if self.broken else []:
            print(f"        {line}", flush=True)


def scoreboard(reports: Sequence[tuple[str, str, Report]]) -> None:
    """Print name, figures, promise and whether it was kept, a row a fault."""
    head = ("fault", "injected", "lost", "duplicated", "recovery s, median (most)", "promise", "kept?")
    rows = []
    for name, promise, one in reports:
        if one.skipped:
            rows.append((name, "", "", "", "", promise, f"not run: {one.skipped}"))
            continue
        figures = (f"{one.injected:,}", f"{one.lost:,}", f"{one.duplicated:,}")
        rows.append((name, *figures, recovered(one.recovery), promise, "NO" if one.broken else "yes"))
    print("\n# Scoreboard\n")
    table(head, rows)


def recovered(seconds: Sequence[float]) -> str:
    known = [one for one in seconds if math.isfinite(one)]
    return f"{statistics.median(known):.2f} ({max(known):.2f})" if known else ""
