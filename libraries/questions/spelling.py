"""What people type, in one spelling: full-width signs, blanks, Chinese digits and numbers in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from difflib import SequenceMatcher

#: Signs that nobody sees and that change what a text is equal to.
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_ENDS = " \t\r\n。．.!！?？,，;；、~～…\"'“”‘’()（）"
DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_IN_WORDS = re.compile(
    r"一(?![共起般些定下样直])[零〇一二三四五六七八九十百千万亿]*|[零〇二两俩仨三四五六七八九十百千万亿][零〇一二两三四五六七八九十百千万亿]*"
)
#: A number that is one among several, or that isn't quite one: it is asked again.
_VAGUE = re.compile(
    r"几|多(?!少)|出头|[十百千万]来[^回自]|不到|不足|将近|超过|分之|差[一二两三五十\d]|至少|最多|零下|负"
)
#: Digits as people say them, and the X that ends an ID number.
_SPOKEN = {**{sign: str(value) for sign, value in DIGITS.items()}, "幺": "1", "洞": "0", "拐": "7", "勾": "9"}
_X = re.compile("艾克斯|埃克斯|爱克斯|叉")
#: A code within a sentence: an address of mail, or digits and letters with the sign of a province before them.
_CODE = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\u4e00-\u9fff]?[0-9A-Za-z]{5,}[挂学警港澳]?", re.ASCII)
#: A resident ID number, also as people part it: no chat shows one.
ID_NUMBER = re.compile(
    r"(?<![0-9A-Za-z-])[1-9]\d{5}[ -]?(?:18|19|20)\d\d[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])[ -]?"
    r"\d{3}[\dXx](?![0-9A-Za-z-])"
)
NEGATED = re.compile(r"不|没|别|甭|非|未|无|\b(?:not?|never|none|isnt|wasnt|dont)\b|n't\b")
_ASKS = re.compile(
    r"\?$|(吗|呢|么|多少|多久|多长时间|怎么办|怎么弄|什么时候|在哪里?|哪里|几点|几天|是什么|行不行|可不可以)[。.!~]*$"
    r"|^(怎么|为什么|请问|what|how|where|when|why|who|can i|do i|is there|is it)\b"
)
#: Letters of an answer that is a number, with what is said around it.
LONGEST_NUMBER = 60
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
    """What somebody may have meant for a name, a number or a code, as they wrote it first."""
    whole = seen(text)
    # Voice recognition ends each word with a full stop.
    whole = whole.removesuffix("。") if len(re.findall(r"[。，,；;？！]", whole)) == 1 else whole
    narrow = unicodedata.normalize("NFKC", whole)
    solid = re.sub(r"[\s-]+", "", narrow).strip(_ENDS)
    spoken = "".join(_SPOKEN.get(one, one) for one in re.sub(r"[\s,，。、-]+", "", _X.sub("X", narrow))).strip(_ENDS)
    codes = [] if NEGATED.search(narrow) else _CODE.findall(spoken)
    inside = [one for code in codes for one in (code, code[1:]) if len(codes) == 1 and code != spoken]
    said = [whole, narrow.strip(_ENDS), solid, solid.upper(), spoken, spoken.upper(), *inside, *map(str.upper, inside)]
    return list(dict.fromkeys(said))


def number_in(text: str) -> float | int | None:
    """The one number in a text, in digits or in Chinese words; None where there is none, more than one, or a range."""
    narrow = re.sub(r"(?<=\d)[,，](?=\d{3})", "", unicodedata.normalize("NFKC", text))
    found = re.findall(r"-?\d+(?:\.\d+)?\s*[十百千万亿]*", narrow)
    words = _IN_WORDS.findall(re.sub(r"\d\s*[十百千万亿]+", "", narrow))
    if len(text) > LONGEST_NUMBER or _VAGUE.search(narrow) or NEGATED.search(narrow):
        return None
    if not found and len(words) == 2 and re.search(rf"{words[0]}点{words[1]}", narrow) and "十" not in words[1]:
        tenths = "".join(str(DIGITS.get(one, "")) for one in words[1])
        return float(f"{in_words(words[0])}.{tenths}")
    if len(found) + len(words) != 1:
        return None
    half = re.search(r"[个吨年月天米里斤]半", narrow)
    if "半" in narrow and not half:
        return None
    value = _scaled(found[0]) if found else in_words(words[0])
    return value + 0.5 if value is not None and half else value


def _scaled(text: str) -> float | int:
    """3.5千 → 3500."""
    digits = text.rstrip("十百千万亿 ")
    times = 1
    for unit in text[len(digits) :].strip():
        times *= _UNITS[unit]
    value = float(digits) * times
    return int(value) if value.is_integer() and ("." not in digits or times > 1) else value


def in_words(text: str) -> int | None:
    """三十二 → 32, 一万零五 → 10005, 三千六 → 3600, 一三八 → 138; None for 三四十, which are two."""
    text = text.replace("俩", "两").replace("仨", "三")
    if not any(one in _UNITS for one in text):
        # Two of them alone are as likely "three or four".
        return None if len(text) == 2 and "零" not in text else int("".join(str(DIGITS[one]) for one in text))
    if re.search(r"[一二两三四五六七八九]{2}", text):
        return None
    if tail := re.search(r"([百千万])([一二三四五六七八九])$", text):
        text = f"{text[:-1]}{tail[2]}{ {'百': '十', '千': '百', '万': '千'}[tail[1]] }"
    whole = section = digit = 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS[sign]
        elif sign in "万亿":
            whole, section, digit = (whole + section + digit) * _UNITS[sign], 0, 0
        else:
            section, digit = section + (digit or 1) * _UNITS[sign], 0
    return whole + section + digit


def numbers_in(text: str) -> list[int]:
    """The places in a list that somebody names: "1、3", "1 和 3", "第二个"."""
    narrow = unicodedata.normalize("NFKC", text[:LONGEST_NUMBER]).strip(_ENDS)
    if not re.search(r"\d", narrow):
        narrow = _IN_WORDS.sub(lambda found: f" {in_words(found[0])} ", narrow)
    rest = re.sub(r"\d+|[\s,，、.;;和与跟及第个项条#]|and", "", narrow)
    return [int(one) for one in re.findall(r"\d+", narrow)] if not rest else []


def has_id_number(text: str) -> bool:
    """Whether somebody wrote one, whoever's it is."""
    return bool(ID_NUMBER.search(unicodedata.normalize("NFKC", text)))


def is_question(text: str) -> bool:
    """Whether somebody asks something, as far as one sentence shows it."""
    return bool(_ASKS.search(unicodedata.normalize("NFKC", text).strip().casefold()))


def likeness(one: str, other: str) -> float:
    """From 0 to 1: how much of both is the same, or how much of the shorter one stands in the longer one."""
    matcher, shorter = SequenceMatcher(None, one, other), min(len(one), len(other))
    longest = matcher.find_longest_match().size
    return max(matcher.ratio(), longest / shorter if shorter > SHORT_CHARS else 0)


def made_of(text: str, words: Collection[str], fillers: Collection[str]) -> list[str] | None:
    """The words of a text, in order, where it is made of these and of fillers alone; None where it isn't."""
    left, found = re.sub(rf"[{re.escape(_ENDS)}、\s]+", "", plain(text)), list[str]()
    longest = max(map(len, words))
    while left:
        size = next((size for size in range(min(longest, len(left)), 0, -1) if left[:size] in words), 0)
        if size:
            found.append(left[:size])
        elif not (size := max((len(one) for one in fillers if left.startswith(one)), default=0)):
            return None
        left = left[size:]
    return found
