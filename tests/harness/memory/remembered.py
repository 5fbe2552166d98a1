"""Plugins that were read and checked for an earlier door: the same files are found right again in no time.

Most tests open a door to the same few plugins. What their items.toml says, what the checks find and how the catalogue
is searched is kept, by the content of all that it was made from; everything that a door changes is its own.
`test_remembered.py` holds a door that was opened from memory against one that was not; tests of the
loading itself call it without a door.
"""

from __future__ import annotations

import os
import pickle
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from banshi.app import loaded
from banshi.builtin import checks
from banshi.builtin.catalogue.advice import declared as advice
from banshi.builtin.catalogue.item_files import items_key
from banshi.builtin.catalogue.search import Index, index_of
from banshi.builtin.certificates import checks as certificates
from banshi.foundation.findings import Finding
from banshi.kernel.loading import catalogue, importing, loader, registry
from banshi.kernel.loading.catalogue import Catalogue, Reader
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.importing import read_hooks
from banshi.kinds import query
from banshi.kinds.query.registers import declared as registers
from banshi.moved import old_names
from tests.harness.memory import registered
from tests.places import ROOT

#: What was read, with the kinds that it was read by, which have to live as long; and what was found.
READ: dict[tuple[Any, ...], tuple[Catalogue, Mapping[str, Any]]] = {}
FOUND: dict[tuple[Any, ...], list[Finding]] = {}

#: Checks that look at nothing but what a door is made from: the module whose name for it is called, and the name.
CHECKS: tuple[tuple[Any, str], ...] = (
    (checks, "findings"),
    (certificates, "certificates_can_be_made"),
    (query, "findings"),
)

#: What the files of plugins of this repository declare, by the plugins' folders.
DECLARED: dict[tuple[Any, ...], Any] = {}

#: The hooks of each plugin, with all functions that its module had when they were read.
HOOKS: dict[tuple[str, int], tuple[dict[str, FunctionType], dict[str, Any]]] = {}

#: The search's index of each catalogue; once it is made nobody changes it.
INDICES: dict[str, Index] = {}

#: Items of a catalogue whose index is worth remembering: a larger one is made by a test for itself.
FEW = 200

OURS = f"{ROOT}{os.sep}"

#: What a plugin is made of.
SOURCES = ("*.py", "*.toml", "*.json", "*.csv")

read, read_toml = Reader.read, tomllib.loads
read_registers, read_advice = registers.read_declared, advice.declared_in


def loaded_from_memory(configuration: Configuration, wrong: Sequence[Finding] = ()) -> registry.Registry:
    """`banshi.app.loaded`, of which the slow parts are remembered."""
    with remembering(configuration):
        return loaded(configuration, wrong)


@contextmanager
def remembering(configuration: Configuration) -> Iterator[None]:
    """While a configuration is loaded or inspected, what is known of all that it is made from is not found anew."""
    key = _key(configuration)

    def found_once(find: Callable[..., Iterable[Finding]], full: registry.Registry, **how: bool) -> list[Finding]:
        whole = (key, find, *how.items())
        if whole in FOUND:
            return list(FOUND[whole])
        found = list(find(full, **how))
        # A plugin that a test writes lies elsewhere each time: what names its place is found anew.
        if not any(str(plugin.folder) in one.advice for one in found for plugin in full.plugins.values()):
            FOUND[whole] = found
        return list(found)

    with pytest.MonkeyPatch.context() as patched:
        for module, name in CHECKS:
            patched.setattr(module, name, partial(found_once, getattr(module, name)))
        patched.setattr(Reader, "read", read_once)
        patched.setattr(loader, "read_hooks", hooks_from_memory)
        patched.setattr(loader.pluggy, "PluginManager", registered.Manager)
        patched.setattr(importing, "old_names", old_names_from_memory)
        yield


def read_once(reader: Reader) -> Catalogue:
    """`Reader.read`; the same files read by the same kinds say the same."""
    # A test may have another kernel, whose items have more.
    whole = (catalogue.Item, reader.plugin, reader.file, content(reader.file.parent), *map(id, reader.kinds.values()))
    if whole not in READ:
        READ[whole] = (read(reader), dict(reader.kinds))
    # The registry fills it.
    return replace(READ[whole][0], handled=set())


