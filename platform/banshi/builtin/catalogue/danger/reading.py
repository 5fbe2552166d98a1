"""One reader of danger, for the search and for every channel.

Words stand in classes (`words.toml`): who, what, when, and what undoes it. A rule (`rules.toml`) names classes that
follow each other; the first that applies says the kind. What is typed in pinyin is read by its syllables. The time that
it takes grows with a text's length alone, and of a long text no more than a part is read.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from banshi.builtin.catalogue.search import pinyin
from banshi.builtin.catalogue.search.synonyms import kernel_synonyms
from banshi.builtin.catalogue.search.words import is_chinese, normal, stem, words_of
from banshi.kernel.contract.values import Texts, text_in

HERE = Path(__file__).parent

#: Letters that are read of the beginning of a text, and of its end.
FIRST_CHARS, LAST_CHARS = 2_000, 500

#: Units that may stand between two parts of a rule, where it says nothing else.
GAP = 6

#: Words inside one of these mean something else: 打印, 急死了.
MASK = "mask"

#: Marks the end of a word in the tree: no unit is empty.
_END = ""

#: By class, where its words stand: the first unit, and the one behind the last.
Places = Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Danger:
    """A kind of danger: whom to call, the first at once, and what to say."""

    kind: str
    numbers: tuple[str, ...]
    #: One sentence or two, with the number to call.
    words: Texts
    #: How to call without a voice; empty where no police are called.
    silent: Texts

    def instructions(self, language: str) -> list[str]:
        """What to do, with whom to call in front."""
        return [text_in(words, language) for words in (self.words, self.silent) if words]


@dataclass(frozen=True, slots=True)
class Part:
    """One of some classes, so many units at most behind the part before."""

    classes: frozenset[str]
    gap: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Parts that follow each other; `undone` by classes anywhere, by the past not where it is now as well."""

    #: None where such words are no danger.
    danger: Danger | None
    parts: tuple[Part, ...]
    undone: frozenset[str]
    #: Whether the text is to be nothing else.
    is_whole: bool

    def applies(self, places: Places, count: int) -> bool:
        """Whether it does to a text of so many units."""
        if any(one in places and (one != "past" or "now" not in places) for one in self.undone):
            return False
        ends: list[int] | None = None
        for part in self.parts:
            here = [place for one in part.classes for place in places.get(one, ())]
            if ends is not None:
                before = ends
                here = [(start, end) for start, end in here if _near(before, start, part.gap)]
            if self.is_whole:
                here = [place for place in here if place == (0, count)]
            if not here:
                return False
            ends = sorted({end for _, end in here})
        return True


def _near(ends: Sequence[int], start: int, gap: int) -> bool:
    """Whether one of the ends lies before the start, and no more than a gap."""
    return bisect_left(ends, start - gap) < bisect_right(ends, start)


class Reader:
    """The rules, ready to be applied; made once, then only read."""

    def __init__(self, words: Mapping[str, Sequence[str]], document: Mapping[str, Any]) -> None:
        self._tree: dict[str, Any] = {}
        aloud = pinyin.Reader({**kernel_synonyms().readings, **document["readings"]})
        short = document["syllables"]["words"]
        for name, listed in words.items():
            for word in listed:
                self._add([stem(unit) for unit in words_of(word)], name)
                syllables = aloud.read(word) if len(word) > 1 or word in short else ()
                if len(syllables) == len(word):
                    self._add(syllables, name)
        self._rules = [rule for one in document["rules"] for rule in self._made(one, document["undone"]["classes"])]
        #: The rules, by each class of the part that the fewest words make true.
        self._begun: dict[str, list[int]] = {}
        for number, rule in enumerate(self._rules):
            rarest = min(rule.parts, key=lambda part: sum(len(words[one]) for one in part.classes))
            for name in rarest.classes:
                self._begun.setdefault(name, []).append(number)

    def _add(self, units: Sequence[str], name: str) -> None:
        node = self._tree
        for unit in units:
            node = node.setdefault(unit, {})
        node[_END] = node.get(_END, frozenset()) | {name}

    def _made(self, one: Mapping[str, Any], usually: str) -> Iterator[Rule]:
        undone = frozenset(one.get("undone", usually).split())
        for told in one["is"]:
            cut = [part.partition("~") for part in told.split()]
            parts = tuple(Part(frozenset(names.split("|")), int(gap or GAP)) for names, _, gap in cut)
            yield Rule(None if one["kind"] == "none" else kinds()[one["kind"]], parts, undone, one.get("whole", False))

    def read(self, text: str) -> Danger | None:
        """The danger that a text speaks of, the gravest first; None where it speaks of none."""
        if len(text) > FIRST_CHARS + LAST_CHARS:
            text = f"{text[:FIRST_CHARS]} {text[-LAST_CHARS:]}"
        return self.match_words(words_of(normal(text)))

    def match_words(self, words: Sequence[str]) -> Danger | None:
        """The same of a normal text's words."""
        for units in self._readings(words):
            places = self._places(units)
            numbers = {number for name in places for number in self._begun.get(name, ())}
            for number in sorted(numbers):
                if self._rules[number].applies(places, len(units)):
                    return self._rules[number].danger
        return None

    def _readings(self, words: Sequence[str]) -> Iterator[list[str]]:
        """The units of a text: with its Latin letters as syllables, where all of them are some; and as they are."""
        latin = [word for word in words if not is_chinese(word) and not word.isdigit()]
        if latin and all(_syllables(word) for word in latin):
            yield [syllable for word in words for syllable in _syllables(word) or [word]]
        yield [stem(word) for word in words]

    def _places(self, units: Sequence[str]) -> Places:
        found: dict[str, list[tuple[int, int]]] = {}
        hidden = (0, 0)
        for start in range(len(units)):
            node, at = self._tree.get(units[start]), start + 1
            here: list[tuple[int, frozenset[str]]] = []
            while node is not None:
                if names := node.get(_END):
                    here.append((at, names))
                node = node.get(units[at]) if at < len(units) else None
                at += 1
            for end, names in here:
                if MASK in names and end > hidden[1]:
                    hidden = (start, end)
            for end, names in here:
                if end > hidden[1] or (start, end) == hidden:
                    for name in names:
                        found.setdefault(name, []).append((start, end))
        return found


def _syllables(word: str) -> Sequence[str]:
    """The syllables that a word's letters are; nothing where they are none."""
    return (pinyin.cut(word) if pinyin.LETTERS.fullmatch(word) else None) or ()


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads((HERE / "rules.toml").read_text("utf-8"))


@cache
def kinds() -> Mapping[str, Danger]:
    """Every kind of danger, by its name."""
    silent = _document()["silent"]
    return {
        kind: Danger(kind, tuple(one["numbers"]), one["say"], silent if one.get("silent") else {})
        for kind, one in _document()["kinds"].items()
    }


@cache
def reader() -> Reader:
    """The one reader that there is."""
    return Reader(tomllib.loads((HERE / "words.toml").read_text("utf-8")), _document())


def danger_in(text: str) -> Danger | None:
    """What a text speaks of that endangers somebody now; None for everything else. Any text is taken."""
    return reader().read(text)
