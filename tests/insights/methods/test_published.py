"""Published series: what R's `surveillance` 1.24.1 says of them, as committed, and what we say."""

from __future__ import annotations

import math

import pytest

from insights.methods.baseline import TooShort
from tests.insights.judged.r import HERE, SETS, figures_of, published
from tests.insights.methods.held import farrington, same_ears, same_farrington

SERIES = published()
FARRINGTON, EARS = figures_of(HERE / "farrington.csv"), figures_of(HERE / "ears.csv")


@pytest.mark.parametrize("name", sorted(SERIES))
def test_ears_has_r_s_bounds_and_alarms(name: str) -> None:
    figures = [one for one in EARS if one.series == name]
    assert {one.method for one in figures} == {"C1", "C2", "C3"}
    for one in figures:
        same_ears(SERIES[name], one)


@pytest.mark.parametrize("name", sorted({one.series for one in FARRINGTON}))
def test_farrington_flexible_has_r_s_bounds_and_alarms(name: str) -> None:
    figures = [one for one in FARRINGTON if one.series == name]
    assert {one.method for one in figures} == {"delta", "nbPlugin", "muan"}
    for one in figures:
        if one.positions is not None:
            same_farrington(SERIES[name], SETS[one.set], one)


def test_what_r_refuses_is_too_short_here_too() -> None:
    refused = {(one.series, one.set) for one in FARRINGTON if one.positions is None}
    assert refused
    for name, given in refused:
        counts = SERIES[name].counts
        with pytest.raises(TooShort, match="years and 3 weeks before it"):
            farrington(counts, [len(counts) - 26], SERIES[name].first, **SETS[given])


def test_twelve_published_series_are_held_by_each_method() -> None:
    answered = {one.series for one in FARRINGTON if one.positions is not None and not all(map(math.isnan, one.upper))}
    assert len(answered) >= 12
    assert len({one.series for one in EARS}) >= 12
