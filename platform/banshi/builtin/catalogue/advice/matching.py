"""Which advice a search's words ask for. Where an item is called so, the item wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from banshi.builtin.catalogue.advice.declared import Declared, Elsewhere, HelpPage
from banshi.builtin.catalogue.danger.reading import Danger, reader
from banshi.builtin.catalogue.search.index import KEYWORDS, Index
from banshi.builtin.catalogue.search.synonyms import Synonyms
from banshi.builtin.catalogue.search.words import normal, stem, terms_of, units_of, words_of
from banshi.foundation.findings import Finding
from banshi.foundation.keys import Key

A = TypeVar("A", Elsewhere, HelpPage)

#: Of each sort, how many one search shows.
MAX_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Advised:
    """What to say beside the items, and what is left to look for among these."""

    elsewhere: Sequence[Elsewhere]
    help: Sequence[HelpPage]
    left: str
    #: While it is heard, nothing but its own pages is shown.
    danger: Danger | None = None


class Advice:
    """All advice, ready to be found; made with each index, only read afterwards."""

    def __init__(self, declared: Declared, index: Index) -> None:
        self._noise = index.synonyms
        self._urgent = [page for page in declared.help.values() if page.dangers]
        self._help = _Words(declared.help)
        self._elsewhere = _Words(declared.elsewhere, but_served_by=index)
        #: Who is told of where a search finds nothing that is likely meant.
        self.otherwise = [one for one in declared.elsewhere.values() if one.otherwise]

    def search(self, text: str) -> Advised:
        """What the text asks for. Words of something that is done elsewhere are not looked for among the items."""
        words = words_of(normal(text))
        if danger := reader().match_words(words):
            return Advised([], [page for page in self._urgent if danger.kind in page.dangers], "", danger)
        units = [stem(word) for word in words]
        elsewhere, taken = self._elsewhere.find(units)
        helped, _ = self._help.find(units)
        left = [word for position, word in enumerate(words) if position not in taken]
        if taken and self._says_nothing([stem(word) for word in left]):
            left = []
        return Advised(elsewhere, helped, " ".join(left) if taken else text)

    def _says_nothing(self, units: Sequence[str]) -> bool:
        noise = {at for one in self._noise.find(units) if not one.groups for at in range(one.start, one.end)}
        return len(noise) == len(units)


class Advisor:
    """The advice that goes with the newest index, made anew with each."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self._made: tuple[Index, Advice] | None = None

    def beside(self, index: Index) -> Advice:
        """What is said beside the items of that index."""
        if self._made is None or self._made[0] is not index:
            self._made = index, Advice(self.declared, index)
        return self._made[1]


#: What the search says beside the items.
ADVISOR: Key[Advisor] = Key("advisor")


class _Words(Generic[A]):
    """Advice by the words that it is found by."""

    def __init__(self, advice: Mapping[str, A], *, but_served_by: Index | None = None) -> None:
        self._advice: list[A] = list(advice.values())
        groups = [[word for words in one.words.values() for word in words] for one in self._advice]
        if but_served_by is not None:
            groups = [[word for word in group if not _served(but_served_by, units_of(word))] for group in groups]
        self._tree = Synonyms(groups, (), {})

    def find(self, units: Sequence[str]) -> tuple[list[A], set[int]]:
        """What the units name, in the order of its declaration, and where they do."""
        found: set[int] = set()
        taken: set[int] = set()
        for one in self._tree.find(units):
            found.update(int(group.removeprefix("#")) for group in one.groups)
            taken.update(range(one.start, one.end))
        return [self._advice[number] for number in sorted(found)][:MAX_SHOWN], taken


def served_here(declared: Declared, index: Index) -> Iterator[Finding]:
    """Warns of what is said to be done elsewhere although an item has its title, or several of its words."""
    for one in declared.elsewhere.values():
        titles = [text for text in one.title.values() if _served(index, units_of(text))]
        words = [word for group in one.words.values() for word in group if _served(index, units_of(word))]
        if served := titles or words[2:]:
            found = index.search(served[0])[0].code
            advice = (
                f"elsewhere.{one.code}: the item {found} is found by {served[0]!r}: move its words there, or drop it"
            )
            yield Finding("catalogue", "served-here", advice, warning=True)


def _served(index: Index, units: Sequence[str]) -> bool:
    """Whether one item has all of the word in its title or its keywords."""
    having: set[int] | None = None
    for term in set(terms_of(units, alone=len(units) == 1)):
        place = index.places.get(term)
        if place is None:
            return False
        start, end = index.starts[place], index.starts[place + 1]
        rows = zip(index.items[start:end], index.counts[start:end], strict=True)
        here = {number for number, count in rows if count >= KEYWORDS}
        having = here if having is None else having & here
    return bool(having)
