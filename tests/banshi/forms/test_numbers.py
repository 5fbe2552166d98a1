"""The numbers that every department asks for. All of them are made up, but for the standards' own examples."""

from __future__ import annotations

import pkgutil
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from banshi.forms import Form
from banshi.forms.numbers import MADE_UP, NUMBERS, PROVINCES, is_resident_id
from banshi.testing import made_up_resident_id

#: The example in GB 11643-1999 itself.
RESIDENT = "11010519491231002X"
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: Codes of counties that are newer than python-stdnum's list.
NEWER = ["330113", "133120"]
TODAY = datetime.now(timezone(timedelta(hours=8))).date()


def divisions() -> list[str]:
    """Every division that there ever was, as python-stdnum's list has them, and those that it lacks."""
    found, province = list(NEWER), ""
    for line in (pkgutil.get_data("stdnum", "cn/loc.dat") or b"").decode().splitlines():
        if re.match("[0-9]{2} ", line):
            province = line[:2]
        elif re.match(" +[0-9]{4} ", line):
            found.append(province + line.split()[0])
    return found


DIVISIONS = divisions()


def with_digit(first: str) -> str:
    """A number with its check digit, as another than ourselves reckons it."""
    return first + str(ric.calc_check_digit(first + "0"))


def foreigner(nationality: str, area: str, born: str, sequence: str) -> str:
    """A card number of before 2023, with the check digit of ICAO 9303 as its own table has the letters' values."""
    first = f"{nationality}{area}{born}{sequence}"
    values = {sign: value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    weights = [7, 3, 1] * 5
    return first + str(sum(values[sign] * weight for sign, weight in zip(first, weights, strict=False)) % 10)


def credit_code(first: str) -> str:
    """A code with its check sign, as GB 32100-2015 has it computed."""
    weight, total = 1, 0
    for sign in first:
        total += SIGNS.index(sign) * weight
        weight = weight * 3 % 31
    return first + SIGNS[-total % 31]


def problems(name: str, value: Any, language: str = "en") -> list[tuple[str, str]]:
    form = Form.from_schema({"type": "object", "properties": {"number": {"type": "string", "format": name}}})
    return [(one.code, one.detail) for one in form.problems({"number": value}, language)]


# -- genuine ID numbers -------------------------------------------------------------------------------------------

births = st.dates(date(1900, 1, 1), TODAY)


def test_the_list_of_divisions_has_the_whole_country() -> None:
    """A guard of the next test."""
    assert len(DIVISIONS) > 6_000
    assert {code[:2] for code in DIVISIONS} == PROVINCES | {"81", "82"}


def test_each_division_of_whatever_time_is_taken_with_each_year_of_birth() -> None:
    """The address code is that of the registration on the day when the number was given, not on that of the birth."""
    refused = [
        (code, year)
        for code in DIVISIONS
        for year in range(1900, TODAY.year + 1, 9)
        if not is_resident_id(with_digit(f"{code}{year}0101001"))
    ]
    assert refused == []


@given(st.sampled_from(DIVISIONS), births, st.integers(0, 999))
def test_a_number_of_any_division_and_day_of_birth_is_taken_and_no_other_digit_of_its_is(
    code: str, born: date, sequence: int
) -> None:
    number = with_digit(f"{code}{born:%Y%m%d}{sequence:03}")
    assert problems("cn-resident-id", number) == []
    taken = [digit for digit in "0123456789X" if is_resident_id(number[:-1] + digit)]
    assert taken == [number[-1]]


@given(st.integers(0, 99).map("{:02}".format), st.integers(0, 9999).map("{:04}".format), births, st.integers(0, 999))
def test_of_the_six_digits_only_a_province_or_a_permit_decides(
    first: str, rest: str, born: date, sequence: int
) -> None:
    number = with_digit(f"{first}{rest}{born:%Y%m%d}{sequence:03}")
    right = first in PROVINCES or first in {"81", "82", "83"} or first[0] == "9"
    assert is_resident_id(number) is right


@given(st.sampled_from(sorted(PROVINCES)), st.sampled_from(["USA", "DEU", "KOR", "GBR"]), births, st.integers(0, 9))
def test_an_older_card_of_a_foreigner_is_taken_and_no_other_digit_of_its_is(
    province: str, nationality: str, born: date, sequence: int
) -> None:
    number = foreigner(nationality, f"{province}01", f"{born:%y%m%d}", str(sequence))
    assert [digit for digit in "0123456789" if is_resident_id(number[:-1] + digit)] == [number[-1]]


@given(st.sampled_from(DIVISIONS), births, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_mistyped_digit_is_always_found(code: str, born: date, sequence: int, place: int, by: int) -> None:
    number = with_digit(f"{code}{born:%Y%m%d}{sequence:03}")
    wrong = str((int(number[place]) + by) % 10)
    assert not is_resident_id(number[:place] + wrong + number[place + 1 :])


@given(st.sampled_from(DIVISIONS), births, st.integers(0, 999), st.integers(0, 16))
def test_two_digits_in_the_wrong_order_are_always_found(code: str, born: date, sequence: int, place: int) -> None:
    number = with_digit(f"{code}{born:%Y%m%d}{sequence:03}")
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not is_resident_id(swapped)


@given(st.sampled_from(DIVISIONS), st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_a_day_that_has_not_been_or_never_was_is_nobody_s_birthday(code: str, year: int, month: int, day: int) -> None:
    number = with_digit(f"{code}{year:04}{month:02}{day:02}001")
    try:
        right = date(1800, 1, 1) <= date(year, month, day) <= TODAY
    except ValueError:
        right = False
    assert is_resident_id(number) is right


def test_today_s_child_has_a_number_by_china_s_clock_and_tomorrow_s_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from banshi.forms import numbers

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2026, 2, 28, 16, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(numbers, "datetime", Clock)
    assert is_resident_id(with_digit("51070320260301001"))
    assert not is_resident_id(with_digit("51070320260302001"))


@given(st.integers(0, 4_000_000))
def test_a_made_up_person_s_number_is_right_and_of_a_division_that_never_was(number: int) -> None:
    text = made_up_resident_id(number)
    assert text == with_digit(text[:-1])
    assert is_resident_id(text)
    assert text[2:6] == MADE_UP
    assert 1950 <= int(text[6:10]) <= 2005


def test_no_division_has_ever_had_the_mark_of_made_up_people() -> None:
    """GB/T 2260 numbers cities 01 to 20 and 51 to 70, prefectures 21 to 50, and counties without one 90."""
    assert not [code for code in DIVISIONS if code[2:4] in {str(city) for city in (*range(71, 90), *range(91, 100))}]
    assert len({made_up_resident_id(number) for number in range(100_000)}) == 100_000


# -- the others ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cn-resident-id", RESIDENT),
        ("cn-resident-id", "37030319650101001X"),
        ("cn-resident-id", "330106196503120010"),
        ("cn-resident-id", "440304197801010029"),
        ("cn-resident-id", "31011519850505002X"),
        # The specimens that Beijing's police published of residence permits, and what others' tests take for a card's.
        ("cn-resident-id", "810000199408230021"),
        ("cn-resident-id", "830000199201300022"),
        ("cn-resident-id", "911124198108030024"),
        ("cn-resident-id", "KAZ110090123105"),
        ("cn-uscc", credit_code("91510700MA0000000")),
        ("cn-plate", "川B12345"),
        ("cn-plate", "川BD12345"),
        ("cn-plate", "川B12345F"),
        ("cn-plate", "川B1234挂"),
        ("cn-plate", "川B1234学"),
        ("cn-plate", "川A1234警"),
        ("cn-plate", "粤Z1234港"),
        ("cn-plate", "粤ZF123澳"),
        ("cn-plate", "224578使"),
        ("cn-plate", "使224578"),
        ("cn-plate", "沪A1234领"),
        ("cn-plate", "粤A12345领"),
        ("cn-plate", "京X1234应急"),
        ("cn-plate", "川S0001应急"),
        ("cn-plate", "京12345应急"),
        ("cn-plate", "应急川123X"),
        ("cn-plate", "川A1234临"),
        ("cn-plate", "川A12F45临"),
        ("cn-plate", "沪A1234试"),
        ("cn-plate", "京A1234超"),
        ("cn-mobile", "13800000000"),
        ("cn-phone", "19900000001"),
        ("cn-phone", "0816-2000000"),
        ("cn-phone", "010-82000000"),
        ("cn-phone", "028-82000000-8001"),
        ("cn-phone", "4000000000"),
        ("cn-division", "510703"),
    ],
)
def test_a_number_that_is_right_is_taken(name: str, value: str) -> None:
    assert problems(name, value) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cn-resident-id", "110105491231002"),  # fifteen digits, of the last century
        ("cn-resident-id", "110105194912310021"),  # the wrong check digit
        ("cn-resident-id", "110105194913310025"),  # no such month
        ("cn-resident-id", "000000194912310021"),  # no such province
        ("cn-resident-id", with_digit("51070329990101001")),  # not born yet
        ("cn-resident-id", "KAZ110090123106"),
        ("cn-resident-id", "E12345678"),
        ("cn-uscc", "91510700MA00000000"),
        ("cn-uscc", "91510700MA000000"),
        ("cn-uscc", "O1510700MA00000000"),
        ("cn-plate", "川I12345"),
        ("cn-plate", "沪B1234"),
        ("cn-plate", "沪B54321\n"),
        ("cn-plate", "使22457"),
        ("cn-plate", "临川A12345"),
        ("cn-plate", "川A123456临"),
        ("cn-plate", "沪A领"),
        ("cn-plate", "京X1234应"),
        ("cn-plate", "WJ川12345"),  # the armed police's own, who give them out themselves
        ("cn-mobile", "12800000000"),
        ("cn-mobile", "0816-2000000"),
        ("cn-mobile", "+85291234567"),
        ("cn-phone", "2000000"),  # without an area
        ("cn-phone", "110"),
        ("cn-phone", "0816-1000000"),
        ("cn-phone", "816-2000000"),
        ("cn-phone", "13800000000/13900000000"),
        ("cn-division", "3301"),
        ("cn-division", "910703"),
    ],
)
def test_a_number_that_is_wrong_is_told_as_a_format_and_not_repeated(name: str, value: str) -> None:
    ((code, detail),) = problems(name, value)
    assert code == "format"
    assert value.strip() not in detail
    assert problems(name, value, "zh-CN")[0][1].startswith("应填")


