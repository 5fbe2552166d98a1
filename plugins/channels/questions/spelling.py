"""What people type, in one spelling: full-width signs, blanks, Chinese digits and numbers in words."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

#: Signs that nobody sees and that change what a text is equal to.
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_ENDS = " \t\r\n。．.!！?？,，;；、~～…\"'“”‘’()（）"
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_IN_WORDS = re.compile(r"[零〇一二两三四五六七八九十百千万]+")
_ASKS = re.compile(
    r"\?$|(吗|呢|么|多少|多久|多长时间|怎么办|怎么弄|什么时候|在哪里?|哪里|几点|几天|是什么|行不行|可不可以)[。.!~]*$"
    r"|^(怎么|为什么|请问|what|how|where|when|why|who|can i|do i|is there|is it)\b"
)
#: Words of so few letters are alike by chance.
SHORT_CHARS = 3
#: How alike two words have to be for one to be a slip of the other.
ALIKE = 0.6


def written(text: str) -> str:
    """As it can be stored: no half of a pair, and no NUL, which PostgreSQL takes nowhere."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "")


def plain(text: str) -> str:
    """As it is compared: NFKC, no signs that aren't seen, no punctuation at its ends, small letters, single blanks."""
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip(_ENDS).casefold().split())


def seen(text: str) -> str:
    """As it is kept: what is seen of it, without blanks at its ends."""
    return _UNSEEN.sub("", text).strip()


def spellings(text: str) -> list[str]:
    """What somebody may have meant for a number or a code, as they wrote it first."""
    whole = seen(text)
    narrow = unicodedata.normalize("NFKC", whole)
    solid = re.sub(r"[\s-]+", "", narrow)
    return list(dict.fromkeys([whole, narrow.strip(_ENDS), solid.strip(_ENDS), solid.strip(_ENDS).upper()]))


def number_in(text: str) -> float | int | None:
    """The one number in a text, in digits or in Chinese words; None where there is none or more than one."""
    narrow = re.sub(r"(?<=\d)[,，](?=\d{3})", "", unicodedata.normalize("NFKC", text))
    found = re.findall(r"-?\d+(?:\.\d+)?", narrow)
    if not found:
        words = _IN_WORDS.findall(narrow)
        return _in_words(words[0]) if len(words) == 1 else None
    if len(found) > 1:
        return None
    times = 10_000 if re.search(r"\d\s*万", narrow) else 1
    value = float(found[0]) * times
    return int(value) if value.is_integer() and ("." not in found[0] or times > 1) else value


def _in_words(text: str) -> int:
    """三十二 → 32, 一万零五 → 10005."""
    whole = section = digit = 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign == "万":
            whole, section, digit = whole + (section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _UNITS[sign], 0
    return whole + section + digit


def numbers_in(text: str) -> list[int]:
    """The places in a list that somebody names: "1、3", "1 和 3", "第二个"."""
    narrow = unicodedata.normalize("NFKC", text).strip(_ENDS)
    narrow = _IN_WORDS.sub(lambda found: f" {_in_words(found[0])} ", narrow) if not re.search(r"\d", narrow) else narrow
    rest = re.sub(r"\d+|[\s,，、.;;和与跟及第个项条#]|and", "", narrow)
    return [int(one) for one in re.findall(r"\d+", narrow)] if not rest else []


def is_question(text: str) -> bool:
    """Whether somebody asks something, as far as one sentence shows it."""
    return bool(_ASKS.search(unicodedata.normalize("NFKC", text).strip().casefold()))


def likeness(one: str, other: str) -> float:
    """From 0 to 1: how much of both is the same, or how much of the shorter one stands in the longer one."""
    matcher, shorter = SequenceMatcher(None, one, other), min(len(one), len(other))
    longest = matcher.find_longest_match().size
    return max(matcher.ratio(), longest / shorter if shorter > SHORT_CHARS else 0)
