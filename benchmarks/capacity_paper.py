"""The tables of docs/capacity.md as numbers, and everything in them that is not what their own inputs give."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Messages a second of one worker on PostgreSQL, and what each of several brings of that (benchmarks/README.md: push,
#: a broadcast at 0 ms; two `banshi worker`, 1.82 times one).
WORKER, SEVERAL = 10_261.0, 0.91

#: The share of a provider that only alerts may use.
RESERVED = 0.2

#: Of the city that everything begins with: people, visits a day, cases a year (and its phones with the app, by people).
CITY, VISITS, CASES, APP = 4_700_000, 15_000, 1_700_000, 0.8

#: A peak day has so many times the visits, within eight hours.
PEAK, OPEN = 10, 8 * 3600

#: Of a hundred people so many have a stream open at the worst time; KiB of one; streams of one process.
STREAMING, STREAM, MOST = 0.01, 13.5, 20_000

#: What is kept of a case, or of a phone, has so much room beside it: pages that are not full, rows that are dead.
SPARE = 1 / 3

#: Notices to everybody in a year, and bytes that one leaves behind for each phone (benchmarks/growth.py).
NOTICES, NOTICE = 104, 18.2

#: Bytes of a file: a photo of a phone, as its camera or the app has made it smaller. An assumption.
FILE = 400_000

#: Tables that grow with no case: places of the coming weeks and who holds one, registers, what was migrated, what
#: somebody has used of an hour's questions or of their room for files.
NOT_BY_CASE = frozenset(
    {
        *("appointment_hold", "appointment_slot", "banshi_upload_room", "query_allowance", "query_record"),
        "tortoise_migrations",
    }
)

#: How far a rounded figure may be from what it was rounded from.
ROUNDED = 0.02


@dataclass(frozen=True)
class Step:
    """A row of the first table."""

    people: int
    phones: int
    per_minute: int
    workers: int
    at_once: int
    #: Milliseconds that an answer takes in the mean: an assumption.
    latency: int
    alert: float
    notice: float
    bottleneck: str

    def rates(self, share: float) -> dict[str, float]:
        """Messages a second that each part lets through, of a lane that may use such a share of the provider."""
        workers = WORKER * (1 if self.workers == 1 else SEVERAL * self.workers)
        return {
            "quota": self.per_minute / 60 * share,
            "sends at once": self.at_once * share / self.latency * 1000,
            "workers": workers,
        }


@dataclass(frozen=True)
class Load:
    """A row of the second table."""

    people: int
    visits: float
    cases: float
    a_second: float
    streams: float
    gib: float
    processes: float


@dataclass(frozen=True)
class Table:
    """A row of the third table: what each case, or each phone, leaves in a table of the database."""

    name: str
    #: case or phone.
    unit: str
    rows: float
    postgres: float
    sqlite: float
    #: Days after which a row leaves; None where it stays for years.
    days: float | None


@dataclass(frozen=True)
class Growth:
    """A row of the fourth table; sizes in GiB, of PostgreSQL and of the folder of files."""

    people: int
    years: int
    cases: float
    of_cases: float
    leaves: float
    phones: float
    notices: float
    in_all: float
    files: float


def _rows(text: str, heading: str, first: str = r"[\d,]+$") -> Iterator[list[str]]:
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.match(first, cells[0]):
            yield cells


def _number(cell: str) -> float:
    found = re.match(r"[\d,.]+", cell)
    if found is None:
        raise ValueError(f"{cell!r} in docs/capacity.md is no number")
    return float(found[0].replace(",", ""))


def steps(text: str) -> list[Step]:
    """The rows of how long a broadcast takes."""
    found = []
    for *numbers, bottleneck in _rows(text, "A broadcast to everybody"):
        *whole, alert, notice = map(_number, numbers)
        found.append(Step(*map(int, whole), alert=alert, notice=notice, bottleneck=bottleneck))
    return found


def loads(text: str) -> list[Load]:
    """The rows of a day's load."""
    return [Load(int(_number(row[0])), *map(_number, row[1:])) for row in _rows(text, "A day")]


