"""What a department's own system hands in: a CSV file or JSON lines, all of it from one moment on, or nothing.

It is read as registers are, in bounded memory: every line with its mistake, and the figures before stay until those
that take their place are right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Subquery
from tortoise.transactions import in_transaction

from banshi import Platform, Stale, Update, Write
from banshi.sdk.database import Store, insert
from banshi.sdk.registers import Column, Problems, RefusedFile, Register, Row, Unreadable, rows_of
from banshi.sdk.toml import did_you_mean
from insights.figures.calendar import MONDAY, WEEK, as_day, monday, week_named
from insights.figures.categories import Category
from insights.figures.divisions import Divisions
from insights.figures.models import Count, CountBatch, CountSource

#: Rows of one transaction, and of one that clears away; bytes of a line of JSON.
ROWS_AT_ONCE, MAX_LINE_BYTES = 2_000, 65_536

#: What some editors write first; what a sample's name has.
BOM, SAMPLE = b"\xef\xbb\xbf", ".sample."

#: After so long, an import that has not ended has been killed.
ABANDONED_AFTER = timedelta(days=1)

#: The largest figures that anybody may hand in: more are a slip of the keyboard.
MOST = {"count": 10_000_000, "loss": 10**13, "largest_loss": 10**13, "deaths": 1_000_000}

#: What a spreadsheet would take for a formula.
FORMULA = re.compile(r"[=+@\t]|-(?![0-9])")

_COLUMNS = ("day", "week", "division", "category", "count", "loss", "largest_loss", "deaths")
REGISTER = Register(
    code="figures",
    title={"zh-CN": "数据", "en": "Figures"},
    keys=("category",),
    columns=tuple(Column(name=one, title={"en": one}, required=one == "category") for one in _COLUMNS),
)


@dataclass(frozen=True, slots=True)
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

    def figure(self, row: Row, problems: Problems) -> Count | None:
        """A record as a figure; None where it is wrong, which goes into the problems."""
        before, found = problems.count, dict[str, Any]()
        day, week = row.values.get("day") or "", row.values.get("week") or ""
        readers: dict[str, Callable[[str], Any]] = {
            "week" if week else "day": lambda _: self._period(day, week),
            "division": self.divisions.known,
            "category": self._category,
            **{name: partial(_whole, most) for name, most in MOST.items()},
        }
        for key, read in readers.items():
            text = row.values.get(key) or ""
            try:
                if FORMULA.match(text):
                    raise ValueError("this is a formula, or begins like one: hand in its value")
                found[key] = read(text)
            except ValueError as error:
                problems.add(row.line, f"{key}: {error}")
        if problems.count > before:
            return None
        first, grain = found.pop("week", None) or found.pop("day")
        return Count(source=self.name, line=row.line, **{**found, "day": first, "grain": grain})

    def _period(self, day: str, week: str) -> tuple[date, str]:
        if bool(day) is bool(week):
            raise ValueError("give a day or a week, one of the two")
        try:
            first = date.fromisoformat(day) if day else week_named(week)
        except ValueError:
            example = (
                "a day such as 2026-11-24" if day else "a week such as 2026-W48, which there has to be, or its Monday"
            )
            raise ValueError(f"give {example}") from None
        if first > self.today:
            raise ValueError("it is yet to come")
        return first, "day" if day else "week"

    def _category(self, text: str) -> str:
        if text not in self.categories:
            known = did_you_mean(text[:64], sorted(self.categories))
            raise ValueError(f"no category that counts {self.name} is called so: {known}")
        return text


def _whole(most: int, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        raise ValueError("give a whole number, without separators and unit")
    if not 0 <= (number := int(text)) <= most:
        raise ValueError("it is negative" if number < 0 else f"it is more than {most:,}: is it one figure?")
    return number


async def load(
    store: Store, rules: Rules, file: Path, *, limit: int, as_of: datetime, read: Callable[[int], None] = lambda _: None
) -> CountSource:
    """Make a file's figures those of its name. Raises RefusedFile with all that is wrong with it; then nothing of it is
    taken in, and OSError where it can't be read."""
    known, problems = await CountSource.get_or_none(name=rules.name), Problems()
    batch = CountBatch(name=rules.name, file=file.name[:255], sample=SAMPLE in file.name, as_of=as_of)
    await batch.save(using_db=store.connection)
    try:
        batch.rows = await _write(batch.id, _figures(file, rules, limit, problems, read), problems)
        source = await _told(store, batch, problems) if not problems.count else None
        if source is None or problems.count:
            raise RefusedFile(problems)
        await _swap(store, batch, source, known, problems)
    except BaseException:
        # Once it counts it stays, whatever breaks off clearing away the one before.
        if not await CountSource.exists(name=rules.name, batch=batch.id):
            await forget(batch.id)
        raise
    if known is not None:
        await forget(known.batch)
    return source


