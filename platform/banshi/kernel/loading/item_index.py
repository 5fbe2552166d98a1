"""All items by code. Those of a large catalogue are made when somebody asks for one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from banshi.kernel.contract.values import Department, Item

#: Items that stay in memory after they were asked for.
MAX_RECENT_ITEMS = 128


@dataclass(frozen=True, slots=True)
class Facts:
    """What lists are filtered by, known without making an item."""

    department: str
    kind: str
    fully_online: bool
    often: int
    themes: tuple[str, ...]


#: The same of many items are one.
facts_of = lru_cache(maxsize=4_096)(Facts)


class Shelf(Protocol):
    """Where a plugin's items lie that were found right at an earlier start."""

    #: Of everything that they were made from.
    digest: str
    department: Department
    codes: frozenset[str]

    def rows(self) -> Iterable[tuple[str, Place, bool]]:
        """Each item's code, its place and whether it has to be made at start."""
        ...

    def make(self, begin: int, size: int) -> Item:
        """The item at that place."""
        ...


#: Where an item lies, and what lists are filtered by.
Place = tuple[Shelf, int, int, Facts]


class ItemIndex(MutableMapping[str, Item]):
    """All items by code: those in memory, and those on shelves, which are made when they are asked for.

    What is not live is found by its code, and stands in no list: iterating and counting leave it out.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Item] = {}
        self._shelved: dict[str, Place] = {}
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
            if len(self._recent) > MAX_RECENT_ITEMS:
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
        found = self._earlier.get((code, version)) or self._kept.get(code)
        return found or self.get(code) or self._ended.get(code)

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

    def put(self, code: str, place: Place) -> None:
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
        return facts_of(item.department, item.kind, item.fully_online, item.often, item.themes)

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
