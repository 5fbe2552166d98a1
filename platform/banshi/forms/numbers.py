"""The numbers that every department asks for, as formats of a form: one rule for each, whoever asks.

Each is judged in the one spelling in which it is stored; `spelling` brings what people type into it. A number says
nothing of today's map: the address code in an ID number is that of the registration on the day when it was given, so
whether there is such a division, or ever was, is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone

#: Province, and the letter of the office that gives the plate out.
_OFFICE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z]"
_PROVINCE = _OFFICE[:33]
#: Number plates as of GA 36-2018 and of 国办发〔2018〕114号, a kind a line. Plates of the army and the armed police are
#: not the traffic police's to give, and their vehicles are in nobody's business here.
_PLATE = re.compile(
    f"{_OFFICE}[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警领]"  # the usual one; trailers, schools, police, consulates
    f"|{_OFFICE}[A-HJ-NP-Z0-9]{{5}}领"
    f"|{_OFFICE}([A-HJK][A-HJ-NP-Z0-9][0-9]{{4}}|[0-9]{{5}}[A-HJK])"  # new energy
    f"|{_OFFICE}[A-HJ-NP-Z0-9]{{4,5}}[临试超]"  # temporary: ordinary vehicles, trials, outsize ones
    "|粤Z[A-HJ-NP-Z0-9]{4}[港澳]"  # vehicles of Hong Kong and Macau
    "|[0-9]{6}[使领]|[使领][0-9]{6}"  # embassies: since 2017, and before
    f"|{_PROVINCE}[A-HJ-NP-Z0-9][0-9]{{4}}应急|应急{_PROVINCE}[0-9]{{3}}[A-HJ-NP-Z0-9]"  # fire and rescue
)
#: Or a foreigner's card of before December 2023: nationality, province and city, birth, sequence, check digit.
_RESIDENT = re.compile("[0-9]{17}[0-9X]|[A-Z]{3}[0-9]{12}", re.ASCII)
_CREDIT = re.compile("[0-9A-HJ-NPQRTUWXY]{18}", re.ASCII)
_MOBILE = re.compile("1[3-9][0-9]{9}", re.ASCII)
#: Area code, number, extension; or a number of 400 and 800. A local number begins with 2 to 8.
_PHONE = re.compile(
    f"{_MOBILE.pattern}|0(10|2[0-9]|[3-9][0-9]{{2}})-[2-8][0-9]{{6,7}}(-[0-9]{{1,6}})?|[48]00[0-9]{{7}}", re.ASCII
)
#: GB/T 2260: province, city, county. Which of them there are changes every year, and is not asked.
_DIVISION = re.compile("[1-8][0-9]{5}", re.ASCII)

#: The provinces of GB/T 2260, Taiwan among them.
PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71))
    for code in range(first, last + 1)
)
#: What the numbers of residence permits for residents of Hong Kong, Macau and Taiwan begin with (since 2018).
PERMITS = frozenset({"81", "82", "83"})
#: What the number of a foreigner's permanent residence card begins with (since 2023); no citizen's does.
FOREIGNERS = "9"
#: The third to sixth digit of a made-up person's ID number. GB/T 2260 gives cities the codes 01 to 20 and 51 to 70,
#: prefectures 21 to 50 and counties without one 90, so there never was a division of that number: no registry has given
#: out such an ID number, and yet it is a right one here.
MADE_UP = "9999"
#: Nobody born before was alive when the first numbers were given out, in 1984.
_FIRST_YEAR = 1800
#: ID numbers are given out by China's clock.
_CHINA = timezone(timedelta(hours=8))


def is_resident_id(text: str) -> bool:
    """An ID number: a citizen's (GB 11643), or that of a permit which the law treats like an identity card.

    Those are residence permits for residents of Hong Kong, Macau and Taiwan, and foreigners' permanent residence cards.
    Asked are the check digit, a day of birth that has been, and the first digits.
    """
    if not _RESIDENT.fullmatch(text):
        return False
    if len(text) == 15:
        return _is_foreigner(text)
    if not (text[:2] in PROVINCES or text[:2] in PERMITS or text[0] == FOREIGNERS):
        return False
    # ISO 7064, MOD 11-2: as 13 is 2 modulo 11, the number to the base of 13 is the weighted sum.
    rest = (1 - 2 * int(text[:17], 13)) % 11
    return text[17] == ("X" if rest == 10 else str(rest)) and _has_been(text[6:14])


def _is_foreigner(text: str) -> bool:
    """A permanent residence card of fifteen signs, with the check digit of travel documents (ICAO 9303, part 3)."""
    total = sum(int(sign, 36) * (7, 3, 1)[place % 3] for place, sign in enumerate(text[:14]))
    born = text[7:13]
    return text[3:5] in PROVINCES and total % 10 == int(text[14]) and any(_has_been(f"{c}{born}") for c in (19, 20))


def _has_been(day: str) -> bool:
    """Whether eight digits are a day on which somebody with a number can have been born."""
    try:
        born = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return False
    return born.year >= _FIRST_YEAR and born <= datetime.now(_CHINA).date()


def is_credit_code(text: str) -> bool:
    """An organisation's 18-character unified social credit code (GB 32100)."""
    if not _CREDIT.fullmatch(text):
        return False
    from stdnum.cn import uscc  # imported when the first one is looked at

    return bool(uscc.is_valid(text))


#: The format of whatever says who somebody is.
RESIDENT_ID = "cn-resident-id"
#: Format → what its numbers look like as they are stored, right or wrong: such a text needs no other spelling.
STORED = {
    RESIDENT_ID: _RESIDENT,
    "cn-uscc": _CREDIT,
    "cn-plate": _PLATE,
    # One that takes text messages.
    "cn-mobile": _MOBILE,
    "cn-phone": _PHONE,
    "cn-division": _DIVISION,
}
#: Format → whether a text is one; it looks like one, and where there is a check digit, that is right.
NUMBERS: Mapping[str, Callable[[str], object]] = {
    **{name: one.fullmatch for name, one in STORED.items()},
    RESIDENT_ID: is_resident_id,
    "cn-uscc": is_credit_code,
}
