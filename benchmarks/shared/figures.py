"""What was measured: in turns, as medians and percentiles, against a peer, in a table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

#: What each side gave, a round after the other.
Results = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(slots=True)
class Cost:
    """What something took: seconds, and seconds of this process's processor time."""

    seconds: float = 0.0
    cpu: float = 0.0

    def of(self, count: float) -> dict[str, float]:
        """How many a second, and the microseconds of processor time that each took."""
        return {"per_second": count / self.seconds, "cpu": self.cpu / count * 1e6}


@contextmanager
def cost() -> Iterator[Cost]:
    """What the block takes; known at its end."""
    found, begun, used = Cost(), time.perf_counter(), time.process_time()
    yield found
    found.seconds, found.cpu = time.perf_counter() - begun, time.process_time() - used


def alternate(rounds: int, sides: Mapping[str, Callable[[], Any]], *, pause: float = 0.2) -> dict[str, list[Any]]:
    """What each side gave in each round, A B A B: noise that comes and goes meets all of them alike."""
    results: dict[str, list[Any]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            results[name].append(side())
            time.sleep(pause)
    return results


async def alternated(rounds: int, sides: Mapping[str, Callable[[], Awaitable[Any]]]) -> dict[str, list[Any]]:
    """The same of sides within this process, A B B A: what one leaves behind meets each of them as often."""
    results: dict[str, list[Any]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides)[:: 1 if number % 2 else -1]:
            results[name].append(await sides[name]())
    return results


async def paced(rate: float, seconds: float, one: Callable[[int], Coroutine[Any, Any, Any]]) -> None:
    """Begin so many a second for so long, whether those before are done or not; until all are."""
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * rate)):
            await asyncio.sleep(begun + number / rate - time.perf_counter())
            group.create_task(one(number))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a comparison: the median of a figure, or of its ratio to a peer's, round by round."""

    head: str
    key: str
    form: str = ",.0f"
    #: The peer whose figure it is a multiple of, or where it is `turned` the other way round.
    peer: str = ""
    turned: bool = False

    def cell(self, results: Results, name: str) -> str:
        own = [one[self.key] for one in results[name]]
        if self.peer:
            pairs = list(zip(own, (one[self.key] for one in results[self.peer]), strict=True))
            own = [other / one if self.turned else one / other for one, other in pairs]
        return format(median(own), self.form)


def ratios(peer: str, rate: str, cost: str = "cpu", form: str = ".2f") -> tuple[Column, Column]:
    """How many times the peer's rate a side has, and how often its cost goes into the peer's.

    The second hardly changes when somebody else uses the machine.
    """
    return Column("ratio", rate, form, peer), Column("ratio by CPU", cost, form, peer, turned=True)


def rows_of(results: Results, columns: Sequence[Column], titles: Mapping[str, str] | None = None) -> list[list[str]]:
    """A row for each side."""
    return [[(titles or {}).get(name, name), *(one.cell(results, name) for one in columns)] for name in results]


def compare(
    results: Results, columns: Sequence[Column], titles: Mapping[str, str] | None = None, head: str = ""
) -> None:
    """Print a row for each side."""
    table([head, *(one.head for one in columns)], rows_of(results, columns, titles))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"| {' | '.join(head)} |")
    print(f"| {' | '.join(['---'] + ['---:'] * (len(head) - 1))} |")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def told_wrong(wrong: Sequence[str]) -> bool:
    """Print each thing that is wrong; whether there is none."""
    for one in wrong:
        print(f"WRONG: {one}", flush=True)
    return not wrong


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share is below."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Least, median and most."""
    return " / ".join(format(one, form) for one in (min(values), median(values), max(values)))
