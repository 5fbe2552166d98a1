"""EARS C1 to C3: a count against the mean and deviation of a few before it, for series without a past.

Source: Fricker, Hegler and Dunfee 2008 (Statist. Med. 27, 3407-3429); figures are those of `earsC` of R's package
`surveillance` 1.24.1. As there, the bound of C3 begins from the count itself and not from the mean, so C3 is an alarm
where the two before have been high, whatever is counted now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from insights.methods.baseline import TooShort
from insights.methods.farrington import Bounds
from insights.methods.tails import Values, normal_quantile, normal_tail

#: By method: how many are left out before the one that is asked about, and how many are needed beside the baseline.
GAPS, NEEDED = {"C1": 0, "C2": 2, "C3": 2}, {"C1": 0, "C2": 2, "C3": 4}
LEVELS = {"C1": 0.001, "C2": 0.001, "C3": 0.025}


@dataclass(frozen=True, slots=True, kw_only=True)
class EarsRules:
    """How a count is judged; names are those of R's `earsC`, and so are the values that aren't given."""

    method: Literal["C1", "C2", "C3"] = "C1"
    #: None is the method's own.
    alpha: float | None = None
    baseline: int = 7
    min_sigma: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in GAPS or self.baseline < 3 or not 0 < self.level < 1:
            raise ValueError("method is C1, C2 or C3, baseline 3 or more, and alpha between 0 and 1")

    @property
    def level(self) -> float:
        return LEVELS[self.method] if self.alpha is None else self.alpha

    @property
    def first(self) -> int:
        """The first position that can be judged."""
        return self.baseline + NEEDED[self.method]


def ears_bounds(table: Values, at: int, rules: EarsRules) -> Bounds:
    """Judge one position of many series.

    Args:
        table: (series, days or weeks), NaN where a count isn't known.
        at: The position, from 0.
        rules: How.

    Raises:
        TooShort: There are too few counts before it.
    """
    if at < rules.first:
        raise TooShort(f"position {at} has too few counts before it: {rules.method} needs {rules.first}")
    counted, z, (mean, deviation) = table[:, at], normal_quantile(1 - rules.level), _before(table, at, rules)
    start, above = (counted, (at - 1, at - 2)) if rules.method == "C3" else (mean, ())
    with np.errstate(all="ignore"):
        score = np.zeros(len(table))
        for one in above:
            its_mean, its_deviation = _before(table, one, rules)
            score = score + np.maximum((table[:, one] - its_mean) / its_deviation - 1, 0)
        upper = np.maximum(start + deviation * (z - score), 0)
        # Without a deviation, what is above has no chance and all else every one.
        certain = np.where(counted > upper, np.inf, -np.inf)
        p = normal_tail(np.where(deviation > 0, (counted - start) / deviation + score, certain))
        return Bounds(mean, upper, np.where(np.isnan(counted - upper), np.nan, p), counted > upper)


def _before(table: Values, at: int, rules: EarsRules) -> tuple[Values, Values]:
    """Mean and standard deviation of the baseline of a position."""
    end = at - GAPS[rules.method]
    values = table[:, end - rules.baseline : end]
    return values.mean(axis=1), np.maximum(values.std(axis=1, ddof=1), rules.min_sigma)
