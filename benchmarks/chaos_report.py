"""How much a run of faults holds, and what it found."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from chaos_ledger import Account
from processes import table


@dataclass(frozen=True, slots=True)
class Length:
    """How much a run holds."""

    phones: int
    kills: int
    #: Seconds for which something is out of order.
    outage: float
    seed: int = 1
    postgres: bool = False

    @property
    def full(self) -> bool:
        """Whether the promised figures are held to it."""
        return self.phones >= FULL.phones


FULL, SHORT = Length(30_000, 20, 60.0), Length(1_500, 3, 3.0)


@dataclass
class Report:
    """The figures of a fault, and the promises that it broke."""

    title: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def say(self, what: str, figure: object) -> None:
        self.rows.append((what, str(figure)))

    def promise(self, kept: bool, what: str) -> None:
        if not kept:
            self.broken.append(what)

    def count(self, account: Account) -> None:
        """Nothing may be lost; what came twice is told."""
        self.say("messages promised; lost", f"{account.promised:,}; {len(account.lost)}")
        self.say("taken more than once, all of them", f"{account.again} ({account.again / account.promised:.2%})")
        self.say(
            "the same less those whose answer the provider held back",
            f"{account.again_without_need} ({account.share:.2%})",
        )
        self.promise(not account.lost, f"lost: {account.lost[:5]}")

    def print(self) -> None:
        print(f"\n## {self.title}\n")
        table(("", "figure"), self.rows)
        for one in self.broken:
            print(f"BROKEN  {one}")


def spread(values: list[float]) -> str:
    return " / ".join(f"{one:.2f}" for one in (min(values), statistics.median(values), max(values)))
