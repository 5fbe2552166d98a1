"""The night's 600 series: R's bounds, alarms and discoveries, as committed (`judge.R night`), and ours."""

from __future__ import annotations

import csv

import numpy as np

from insights.methods.discoveries import cut
from insights.methods.farrington import Rules, bounds
from tests.insights.judged.r import HERE, floats
from tests.insights.planted import JUDGED, planted

#: As the night judges five years.
RULES = Rules(
    b=3, no_periods=10, past_weeks_not_included=26, alpha=0.01, p_threshold_trend=1, threshold_method="nbPlugin"
)


def test_600_series_have_r_s_bounds_alarms_and_discoveries() -> None:
    series = planted()
    theirs = {name: figures for name, *figures in csv.reader((HERE / "six_hundred.csv").open(encoding="utf-8"))}
    assert [*theirs] == [one.name for one in series]
    upper = np.array([floats(figures[0]) for figures in theirs.values()])
    alarms, discoveries = (np.array([[*map(int, figures[at])] for figures in theirs.values()]) for at in (1, 2))
    assert alarms.sum() > discoveries.sum() > 100
    table = np.array([one.counts for one in series], dtype=float)
    # Four weeks here, for the time that they take; benchmarks/rises.py holds all of them.
    for number in range(0, 52, 13):
        found = bounds(table, JUDGED[number], RULES)
        assert np.array_equal(found.upper, upper[:, number], equal_nan=True)
        assert np.array_equal(found.alarm, alarms[:, number] == 1)
        kept = found.alarm & (found.p <= cut(found.p.tolist(), 0.05))
        assert np.array_equal(kept, discoveries[:, number] == 1)
