"""A large city's items: kept in files once they are checked, and made when somebody asks for one.

Ten thousand items as Python's values take half a gigabyte, and to read and check them takes twenty seconds. So what was
found to be right is written into the data folder, one file for each plugin, with a digest of everything that it was
made from. A start whose digests are still right reads the list of codes alone. Nothing is trusted but that it was
checked: each item is read as from items.toml, without the checks. A folder that can't be written to only costs time.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from banshi.foundation.files import durable_files
from banshi.kernel.contract.values import Department, Item, Kind
from banshi.kernel.loading.catalogue import Catalogue, declared_item
from banshi.kernel.loading.typed_tables import adapter

#: Items from which on a catalogue is kept in files; with fewer, reading them takes less than a second.
LARGE = 1_000

#: Items that stay in memory after they were asked for.
MOST_RECENT = 128


@dataclass(frozen=True, slots=True)
class Facts:
    """What lists are filtered by, known without making an item."""

    department: str
    kind: str
    fully_online: bool


@lru_cache(maxsize=4_096)
def _facts(department: str, kind: str, fully_online: bool) -> Facts:
    return Facts(department, kind, fully_online)


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
        self.department: Department = adapter(Department).validate_python(self.head["department"])
        self._begin = len(head)

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self._open)

    def rows(self) -> Iterator[tuple[str, tuple[ItemFile, int, int, Facts], bool]]:
        """Each item's code, its place and whether it has to be made at start."""
        begin = self._begin
        for code, size, kind, online, at_start in self.head["items"]:
            yield code, (self, begin, size, _facts(self.department.code, kind, online)), at_start
            begin += size

    def make(self, begin: int, size: int) -> Item:
        line = orjson.loads(os.pread(self._open, size, begin))
        return declared_item(line["table"], line["form"], self.department, self.plugin, self.kinds)


