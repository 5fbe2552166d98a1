"""A CSV file of a register, read line by line in bounded memory, each cell held against its column.

Nothing that a cell holds is ever repeated in a message: it may be somebody's number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

from banshi.foundation.findings import did_you_mean
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.values import from_text

#: Bytes of a line at most. A record of a register has some hundred.
MAX_LINE_BYTES = 65_536

#: Problems that are shown; all are counted.
MAX_PROBLEMS_SHOWN = 50

#: In a sample: {today} is the day of its data, {day-1} the one before. So a demo never shows last week's roads.
DAY = re.compile(r"\{(?:today|day([+-]\d{1,2}))\}")

#: What a file may be written in, in the order in which it is tried.
ENCODINGS = ("utf-8-sig", "gb18030")

#: First bytes of what spreadsheet programs call "Unicode text", and of their own files.
REFUSED = {
    b"\xff\xfe": "UTF-16: save it as CSV in UTF-8",
    b"\xfe\xff": "UTF-16: save it as CSV in UTF-8",
    b"PK\x03\x04": "a workbook: save it as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "a workbook: save it as CSV in UTF-8",
}


class Unreadable(Exception):
    """The file can't be read on from here; the message says why."""


@dataclass(slots=True)
class Problems:
    """What is wrong with a file: the first ones in words, and how many there are."""

    told: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, what: str) -> None:
        self.count += 1
        if len(self.told) < MAX_PROBLEMS_SHOWN:
            self.told.append(f"line {line}: {what}")


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its line in the file, and its values by column."""

    line: int
    values: dict[str, Any]


def encoding_of(file: Path) -> str:
    """How the file is written. Raises Unreadable for what is neither UTF-8 nor GB18030."""
    wrong = {}
    for encoding in ENCODINGS:
        with file.open("rb") as stream:
            first = stream.read(4)
            for mark, what in REFUSED.items():
                if first.startswith(mark):
                    raise Unreadable(f"it is {what}")
            stream.seek(0)
            number = 0
            try:
                for number, line in enumerate(_lines(stream), 1):  # noqa: B007 - for the message
                    line.decode(encoding)
            except UnicodeDecodeError:
                wrong[encoding] = number
                continue
            return encoding
    raise Unreadable(f"it is neither UTF-8 (line {wrong['utf-8-sig']}) nor GB18030 (line {wrong['gb18030']})")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(iter(partial(stream.readline, MAX_LINE_BYTES + 1), b""), 1):
        if len(line) > MAX_LINE_BYTES:
            raise Unreadable(f"line {number}: it has more than {MAX_LINE_BYTES:,} bytes; is it CSV?")
        yield line


def rows_of(
    file: Path, register: Register, problems: Problems, read: Callable[[int], None], today: date | None = None
) -> Iterator[Row]:
    """Every record that is right; what is wrong goes into `problems`. `read` is told how many bytes were read.

    With `today`, which a sample has, its days are counted from there. Raises Unreadable where the rest of the file
    makes no sense.
    """
    encoding = encoding_of(file)
    with file.open("rb") as stream:

        def texts() -> Iterator[str]:
            for line in _lines(stream):
                read(len(line))
                text = line.decode(encoding)
                yield text if today is None else DAY.sub(partial(_day, today), text)

        reader = csv.reader(texts(), strict=True)
        _, first = next(_records(reader), (1, None))
        header = _header(first, register, problems)
        if header is not None:
            yield from _rows(reader, header, register, problems)


def _day(today: date, found: re.Match[str]) -> str:
    return (today + timedelta(days=int(found[1] or 0))).isoformat()


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins: a cell may have several lines."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Unreadable(f"line {line}: the quotes are wrong: {error}") from None
        if cells is None:
            return
        yield line, cells


def _header(header: list[str] | None, register: Register, problems: Problems) -> list[str] | None:
    """The names of the columns in the order of the file, or None after saying what is wrong."""
    names = [name.strip() for name in header or []]
    known = [column.name for column in register.columns]
    if not any(names):
        problems.add(1, f"the file is empty: its first line names the columns {', '.join(known)}")
        return None
    before = problems.count
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            problems.add(1, f"the column {name[:40]!r} is there {names.count(name)} times")
        if name not in known:
            problems.add(1, f"there is no column {name[:40]!r}: {did_you_mean(name[:40], known)}")
    for column in register.columns:
        if column.required and column.name not in names:
            problems.add(1, f"the column {column.name!r} is missing")
    return names if problems.count == before else None


def _rows(reader: Any, header: list[str], register: Register, problems: Problems) -> Iterator[Row]:
    columns = register.by_name
    places = [(place, columns[name]) for place, name in enumerate(header)]
    missing = dict.fromkeys(name for name in columns if name not in header)
    for here, cells in _records(reader):
        if not cells:
            continue
        if len(cells) != len(header):
            problems.add(here, f"it has {len(cells)} cells in place of {len(header)}")
            continue
        values: dict[str, Any] = dict(missing)
        before = problems.count
        for place, column in places:
            try:
                values[column.name] = from_text(column, cells[place].strip())
            except ValueError as error:
                problems.add(here, f"{column.name}: {error}")
        if problems.count == before:
            yield Row(here, values)
