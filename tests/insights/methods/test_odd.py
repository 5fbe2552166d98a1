"""Series that no publisher would have: what is said of them, or that nothing can be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from insights.methods.baseline import TooShort, references
from insights.methods.farrington import Bounds
from insights.methods.tails import count_quantile
from tests.insights.methods.held import ears, farrington

BY: dict[str, Any] = {"b": 3, "no_periods": 10, "past_weeks_not_included": 26, "alpha": 0.01, "p_threshold_trend": 1}
STEADY = [5, 4, 6, 5, 7, 3, 5] * 40


def last(counts: Sequence[float | None], **given: Any) -> Bounds:
    return farrington(counts, [len(counts) - 1], **(BY | given))[0]


@pytest.mark.parametrize("method", ["delta", "nbPlugin", "muan"])
def test_all_noughts_are_no_alarm_and_expect_nothing(method: str) -> None:
    found = last([0] * 200, threshold_method=method, limit54=(0, 4))
    assert found.expected == pytest.approx(0.1 * math.exp(-25))  # where R's steps end
    assert not found.alarm


def test_nothing_is_said_where_the_season_has_never_been_known() -> None:
    counts: list[float | None] = list(STEADY)
    for reference in references(len(counts) - 1, 3, 52, None)[1:]:
        counts[reference - 3 : reference + 4] = [None] * 7
    found = last(counts)
    assert (math.isnan(found.upper), math.isnan(found.p), found.alarm) == (True, True, False)
    assert math.isnan(last([None] * 250 + STEADY[:30]).p)


def test_a_gap_now_is_no_alarm_and_one_in_the_past_is_left_out() -> None:
    assert not last([*STEADY, None]).alarm
    counts = [*STEADY[:100], None, None, *STEADY[102:]]
    assert last(counts).upper == pytest.approx(last(STEADY).upper, rel=0.05)


@pytest.mark.parametrize("huge", [1e4, 1e6, 1e9, 1e12])
def test_one_huge_week_of_the_past_makes_no_alarm_of_what_is_usual(huge: float) -> None:
    counts = [*STEADY[:200], huge, *STEADY[201:]]
    for method in ("delta", "nbPlugin", "muan"):
        assert not last(counts, threshold_method=method).alarm


def test_one_huge_week_now_is_an_alarm() -> None:
    for method in ("delta", "nbPlugin", "muan"):
        found = last([*STEADY, 10**9], threshold_method=method)
        assert found.alarm
        assert found.p == 0


def test_years_of_53_weeks_are_held_against_the_nearest_week() -> None:
    # 2020 had 53 weeks, so four years before 4 January 2021 are 209 of them, and 52 times four are 208.
    first, at = date(2017, 1, 2), 209
    assert references(at, 4, 52, first) == [209, 157, 105, 52, 0]
    assert references(at, 4, 52, None) == [209, 157, 105, 53, 1]
    # A year before Monday, 29 February 2016 is 1 March 2015, and the Monday nearest to that the 2nd.
    assert references(100, 1, 52, date(2014, 3, 31)) == [100, 48]


def test_what_is_too_short_or_no_count_is_said() -> None:
    with pytest.raises(TooShort, match="fewer than 3 years and 3 weeks before it"):
        farrington(STEADY, [157], **BY)
    assert farrington(STEADY, [158], **BY)
    with pytest.raises(TooShort, match="C3 needs 11"):
        ears(STEADY, [10], method="C3")
    for wrong in (-1, math.inf):
        with pytest.raises(ValueError, match="is no count"):
            ears([*STEADY, wrong], [20])
    for given in ({"b": 0}, {"alpha": 0.5}, {"threshold_method": "gamma"}, {"no_periods": 60}):
        with pytest.raises(ValueError, match=r"alpha|threshold_method|no_periods"):
            last(STEADY, **given)


def test_ears_without_a_deviation_takes_any_more_for_an_alarm() -> None:
    for count, is_alarm, p in ((3, False, 1.0), (4, True, 0.0)):
        found = ears([3] * 7 + [count], [7], method="C1")[0]
        assert (found.upper, found.alarm, found.p) == (3.0, is_alarm, p)
    assert ears([3] * 7 + [4], [7], method="C1", min_sigma=0.5)[0].upper == pytest.approx(3 + 3.0902323 * 0.5)
    gap = ears([3, 4, None, 3, 4, 3, 4, 9], [7], method="C1")[0]
    assert (math.isnan(gap.upper), math.isnan(gap.p), gap.alarm) == (True, True, False)


def test_a_bound_beyond_whole_numbers_is_none_and_is_looked_for_no_longer() -> None:
    mean = np.array([1e300, math.inf, 1e14, 4.0, math.nan])
    assert count_quantile(0.01, mean, np.array([1.0, 1.0, 1e9, 1.0, 1.0])) == pytest.approx(
        [math.nan, math.nan, math.nan, 9, math.nan], nan_ok=True
    )
    # Its tail reaches further than any whole number, and the search ends all the same.
    assert count_quantile(1e-12, np.array([1e7]), np.array([4e8]))[0] > 1e9
