"""A large city's items: kept in files once they are checked, and made when somebody asks for one.

Ten thousand items as Python's values take half a gigabyte, and to read and check them takes twenty seconds. So what was
found to be right is written into the data folder, one file for each plugin, with a digest of everything that it was
made from. A start whose digests are still right reads the list of codes alone. Nothing is trusted but that it was
checked: each item is read as from items.toml, without the checks. A folder that can't be written to only costs time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import structlog

from banshi.forms import Form
from banshi.foundation.files import durable_files
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Department, Item
from banshi.kernel.loading.catalogue import take_steps
from banshi.kernel.loading.item_index import Place, facts_of
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.typed_tables import adapter

log = structlog.get_logger("banshi.start")

#: Items from which on a catalogue is kept in files; with fewer, reading them takes less than a second.
LARGE_CATALOGUE_ITEMS = 1_000


class ItemFile:
    """One plugin's file, open: the department, and its items by their places."""

    def __init__(self, plugin: str, file: Path, kinds: Mapping[str, Kind]) -> None:
        self.plugin = plugin
        self.kinds = kinds
        self._open = os.open(file, os.O_RDONLY)
        # Of the same file, which another process may just be replacing.
        with open(self._open, "rb", closefd=False) as lines:
            head = lines.readline()
        self.head: dict[str, Any] = orjson.loads(head)
        self.digest: str = self.head["digest"]
        #: Of all that it has, the codes.
        self.codes = frozenset(code for code, *_ in self.head["items"])
        self.department: Department = adapter(Department).validate_python(self.head["department"])
        self._begin = len(head)

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self._open)

    def rows(self) -> Iterator[tuple[str, Place, bool]]:
        """Each item's code, its place and whether it has to be made at start."""
        begin = self._begin
        for code, size, kind, online, often, themes, at_start in self.head["items"]:
            facts = facts_of(self.department.code, kind, online, often, tuple(themes))
            yield code, (self, begin, size, facts), at_start
            begin += size

    def make(self, begin: int, size: int) -> Item:
        """The item at that place, which was found to be right before; without any check."""
        line = orjson.loads(os.pread(self._open, size, begin))
        kind, values = self.kinds[line["table"]["kind"]], dict(line["table"])
        values["details"] = adapter(kind.details).validate_python(values.pop(kind.name, {}))
        values["form"] = Form.checked(line["form"]) if line["form"] is not None else None
        handler = _handler_of(kind.handler) if kind.handler is not None else None
        values |= {"department": self.department.code, "plugin": self.plugin, "handler": handler}
        item: Item = adapter(Item).validate_python(values)
        take_steps(item, kind)
        return item


@cache
def _handler_of(cls: type) -> Any:
    """A kind's own behaviour, which keeps nothing of an item and so is one for all."""
    return cls()


class ItemFiles:
    """The files of all plugins in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kinds: bytes | None = None

    def find(self, plugin: str, registry: Registry) -> ItemFile | None:
        """The plugin's shelf, if everything that it was made from is as it was."""
        folder = registry.plugins[plugin].folder
        try:
            shelf = ItemFile(plugin, self._file(plugin), registry.kinds)
            right = shelf.digest == digest(self._kinds_key(registry), folder, shelf.head["sources"])
        except (OSError, ValueError, KeyError, TypeError):  # not there, cut short, or of another version
            return None
        return shelf if right else None

    def write(self, plugin: str, registry: Registry) -> None:
        """Write a plugin's items, of which nothing is wrong. Raises OSError."""
        folder, catalogue = registry.plugins[plugin].folder, registry.catalogues[plugin]
        rows = [
            (code, len(line), item.kind, item.fully_online, item.often, item.themes, at_start)
            for code, line in catalogue.lines.items()
            for item in (registry.items[code],)
            for at_start in (item.credential is not None or code in catalogue.handled,)
        ]
        sources = [str(file.relative_to(folder)) for file in catalogue.sources]
        head = {
            "digest": digest(self._kinds_key(registry), folder, sources),
            "sources": sources,
            "department": catalogue.department,
            "items": rows,
        }
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with durable_files.replacing(self._file(plugin)) as draft:
            draft.write_bytes(b"".join([orjson.dumps(head), b"\n", *catalogue.lines.values()]))

    def _file(self, plugin: str) -> Path:
        return self.folder / f"{plugin}.items"

    def _kinds_key(self, registry: Registry) -> bytes:
        if self._kinds is None:
            self._kinds = kinds_key(registry)
        return self._kinds


def put_away(registry: Registry, shelves: ItemFiles) -> None:
    """Leave a large catalogue's items in files; those of a plugin of which anything was found stay in memory."""
    talked_of = {finding.plugin for finding in registry.warnings}
    if len(registry.items) >= LARGE_CATALOGUE_ITEMS:
        for name in (one for one in registry.catalogues if one not in talked_of):
            try:
                shelves.write(name, registry)
            except OSError as error:
                log.warning("items can't be kept for the next start", plugin=name, error=type(error).__name__)
                continue
            shelf = shelves.find(name, registry)
            if shelf is None:
                continue
            registry.shelved[name], registry.put_away = shelf.digest, True
            for code, place, at_start in shelf.rows():
                if not at_start:
                    registry.items.put(code, place)
    registry.catalogues.clear()


def kinds_key(registry: Registry) -> bytes:
    """A digest of what finds items right: the kernel's code, and that of the plugins with kinds of their own."""
    key = kernel_key()
    for owner in sorted({owner for (noun, _), owner in registry.owners.items() if noun == "kind"}):
        if owner in registry.configuration.entries:
            key += digest(b"", registry.plugins[owner].folder).encode()
    return key


def items_key(registry: Registry) -> str | None:
    """A digest of what all items were made from; None where some lie on no shelf."""
    shelved = registry.shelved
    whole = all(plugin.department is None or name in shelved for name, plugin in registry.plugins.items())
    return " ".join(f"{name}={shelved[name]}" for name in sorted(shelved)) if whole else None


def digest(key: bytes, folder: Path, sources: Iterable[str] = (), endings: tuple[str, ...] = (".py", ".toml")) -> str:
    """What a plugin's items were made from: the kernel and the kinds (`key`), its files, its code and its tables."""
    found, first = blake2b(key, digest_size=16), list(sources)
    others = {name for name in _names_below(folder) if name.endswith(endings)}.difference(first)
    for name in (*first, *sorted(others)):
        # A start reads as many files as there are items, and to make paths of their names takes as long again.
        with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123
            content = file.readall()
        found.update(f"{name} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _names_below(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        below = "" if place == str(folder) else f"{os.path.relpath(place, folder)}/"
        yield from (below + name for name in names)


@cache
def kernel_key() -> bytes:
    """A digest of the kernel's own code: another version may find other faults."""
    return digest(b"", Path(__file__).parents[2], endings=(".py", ".toml", ".txt")).encode()
