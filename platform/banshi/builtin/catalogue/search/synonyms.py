"""Words that mean the same, read from synonyms.toml: found as the longest rows of units in a text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from banshi.builtin.catalogue.search.words import units_of

#: The kernel's own list.
FILE = Path(__file__).with_name("synonyms.toml")

#: Marks the end of a row of units in a tree: no unit is empty.
_END = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A word of the list in a text: its first unit, the one behind its last, and its groups; noise has none."""

    start: int
    end: int
    groups: frozenset[str]


class Synonyms:
    """The groups by the rows of units that they are found by. Made once, then only read."""

    def __init__(self, groups: Iterable[Iterable[str]], noise: Iterable[str], readings: Mapping[str, str]) -> None:
        #: The Chinese words of each group, for whoever types their pinyin.
        self.chinese: list[tuple[str, str]] = []
        #: Words with readings of their own: word → syllables with blanks between them.
        self.readings = dict(readings)
        #: Every unit of every word.
        self.units: set[str] = set()
        self._tree: dict[str, Any] = {}
        for number, group in enumerate(groups):
            # No text has such a unit, so that a group's term is nobody's word.
            term = f"#{number}"
            for word in group:
                units = units_of(word)
                self._add(units, term)
                if not word.isascii():
                    self.chinese.append((word, term))
        #: Chinese words that say nothing.
        self.noise: list[str] = []
        for word in noise:
            if not word.isascii():
                self.noise.append(word)
            self._add(units_of(word), None)

    def _add(self, units: Sequence[str], term: str | None) -> None:
        node = self._tree
        self.units.update(units)
        for unit in units:
            node = node.setdefault(unit, {})
        groups = node.setdefault(_END, frozenset())
        if term is not None:
            node[_END] = groups | {term}

    def groups(self, units: Sequence[str]) -> Iterator[str]:
        """The groups of the words in a text."""
        for found in self.find(units):
            yield from found.groups

    def find(self, units: Sequence[str]) -> Iterator[Found]:
        """The longest words of the list in a text, from its beginning on, none inside another."""
        position, count, tree = 0, len(units), self._tree
        while position < count:
            node = tree.get(units[position])
            end, groups, at = 0, None, position + 1
            while node is not None:
                here = node.get(_END)
                if here is not None:
                    end, groups = at, here
                if at == count:
                    break
                node = node.get(units[at])
                at += 1
            if groups is None:
                position += 1
            else:
                yield Found(position, end, groups)
                position = end


@cache
def kernel_synonyms() -> Synonyms:
    """The list in that file: `groups`, `noise` and the table `readings`."""
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Synonyms(document["groups"], document["noise"], document["readings"])