def _figures(file: Path, rules: Rules, limit: int, problems: Problems, read: Callable[[int], None]) -> Iterator[Count]:
    """The figures that are right; the rest goes into the problems. It ends where there are more lines than allowed."""
    lines = 0

    def counted(size: int) -> None:
        nonlocal lines
        lines += 1
        if lines > limit + 1:
            raise Unreadable(f"line {lines:,}: more than {limit:,} records: divide it, or raise insights.import_rows")
        read(size)

    try:
        for row in (rows_of if file.suffix == ".csv" else json_rows)(file, REGISTER, problems, counted):
            if (figure := rules.figure(row, problems)) is not None:
                yield figure
    except Unreadable as error:
        problems.count += 1
        problems.told.append(str(error))


def json_rows(file: Path, register: Register, problems: Problems, read: Callable[[int], None]) -> Iterator[Row]:
    """JSON, one object a line, as rows of CSV are. Raises Unreadable."""
    known = register.by_name
    with file.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES), b""), 1):
            read(len(line))
            try:
                values = orjson.loads(line.removeprefix(BOM)) if line.strip() else {}
            except orjson.JSONDecodeError as error:
                problems.add(number, f"write one JSON object a line: {error}")
                continue
            if not isinstance(values, dict) or values.keys() - known.keys():
                problems.add(number, f"an object with some of {', '.join(known)}")
            elif values:
                yield Row(number, {key: "" if one is None else str(one) for key, one in values.items()})


async def _write(batch: int, figures: Iterator[Count], problems: Problems) -> int:
    """Write them as long as the file is right; read it to its end in any case."""
    count = 0
    while chunk := list(islice(figures, ROWS_AT_ONCE)):
        if problems.count:
            continue
        for one in chunk:
            one.batch = batch
        async with in_transaction() as connection:
            await insert(connection, Count, chunk)
        count += len(chunk)
    if not count and not problems.count:
        problems.add(1, "there is no figure in it; a file with none is not imported")
    return count


async def _told(store: Store, batch: CountBatch, problems: Problems) -> CountSource:
    """What the figures of a batch tell of; what stands in it twice, or in days and weeks, is a problem."""

    async def ask(sql: str) -> Sequence[Mapping[str, Any]]:
        name, number = store.placeholders(2)
        where = f"FROM insights_count c WHERE c.source = {name} AND c.batch = {number}"
        return await store.connection.execute_query_dict(sql.format(where=where), [batch.name, batch.id])

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
    return CountSource(
        name=batch.name, batch=batch.id, grain=grain, since=since, until=until, gaps=gaps, updated_at=batch.as_of
    )


async def _swap(
    store: Store, batch: CountBatch, source: CountSource, known: CountSource | None, problems: Problems
) -> None:
    """From here on this batch counts, unless another one has taken that place since it began."""
    names = ("batch", "grain", "since", "until", "gaps", "updated_at")
    updates = [Update(CountBatch, {"id": batch.id}, {"rows": batch.rows})]
    if known is not None:
        where = {"name": known.name, "batch": known.batch}
        updates.insert(0, Update(CountSource, where, {name: getattr(source, name) for name in names}))
    try:
        await store.commit(Write(updates=updates, rows=[] if known else [source]))
    except (Stale, IntegrityError):
        problems.add(1, f"another file of {batch.name} was taken in meanwhile: look at it, and hand this one in again")
        raise RefusedFile(problems) from None


async def forget(batch: int) -> None:
    """Delete the figures of a file that counts no more, in small steps."""
    step = Subquery(Count.filter(batch=batch).limit(ROWS_AT_ONCE).values("id"))
    while batch and await Count.filter(id__in=step).delete():
        pass
    await CountBatch.filter(id=batch).delete()


async def tidy(platform: Platform) -> None:
    """Forget what imports have left that were killed."""
    current = {one.batch for one in await CountSource.all()}
    for batch in await CountBatch.filter(started_at__lt=platform.now() - ABANDONED_AFTER):
        if batch.id not in current:
            await forget(batch.id)
