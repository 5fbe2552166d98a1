"""SciPy and statsmodels as judges of what R isn't asked: tails, quantiles, and the regression itself."""

from __future__ import annotations

import numpy as np
import pytest

from insights.methods.glm import Design, fit
from insights.methods.tails import count_quantile, count_tail, normal_quantile, t_two_sided

stats = pytest.importorskip("scipy.stats")
DRAWS = np.random.RandomState(7)


def counted(mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Counts around each mean, of every size that matters."""
    spread = np.sqrt(mean * dispersion)
    return np.floor(np.abs(mean + DRAWS.normal(0, 2, len(mean)) * spread))


def distribution(mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    return stats.nbinom(mean / (dispersion - 1), 1 / dispersion)


def test_tails_and_quantiles_of_counts_are_scipy_s() -> None:
    mean, dispersion = 10 ** DRAWS.uniform(-6, 4, 1_000), 1 + 10 ** DRAWS.uniform(-3, 3, 1_000)
    count = counted(mean, dispersion)
    known = distribution(mean, dispersion)
    assert count_tail(count, mean, dispersion) == pytest.approx(known.sf(count - 1), rel=1e-8, abs=1e-12)
    poisson, ones = stats.poisson(mean), np.ones_like(mean)
    assert count_tail(count, mean, ones) == pytest.approx(poisson.sf(count - 1), rel=1e-8, abs=1e-12)
    for alpha in (0.05, 0.01, 0.001):
        assert (count_quantile(alpha, mean, dispersion) == known.ppf(1 - alpha)).mean() > 0.999
        assert (count_quantile(alpha, mean, ones) == poisson.ppf(1 - alpha)).mean() > 0.999
        assert normal_quantile(1 - alpha) == pytest.approx(stats.norm.ppf(1 - alpha), rel=1e-13)


def test_student_s_t_is_scipy_s() -> None:
    t, freedom = DRAWS.normal(0, 4, 500), DRAWS.randint(1, 300, 500).astype(float)
    assert t_two_sided(t, freedom) == pytest.approx(2 * stats.t(freedom).sf(np.abs(t)), rel=1e-9, abs=1e-14)


def test_the_regression_is_that_of_statsmodels_up_to_where_r_stops() -> None:
    models = pytest.importorskip("statsmodels.api")
    weeks = 160
    season, time = np.arange(weeks) % 10, np.arange(weeks, dtype=float) - weeks
    mean = np.exp(1.5 + 0.004 * time + 0.3 * np.cos(season))
    counts, weights = DRAWS.poisson(mean, (5, weeks)).astype(float), DRAWS.uniform(0.2, 1.2, (5, weeks))
    found = fit(counts, weights, Design(time, season, has_trend=True))
    columns = np.column_stack([time, *(season == one for one in range(10))]).astype(float)
    for row in range(5):
        family = models.families.Poisson()
        theirs = models.GLM(counts[row], columns, family=family, var_weights=weights[row]).fit(tol=1e-12)
        assert found.mean[row] == pytest.approx(theirs.fittedvalues, rel=1e-5)
        assert found.expected[row] == pytest.approx(np.exp(theirs.params[1]), rel=1e-5)
        assert found.dispersion[row] == pytest.approx(theirs.pearson_chi2 / theirs.df_resid, rel=1e-4)
