"""Codes of administrative divisions: GB/T 2260, and its finer extensions.

Two digits each for province, city and county (GB/T 2260), then three each for town (GB/T 10114) and village. Zeros to
the end of the code stand for the whole.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"([1-9][0-9])([0-9]{2})([0-9]{2})(?:([0-9]{3})([0-9]{3})?)?")


def check_division(code: str) -> str:
    """The code itself.

    Raises:
        ValueError: it is no code of a division; the text says what is.
    """
    found = _CODE.fullmatch(code)
    if not found:
        raise ValueError(
            f"{code[:20]!r} is no division; write the six digits of GB/T 2260, such as 330106, or nine or twelve"
        )
    province, city, county, town, village = (int(digits or 0) for digits in found.groups())
    if province < 11:
        raise ValueError(f"{code} is no province; for the whole country address everyone, without a division")
    # Some cities have towns and no counties (441900003), so a town needs the city alone.
    if not city and (county or town or village):
        raise ValueError(f"{code} names a place without its city; write all digits, such as 330106 or 330100")
    if village and not town:
        raise ValueError(f"{code} names a village without its town; write all digits, such as 330106109051")
    return code


def division_prefix(code: str) -> str:
    """The digits that every division within this one begins with: 330100 gives 3301. Raises as `check_division`."""
    parts = _CODE.fullmatch(check_division(code))
    assert parts  # noqa: S101  it was checked
    digits = [part for part in parts.groups() if part]
    while not int(digits[-1]):
        digits.pop()
    return "".join(digits)


def codes_over(code: str) -> list[str]:
    """Every code that covers a division, itself among them, in each length in which it may be written.

    Raises as `check_division`.
    """
    within = division_prefix(code)
    wholes = [within[:digits] for digits in (2, 4, 6, 9, 12) if digits <= len(within)]
    return sorted({whole.ljust(length, "0") for whole in wholes for length in (6, 9, 12) if len(whole) <= length})
