"""Probabilities of the upper tail, and the bounds that they give: normal, Student's t, Poisson, negative binomial.

All of them are vectorised. The last three are the regularised incomplete beta function (DLMF 8.17), whose prefix is
taken by Loader's saddle point (Loader 2000, "Fast and accurate computation of binomial probabilities"), so that nothing
cancels where a count is large or the negative binomial is nearly a Poisson.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]

#: Fractions and series end where a step changes nothing more, or after so many.
MAX_STEPS, ROUNDING = 100_000, 3e-15
#: Whole numbers above are none any more; half of what a float tells apart.
LARGEST = 2.0**52
#: Shares below this are nearly a Poisson's.
LEAST_TURNED = 0.01

#: How far a tail may be above its level by rounding alone, as a share of it.
FUZZ = 64 * np.finfo(float).eps

_erfc = np.vectorize(math.erfc, otypes=[float])
_lgamma = np.vectorize(lambda z: math.lgamma(z) if z > 0 else math.nan, otypes=[float])


def normal_quantile(p: float) -> float:
    """The value that a standard normal variable is below with probability `p`."""
    return NormalDist().inv_cdf(p)


def normal_tail(z: Values) -> Values:
    """The probability that a standard normal variable is `z` or more."""
    return np.asarray(0.5 * _erfc(z / math.sqrt(2.0)), dtype=float)


def t_two_sided(t: Values, freedom: Values) -> Values:
    """The probability that Student's t is as far from 0 as `t`, on either side."""
    square = t * t
    return beta(freedom / 2, np.full_like(t, 0.5), freedom / (freedom + square), square / (freedom + square))


def count_tail(count: Values, mean: Values, dispersion: Values) -> Values:
    """The probability of `count` or more, the variance being `dispersion` times the mean; at 1 and below a Poisson."""
    excess = np.maximum(dispersion - 1, 0)
    # So far below the mean the rest is all there is.
    count = np.maximum(count, np.floor(mean - 12 * np.sqrt(mean * (1 + excess))))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # A Poisson is the limit: at this size no digit differs.
        size = np.minimum(mean / excess, 1e15 * np.maximum(mean, 1))
        share = mean / (size + mean)
        found = beta(np.maximum(count, 1), size, share, size / (size + mean))
    return np.where(count < 1, 1.0, found)


def count_quantile(alpha: float, mean: Values, dispersion: Values) -> Values:
    """The least count that is exceeded with probability `alpha` (below 0.5) at most; NaN where there is no mean."""
    # Beyond whole numbers, where one huge week has made a bound of no use, there is none.
    known = (mean < LARGEST) & (mean * dispersion < LARGEST)
    mean, dispersion = np.where(known, mean, 1.0), np.where(known, dispersion, 1.0)

    def enough(most: Values) -> NDArray[np.bool_]:
        return count_tail(most + 1, mean, dispersion) <= alpha * (1 + FUZZ)

    # The median is no more than one deviation from the mean.
    deviation = np.sqrt(mean * np.maximum(dispersion, 1))
    low, high = np.maximum(np.floor(mean - deviation) - 1, -1.0), np.ceil(mean + 3 * deviation)
    while (more := ~enough(high) & (high < LARGEST)).any():
        low, high = np.where(more, high, low), np.where(more, 2 * high + 1, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        done = enough(middle)
        low, high = np.where(done, low, middle), np.where(done, middle, high)
    return np.where(known, high, np.nan)


def beta(a: Values, b: Values, x: Values, y: Values) -> Values:
    """The regularised incomplete beta function of `x` = 1 - `y`; both are given, since either may be tiny."""
    turned = x > (a + 1) / (a + b + 2)
    # Turned, a fraction near 1 has no digits left; the series has terms above 0 alone, and few of them there.
    summed = turned & (x < LEAST_TURNED)
    turned &= ~summed
    with np.errstate(all="ignore"):
        apart = b * x - a * y
        exponent = _stirling(a + b) - _stirling(a) - _stirling(b) - a * _bend(apart / a) - b * _bend(-apart / b)
        density = np.sqrt(a * b / (a + b) / (2 * math.pi)) * np.exp(exponent)
        low, high, share = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, y, x)
        # What is summed has an easy place in the fraction.
        low, high, share = np.where(summed, 1, low), np.where(summed, 1, high), np.where(summed, 0.5, share)
        found = density / low * _fraction(low, high, share)
        if summed.any():
            found[summed] = (density / a)[summed] * _series(a[summed], b[summed], x[summed])
    return np.asarray(np.clip(np.where(turned, 1 - found, found), 0, 1), dtype=float)


def _bend(u: Values) -> Values:
    return np.asarray(u - np.log1p(np.maximum(u, -1.0)), dtype=float)


def _stirling(z: Values) -> Values:
    """How far the logarithm of Gamma is from Stirling's formula."""
    square = z * z
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * square)) / square) / square) / square) / z
    small = np.minimum(z, 16.0)
    exact = _lgamma(small) - (small - 0.5) * np.log(small) + small - 0.5 * math.log(2 * math.pi)
    return np.where(z < 16, exact, series)


def _fraction(a: Values, b: Values, x: Values) -> Values:
    """The continued fraction DLMF 8.17.22, by Lentz's method."""
    c, d = np.ones_like(a), 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for step in range(1, MAX_STEPS):
        before = value
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for term in (even, odd):
            c, d = 1 + term / c, 1 / (1 + term * d)
            value = value * c * d
        if not (np.abs(value - before) > ROUNDING * np.abs(value)).any():
            break
    return value


def _series(a: Values, b: Values, x: Values) -> Values:
    """The hypergeometric series of DLMF 8.17.8."""
    value = term = np.ones_like(a)
    for step in range(MAX_STEPS):
        term = term * (a + b + step) / (a + 1 + step) * x
        value = value + term
        if not (term > ROUNDING / 10 * value).any():
            break
    return value