def tables(text: str) -> list[Table]:
    """The rows of what is left in the database's tables."""
    return [
        Table(name.strip("`"), unit, *map(_number, numbers), days=None if days == "stays" else _number(days))
        for name, unit, *numbers, days in _rows(text, "Growth", r"`\w+`$")
    ]


def growths(text: str) -> list[Growth]:
    """The rows of a city's years."""
    return [
        Growth(int(_number(people)), int(_number(years)), *map(_number, more))
        for people, years, *more in _rows(text, "Growth")
    ]


def half(text: str) -> float:
    """How many times as long a broadcast takes where the provider takes half of what is thought."""
    found = re.search(r"half of what is set.*?\*\*([\d.]+)\s+times\*\*", text, re.DOTALL)
    if found is None:
        raise ValueError("docs/capacity.md doesn't say how long half the quota takes")
    return float(found[1])


def wrong_on_paper(text: str) -> list[str]:
    """Each figure that is not what its row's inputs give."""
    known, days, left, years = steps(text), loads(text), tables(text), growths(text)
    if not (known and days and left and years):
        return ["docs/capacity.md has lost a table"]
    found: list[str] = []
    for step in known:
        slowest, rate = min(step.rates(1.0).items(), key=lambda one: one[1])
        found += _off(f"{step.people:,} people: phones", step.phones, step.people * APP)
        found += _off(f"{step.people:,} people: an alert", step.alert, step.phones / rate)
        notice = min(step.rates(1 - RESERVED).values())
        found += _off(f"{step.people:,} people: a notice", step.notice, step.phones / notice)
        if step.bottleneck != slowest:
            found.append(f"{step.people:,} people: the first bottleneck is {slowest}, not {step.bottleneck}")
    for day in days:
        part = day.people / CITY
        name, streams = f"{day.people:,} people", day.people * STREAMING
        found += _off(f"{name}: visits", day.visits, VISITS * part)
        found += _off(f"{name}: cases", day.cases, CASES * part)
        found += _off(f"{name}: submissions a second", day.a_second, VISITS * part * PEAK / OPEN)
        found += _off(f"{name}: streams", day.streams, streams)
        found += _off(f"{name}: GiB", day.gib, streams * STREAM / 2**20)
        found += _off(f"{name}: processes", day.processes, math.ceil(streams / MOST))
    return found + [wrong for one in years for wrong in _wrong_years(one, left)]


def _wrong_years(one: Growth, left: Sequence[Table]) -> Iterator[str]:
    """Each figure of a city's years that is not what the tables give."""
    name, cases, phones = f"{one.people:,} people, {one.years} years", CASES * one.people / CITY, one.people * APP
    gib = (1 + SPARE) / 2**30
    yield from _off(f"{name}: cases a year", one.cases, cases)
    stays = sum(table.postgres for table in left if table.unit == "case" and table.days is None)
    yield from _off(f"{name}: what stays of cases", one.of_cases, cases * one.years * stays * gib)
    leaves = sum(table.postgres * min(one.years, table.days / 365) for table in left if table.days is not None)
    yield from _off(f"{name}: what leaves again", one.leaves, cases * leaves * gib)
    kept = sum(table.postgres for table in left if table.unit == "phone")
    yield from _off(f"{name}: phones", one.phones, phones * kept * gib)
    yield from _off(f"{name}: notices", one.notices, phones * NOTICES * one.years * NOTICE * gib)
    yield from _off(f"{name}: in all", one.in_all, one.of_cases + one.leaves + one.phones + one.notices)
    files = next(table for table in left if table.name == "banshi_attachment")
    kept_years = min(one.years, (files.days or math.inf) / 365)
    yield from _off(f"{name}: files", one.files, cases * kept_years * files.rows * FILE / 2**30)


def _off(name: str, told: float, right: float) -> Iterator[str]:
    if abs(told / right - 1) > ROUNDED:
        yield f"{name}: {told:,g} on paper, {right:,.4g} by its inputs"
