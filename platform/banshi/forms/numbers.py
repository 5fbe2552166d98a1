"""The numbers that every department asks for, as formats of a form: one rule for each, whoever asks.

A citizen's number and an organisation's code have check digits; python-stdnum knows them (GB 11643, GB 32100), and the
divisions and dates that a citizen's number may hold. It is imported when the first number is looked at.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

#: Number plates as of GA 36-2018: five or six signs after the province and the letter of the office, without I and O.
_PLATE = re.compile(
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z]"
    "([A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警]|[A-HJK][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[A-HJK])"
    "|粤Z[A-HJ-NP-Z0-9]{4}[港澳]"
)
_RESIDENT, _CREDIT = re.compile("[0-9]{17}[0-9X]", re.ASCII), re.compile("[0-9A-HJ-NPQRTUWXY]{18}", re.ASCII)
_MOBILE = re.compile("1[3-9][0-9]{9}", re.ASCII)
#: GB/T 2260: province, city, county. Which of them there are changes every year, and is not asked.
_DIVISION = re.compile("[1-8][0-9]{5}", re.ASCII)


def is_resident_id(text: str) -> bool:
    """A citizen's 18-character number (GB 11643)."""
    if not _RESIDENT.fullmatch(text):
        return False
    from stdnum.cn import ric

    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return ric.calc_check_digit(text) == text[-1] and _is_place(text[:10])


@lru_cache(maxsize=10_000)
def _is_place(division_and_year: str) -> bool:
    """Whether there was such a division in that year. Asked once: python-stdnum looks through a list for it."""
    from stdnum.cn import ric
    from stdnum.exceptions import ValidationError

    try:
        return bool(ric.get_birth_place(division_and_year + "01010000"))
    except ValidationError:
        return False


def is_credit_code(text: str) -> bool:
    """An organisation's 18-character unified social credit code (GB 32100)."""
    if not _CREDIT.fullmatch(text):
        return False
    from stdnum.cn import uscc

    return bool(uscc.is_valid(text))


def is_plate(text: str) -> bool:
    """A vehicle's number plate."""
    return bool(_PLATE.fullmatch(text))


def is_mobile(text: str) -> bool:
    """A mobile number of eleven digits."""
    return bool(_MOBILE.fullmatch(text))


def is_division(text: str) -> bool:
    """The six digits of an administrative division (GB/T 2260)."""
    return bool(_DIVISION.fullmatch(text))


#: Format → whether a text is one.
NUMBERS = {
    "cn-resident-id": is_resident_id,
    "cn-uscc": is_credit_code,
    "cn-plate": is_plate,
    "cn-mobile": is_mobile,
    "cn-division": is_division,
}
