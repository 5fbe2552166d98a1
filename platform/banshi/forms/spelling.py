"""How people type numbers, and the one spelling in which each is judged, stored, compared and hashed.

A keyboard for Chinese gives full-width digits, people group digits with spaces and hyphens and copy numbers with signs
that nobody sees. A spelling that is right already stays as it is, so what was stored before still matches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from banshi.forms.numbers import NUMBERS

#: Characters of a number as somebody types it; a longer text is none, and is not looked at.
MAX_TYPED_CHARS = 64
#: Bytes of an ID number that an identity provider has verified, whatever document it is of.
MAX_VERIFIED_BYTES = 32

#: Spaces of every width, and signs without one: joiners, marks of direction, a byte order mark. No control characters:
#: whoever sends those isn't typing.
_UNSEEN = " \u00a0\u00ad\u202f\u205f\u2060\u3000\ufeff" + "".join(
    chr(sign)
    for first, last in ((0x2000, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069))
    for sign in range(first, last + 1)
)
_HYPHENS, _DOTS = "‐‑‒–—―−﹣ー", "・•‧∙⋅．.｡"
#: Full-width signs as ASCII has them, letters as capitals; other scripts' digits stay what they are, and wrong.
_TYPED: dict[int, int | None] = {0xFEE0 + sign: sign for sign in range(0x21, 0x7F)}
_TYPED |= {letter: letter - 32 for letter in range(0x61, 0x7B)}
_TYPED |= {0xFEE0 + letter: letter - 32 for letter in range(0x61, 0x7B)}
_TYPED |= dict.fromkeys(map(ord, _HYPHENS), ord("-")) | dict.fromkeys(map(ord, _DOTS), ord("·"))
_TYPED |= dict.fromkeys(map(ord, _UNSEEN))

#: China's country code, where the number behind it is whole.
_ABROAD = re.compile(r"(\+?86|0086)(?=1[3-9][0-9]{9}$|[48]00[0-9]{7}$)")
_LANDLINE = re.compile(
    "(?:0|(?:\\+86|0086|86)0?)(10|2[0-9]|[3-9][0-9]{2})-?([2-8][0-9]{2,3})-?([0-9]{4})(?:(?:-|转|轉|分机|EXT·?|#)([0-9]{1,6}))?"
)
_BRACKETS = str.maketrans("", "", "()")
_BETWEEN = str.maketrans("", "", "-·()")


def _closed(text: str) -> str:
    return text.translate(_BETWEEN)


def _mobile(text: str) -> str:
    return _ABROAD.sub("", _closed(text))


def _phone(text: str) -> str:
    if landline := _LANDLINE.fullmatch(text.translate(_BRACKETS)):
        area, first, last, extension = landline.groups()
        return f"0{area}-{first}{last}" + (f"-{extension}" if extension else "")
    return _mobile(text)


#: Format → the spelling of what is typed, once full-width signs, small letters and spaces are gone.
_OTHERWISE = {"cn-mobile": _mobile, "cn-phone": _phone}
_SPELLED: Mapping[str, Callable[[str], str]] = dict.fromkeys(NUMBERS, _closed) | _OTHERWISE


def spelled(name: str, text: str) -> str:
    """A number of the format `name` as it is stored; a text that is none, however it is spelled, as it is.

    Whoever calls this has seen that it isn't spelled as it is stored (`STORED`).
    """
    if len(text) > MAX_TYPED_CHARS:
        return text
    number = _SPELLED[name](text.translate(_TYPED))
    return number if number != text and NUMBERS[name](number) else text


def spelled_id(text: str) -> str:
    """The number of anybody's identity document as it is compared and hashed, however it is written; "" for none.

    For what somebody has verified: a passport has a number too, and a document of tomorrow one of a form that nobody
    here can judge.
    """
    if len(text) > MAX_TYPED_CHARS:
        return ""
    number = _closed(text.translate(_TYPED))
    return number if number.isprintable() and len(number.encode()) <= MAX_VERIFIED_BYTES else ""
