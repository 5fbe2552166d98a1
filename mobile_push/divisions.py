"""Codes of administrative divisions (GB/T 2260): province, city, county, two digits each; 00 stands for the whole."""

from __future__ import annotations

import re

_CODE = re.compile(r"[1-9][0-9]{5}", re.ASCII)


def check_division(code: str) -> str:
    """The code itself.

    Raises:
        ValueError: it is no code of GB/T 2260; the text says what is.
    """
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code[:20]!r} is no division; write the six digits of GB/T 2260, such as 330106")
    if code[:2] < "11":
        raise ValueError(f"{code} is no province; for the whole country address everyone, without a division")
    if code[2:4] == "00" and code[4:] != "00":
        raise ValueError(f"{code} names a county without its city; write all six digits, such as 330106 or 330100")
    return code


def division_prefix(code: str) -> str:
    """The digits that every division within this one begins with: 330100 gives 3301. Raises as `check_division`."""
    prefix = check_division(code)
    while prefix.endswith("00"):
        prefix = prefix[:-2]
    return prefix


def covers_division(code: str, other: str) -> bool:
    """Whether the division `other` is `code` or lies within it: 330100 covers 330106, and not the other way round.

    Raises:
        ValueError: one of them is no division.
    """
    return check_division(other).startswith(division_prefix(code))


def divisions_meet(code: str, other: str) -> bool:
    """Whether two divisions have a place in common, so that one covers the other. Raises as `check_division`."""
    return covers_division(code, other) or covers_division(other, code)
