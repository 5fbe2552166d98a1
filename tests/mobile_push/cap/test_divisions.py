"""Which division lies within which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile_push.cap.geo.divisions import check_division, codes_over, division_prefix


def covers(code: str, other: str) -> bool:
    """Whether the division `other` is `code` or lies within it: 330100 covers 330106, and not the other way round."""
    return division_prefix(other).startswith(division_prefix(code))


@pytest.mark.parametrize(
    ("code", "other", "covered"),
    [
        ("330000", "330106", True),
        ("330000", "330100", True),
        ("330100", "330106", True),
        ("330106", "330106", True),
        ("330106", "330105", False),
        ("330106", "330100", False),
        ("330100", "330000", False),
        ("330100", "330206", False),
        ("330000", "340000", False),
        ("110000", "110101", True),
        ("429000", "429004", True),
        ("330110", "330100", False),
        ("331000", "331002", True),
        ("331000", "330106", False),
        ("330110", "330111", False),
        ("330106", "330106109", True),
        ("330106109", "330106109051", True),
        ("330106", "330106000000", True),
        ("330106000000", "330106", True),
        ("330100", "330106109051", True),
        ("330106109", "330106", False),
        ("330106109", "330106110000", False),
        ("441900", "441900003", True),
        ("440000", "441900003000", True),
        ("441900003", "441900", False),
    ],
)
def test_a_division_covers_what_lies_within_it(code: str, other: str, covered: bool) -> None:
    assert covers(code, other) is covered
    assert (code in codes_over(other)) is covered


def test_the_codes_over_a_division_are_written_in_every_length() -> None:
    assert codes_over("330106109") == [
        *("330000", "330000000", "330000000000", "330100", "330100000", "330100000000"),
        *("330106", "330106000", "330106000000", "330106109", "330106109000"),
    ]
    assert codes_over("330000000") == ["330000", "330000000", "330000000000"]


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("330000", "33"),
        ("330100", "3301"),
        ("331000", "3310"),
        ("330110", "330110"),
        ("441900003", "441900003"),
        ("330106100000", "330106100"),
    ],
)
def test_a_prefix_loses_whole_groups_of_zeros_only(code: str, prefix: str) -> None:
    """331000 is 台州 and must not shrink to 331, which would take in 331100, 丽水."""
    assert division_prefix(code) == prefix


@given(st.from_regex(r"(1[1-9]|[2-8][0-9])(0000|(0[1-9]|[1-9][0-9])(00|0[1-9]|[1-9][0-9]))", fullmatch=True))
def test_every_division_covers_itself_and_is_covered_by_its_city_and_province(code: str) -> None:
    assert covers(code, code)
    assert covers(code[:2] + "0000", code)
    if code[2:4] != "00":
        assert covers(code[:4] + "00", code)


@pytest.mark.parametrize(
    "code",
    [
        *("", "33", "3301", "33010", "3301066", "3301060000", "3301060000000", "330106000001", "330000109"),
        *("000000", "100000", "033010", "330006", "３３０１０６", "٣٣٠١٠٦", "33010%", "33010_", "330106\n", " 330106"),
        *("330106'--", "-33010", "3301e6", "\0" * 6),
    ],
)
def test_what_is_no_division_is_refused(code: str) -> None:
    for call in (lambda: check_division(code), lambda: division_prefix(code), lambda: codes_over(code)):
        with pytest.raises(ValueError, match=r"division|province|city|village"):
            call()
