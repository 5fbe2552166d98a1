"""Quasi-Poisson regression of many series at once: a level for each season, and one straight trend.

The fit is iteratively reweighted least squares with the logarithm as link (McCullagh and Nelder 1989, section 2.5). It
begins and ends as R's `glm` does, from the counts + 0.1 until the deviance changes by less than 1e-8 of itself, and as
there leverages and errors come from the weights of the last step: a fit that goes on to the end gives bounds that are
6e-5 away. With levels and one slope each step has a closed form, so no matrix is solved.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from insights.methods.tails import Values, t_two_sided

#: When a fit ends, and after how many steps it is given up.
TOLERANCE, MAX_STEPS = 1e-8, 25
LEAST_MEAN = float(np.finfo(float).eps)


class Design(NamedTuple):
    """What the weeks of a baseline have in common for all series."""

    #: When each is, in weeks from the one that is asked about (so all are below 0).
    time: Values
    #: The season of each; 0 is that of the week that is asked about.
    season: NDArray[np.intp]
    has_trend: bool
    #: As R does where weeks have days: it numbers them from the first, and what it asks about from the first known.
    is_dated: bool = False


class Fit(NamedTuple):
    """What was fitted, a row for each series."""

    #: (series, weeks): what was to be expected, and the leverages.
    mean: Values
    leverage: Values
    #: What is expected now, and the variance of its logarithm.
    expected: Values
    variance: Values
    dispersion: Values
    #: The probability of such a trend by chance; NaN without one.
    trend_p: Values
    converged: NDArray[np.bool_]


class _Step(NamedTuple):
    """One step of weighted least squares."""

    mean: Values
    weights: Values
    by_season: Values
    centres: Values
    from_centre: Values
    levels: Values
    slope: Values
    spread: Values


def fit(counts: Values, prior: Values, design: Design) -> Fit:
    """Fit each series.

    Args:
        counts: (series, weeks), 0 and more; what they are where the weight is 0 doesn't matter.
        prior: (series, weeks), the weights: 0 for a week that isn't known.
        design: The weeks.
    """
    active, converged = np.arange(len(counts)), np.zeros(len(counts), bool)
    mean = counts + 0.1
    deviance, last = _deviance(counts, prior, mean), mean.copy()
    with np.errstate(all="ignore"):
        for _ in range(MAX_STEPS):
            last[active] = mean
            mean = _stepped(counts[active], prior[active], mean, design).mean
            before, deviance = deviance, _deviance(counts[active], prior[active], mean)
            done = np.abs(deviance - before) / (np.abs(deviance) + 0.1) < TOLERANCE
            converged[active[done]] = True
            active, mean, deviance = active[~done], mean[~done], deviance[~done]
            if not active.size:
                break
        return _summed(counts, prior, _stepped(counts, prior, last, design), converged, design)


def _deviance(counts: Values, prior: Values, mean: Values) -> Values:
    with np.errstate(all="ignore"):
        logarithm = np.where(counts > 0, counts * np.log(counts / mean), 0.0)
    return np.asarray(2 * (prior * (logarithm - (counts - mean))).sum(axis=1), dtype=float)


def _stepped(counts: Values, prior: Values, mean: Values, design: Design) -> _Step:
    """The levels and the slope that are nearest to the counts, as seen from the means before."""
    weights, target = prior * mean, np.log(mean) + (counts - mean) / mean
    members = (design.season[:, None] == np.arange(design.season.max(initial=0) + 1)).astype(float)
    by_season = weights @ members
    # A season without a known week has neither; nothing is asked of it.
    divisor = np.where(by_season > 0, by_season, 1.0)
    centres, levels = (weights * design.time) @ members / divisor, (weights * target) @ members / divisor
    from_centre = design.time - centres[:, design.season]
    spread = (weights * from_centre**2).sum(axis=1) if design.has_trend else np.full(len(counts), np.inf)
    slope = (weights * from_centre * (target - levels[:, design.season])).sum(axis=1) / spread
    fitted = np.exp(levels[:, design.season] + slope[:, None] * from_centre)
    return _Step(np.maximum(fitted, LEAST_MEAN), weights, by_season, centres, from_centre, levels, slope, spread)


def _summed(counts: Values, prior: Values, step: _Step, converged: NDArray[np.bool_], design: Design) -> Fit:
    """What the last step says.

    Errors are taken from the working residuals by the prior weights, as R's package does once it has weighted anew.
    """
    freedom = np.count_nonzero(prior, axis=1) - np.count_nonzero(step.by_season, axis=1) - design.has_trend * 1.0
    freedom[(freedom <= 0) | (step.by_season[:, 0] == 0)] = np.nan
    squares = ((counts - step.mean) / step.mean) ** 2
    dispersion, scale = (step.weights * squares).sum(axis=1) / freedom, (prior * squares).sum(axis=1) / freedom
    leverage = step.weights * (1 / step.by_season[:, design.season] + step.from_centre**2 / step.spread[:, None])
    now = step.centres[:, 0]
    if design.is_dated:
        now = now + design.time[(prior > 0).argmax(axis=1)] - design.time[0]
    expected = np.exp(step.levels[:, 0] - step.slope * now)
    variance = scale * (1 / step.by_season[:, 0] + now**2 / step.spread)
    trend_p = t_two_sided(step.slope / np.sqrt(scale / step.spread), freedom)
    return Fit(step.mean, leverage, np.maximum(expected, LEAST_MEAN), variance, dispersion, trend_p, converged)
