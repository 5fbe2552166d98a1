"""A number in any spelling is one number; what is hidden or none is nobody's."""

from __future__ import annotations

import pytest

from hotline.numbers import number_of

MOBILE = (
    *("13800138000", "013800138000", "+8613800138000", "008613800138000", "8613800138000", "138 0013 8000"),
    *("１３８００１３８０００", "+86 (138) 0013-8000", "tel:+86-138-0013-8000", "sip:13800138000@10.0.0.1;user=phone"),
    *("138-0013-8000 转 12", "138.0013.8000"),
)
LANDLINE = ("0991-2345678", "(0991) 2345678", "2345678", "+86 991 2345678", "+86 (0)991 234 5678", "0086 0991 2345678")


@pytest.mark.parametrize("typed", MOBILE)
def test_a_mobile_number_is_one_in_every_spelling(typed: str) -> None:
    assert number_of(typed, "86", "991") == "+8613800138000"


@pytest.mark.parametrize("typed", LANDLINE)
def test_a_landline_is_one_with_and_without_its_area(typed: str) -> None:
    assert number_of(typed, "86", "991") == "+869912345678"


@pytest.mark.parametrize(
    "typed", ["", "anonymous", "Unavailable", "隐藏", "12", "1" * 40, "+", "*67", "sip:anonymous@x.invalid"]
)
def test_a_hidden_number_and_one_that_is_none_are_nobodys(typed: str) -> None:
    assert number_of(typed, "86", "991") == ""


def test_a_foreign_number_keeps_its_country() -> None:
    assert number_of("+44 20 7946 0958", "86", "991") == number_of("0044 20 7946 0958", "86", "") == "+442079460958"
