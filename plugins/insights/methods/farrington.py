"""Farrington Flexible: how many cases a week may have, by what the same weeks of earlier years had.

Sources: Farrington et al. 1996 (J. R. Statist. Soc. A 159, 547-563), Noufaily et al. 2013 (Statist. Med. 32,
1206-1222), and for `muan` Salmon et al. 2016 (J. Statist. Softw. 70(10)). Figures are those of R's package
`surveillance` 1.24.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from insights.methods.baseline import baseline
from insights.methods.glm import Design, Fit, fit
from insights.methods.tails import Values, count_quantile, count_tail, normal_quantile, normal_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a week is judged; names are those of R's `farringtonFlexible`, and so are the values that aren't given."""

    #: Years back, and weeks to either side of the reference weeks.
    b: int = 5
    w: int = 3
    #: Seasons of a year; 1 is the windows alone.
    no_periods: int = 1
    #: The last weeks, which a rise may have begun in; None is `w`.
    past_weeks_not_included: int | None = None
    alpha: float = 0.05
    #: A trend is kept that chance makes less often than this; 1 keeps every one.
    p_threshold_trend: float = 0.05
    #: Weeks whose Anscombe residual is above this count less.
    weights_threshold: float = 2.58
    threshold_method: Literal["delta", "nbPlugin", "muan"] = "delta"
    #: No alarm with fewer cases than this in so many weeks.
    limit54: tuple[int, int] = (5, 4)
    per_year: int = 52

    def __post_init__(self) -> None:
        if self.b < 1 or self.w < 0 or self.no_periods < 1 or not 0 < self.alpha < 0.5:
            raise ValueError("b is 1 or more, w 0 or more, no_periods 1 or more, alpha above 0 and below 0.5")
        if self.threshold_method not in ("delta", "nbPlugin", "muan"):
            raise ValueError(f"threshold_method is {self.threshold_method!r}: it may be delta, nbPlugin or muan")


class Bounds(NamedTuple):
    """What one position may have, a value for each series; NaN where nothing can be said."""

    expected: Values
    upper: Values
    #: The probability of what was counted or more.
    p: Values
    alarm: NDArray[np.bool_]


def bounds(table: Values, at: int, rules: Rules, first: date | None = None) -> Bounds:
    """Judge one week of many series.

    Args:
        table: (series, weeks), NaN where a count isn't known.
        at: The week, from 0.
        rules: How.
        first: The day of the first week, where years are those of the calendar.

    Raises:
        TooShort: There are not enough years before the week.
    """
    past = rules.w if rules.past_weeks_not_included is None else rules.past_weeks_not_included
    weeks, season = baseline(at, rules.b, rules.w, rules.no_periods, past, rules.per_year, first)
    time, is_dated = (weeks - at).astype(float), first is not None
    expected, variance, dispersion = _model(table[:, weeks], time, season, rules, is_dated)
    (cases, period), counted, z = rules.limit54, table[:, at], normal_quantile(1 - rules.alpha)
    with np.errstate(all="ignore"):
        if rules.threshold_method == "delta":
            # Two thirds of a power make a count nearly normal.
            start, target = expected, expected ** (2 / 3)
            error = 2 / 3 * np.sqrt(expected ** (1 / 3) * (dispersion + variance * expected))
            upper, p = np.maximum(target + z * error, 0) ** 1.5, normal_tail((counted ** (2 / 3) - target) / error)
        else:
            start = np.log(expected)
            mean = np.exp(start + z * np.sqrt(variance)) if rules.threshold_method == "muan" else expected
            upper = count_quantile(rules.alpha, mean, dispersion)
            p = count_tail(np.floor(counted), mean, dispersion)
        # A gap among them is not enough.
        few = ~(table[:, max(0, at + 1 - period) : at + 1].sum(axis=1) >= cases)
        expected[few], upper[few] = np.nan, np.nan
        # One huge week of the past may leave a bound below what is expected; nothing is an alarm then, as in R.
        return Bounds(expected, upper, p, (counted > upper) & (upper > start - 1e-9))


def _model(table: Values, time: Values, season: NDArray[np.intp], rules: Rules, is_dated: bool) -> Values:
    """(3, series): what is expected, the variance of its logarithm, and the dispersion, which is 1 or more."""
    prior = np.isfinite(table).astype(float)
    counts = np.where(prior > 0, table, 0.0)
    found = _weighted(counts, prior, Design(time, season, True, is_dated), rules)
    values = np.array([found.expected, found.variance, found.dispersion])
    significant = (found.trend_p < rules.p_threshold_trend) | (rules.p_threshold_trend >= 1)
    flat = ~(found.converged & significant & (found.expected <= counts.max(axis=1)) & (rules.b >= 3))
    if flat.any():
        found = _weighted(counts[flat], prior[flat], Design(time, season, False, is_dated), rules)
        values[:, flat] = np.where(found.converged, [found.expected, found.variance, found.dispersion], np.nan)
    values[0, np.isnan(values[2])] = np.nan
    values[2] = np.maximum(values[2], 1)
    return values


def _weighted(counts: Values, prior: Values, design: Design, rules: Rules) -> Fit:
    """The fit in which past rises count less (Farrington et al. 1996, section 3.6).

    As in R, it counts as converged where the one before it was, in which all count the same.
    """
    found = fit(counts, prior, design)
    with np.errstate(all="ignore"):
        scale = found.mean ** (1 / 6) * np.sqrt(np.maximum(found.dispersion, 1)[:, None] * (1 - found.leverage))
        residual = 1.5 * (counts ** (2 / 3) - found.mean ** (2 / 3)) / scale
        weights = np.where(residual > rules.weights_threshold, residual**-2.0, 1.0) * prior
        weights *= (prior.sum(axis=1) / weights.sum(axis=1))[:, None]
        return fit(counts, weights, design)._replace(converged=found.converged)
