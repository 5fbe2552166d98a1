"""Which alarms of one week are kept, and how many chance makes."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from insights.methods.discoveries import chance_per_year, cut

P = st.lists(st.one_of(st.floats(0, 1), st.just(math.nan), st.none()), max_size=40)


@given(P, st.floats(0.01, 0.3))
def test_discoveries_are_those_of_benjamini_and_hochberg(p_values: list[float | None], rate: float) -> None:
    known = sorted(one for one in p_values if one is not None and not math.isnan(one))
    # As the paper says it: the largest k whose p is no more than k of m times the rate, and all below it.
    most = max((k for k, one in enumerate(known, 1) if one <= k / len(known) * rate), default=0)
    assert [one for one in known if one <= cut(p_values, rate)] == known[:most]


def test_chance_is_told_for_all_series_of_a_year() -> None:
    # Nothing is one: the least of 600 would have had to be 0.05 / 600, so chance makes 52 times 0.05 in a year.
    assert cut([0.5] * 600, 0.05) == 0.05 / 600
    assert math.isclose(chance_per_year(600, 0.05 / 600, 52), 2.6)
