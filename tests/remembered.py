"""Plugins that were read and checked for an earlier door: the same files are found right again in no time.

Most tests open a door to the same few plugins. What their items.toml says, what the checks find and how the catalogue
is searched is kept, by the content of all that it was made from; everything that a door changes is its own.
`tests/kernel/test_remembered.py` holds a door that was opened from memory against one that was not; tests of the
loading itself call it without a door.
"""

from __future__ import annotations

import pickle
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

from banshi.app import loaded
from banshi.builtin import checks
from banshi.builtin.catalogue.item_files import items_key
from banshi.builtin.catalogue.search import Index, index_of
from banshi.foundation.findings import Finding
from banshi.kernel.loading import registry
from banshi.kernel.loading.catalogue import Catalogue, Reader
from banshi.kernel.loading.configuration import Configuration

#: What was read, with the kinds that it was read by, which have to live as long; and what was found.
READ: dict[tuple[Any, ...], tuple[Catalogue, Mapping[str, Any]]] = {}
FOUND: dict[tuple[Any, ...], list[Finding]] = {}

#: The search's index of each catalogue; once it is made nobody changes it.
INDICES: dict[str, Index] = {}

#: Items of a catalogue whose index is worth remembering: a larger one is made by a test for itself.
FEW = 200

ROOT = Path(__file__).resolve().parent.parent

#: What a plugin is made of.
SOURCES = ("*.py", "*.toml", "*.json", "*.csv")

read, findings, read_toml = Reader.read, checks.findings, tomllib.loads


def loaded_from_memory(configuration: Configuration, wrong: Sequence[Finding] = ()) -> registry.Registry:
    """`banshi.app.loaded`, of which the slow parts are remembered."""
    with _remembering(_key(configuration)):
        return loaded(configuration, wrong)


@contextmanager
def _remembering(key: tuple[Any, ...]) -> Iterator[None]:
    def read_once(reader: Reader) -> Catalogue:
        whole = (reader.plugin, reader.file, content(reader.file.parent), *map(id, reader.kinds.values()))
        if whole not in READ:
            READ[whole] = (read(reader), dict(reader.kinds))
        # The registry fills it.
        return replace(READ[whole][0], handled=set())

    def find_once(full: registry.Registry, *, strict: bool = False) -> list[Finding]:
        whole = (key, strict)
        if whole not in FOUND:
            FOUND[whole] = findings(full, strict=strict)
        return list(FOUND[whole])

    Reader.read, checks.findings = read_once, find_once  # type: ignore[method-assign]
    try:
        yield
    finally:
        Reader.read, checks.findings = read, findings  # type: ignore[method-assign]


def _key(configuration: Configuration) -> tuple[Any, ...]:
    """The content of all that a door is made from, but where its data are."""
    settings = replace(configuration.settings, data=Path(), database="", replica="", keys=None)
    entries = [
        (name, entry.api, repr(entry.settings), str(entry.path or entry.package), content(entry.path or entry.package))
        for name, entry in configuration.entries.items()
    ]
    return (repr(settings), *entries)


def content(place: Path | str | None) -> str:
    """A digest of a plugin's files; what is in this repository doesn't change while tests run."""
    if isinstance(place, str):
        # A module that a test has made itself has no files: it is another one each time.
        file = getattr(sys.modules.get(place) or import_module(place), "__file__", None)
        if file is None:
            return repr(id(sys.modules[place]))
        place = Path(file).parent
    assert place is not None
    return _kept(place) if place.is_relative_to(ROOT) else _digest(place)


def _digest(folder: Path) -> str:
    found = blake2b(digest_size=16)
    for file in sorted({file for pattern in SOURCES for file in folder.rglob(pattern)}):
        found.update(f"{file} ".encode() + file.read_bytes())
    return found.hexdigest()


_kept = lru_cache(_digest)


def index_from_memory(registry: registry.Registry) -> Index:
    """`banshi.builtin.catalogue.search.index_of`; a small catalogue of the same words in the same order has the same
    index."""
    if len(registry.items) > FEW or items_key(registry):
        return index_of(registry)
    items = [
        (one.code, one.department, one.title, one.keywords, one.summary, one.result.title)
        for one in registry.items.each()
    ]
    key = repr((items, [(code, one.title) for code, one in registry.departments.items()]))
    if key not in INDICES:
        INDICES[key] = index_of(registry)
    return INDICES[key]


def toml_from_memory(text: str) -> dict[str, Any]:
    """`tomllib.loads`; the tables are the caller's own, also where the text was read before."""
    return pickle.loads(_pickled(text))  # type: ignore[no-any-return]  # noqa: S301


@lru_cache(512)
def _pickled(text: str) -> bytes:
    return pickle.dumps(read_toml(text))
