"""Verdicts of ours held against R's figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from insights.methods import table_of
from insights.methods.ears import EarsRules, ears_bounds
from insights.methods.farrington import Bounds, Rules, bounds
from tests.insights.judged.r import Figures, Series


def farrington(
    counts: Sequence[float | None], positions: Iterable[int], first: date | None = None, **given: Any
) -> list[Bounds]:
    """What is said of positions of one series, as numbers."""
    rules, table = Rules(**given), table_of([counts])
    return [_numbers(bounds(table, at, rules, first)) for at in positions]


def ears(counts: Sequence[float | None], positions: Iterable[int], **given: Any) -> list[Bounds]:
    """The same by EARS."""
    rules, table = EarsRules(**given), table_of([counts])
    return [_numbers(ears_bounds(table, at, rules)) for at in positions]


def _numbers(found: Bounds) -> Bounds:
    return Bounds(*(one[0].item() for one in found))


def same_farrington(series: Series, given: Mapping[str, Any], figures: Figures) -> None:
    assert figures.positions is not None
    asked = {**given, "threshold_method": figures.method, "per_year": series.per_year}
    found = Bounds(*zip(*farrington(series.counts, figures.positions, series.first, **asked), strict=True))
    # A bound that is a count exactly, as far as R writes it; another one within a millionth.
    close = {"abs": 1e-6, "rel": 1e-9} if figures.method == "delta" else {"abs": 0, "rel": 1e-12}
    # R bounds what a steep trend and noughts make of a mean even by 1e208; here that is no bound.
    upper = [math.nan if one > 2.0**52 else one for one in figures.upper]
    _same(found.upper, upper, **close)
    if figures.expected:
        _same(found.expected, figures.expected, rel=1e-8, abs=1e-8)
    if figures.p:
        _same(found.p, figures.p, rel=1e-4, abs=1e-8)
    assert [*found.alarm] == figures.alarms


def same_ears(series: Series, figures: Figures) -> None:
    assert figures.positions is not None
    asked = {"method": figures.method, "alpha": float(figures.set)}
    found = Bounds(*zip(*ears(series.counts, figures.positions, **asked), strict=True))
    _same(found.upper, figures.upper, abs=1e-9)
    assert [*found.alarm] == figures.alarms


def _same(ours: Any, theirs: Sequence[float], **close: float) -> None:
    assert [*ours] == pytest.approx(theirs, nan_ok=True, **close)
