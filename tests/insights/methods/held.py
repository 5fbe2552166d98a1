"""Verdicts of ours held against R's figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from insights.methods import Verdict, ears, farrington_flexible
from tests.insights.judged.r import Figures, Series


def same_farrington(series: Series, given: Mapping[str, Any], figures: Figures) -> None:
    assert figures.positions is not None
    asked = {**given, "threshold_method": figures.method, "per_year": series.per_year}
    found = farrington_flexible(series.counts, figures.positions, first=series.first, **asked)
    # A bound that is a count exactly, as far as R writes it; another one within a millionth.
    close = {"abs": 1e-6, "rel": 1e-9} if figures.method == "delta" else {"abs": 0, "rel": 1e-12}
    # R bounds what a steep trend and noughts make of a mean even by 1e208; here that is no bound.
    upper = [math.nan if one > 2.0**52 else one for one in figures.upper]
    _same([one.upper for one in found], upper, **close)
    if figures.expected:
        _same([one.expected for one in found], figures.expected, rel=1e-8, abs=1e-8)
    if figures.p:
        _same([math.nan if one.p is None else one.p for one in found], figures.p, rel=1e-4, abs=1e-8)
    assert [one.is_alarm for one in found] == figures.alarms


def same_ears(series: Series, figures: Figures) -> list[Verdict]:
    assert figures.positions is not None
    found = ears(series.counts, figures.positions, method=figures.method, alpha=float(figures.set))
    _same([one.upper for one in found], figures.upper, abs=1e-9)
    assert [one.is_alarm for one in found] == figures.alarms
    return found


def _same(ours: Sequence[float], theirs: Sequence[float], **close: float) -> None:
    assert ours == pytest.approx(theirs, nan_ok=True, **close)
