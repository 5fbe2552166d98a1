"""The large answers, each written into a file when it is first asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from banshi import Key, Platform
from banshi.sdk.catalogue import PerRevision, SpooledAnswer

from . import cpsv_ap, item_list
from .settings import ExportSettings

#: What spreadsheets need to see that a file is UTF-8; without it they take it for GBK.
MARK = "\ufeff".encode()


class Part(NamedTuple):
    """Where a department's entries are in a list."""

    begin: int
    end: int


class ItemList:
    """The national item list in one format: the departments one after the other, so that each is a part of the whole.

    Args:
        head, tail: What stands before and behind the entries.
        entries: Those of one department, in pieces.
        between: What stands between those of two departments.
    """

    def __init__(
        self,
        platform: Platform,
        head: bytes,
        tail: bytes,
        between: bytes,
        entries: Callable[[Iterator[item_list.Entry]], Iterator[bytes]],
    ) -> None:
        self.head, self.tail = head, tail
        self.parts: dict[str, Part] = {}
        self._platform, self._between, self._entries = platform, between, entries
        self.file = SpooledAnswer(self._pieces, platform.settings.data)

    def _pieces(self) -> Iterator[bytes]:
        """All of it. Whatever an attempt that failed has noted is noted anew."""
        registry = self._platform.registry
        yield self.head
        place = len(self.head)
        by_department = sorted(registry.items, key=lambda code: (registry.items.facts(code).department, code))
        for code, items in groupby(registry.items.each(by_department), key=attrgetter("department")):
            department = registry.departments[code]
            if place > len(self.head):
                yield self._between
                place += len(self._between)
            begin = place
            for piece in self._entries(item_list.entry(item, department) for item in items):
                yield piece
                place += len(piece)
            self.parts[code] = Part(begin, place)
        yield self.tail


def rows(entries: Iterator[item_list.Entry]) -> Iterator[bytes]:
    """Entries as lines of RFC 4180."""
    return (row(item_list.cells(entry)) for entry in entries)


def row(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


class Exports(NamedTuple):
    settings: ExportSettings
    cpsv_ap: SpooledAnswer
    json: ItemList
    csv: ItemList


#: The open exports, of the catalogue as it is.
EXPORTS: Key[PerRevision[Exports]] = Key("catalogue exports")


@asynccontextmanager
async def open_exports(settings: ExportSettings, platform: Platform) -> AsyncIterator[PerRevision[Exports]]:
    latest = PerRevision(platform.registry, partial(_exports, settings, platform))
    yield latest
    for one in (latest.get().cpsv_ap, latest.get().json.file, latest.get().csv.file):
        one.close()


def _exports(settings: ExportSettings, platform: Platform) -> Exports:
    """Nothing is written before somebody asks for it."""
    return Exports(
        settings=settings,
        cpsv_ap=SpooledAnswer(partial(cpsv_ap.whole, platform, settings), platform.settings.data),
        json=ItemList(platform, b'{"items":[', b"]}", b",\n", cpsv_ap.joined),
        csv=ItemList(platform, MARK + row(list(item_list.FIELDS)), b"", b"", rows),
    )
