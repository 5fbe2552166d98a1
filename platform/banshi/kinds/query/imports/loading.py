"""From a file to the register that is asked: all of it from one moment on, or nothing.

Rows are written in many short transactions that nobody sees, so that a running server goes on writing too. One row then
says that they are the register, in one transaction. Whatever ends before leaves the register as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from tortoise.transactions import in_transaction

from banshi.foundation.database.store import Store
from banshi.kinds.query.imports import json_file
from banshi.kinds.query.imports.csv_file import Problems, Row, Unreadable, rows_of
from banshi.kinds.query.look_ups import forget_batch
from banshi.kinds.query.models import Batch, RegisterPointer
from banshi.kinds.query.pseudonyms import Pseudonyms
from banshi.kinds.query.registers.declared import Register

#: Rows of one transaction.
ROWS_PER_TRANSACTION = 2_000

#: `vehicles.sample.csv` is a sample.
SAMPLE = ".sample"


class WrongFile(Exception):
    """The file is wrong; `problems` says how. The register is as it was."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        super().__init__(f"{problems.count} problems")


def register_named(file: Path) -> tuple[str, bool]:
    """The register's code that a file's name says, and whether it is a sample."""
    stem = file.stem if file.suffix in json_file.SUFFIXES else file.name.removesuffix(".csv")
    return stem.removesuffix(SAMPLE), stem.endswith(SAMPLE)


async def load(
    store: Store,
    pseudonyms: Pseudonyms,
    register: Register,
    file: Path,
    *,
    as_of: datetime,
    read: Callable[[int], None] = lambda _: None,
) -> Batch:
    """Make the file the register. Raises WrongFile with all that is wrong with it, OSError if it can't be read."""
    batch = Batch(
        register=register.code,
        file=file.name[:255],
        as_of=as_of,
        sample=register_named(file)[1],
        key_id=pseudonyms.key_id,
        started_at=store.shared_clock.now(),
    )
    await batch.save(using_db=store.connection)
    problems = Problems()
    try:
        read_rows = rows_in(file, register, problems, read, as_of.date() if batch.sample else None)
        batch.rows = await _write(store, pseudonyms, register, batch.id, read_rows, problems)
        if not problems.count and not register.several:
            await _find_twins(store, batch.id, problems)
        if problems.count:
            raise WrongFile(problems)
        await _swap(batch)
    except BaseException:
        # Once it is the register it stays, whatever breaks off clearing away the one before.
        if not await RegisterPointer.exists(code=batch.register, batch=batch.id):
            await forget_batch(batch.id)
        raise
    return batch


def rows_in(
    file: Path, register: Register, problems: Problems, read: Callable[[int], None], today: date | None = None
) -> Iterator[Row]:
    """Every record that is right, of a CSV file or of JSON; what is wrong goes into the problems, as far as it is read.

    `read` is told how many bytes were read. With `today`, which a sample has, its days are counted from there.
    """
    try:
        if file.suffix in json_file.SUFFIXES:
            yield from json_file.rows_of(file, register, problems, read)
        else:
            yield from rows_of(file, register, problems, read, today)
    except Unreadable as error:
        problems.count += 1
        problems.told.append(str(error))


async def _write(
    store: Store, pseudonyms: Pseudonyms, register: Register, batch: int, rows: Iterator[Row], problems: Problems
) -> int:
    """Write the rows as long as the file is right; read it to its end in any case."""
    marks = ", ".join(store.placeholders(5))
    sql = f"INSERT INTO query_record (batch, key, owner, line, data) VALUES ({marks})"  # noqa: S608 - marks alone
    kept = {column.name for column in register.columns if column.shown} | set(register.filters)
    count = 0
    while chunk := list(islice(rows, ROWS_PER_TRANSACTION)):
        if problems.count:
            continue
        values = [_values(pseudonyms, register, kept, row) for row in chunk]
        await store.connection.execute_many(sql, [[batch, *one] for one in values])
        count += len(chunk)
    if not count and not problems.count:
        problems.add(1, "there is no record in it; a register with none is not imported")
    return count


def _values(pseudonyms: Pseudonyms, register: Register, kept: set[str], row: Row) -> list[Any]:
    key = pseudonyms.key(register.code, [str(row.values[name]) for name in register.keys])
    owner = pseudonyms.person(row.values.get(register.owner) or "") if register.owner else ""
    data = {name: value for name, value in row.values.items() if name in kept and value is not None}
    return [key, owner, row.line, orjson.dumps(data).decode()]


async def _find_twins(store: Store, batch: int, problems: Problems) -> None:
    """Records of one key, where a key has one record. The database finds them, however many there are."""
    mark = store.placeholders(1)[0]
    sql = (
        "SELECT MIN(line) AS first, MAX(line) AS last, COUNT(*) AS many FROM query_record "  # noqa: S608 - a mark
        f"WHERE batch = {mark} GROUP BY key HAVING COUNT(*) > 1 ORDER BY MIN(line)"
    )
    for row in await store.connection.execute_query_dict(f"{sql} LIMIT 10000", [batch]):
        problems.add(row["last"], f"it has the same key as line {row['first']}; a key has one record here")


async def _swap(batch: Batch) -> None:
    """From here on this batch is the register. The one before goes, once nobody is asked for it any more."""
    before = await RegisterPointer.get_or_none(code=batch.register)
    async with in_transaction() as connection:
        await batch.save(using_db=connection, update_fields=["rows"])
        pointer = RegisterPointer(code=batch.register, batch=batch.id)
        await RegisterPointer.bulk_create([pointer], on_conflict=["code"], update_fields=["batch"], using_db=connection)
    if before is not None:
        await forget_batch(before.batch)


@contextmanager
def progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, by the bytes of the file; nothing where nobody watches."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)
        yield lambda count: bar.advance(task, count)
