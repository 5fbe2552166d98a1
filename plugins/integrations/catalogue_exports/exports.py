"""The large answers, each written into a file when it is first asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial

from banshi import Key, Platform
from banshi.sdk.catalogue import PerRevision, SpooledAnswer
from banshi.sdk.spreadsheets import MARK, csv_row

from . import cpsv_ap, item_list
from .settings import ExportSettings


class Exports:
    """What was asked for of the catalogue as it is."""

    def __init__(self, settings: ExportSettings, platform: Platform) -> None:
        self.settings, self.platform = settings, platform
        self._answers: dict[tuple[Form, str | None], SpooledAnswer] = {}

    def get(self, form: Form, department: str | None = None) -> SpooledAnswer:
        """The whole catalogue in one of the forms below, or what a department has of it."""
        key = (form, department)
        if key not in self._answers:
            self._answers[key] = SpooledAnswer(partial(form, self, department), self.platform.settings.data)
        return self._answers[key]

    def close(self) -> None:
        for one in self._answers.values():
            one.close()


Form = Callable[[Exports, str | None], Iterator[bytes]]


def as_cpsv_ap(exports: Exports, _: str | None) -> Iterator[bytes]:
    """Every department and every item as JSON-LD."""
    return cpsv_ap.whole(exports.platform, exports.settings)


def as_json(exports: Exports, department: str | None) -> Iterator[bytes]:
    """The national item list as one document."""
    yield b'{"items":['
    yield from cpsv_ap.joined(_entries(exports.platform, department))
    yield b"]}"


def as_table(exports: Exports, department: str | None) -> Iterator[bytes]:
    """The national item list as lines of RFC 4180."""
    yield MARK + csv_row(item_list.FIELDS)
    for entry in _entries(exports.platform, department):
        yield csv_row(item_list.cells(entry))


def _entries(platform: Platform, department: str | None) -> Iterator[item_list.Entry]:
    """The items as entries, by department and code."""
    registry = platform.registry
    owners = [(registry.items.facts(code).department, code) for code in registry.items]
    codes = [code for owner, code in sorted(owners) if department in (None, owner)]
    for item in registry.items.each(codes):
        yield item_list.entry(item, registry.departments[item.department])


#: The open exports, of the catalogue as it is.
EXPORTS: Key[PerRevision[Exports]] = Key("catalogue exports")


@asynccontextmanager
async def open_exports(settings: ExportSettings, platform: Platform) -> AsyncIterator[PerRevision[Exports]]:
    """Nothing is written before somebody asks for it."""
    latest = PerRevision(platform.registry, partial(Exports, settings, platform))
    yield latest
    latest.get().close()
