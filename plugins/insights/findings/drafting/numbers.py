"""Numbers in a warning's text, and those of them that its finding doesn't have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from banshi import Texts

#: Decimals of a number in a warning; with more it is none that anybody counted.
MOST_DECIMALS = 3

UNITS = {"万": 10**4, "亿": 10**8, "thousand": 10**3, "million": 10**6, "billion": 10**9, "成": 10}

_DIGITS, _TENS = "零一二三四五六七八九", {"十": 10, "百": 100, "千": 1000}

#: As people write them: 1,860,000; 186万; 1.86 million. In words only what counts: 四十二起, 百分之五十, 五成.
_FIGURES = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(万|亿|thousand\b|million\b|billion\b)?")
_WORDS = re.compile(
    r"(百分之)?([零〇一二两三四五六七八九十百千]+)(万|亿|成(?!功|为|立|员|年))?(?=(起|例|件|人|名|元|户|次)?)"
)


def unfounded(texts: Mapping[str, Texts], known: Iterable[float]) -> list[str]:
    """The numbers of texts in any language, as they stand there, that no known one is, or becomes by rounding."""
    there = [Decimal(str(one)) for one in known]
    found = [number for one in texts.values() for text in one.values() for number in numbers_in(text)]
    return list(dict.fromkeys(told for told, value, unit in found if not _is_known(value, unit, there)))


def _is_known(value: Decimal, unit: int, known: Iterable[Decimal]) -> bool:
    decimals = -int(value.as_tuple().exponent)
    return decimals <= MOST_DECIMALS and any(round(one / unit, decimals) == value for one in known)


def numbers_in(text: str) -> Iterator[tuple[str, Decimal, int]]:
    """Each number of a text: as it stands there, its value before the unit, and the unit."""
    plain = unicodedata.normalize("NFKC", text)
    for found in _FIGURES.finditer(plain):
        yield found[0].strip(), Decimal(found[1].replace(",", "")), UNITS.get(found[2] or "", 1)
    for found in _WORDS.finditer(plain):
        # Not 一起 (together), nor 千万 (by all means).
        if found[1] or (found[3] and found[2] != "千") or (found[4] and found[2] != "一"):
            yield found[0] + (found[4] or ""), Decimal(_value(found[2])), UNITS.get(found[3] or "", 1)


def _value(words: str) -> int:
    """四十二 is 42, 一〇三 is 103."""
    words = words.replace("〇", "零").replace("两", "二")
    if not set(words) & _TENS.keys():
        return int("".join(str(_DIGITS.index(one)) for one in words))
    total = digit = 0
    for one in words:
        if one in _TENS:
            total, digit = total + (digit or 1) * _TENS[one], 0
        else:
            digit = _DIGITS.index(one)
    return total + digit
