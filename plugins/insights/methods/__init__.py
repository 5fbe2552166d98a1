"""Whether a figure has risen: methods over counts, with NumPy alone and nothing of Banshi's.

`ears` is for short series and for days, `farrington_flexible` for weeks from three years on, `discoveries` for many
series of the same week. Positions count from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from insights.methods.baseline import TooShort
from insights.methods.discoveries import chance_per_year, discoveries
from insights.methods.ears import EarsRules, ears_bounds
from insights.methods.farrington import Bounds, Rules, bounds
from insights.methods.tails import Values

__all__ = ["EarsRules", "Rules", "TooShort", "Verdict", "chance_per_year", "discoveries", "ears", "farrington_flexible"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of one position of a series."""

    at: int
    #: NaN where nothing can be said: too few cases, or a gap.
    expected: float
    upper: float
    #: The probability of what was counted or more, where the method has one.
    p: float | None
    is_alarm: bool
    method: str


def ears(counts: Sequence[float | None], positions: Iterable[int], **given: Any) -> list[Verdict]:
    """Judge positions of a series by EARS.

    Args:
        counts: Of days or weeks; None for a gap.
        positions: Which to judge, from 0.
        given: `method` ("C1", "C2", "C3"), `alpha`, `baseline` and `min_sigma`; see EarsRules.

    Raises:
        TooShort: A position has too few counts before it.
        ValueError: A count is negative or infinite, or a parameter isn't possible.
    """
    rules, table = EarsRules(**given), table_of([counts])
    return [_verdict(at, ears_bounds(table, at, rules), f"ears-{rules.method.lower()}") for at in positions]


def farrington_flexible(
    counts: Sequence[float | None], positions: Iterable[int], *, first: date | None = None, **given: Any
) -> list[Verdict]:
    """Judge weeks of a series by Farrington Flexible.

    Args:
        counts: Of weeks; None for a gap.
        positions: Which to judge, from 0.
        first: The day of the first week: years are then those of the calendar, as in R with `epochAsDate`.
        given: `b`, `w`, `no_periods`, `past_weeks_not_included`, `alpha`, `threshold_method` …; see Rules.

    Raises:
        TooShort: A position has fewer years before it than `b`.
        ValueError: A count is negative or infinite, or the parameters don't fit each other.
    """
    rules, table = Rules(**given), table_of([counts])
    return [_verdict(at, bounds(table, at, rules, first), "farrington-flexible") for at in positions]


def table_of(rows: Sequence[Sequence[float | None]]) -> Values:
    """(series, periods) of counts, NaN for None. Raises ValueError for a count that is negative or infinite."""
    table = np.array([[np.nan if one is None else one for one in row] for row in rows], dtype=float)
    if wrong := table[(table < 0) | np.isinf(table)].tolist():
        raise ValueError(f"{wrong[0]:g} is no count: counts are 0 and more")
    return table


def _verdict(at: int, found: Bounds, method: str) -> Verdict:
    expected, upper, p = float(found.expected[0]), float(found.upper[0]), float(found.p[0])
    return Verdict(at, expected, upper, None if p != p else p, bool(found.alarm[0]), method)
