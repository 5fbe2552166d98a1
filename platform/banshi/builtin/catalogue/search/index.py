"""The index of a catalogue: which item has which term, how much, and the items in the order of what somebody typed.

Ranked as BM25 ranks, the fields weighed before the terms are counted (BM25F), without its normalisation by length: a
guide that explains more is not a worse answer. Postings lie in arrays of a few bytes each, since a city may have ten
thousand items; looking through them is bounded, whatever is typed.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from banshi.builtin.catalogue.search import pinyin
from banshi.builtin.catalogue.search.query import read_query
from banshi.builtin.catalogue.search.synonyms import Synonyms
from banshi.builtin.catalogue.search.words import BREAK, normal, stem, terms_of, words_of
from banshi.kernel.contract.values import Department, Item

#: What a term counts for in each field: an item is what its title says, and what its department says people call it.
TITLE, KEYWORDS, SUMMARY, OTHER = 6, 6, 2, 1

#: How often it counts in one field, and so in all of them.
MAX_TIMES = 3
MAX_COUNT = MAX_TIMES * (TITLE + KEYWORDS + SUMMARY + OTHER) + 1

#: Items that two bytes can number.
MAX_ITEMS = 1 << 16

#: How soon more of the same adds nothing (BM25's k1), in the units of the weights above.
SATURATION = 6.0

#: Postings that one search looks through, the rarest terms first; commoner ones only re-order what was found.
MAX_POSTINGS = 5_000

#: Items whose order the commoner terms can still change, and how many of these.
MAX_REORDERED, MAX_COMMON = 60, 12

#: Finds of a reading that are looked at.
MAX_FINDS = 1_000

#: What one step of `often` adds to a score: it decides between items that are found alike, and no more.
OFTEN_SHARE = 0.03

#: Items that are shown where nothing but single characters of other words was found.
MAX_UNLIKELY = 3

#: What is found by less than this share of the best item's score is not worth a look.
FAINT_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Hit:
    """One found item."""

    code: str
    score: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the best first."""

    hits: Sequence[Hit]
    #: Whether a word was understood, and not only characters that other words have, too.
    is_likely: bool


