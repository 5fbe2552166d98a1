"""What a department's own system hands in: a CSV file or JSON lines, all of it from one moment on, or nothing.

It is read as registers are, in bounded memory: every line with its mistake, and the figures before stay until those
that take their place are right.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q, Subquery

from banshi import Platform, Stale, Update, Write
from banshi.sdk.database import Store
from banshi.sdk.registers import Column, Problems, RefusedFile, Register, Row, rows_in
from banshi.sdk.toml import did_you_mean
from insights.figures.calendar import MONDAY, WEEK, as_day, monday
from insights.figures.categories import Category
from insights.figures.divisions import Divisions
from insights.figures.models import Count, CountSource
from insights.sentences import word

#: Rows of one transaction, and of one that clears away; bytes that are looked through at once.
ROWS_AT_ONCE, BYTES_AT_ONCE = 2_000, 1 << 20

#: A figure of before is a slip of the keyboard: 0206-11-24.
EARLIEST = date(1980, 1, 1)

#: Told how many bytes were read.
Read = Callable[[int], None]

#: Seconds after which an import that has not ended has been killed.
ABANDONED_AFTER_S = 86_400

#: Bits of a batch's number that say nothing.
RANDOM_BITS = 20

#: The largest figures that anybody may hand in: more are a slip of the keyboard, and their sums would have no room.
MOST = {"count": 100_000, "loss": 10**13, "largest_loss": 10**13, "deaths": 100_000}

#: The columns that are written, in the order of their values.
WRITTEN = ("batch", "source", "grain", "line", "day", "division", "category", *MOST)

_TYPES: dict[str, Any] = {"day": "date", **dict.fromkeys(("week", "division", "category"), "text")}
_TYPES |= dict.fromkeys(MOST, "integer")
REGISTER = Register(
    code="figures",
    title=word("Figures"),
    keys=("category",),
    columns=tuple(Column(name=name, title={}, type=kind, required=name == "category") for name, kind in _TYPES.items()),
)


@dataclass(frozen=True)
class Rules:
    """What a file of this name is held against."""

    name: str
    categories: frozenset[str]
    divisions: Divisions
    today: date

    @classmethod
    def of(cls, name: str, categories: Mapping[str, Category], divisions: Divisions, today: date) -> Rules:
        """Those of the categories that count such a file."""
        own = (one.code for one in categories.values() if name in one.counts.imports)
        return cls(name, frozenset(own), divisions, today)

    def figure(self, row: Row, problems: Problems) -> list[Any] | None:
        """A record as the values of `WRITTEN`; None where it is wrong, which goes into the problems."""
        before, values, found = problems.count, row.values, [row.line]
        period = "week" if values.get("week") else "day"
        readers: list[tuple[str, Callable[[Any], Any]]] = [(period, partial(self._first, period)), *self._readers]
        for key, read in readers:
            try:
                found.append(read(values.get(key)))
            except ValueError as error:
                problems.add(row.line, f"{key}: {error}")
        return [self.name, period, *found] if problems.count == before else None

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        figures = [(name, partial(_within, most)) for name, most in MOST.items()]
        return [("division", lambda text: self.divisions.known(text or "")), ("category", self._category), *figures]

    def _first(self, period: str, text: str | None) -> date:
        try:
            first = date.fromisoformat(text or "")
        except ValueError:
            raise ValueError("give a day such as 2026-11-24, or a week such as 2026-W48, if there is one") from None
        if first < EARLIEST:
            raise ValueError(f"it is before {EARLIEST}: is the year right?")
        if first > self.today:
            raise ValueError("it is yet to come")
        if period == "week" and first.weekday():
            raise ValueError("it is no Monday: a week is written as 2026-W48, or by its Monday")
        return first

    def _category(self, text: str) -> str:
        if text not in self.categories:
            known = did_you_mean(text[:64], sorted(self.categories))
            raise ValueError(f"no category that counts {self.name} is called so: {known}")
        return text


def _within(most: int, number: int | None) -> int | None:
    if number is not None and not 0 <= number <= most:
        raise ValueError("it is negative" if number < 0 else f"it is more than {most:,}: is it one figure?")
    return number


async def load(
    store: Store, rules: Rules, file: Path, *, limit: int, as_of: datetime, read: Read = lambda _: None
) -> CountSource:
    """Make a file's figures those of its name. Raises RefusedFile with all that is wrong with it, and OSError; then
    nothing of it is taken in."""
    known, problems = await CountSource.get_or_none(name=rules.name), Problems()
    # Its time, and who of those that begin in the same moment it is.
    batch = (int(await store.time() * 1000) << RANDOM_BITS) + secrets.randbits(RANDOM_BITS)
    try:
        await _write(store, batch, _figures(file, rules, limit, problems, read), problems)
        found = await _told(store, rules.name, batch, problems) if not problems.count else {}
        if problems.count:
            raise RefusedFile(problems)
        source = CountSource(name=rules.name, batch=batch, file=file.name[:255], updated_at=as_of, **found)
        await _swap(store, source, known, problems)
    except BaseException:
        # Once it counts it stays, whatever breaks off clearing away the one before.
        if not await CountSource.exists(name=rules.name, batch=batch):
            await _forget(Q(source=rules.name, batch=batch))
        raise
    if known is not None:
        await _forget(Q(source=rules.name, batch=known.batch))
    return source


def _figures(file: Path, rules: Rules, limit: int, problems: Problems, read: Read) -> Iterator[list[Any]]:
    """The values of figures that are right; the rest goes into the problems."""
    with file.open("rb") as stream:
        lines = sum(part.count(b"\n") for part in iter(partial(stream.read, BYTES_AT_ONCE), b""))
    if lines > limit + 1:
        problems.add(limit + 2, f"there are {lines:,}, {limit:,} at most: divide the file, or raise import_rows")
        return
    for row in rows_in(file, REGISTER, problems, read):
        if (figure := rules.figure(row, problems)) is not None:
            yield figure


async def _write(store: Store, batch: int, figures: Iterator[list[Any]], problems: Problems) -> None:
    """Write them as long as the file is right; read it to its end in any case."""
    marks, count = ", ".join(store.placeholders(len(WRITTEN))), 0
    sql = f"INSERT INTO insights_count ({', '.join(WRITTEN)}) VALUES ({marks})"  # noqa: S608 - names and marks
    while chunk := list(islice(figures, ROWS_AT_ONCE)):
        if not problems.count:
            await store.connection.execute_many(sql, [[batch, *values] for values in chunk])
        count += len(chunk)
    if not count and not problems.count:
        problems.add(1, "there is no figure in it; a file with none is not imported")


async def _told(store: Store, name: str, batch: int, problems: Problems) -> dict[str, Any]:
    """What the figures of a file tell of; what stands in it twice, or by days and by weeks, is a problem."""

    async def ask(sql: str) -> Sequence[Mapping[str, Any]]:
        marks = store.placeholders(2)
        where = f"FROM insights_count c WHERE c.source = {marks[0]} AND c.batch = {marks[1]}"
        return await store.connection.execute_query_dict(sql.format(where=where), [name, batch])

    twice = "GROUP BY category, division, day, grain HAVING COUNT(*) > 1 ORDER BY 1 LIMIT 10000"
    for row in await ask(f"SELECT MIN(line) AS first, MAX(line) AS last {{where}} {twice}"):
        problems.add(row["last"], f"line {row['first']} has a figure of the same period, division and category")
    grains = await ask("SELECT grain, MIN(line) AS line, MIN(day) AS since, MAX(day) AS until {where} GROUP BY grain")
    if len(grains) > 1:
        problems.add(max(one["line"] for one in grains), "days and weeks in one file: hand them in as two")
    grain, since, until = grains[0]["grain"], *(as_day(grains[0][name]) for name in ("since", "until"))
    told = {as_day(one["week"]) for one in await ask(f"SELECT DISTINCT {MONDAY[store.dialect]} AS week {{where}}")}
    weeks = (monday(since) + WEEK * n for n in range((until - since).days // 7 + 1))
    gaps = [week.isoformat() for week in weeks if week not in told]
    until += timedelta(days=6 if grain == "week" else 0)
    return {"grain": grain, "since": since, "until": until, "gaps": gaps}


async def _swap(store: Store, source: CountSource, known: CountSource | None, problems: Problems) -> None:
    """From here on this file counts, unless another one has taken that place since it began."""
    if known is None:
        write = Write(rows=[source])
    else:
        names = ("batch", "file", "grain", "since", "until", "gaps", "updated_at")
        values = {name: getattr(source, name) for name in names}
        write = Write(updates=[Update(CountSource, {"name": known.name, "batch": known.batch}, values)])
    try:
        await store.commit(write)
    except (Stale, IntegrityError):
        problems.add(1, f"another file of {source.name} was taken in meanwhile: look at it, and hand this one in again")
        raise RefusedFile(problems) from None


async def _forget(which: Q) -> None:
    """Delete the figures of files that count no more, in small steps."""
    step = Subquery(Count.filter(which).limit(ROWS_AT_ONCE).values("id"))
    while await Count.filter(id__in=step).delete():
        pass


async def tidy(platform: Platform) -> None:
    """Forget what imports have left that were killed."""
    current = [one.batch for one in await CountSource.all()]
    before = int((await platform.store.time() - ABANDONED_AFTER_S) * 1000) << RANDOM_BITS
    await _forget(Q(batch__gt=0, batch__lt=before) & ~Q(batch__in=[0, *current]))
