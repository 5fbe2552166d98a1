"""The numbers that Chinese forms ask for: what is one, and the one spelling in which the platform stores it.

Written from the standards (GB 11643, GB 32100, GA 36) and the documentation, not from the platform's code: where they
disagree, one of them is wrong.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

#: Characters of a number as somebody types it; a longer text is none.
MAX_TYPED_CHARS = 64

_LETTER = "[A-HJ-NP-Z]"
_SIGN = "[A-HJ-NP-Z0-9]"
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_PLATES = (
    f"{_PROVINCE}{_LETTER}{_SIGN}{{4}}[A-HJ-NP-Z0-9挂学警领]",
    f"{_PROVINCE}{_LETTER}{_SIGN}{{5}}领",
    f"{_PROVINCE}{_LETTER}(?:[A-HJK]{_SIGN}[0-9]{{4}}|[0-9]{{5}}[A-HJK])",
    f"{_PROVINCE}{_LETTER}{_SIGN}{{4,5}}[临试超]",
    f"粤Z{_SIGN}{{4}}[港澳]",
    "[0-9]{6}[使领]",
    "[使领][0-9]{6}",
    f"{_PROVINCE}{_SIGN}[0-9]{{4}}应急",
    f"应急{_PROVINCE}[0-9]{{3}}{_SIGN}",
)
_MOBILE = "1[3-9][0-9]{9}"
_AREA = "(?:10|2[0-9]|[3-9][0-9]{2})"
_PHONE = f"{_MOBILE}|0{_AREA}-[2-8][0-9]{{6,7}}(?:-[0-9]{{1,6}})?|[48]00[0-9]{{7}}"
#: Format → what its numbers look like as they are stored, right or wrong.
STORED = {
    "cn-resident-id": re.compile("[0-9]{17}[0-9X]|[A-Z]{3}[0-9]{12}"),
    "cn-uscc": re.compile("[0-9A-HJ-NPQRTUWXY]{18}"),
    "cn-plate": re.compile("|".join(_PLATES)),
    "cn-mobile": re.compile(_MOBILE),
    "cn-phone": re.compile(_PHONE),
    "cn-division": re.compile("[1-8][0-9]{5}"),
}

#: The provinces of GB/T 2260.
_PROVINCES = [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71]
#: Residence permits for residents of Hong Kong, Macau and Taiwan.
_PERMITS = [81, 82, 83]
_CHINA = timezone(timedelta(hours=8))
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def is_number(name: str, text: str) -> bool:
    """Whether a text is a number of this format, as it is stored."""
    if STORED[name].fullmatch(text) is None:
        return False
    if name == "cn-resident-id":
        return _is_foreigner(text) if len(text) == 15 else _is_resident(text)
    return name != "cn-uscc" or _is_credit_code(text)


def _is_resident(text: str) -> bool:
    """GB 11643: division, day of birth, sequence, check digit (ISO 7064, MOD 11-2)."""
    if int(text[:2]) not in (*_PROVINCES, *_PERMITS) and text[0] != "9":
        return False
    weighted = sum(int(sign) * pow(2, 17 - place, 11) for place, sign in enumerate(text[:17]))
    return text[17] == "10X98765432"[weighted % 11] and _was_born(text[6:14])


def _is_foreigner(text: str) -> bool:
    """A permanent residence card of before December 2023, with the check digit of ICAO 9303."""
    weighted = sum(int(sign, 36) * (7, 3, 1)[place % 3] for place, sign in enumerate(text[:14]))
    right = int(text[3:5]) in _PROVINCES and text[14] == str(weighted % 10)
    return right and any(_was_born(century + text[7:13]) for century in ("19", "20"))


def _was_born(day: str) -> bool:
    try:
        born = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return False
    return date(1800, 1, 1) <= born <= datetime.now(_CHINA).date()


def _is_credit_code(text: str) -> bool:
    """GB 32100: the first eight are digits, the last is a check sign of MOD 31."""
    if not text[:8].isdecimal():
        return False
    weighted = sum(_CREDIT_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(text[:17]))
    return text[17] == _CREDIT_SIGNS[-weighted % 31]


#: What people type and nobody sees: spaces of every width, joiners, marks of direction, a byte order mark.
_UNSEEN = re.compile("[ \u00a0\u00ad\u2000-\u200f\u202a-\u202e\u202f\u205f\u2060\u2066-\u2069\u3000\ufeff]")
_HYPHENS = re.compile("[‐‑‒–—―−﹣ー－]")
_DOTS = re.compile("[・•‧∙⋅．.｡]")
_LANDLINE = re.compile(
    f"(?:0|(?:\\+86|0086|86)0?)({_AREA})-?([2-8][0-9]{{2,3}})-?([0-9]{{4}})(?:(?:-|转|轉|分机|EXT·?|#)([0-9]{{1,6}}))?"
)
_COUNTRY = re.compile("(?:\\+?86|0086)(1[3-9][0-9]{9}|[48]00[0-9]{7})")


def typed(text: str) -> str:
    """Full-width signs as ASCII has them, letters as capitals, without what nobody sees; hyphens and dots as one."""
    text = _DOTS.sub("·", _HYPHENS.sub("-", _UNSEEN.sub("", text)))
    narrow = "".join(chr(ord(sign) - 0xFEE0) if "\uff01" <= sign <= "\uff5e" else sign for sign in text)
    return "".join(sign.upper() if sign.isascii() else sign for sign in narrow)


def closed(text: str) -> str:
    """Without what groups a number's signs."""
    return re.sub("[-·()]", "", text)


def spelled(name: str, text: str) -> str:
    """A number as it is stored, however it was typed; a text that is none stays as it is."""
    if STORED[name].fullmatch(text) or len(text) > MAX_TYPED_CHARS:
        return text
    seen = typed(text)
    number = closed(seen)
    landline = _LANDLINE.fullmatch(re.sub("[()]", "", seen)) if name == "cn-phone" else None
    if landline:
        area, first, last, extension = landline.groups()
        number = f"0{area}-{first}{last}" + (f"-{extension}" if extension else "")
    elif name in ("cn-phone", "cn-mobile") and (abroad := _COUNTRY.fullmatch(number)):
        number = abroad[1]
    return number if is_number(name, number) else text