def test_each_wrong_sign_of_a_credit_code_is_found() -> None:
    right = credit_code("91510700MA0000000")
    for place, sign in enumerate(right[:-1]):
        wrong = SIGNS[(SIGNS.index(sign) + 1) % len(SIGNS)]
        assert problems("cn-uscc", right[:place] + wrong + right[place + 1 :]), place


@given(st.from_regex(r"0[0-9]{2,3}-[0-9]{7,8}", fullmatch=True))
def test_what_is_taken_for_a_landline_has_an_area_and_a_local_number(number: str) -> None:
    area, local = number.split("-")
    rest = area[1:]
    right = (rest == "10" or (len(rest) == 2 and rest[0] == "2") or (len(rest) == 3 and rest[0] in "3456789")) and (
        local[0] in "2345678"
    )
    assert bool(NUMBERS["cn-phone"](number)) is right


HOSTILE = (
    "1" * 10_000_000,
    "١٢٣٤٥٦٧٨٩٠١",
    "𝟏𝟑𝟖𝟎𝟎𝟎𝟎𝟎𝟎𝟎𝟎",
    "①③⑧⑧⑧⑧⑧⑧⑧⑧⑧",
    "13800000000\x00",
    "\x00",
    "",
    "１" * 65,
    " " * 10_000_000,
    "1\u0301" * 11,
    "ﷺ" * 60,
)


@pytest.mark.parametrize("name", NUMBERS)
def test_hostile_texts_are_no_numbers(name: str) -> None:
    assert [[code for code, _ in problems(name, text)] for text in HOSTILE] == [["format"]] * len(HOSTILE)
    # A lone surrogate is told as what it is.
    assert [code for code, _ in problems(name, "1380000000\ud800")] == ["invalid"]


def test_every_province_has_its_plates() -> None:
    provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
    assert len(provinces) == 31
    for province in provinces:
        assert all(map(NUMBERS["cn-plate"], (f"{province}A12345", f"{province}AD12345", f"{province}X0001应急")))
