"""A telephone number in its one spelling, however a switch or a person writes it."""

from __future__ import annotations

import re
import unicodedata

#: Digits of a number with its country (ITU-T E.164).
MIN_DIGITS, MAX_DIGITS = 7, 15

#: Characters of which something is read; whatever is longer is no number.
MAX_TYPED_CHARS = 80

#: Behind these stands an extension, a host or a parameter.
_REST = re.compile(r"转|轉|分机|ext|[x#,;@]")

#: A number of China without its country: a mobile, a service of 400 or 800, or an area with a landline.
_WHOLE = re.compile(r"1[3-9][0-9]{9}|[48]00[0-9]{7}|(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}")

#: Of a landline without its area; what is shorter is a service's, which nobody calls from.
MIN_LOCAL, MAX_LOCAL = 7, 8


def number_of(typed: str, country: str, area: str) -> str:
    """The number as `+8613800138000`; "" for a hidden one, and for what is none."""
    text = unicodedata.normalize("NFKC", typed[: MAX_TYPED_CHARS + 1]).casefold().strip()
    text = _REST.split(text.removeprefix("sip:").removeprefix("tel:"), 1)[0].replace("(0)", "")
    digits = "".join(re.findall(r"[0-9]", text))
    if len(text) > MAX_TYPED_CHARS or re.search(r"[^0-9+()\s./‐-―-]", text):
        return ""
    if text.startswith(("+", "(+")):
        abroad = digits
    elif digits.startswith("00"):
        abroad = digits[2:]
    else:
        return _bounded(country + _national(digits, country, area)) if digits else ""
    if abroad.startswith(country):
        return _bounded(country + abroad.removeprefix(country).removeprefix("0"))
    return _bounded(abroad)


def _national(digits: str, country: str, area: str) -> str:
    """Without what may stand in front: the 0, the country; with the area where there is none. "" for no number."""
    inside = digits.removeprefix(country)
    if inside != digits and _WHOLE.fullmatch(inside.removeprefix("0")):
        return inside.removeprefix("0")
    if digits.startswith("0"):
        return digits.removeprefix("0")
    if len(digits) > MAX_LOCAL:
        return digits
    return area + digits if len(digits) >= MIN_LOCAL else ""


def _bounded(digits: str) -> str:
    return f"+{digits}" if MIN_DIGITS <= len(digits) <= MAX_DIGITS else ""
