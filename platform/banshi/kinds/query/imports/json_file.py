"""JSON of a register, one object a line or a list of them, each value held against its column, as in a CSV file.

Of a list, an object's number is told as its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from banshi.kinds.query.imports.csv_file import MAX_LINE_BYTES, Problems, Row, Unreadable
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.values import checked

#: Bytes of a list at most: it is read at once, objects a line are not.
MAX_LIST_BYTES = 67_108_864

#: What some editors write first.
BOM = b"\xef\xbb\xbf"

#: The names of such files end so.
SUFFIXES = frozenset({".json", ".jsonl"})


def rows_of(file: Path, register: Register, problems: Problems, read: Callable[[int], None]) -> Iterator[Row]:
    """Every record that is right; what is wrong goes into `problems`. `read` is told how many bytes were read.

    Raises Unreadable where the rest of the file makes no sense.
    """
    columns = register.by_name
    for number, found in enumerate(_objects(file, read), 1):
        before, values = problems.count, dict[str, Any]()
        if not isinstance(found, dict):
            problems.add(number, "write one JSON object a line, or a list of objects, in UTF-8")
            continue
        for name in sorted(found.keys() - columns.keys()):
            problems.add(number, f"there is no column {name[:40]!r}: there are: {', '.join(columns)}")
        for name, column in columns.items():
            try:
                values[name] = checked(column, found.get(name))
            except ValueError as error:
                problems.add(number, f"{name}: {error}")
        if problems.count == before:
            yield Row(number, values)


def _objects(file: Path, read: Callable[[int], None]) -> Iterator[Any]:
    """What each line that has something says, or each place of a list; None where it is no JSON."""
    with file.open("rb") as stream:
        first = stream.readline(MAX_LINE_BYTES).removeprefix(BOM)
        if not first.lstrip().startswith(b"["):
            for line in chain([first], iter(partial(stream.readline, MAX_LINE_BYTES), b"")):
                read(len(line))
                if line.strip():
                    yield _parsed(line)
            return
        if file.stat().st_size > MAX_LIST_BYTES:
            raise Unreadable(f"it is a list of more than {MAX_LIST_BYTES:,} bytes: write one object a line, or CSV")
        whole = first + stream.read()
        read(len(whole))
        try:
            yield from orjson.loads(whole)
        except orjson.JSONDecodeError as error:
            raise Unreadable(f"it is no JSON: {error}") from None


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
