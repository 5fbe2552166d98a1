"""What somebody typed, as what to look for: terms with their weights, and parts of readings."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from banshi.builtin.catalogue.search import pinyin
from banshi.builtin.catalogue.search.synonyms import Synonyms
from banshi.builtin.catalogue.search.words import is_chinese, normal, stem, words_of

#: Units of a query that are looked at, and those of them that nobody has written and that are puzzled over.
MAX_UNITS, MAX_PUZZLES = 60, 6

#: What a term counts for. A group of synonyms is what was meant; where one stands for a word, the very word adds less.
#: A character counts little where it has neighbours, since the pairs say more.
GROUP, WORD, SAME_WORD, CHARACTER = 1.6, 1.0, 0.5, 0.15

#: The share of it that a term has which was not typed so.
MENDED = 0.8

#: Letters of the shortest word that is mended, and of the longest. Shorter ones are one letter from too many others.
MIN_MENDED_LETTERS, MAX_MENDED_LETTERS = 5, 20


class Vocabulary(Protocol):
    """What an index knows of words."""

    synonyms: Synonyms
    #: How synonyms are typed in Latin letters, with their groups; and as who doesn't tell zh from z hears them.
    sounds: dict[str, frozenset[str]]
    slurred: dict[str, frozenset[str]]
    #: Readings of items, and their first letters.
    spelled: pinyin.Spoken
    initials: pinyin.Spoken

    @property
    def written(self) -> Set[str]:
        """English words, to mend what is typed wrongly."""
        ...

    def knows(self, unit: str) -> bool:
        """Whether an item or a synonym has the unit."""
        ...


@dataclass(slots=True)
class Wanted:
    """What to look for."""

    terms: dict[str, float] = field(default_factory=dict)
    #: Characters that have neighbours: they say which is nearer, and find nothing by themselves.
    faint: dict[str, float] = field(default_factory=dict)
    #: Parts of rows of syllables, and of rows of their first letters.
    spelled: list[str] = field(default_factory=list)
    initials: list[str] = field(default_factory=list)

    def want(self, term: str, weight: float) -> None:
        self.terms[term] = max(weight, self.terms.get(term, 0.0))


def read_query(index: Vocabulary, text: str) -> Wanted:
    """What `text` asks of this index. Any text is taken; what means nothing asks for nothing."""
    wanted, puzzles = Wanted(), 0
    units: list[str] = []
    shares: list[float] = []
    for word in _joined(index, words_of(normal(text))[:MAX_UNITS]):
        unit = stem(word)
        if is_chinese(word) or index.knows(unit):
            units.append(unit)
            shares.append(1.0)
        elif puzzles < MAX_PUZZLES:
            puzzles += 1
            if not _heard(index, wanted, word):
                mended = [stem(one) for one in _mended(index, word)]
                units += mended
                shares += [MENDED] * len(mended)
                if not mended:
                    _initials(index, wanted, word)
    _want(index, wanted, units, shares)
    return wanted


def _want(index: Vocabulary, wanted: Wanted, units: Sequence[str], shares: Sequence[float]) -> None:
    """Want the groups, words, pairs and characters of the units, of which each counts for its share."""
    grouped, noise = [False] * len(units), [False] * len(units)
    for found in index.synonyms.find(units):
        for group in found.groups:
            wanted.want(group, GROUP * min(shares[found.start : found.end]))
        for position in range(found.start, found.end):
            (grouped if found.groups else noise)[position] = True
    if all(noise) and not (wanted.terms or wanted.spelled or wanted.initials):
        noise = [False] * len(units)
    for position, unit in enumerate(units):
        if noise[position]:
            continue
        weight = (SAME_WORD if grouped[position] else WORD) * shares[position]
        if not is_chinese(unit):
            wanted.want(unit, weight)
            continue
        before, after = position - 1, position + 1
        alone = True
        if before >= 0 and is_chinese(units[before]) and not noise[before]:
            wanted.want(units[before] + unit, _pair(grouped[before], grouped[position]))
            alone = False
        if after < len(units) and is_chinese(units[after]) and not noise[after]:
            alone = False
        if alone:
            wanted.want(unit, weight)
        else:
            wanted.faint[unit] = CHARACTER


def _pair(first_grouped: bool, second_grouped: bool) -> float:
    """What two neighbouring characters count for; those that only stand half in a synonym say no more than one does."""
    if first_grouped != second_grouped:
        return CHARACTER
    return SAME_WORD if first_grouped else WORD


def _joined(index: Vocabulary, words: Sequence[str]) -> list[str]:
    """The words, syllables that were typed with blanks between them as one."""
    joined: list[str] = []
    open_end = False
    for word in words:
        syllable = word in pinyin.syllables() and not index.knows(stem(word))
        if syllable and open_end and len(joined[-1]) < pinyin.MAX_LETTERS:
            joined[-1] += word
        else:
            joined.append(word)
        open_end = syllable
    return joined


# -- what nobody has written -----------------------------------------------------------------------------------------


def _heard(index: Vocabulary, wanted: Wanted, word: str) -> bool:
    """Whether the letters are the syllables of something in the catalogue or of a synonym: then it is looked for."""
    read = pinyin.cut(word) if pinyin.LETTERS.fullmatch(word) else None
    if read is None or len(read) < 2:
        return False
    groups, share = _sounding(index.sounds, word), 1.0
    part = pinyin.marked(read)
    there = index.spelled.has(part)
    if there:
        wanted.spelled.append(part)
    elif not groups:
        groups, share = _sounding(index.slurred, "".join(map(pinyin.slurred, read))), MENDED
    for group in groups:
        wanted.want(group, GROUP * share)
    return there or bool(groups)


def _initials(index: Vocabulary, wanted: Wanted, word: str) -> None:
    """Look for the letters as the first letters of syllables."""
    if pinyin.LETTERS.fullmatch(word):
        for group in _sounding(index.sounds, word):
            wanted.want(group, GROUP)
        # Two letters begin too many phrases to be looked for inside one.
        part = word if len(word) > 2 else f"\n{word}"
        if index.initials.has(part):
            wanted.initials.append(part)


def _sounding(sounds: Mapping[str, frozenset[str]], letters: str) -> frozenset[str]:
    """The groups of the fewest synonyms whose readings, whole or by their first letters, make up the letters."""
    best: list[tuple[int, frozenset[str]] | None] = [(0, frozenset()), *[None] * len(letters)]
    for start in range(len(letters)):
        row = best[start]
        if row is None:
            continue
        for end in range(start + 2, len(letters) + 1):
            groups, kept = sounds.get(letters[start:end]), best[end]
            if groups is not None and (kept is None or row[0] + 1 < kept[0]):
                best[end] = (row[0] + 1, row[1] | groups)
    whole = best[-1]
    return whole[1] if whole else frozenset()


def _mended(index: Vocabulary, word: str) -> list[str]:
    """The words of the catalogue that `word` becomes by one letter more, less, other or exchanged for its neighbour.

    Not the first one: that is seldom typed wrongly, and other letters in front make other words (took, book).
    """
    if not (word.isascii() and word.isalpha() and MIN_MENDED_LETTERS <= len(word) <= MAX_MENDED_LETTERS):
        return []
    return sorted({one for one in _neighbours(word) if one in index.written})


def _neighbours(word: str) -> Iterator[str]:
    for at in range(1, len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