class ItemIndex(MutableMapping[str, Item]):
    """All items by code: those in memory, and those on shelves, which are made when they are asked for.

    What is not live is found by its code, and stands in no list: iterating and counting leave it out.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Item] = {}
        self._shelved: dict[str, tuple[ItemFile, int, int, Facts]] = {}
        self._recent: OrderedDict[str, Item] = OrderedDict()
        self._codes: tuple[str, ...] | None = None
        #: What is no longer offered, for the cases that it has.
        self._ended: dict[str, Item] = {}
        #: Earlier versions under which there may be cases, by code and version.
        self._earlier: dict[tuple[str, int], Item] = {}
        #: Codes of what is not live; none of it lies on a shelf.
        self._unlisted: set[str] = set()

    def __getitem__(self, code: str) -> Item:
        item = self._kept.get(code) or self._recent.get(code)
        if item is None:
            shelf, begin, size, _ = self._shelved[code]
            item = self._recent[code] = shelf.make(begin, size)
            if len(self._recent) > MOST_RECENT:
                self._recent.popitem(last=False)
        return item

    def __setitem__(self, code: str, item: Item) -> None:
        self._shelved.pop(code, None)
        self._recent.pop(code, None)
        self._kept[code] = item
        (self._unlisted.discard if item.mode == "live" else self._unlisted.add)(code)
        self._codes = None

    def __delitem__(self, code: str) -> None:
        if self._shelved.pop(code, None) is None:
            del self._kept[code]
        self._recent.pop(code, None)
        self._unlisted.discard(code)
        self._codes = None

    def __contains__(self, code: object) -> bool:
        return code in self._kept or code in self._shelved

    def __iter__(self) -> Iterator[str]:
        yield from (code for code in self._kept if code not in self._unlisted)
        yield from self._shelved

    def __len__(self) -> int:
        return len(self._kept) + len(self._shelved) - len(self._unlisted)

    def of(self, code: str, version: int = 0) -> Item | None:
        """The item of something that is there already, such as a case.

        As it was in that version where this is still kept, and otherwise as it is now or was in the end.
        """
        return self._earlier.get((code, version)) or self.get(code) or self._ended.get(code)

    def replace(
        self, gone: Iterable[Item], offered: Iterable[Item], ended: Iterable[Item], earlier: Iterable[Item]
    ) -> None:
        """Take items out and bring others in, between two requests.

        Args:
            gone: What was brought in before; whatever else is offered stays.
            ended: All that is no longer offered, in place of what was known as such.
            earlier: All earlier versions, in place of those known.
        """
        for item in gone:
            self._kept.pop(item.code, None)
            self._unlisted.discard(item.code)
        for item in offered:
            self[item.code] = item
        self._ended = {item.code: item for item in ended}
        self._earlier = {(item.code, item.version): item for item in earlier}
        self._codes = None
        # Now and not later: a thread that walks along must not be the one that lists what is changing.
        self.codes()

    def with_cases(self) -> Iterator[Item]:
        """All items under which there may be cases: in lists or not, no longer offered, and earlier versions."""
        yield from self.each(self.with_unlisted())
        yield from self._ended.values()
        yield from self._earlier.values()

    def put(self, code: str, place: tuple[ItemFile, int, int, Facts]) -> None:
        """Leave an item on its shelf."""
        self._kept.pop(code, None)
        self._unlisted.discard(code)
        self._shelved[code] = place
        self._codes = None

    def codes(self) -> tuple[str, ...]:
        """All codes that are listed, in their order."""
        if self._codes is None:
            self._codes = tuple(sorted(self))
        return self._codes

    def with_unlisted(self) -> tuple[str, ...]:
        """All codes, with those of what is not live: for whoever works on cases."""
        return (*self.codes(), *sorted(self._unlisted))

    def facts(self, code: str) -> Facts:
        """What a list is filtered by."""
        place = self._shelved.get(code)
        if place is not None:
            return place[3]
        item = self._kept[code]
        return _facts(item.department, item.kind, item.fully_online)

    def unchecked(self) -> Iterator[Item]:
        """The items that were not found to be right at an earlier start."""
        yield from self._kept.values()
        yield from self._ended.values()

    def each(self, codes: Iterable[str] | None = None) -> Iterator[Item]:
        """All items that are listed by code, or those that are named, one at a time.

        None is kept for having been looked at, and any thread may ask.
        """
        for code in self.codes() if codes is None else codes:
            place = self._shelved.get(code)
            item = self._kept.get(code) if place is None else place[0].make(place[1], place[2])
            # One that goes while a thread walks along is left out.
            if item is not None:
                yield item


class ItemFiles:
    """The files of all plugins in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, plugin: str, folder: Path, kinds: Mapping[str, Kind], key: bytes) -> ItemFile | None:
        """The plugin's shelf, if everything that it was made from is as it was."""
        try:
            shelf = ItemFile(plugin, self._file(plugin), kinds)
            sources = [folder / name for name in shelf.head["sources"]]
            right = shelf.head["digest"] == digest(key, folder, sources)
        except (OSError, ValueError, KeyError, TypeError):  # not there, cut short, or of another version
            return None
        return shelf if right else None

    def write(self, plugin: str, folder: Path, catalogue: Catalogue, items: Mapping[str, Item], key: bytes) -> None:
        """Write a plugin's items, of whose `items` nothing is wrong. Raises OSError."""
        rows = [
            (code, len(line), item.kind, item.fully_online, item.credential is not None or code in catalogue.handled)
            for code, line in catalogue.lines.items()
            for item in (items[code],)
        ]
        head = {
            "digest": digest(key, folder, catalogue.sources),
            "sources": [str(file.relative_to(folder)) for file in catalogue.sources],
            "department": catalogue.department,
            "items": rows,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        with durable_files.replacing(self._file(plugin)) as draft:
            draft.write_bytes(b"".join([orjson.dumps(head), b"\n", *catalogue.lines.values()]))

    def _file(self, plugin: str) -> Path:
        return self.folder / f"{plugin}.items"


def digest(key: bytes, folder: Path, sources: Iterable[Path]) -> str:
    """What a plugin's items were made from: the kernel and the kinds (`key`), its files, its code and its tables."""
    found = blake2b(key, digest_size=16)
    first = list(sources)
    others = {*folder.rglob("*.py"), *folder.rglob("*.toml")}.difference(first)
    for file in (*first, *sorted(others)):
        content = file.read_bytes()
        found.update(f"{file.relative_to(folder)} {len(content)}\n".encode() + content)
    return found.hexdigest()


@cache
def kernel_key() -> bytes:
    """A digest of the kernel's own code: another version may find other faults."""
    folder = Path(__file__).parents[2]
    return digest(b"", folder, sorted([*folder.rglob("*.toml"), *folder.rglob("*.txt")])).encode()