def catalogue_from_memory(reader: Reader) -> Catalogue:
    """`Reader.read` without a door, too; what is in this repository doesn't change while tests run."""
    return read_once(reader) if is_ours(reader.file) else read(reader)


def _key(configuration: Configuration) -> tuple[Any, ...]:
    """The content of all that a door is made from, but where its data are.

    Of the platform's settings the checks look at these alone; what a plugin does with others that a test writes, who
    knows.
    """
    entries = [
        (name, repr(replace(entry, path=None, package=entry.package or "-")), content(entry.path or entry.package))
        for name, entry in configuration.entries.items()
    ]
    settings: Any = (configuration.settings.without, configuration.settings.registers)
    if not all(map(_is_of_ours, configuration.entries.values())):
        settings = replace(configuration.settings, data=Path(), database="", replica="", keys=None)
    exporter = [one for one in os.environ.items() if one[0].startswith("OTEL_")]
    return (repr(settings), repr(exporter), *entries)


def content(place: Path | str | None) -> str:
    """A digest of a plugin's files; what is in this repository doesn't change while tests run."""
    if isinstance(place, str):
        # A module that a test has made itself has no files: it is another one each time.
        file = getattr(sys.modules.get(place) or import_module(place), "__file__", None)
        if file is None:
            return repr(id(sys.modules[place]))
        place = Path(file).parent
    assert place is not None
    return _kept(place) if is_ours(place) else _digest(place)


def is_ours(place: Path) -> bool:
    """Whether it is in this repository, and so doesn't change while tests run."""
    return str(place).startswith(OURS)


def _is_of_ours(entry: Entry) -> bool:
    """Whether the plugin of an entry is in this repository."""
    place = entry.path or getattr(sys.modules.get(str(entry.package)), "__file__", None)
    return place is not None and is_ours(Path(place))


def _digest(folder: Path) -> str:
    found = blake2b(digest_size=16)
    for file in sorted({file for pattern in SOURCES for file in folder.rglob(pattern)}):
        found.update(f"{file.relative_to(folder)} ".encode() + file.read_bytes())
    return found.hexdigest()


_kept = lru_cache(_digest)


def hooks_from_memory(name: str, module: ModuleType, api: int) -> tuple[dict[str, Any], list[Finding]]:
    """`read_hooks`; a plugin whose module has the functions that it had then has the same hooks."""
    then, hooks = HOOKS.get((name, api), (None, {}))
    now = {attribute: value for attribute, value in vars(module).items() if isinstance(value, FunctionType)}
    if then != now:
        hooks, wrong = read_hooks(name, module, api)
        if wrong:
            return hooks, wrong
        HOOKS[name, api] = (now, hooks)
    return dict(hooks), []


def old_names_from_memory(folder: Path) -> Iterator[tuple[Path, str]]:
    """`banshi.moved.old_names`; what is in this repository doesn't change while tests run."""
    yield from _old_names(folder) if is_ours(folder) else old_names(folder)


@lru_cache
def _old_names(folder: Path) -> list[tuple[Path, str]]:
    return list(old_names(folder))


def registers_from_memory(
    folders: Mapping[str, Path], built_in: Mapping[str, registers.Register]
) -> registers.Declared:
    """`banshi.kinds.query.registers.declared.read_declared`; what is in this repository doesn't change."""
    known = _declared(("registers", *built_in), folders, lambda: read_registers(folders, built_in))
    return replace(known, registers=dict(known.registers), owners=dict(known.owners), findings=list(known.findings))


def advice_from_memory(full: registry.Registry) -> advice.Declared:
    """`banshi.builtin.catalogue.advice.declared.declared_in`; what is in this repository doesn't change."""
    folders = {name: plugin.folder for name, plugin in full.plugins.items()}
    known = _declared(("advice",), folders, lambda: read_advice(full))
    return replace(known, elsewhere=dict(known.elsewhere), help=dict(known.help), findings=list(known.findings))


def _declared(what: tuple[str, ...], folders: Mapping[str, Path], read: Callable[[], Any]) -> Any:
    if not all(map(is_ours, folders.values())):
        return read()
    key = (what, *folders.items())
    if key not in DECLARED:
        DECLARED[key] = read()
    return DECLARED[key]


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


class Later(ModuleType):
    """A module that is imported when something of it is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def called(*given: Any, **named: Any) -> Any:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
            return getattr(import_module(self.__name__), name)(*given, **named)

        return called
