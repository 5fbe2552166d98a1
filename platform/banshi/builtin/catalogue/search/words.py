"""Text as the terms that a search compares: Chinese characters in pairs, English words by their stems.

A text becomes *units* first: each Chinese character is one, each word or number of other scripts is one. Synonyms are
sequences of units, and so are found in both languages alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import opencc
import Stemmer

#: Stands between two texts that are read in one go: a unit that is no term.
BREAK = "\n"

#: Chinese characters, as a part of a set.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

#: A Chinese character, or a word or number of another script; everything else only separates.
_UNITS = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+|{BREAK}")

#: A word's letters that are looked at; no word of a catalogue is longer.
MAX_WORD_LETTERS = 32


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


def normal(text: str) -> str:
    """`text` in one spelling: full width as half width, traditional characters as simplified, lower case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isascii() else _converter().convert(folded)


def words_of(text: str) -> list[str]:
    """The units of a normal text, words not yet stemmed; what stands before an apostrophe is a word of its own."""
    return [
        unit[:MAX_WORD_LETTERS] for unit in _UNITS.findall(text.replace("'s", "").replace("’s", "").replace("-", " "))
    ]


def is_chinese(unit: str) -> bool:
    return unit >= "\u3400" and len(unit) == 1


@lru_cache(maxsize=16_384)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


def stem(unit: str) -> str:
    """An English word's stem; anything else as it is. The last few thousand are kept."""
    return _stem(unit) if unit.isascii() and unit.isalpha() and len(unit) > 2 else unit


def units_of(text: str) -> list[str]:
    """The units of any text, as they are compared."""
    return [stem(unit) for unit in words_of(normal(text))]


def search_terms(text: str) -> frozenset[str]:
    """The terms of a text, for whoever compares texts of their own: pairs of characters, and stems."""
    return frozenset(terms_of(units_of(text), alone=False))


def terms_of(units: Sequence[str], *, alone: bool = True) -> Iterator[str]:
    """The terms of a row of units: pairs of neighbouring Chinese characters, stems and, `alone`, each character."""
    before = ""
    for unit in units:
        if is_chinese(unit):
            if alone:
                yield unit
            if before:
                yield before + unit
            before = unit
        else:
            before = ""
            if unit != BREAK:
                yield unit
