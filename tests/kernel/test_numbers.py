"""The numbers that every department asks for. All of them are made up, but for the standard's own example."""

from __future__ import annotations

import random
from typing import Any

import pytest
from stdnum.cn import ric

from banshi.forms import Form
from banshi.forms.numbers import is_resident_id

#: The example in GB 11643-1999 itself.
RESIDENT = "11010519491231002X"
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cn-resident-id", RESIDENT),
        ("cn-uscc", credit_code("91510700MA0000000")),
        ("cn-plate", "川B12345"),
        ("cn-plate", "川BD12345"),
        ("cn-plate", "粤Z1234港"),
        ("cn-mobile", "13800000000"),
        ("cn-division", "510703"),
    ],
)
def test_a_number_that_is_right_is_taken(name: str, value: str) -> None:
    assert problems(name, value) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cn-resident-id", RESIDENT.lower()),
        ("cn-resident-id", f" {RESIDENT}"),
        ("cn-resident-id", "110105491231002"),  # fifteen digits, of the last century
        ("cn-resident-id", "110105194912310021"),  # the wrong check digit
        ("cn-resident-id", "110105194913310025"),  # no such month
        ("cn-resident-id", "000000194912310021"),  # no such place
        ("cn-resident-id", "１１０１０５１９４９１２３１００２X"),
        ("cn-uscc", "91510700MA00000000"),
        ("cn-uscc", "91510700MA000000"),
        ("cn-uscc", "O1510700MA00000000"),
        ("cn-plate", "川I12345"),
        ("cn-plate", "沪B1234"),
        ("cn-plate", "沪B54321\n"),
        ("cn-mobile", "12800000000"),
        ("cn-mobile", "+8613800000000"),
        ("cn-mobile", "１３８００００００００"),
        ("cn-division", "3301"),
        ("cn-division", "910703"),
    ],
)
def test_a_number_that_is_wrong_is_told_as_a_format_and_not_repeated(name: str, value: str) -> None:
    ((code, detail),) = problems(name, value)
    assert code == "format"
    assert value.strip() not in detail
    assert problems(name, value, "zh-CN")[0][1].startswith("应填")


def test_each_wrong_sign_of_a_number_with_a_check_digit_is_found() -> None:
    for name, right, signs in (
        ("cn-resident-id", RESIDENT, "0123456789"),
        ("cn-uscc", credit_code("91510700MA0000000"), SIGNS),
    ):
        assert problems(name, right) == []
        for place in range(len(right) - 1):
            wrong = signs[(signs.index(right[place]) + 1) % len(signs)]
            assert problems(name, right[:place] + wrong + right[place + 1 :]), (name, place)


def test_a_citizen_s_number_is_judged_as_the_library_judges_it() -> None:
    chance = random.Random(11643)
    divisions = ["510703", "110105", "110000", "320582", "659001", "999999", "510700"]
    verdicts = []
    for _ in range(2_000):
        year = chance.choice([0, 1, 1949, 1984, 1999, 2026, 2999])
        day = f"{year:04}{chance.randint(0, 13):02}{chance.randint(0, 32):02}{chance.randint(0, 999):03}"
        first = chance.choice(divisions) + day
        digit = ric.calc_check_digit(first + "0") if chance.random() < 0.8 else chance.choice("0123456789X")
        verdicts.append(is_resident_id(first + digit))
        assert verdicts[-1] == ric.is_valid(first + digit), first + digit
    assert 100 < verdicts.count(True) < 1_900