class Index:
    """What can be searched; made once by `build`, then only read."""

    def __init__(self, synonyms: Synonyms) -> None:
        self.synonyms = synonyms
        self.reader = pinyin.Reader(synonyms.readings)
        #: How synonyms are typed in Latin letters: whole, and by their first letters; with their groups, or none.
        self.sounds: dict[str, frozenset[str]] = {}
        #: The same as who doesn't tell zh from z hears them, by their syllables alone.
        self.slurred: dict[str, frozenset[str]] = {}
        for word, group in synonyms.chinese:
            syllables = self.reader.read(normal(word))
            if len(syllables) > 1:
                _add(self.sounds, "".join(syllables), group)
                _add(self.sounds, "".join(one[0] for one in syllables), group)
                _add(self.slurred, "".join(map(pinyin.slurred, syllables)), group)
        for word in synonyms.noise:
            self.sounds.setdefault("".join(self.reader.read(normal(word))), frozenset())
        self.spelled = pinyin.Spoken()
        self.initials = pinyin.Spoken()
        #: English words as they are written, to mend what is typed wrongly.
        self.written: set[str] = set()
        self.codes: list[str] = []
        #: How often each item is asked for.
        self.often = array("B")
        self.places: dict[str, int] = {}
        self.starts = array("I", [0])
        self.items = array("H")
        self.counts = array("B")

    @classmethod
    def build(cls, items: Iterable[Item], departments: Mapping[str, Department], synonyms: Synonyms) -> Index:
        """Read every item's texts. Takes about a tenth of a millisecond for each."""
        index = cls(synonyms)
        gathered: dict[str, tuple[array[int], array[int]]] = {}
        for item in items:
            number = len(index.codes)
            if number == MAX_ITEMS:
                raise ValueError(f"more than {MAX_ITEMS} items can't be searched")
            index.codes.append(item.code)
            index.often.append(item.often)
            for term, count in index._read(number, item, departments.get(item.department)).items():
                pair = gathered.get(term)
                if pair is None:
                    pair = gathered[term] = (array("H"), array("B"))
                pair[0].append(number)
                pair[1].append(count)
        # Each is let go as soon as it is copied, so that no two whole copies are there at once.
        while gathered:
            term, (numbers, counts) = gathered.popitem()
            index.places[term] = len(index.starts) - 1
            index.items.extend(numbers)
            index.counts.extend(counts)
            index.starts.append(len(index.items))
        index.written = {word for word in index.written if word.isascii() and word.isalpha() and len(word) > 3}
        index.spelled.close()
        index.initials.close()
        return index

    def _read(self, number: int, item: Item, department: Department | None) -> Counter[str]:
        keywords = [word for words in item.keywords.values() for word in words]
        other = [*(department.title.values() if department else ()), item.code, *item.result.title.values()]
        fields = ((item.title.values(), TITLE), (keywords, KEYWORDS), (item.summary.values(), SUMMARY), (other, OTHER))
        counts: Counter[str] = Counter()
        for texts, weight in fields:
            shown = normal(BREAK.join(texts))
            written = words_of(shown)
            units = [stem(word) for word in written]
            terms = Counter(terms_of(units, alone=weight >= KEYWORDS))
            terms.update(self.synonyms.groups(units))
            for term, times in terms.items():
                counts[term] += weight * min(times, MAX_TIMES)
            self.written.update(written)
            if weight >= KEYWORDS:
                self._hear_of(number, shown)
        return counts

    def _hear_of(self, number: int, texts: str) -> None:
        for text in texts.split(BREAK):
            if not text.isascii():
                syllables = self.reader.read(text)
                self.spelled.add(number, pinyin.marked(syllables))
                self.initials.add(number, "".join([one[0] for one in syllables]))

    def __len__(self) -> int:
        return len(self.codes)

    def knows(self, unit: str) -> bool:
        """Whether an item or a synonym has the unit."""
        return unit in self.places or unit in self.synonyms.units

    def search(self, text: str) -> list[Hit]:
        """The items that `text` may mean, the best first; equally good ones by their codes."""
        return [*self.find(text).hits]

    def find(self, text: str) -> Found:
        """The same, and whether they are likely; what is not is a few items at most."""
        scores: dict[int, float] = {}
        wanted = read_query(self, text)
        left = self._gather(self._rows(wanted.terms), scores)
        for part in wanted.spelled:
            self._hear(self.spelled, part, scores)
        for part in wanted.initials:
            self._hear(self.initials, part, scores)
        if is_likely := bool(scores):
            self._reorder([*left, *self._rows(wanted.faint)], scores)
        else:
            self._gather(self._rows(wanted.faint), scores)
        if not scores:
            return Found((), is_likely=False)
        faint = max(scores.values()) * FAINT_SHARE
        ranked = sorted(
            (-round(score * 1000 * (1 + OFTEN_SHARE * (self.often[number] - 1))), self.codes[number])
            for number, score in scores.items()
            if score >= faint
        )
        hits = [Hit(code, -score) for score, code in ranked]
        return Found(hits if is_likely else hits[:MAX_UNLIKELY], is_likely)

    def _rows(self, terms: Mapping[str, float]) -> list[tuple[int, int, float]]:
        """The postings of the terms, the shortest first: from, to, what one of them is worth."""
        rows = []
        for term, weight in terms.items():
            place = self.places.get(term)
            if place is not None:
                start, end = self.starts[place], self.starts[place + 1]
                rows.append((start, end, weight * self._rarity(end - start)))
        return sorted(rows, key=lambda row: (row[1] - row[0], row))

    def _gather(self, rows: Sequence[tuple[int, int, float]], scores: dict[int, float]) -> list[tuple[int, int, float]]:
        """Add up the rarest terms; give back what is too common to be looked through."""
        left, looked_at, get = [], 0, scores.get
        for start, end, worth in rows:
            looked_at += end - start
            if looked_at > MAX_POSTINGS and scores:
                left.append((start, end, worth))
                continue
            table = [worth * tf / (tf + SATURATION) for tf in range(MAX_COUNT)]
            for number, tf in zip(self.items[start:end], self.counts[start:end], strict=True):
                scores[number] = get(number, 0.0) + table[tf]
        return left

    def _hear(self, spoken: pinyin.Spoken, part: str, scores: dict[int, float]) -> None:
        """Add the items with a phrase that is read so; one that begins so counts for more."""
        heard: dict[int, float] = {}
        for number, begins in spoken.finds(part, MAX_FINDS):
            heard[number] = max(heard.get(number, 0.0), 1.0 if begins else 0.7)
        worth = 2 * self._rarity(len(heard))
        for number, share in heard.items():
            scores[number] = scores.get(number, 0.0) + worth * share

    def _reorder(self, left: Sequence[tuple[int, int, float]], scores: dict[int, float]) -> None:
        if not left:
            return
        best = sorted(scores, key=lambda number: (-scores[number], number))[:MAX_REORDERED]
        for start, end, worth in left[:MAX_COMMON]:
            for number in best:
                place = bisect_left(self.items, number, start, end)
                if place < end and self.items[place] == number:
                    tf = self.counts[place]
                    scores[number] += worth * tf / (tf + SATURATION)

    def _rarity(self, count: int) -> float:
        return math.log(1 + (len(self.codes) - count + 0.5) / (count + 0.5))


def _add(sounds: dict[str, frozenset[str]], letters: str, group: str) -> None:
    sounds[letters] = sounds.get(letters, frozenset()) | {group}
