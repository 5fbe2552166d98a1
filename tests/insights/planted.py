"""600 made-up weekly series of five years, the same ones always; in the last year 60 of them rise for some weeks.

Levels are those of a district's figures: most between 1 and 20 a week, with a season, a slow trend, more spread than a
Poisson's, and in three of ten a rise in an earlier year that nobody has taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SERIES, WEEKS, RISES, SEED = 600, 260, 60, 20261201
#: The weeks that are judged: the last year's.
JUDGED = range(WEEKS - 52, WEEKS)

#: How a rise comes and goes, as a share of its peak.
SHAPE = (0.5, 0.8, 1.0, 1.0, 0.8, 0.5)


@dataclass(frozen=True, slots=True)
class Planted:
    """A series, and the first week of its rise; None for the 540 that have none."""

    name: str
    counts: list[int]
    rise: int | None

    def is_rising(self, week: int) -> bool:
        return self.rise is not None and self.rise <= week < self.rise + len(SHAPE)


def planted() -> list[Planted]:
    """All of them. RandomState draws the same numbers with every version of NumPy (NEP 19)."""
    draws = np.random.RandomState(SEED)
    rises = set(draws.permutation(SERIES)[:RISES].tolist())
    return [_series(number, number in rises, draws) for number in range(SERIES)]


def _series(number: int, rises: bool, draws: np.random.RandomState) -> Planted:
    weeks = np.arange(WEEKS)
    level, dispersion = np.exp(draws.normal(1.3, 0.9)), draws.choice([1.05, 1.2, 1.5, 2.0])
    season = draws.uniform(0, 0.5) * np.cos(2 * np.pi * (weeks - draws.uniform(0, 52)) / 52)
    mean = level * np.exp(season + draws.normal(0, 0.0008) * (weeks - WEEKS))
    if draws.uniform() < 0.3:
        _raise(mean, draws.randint(0, WEEKS - 60), draws.uniform(3, 8), dispersion)
    rise = None
    if rises:
        rise = int(draws.randint(JUDGED[0], WEEKS - len(SHAPE)))
        _raise(mean, rise, draws.uniform(3, 8), dispersion)
    counts = draws.poisson(draws.gamma(mean / (dispersion - 1), dispersion - 1))
    return Planted(f"s{number:03}", counts.tolist(), rise)


def _raise(mean: NDArray[np.float64], week: int, deviations: float, dispersion: float) -> None:
    """Let it rise by so many standard deviations of a week, and by three cases at least."""
    for later, share in enumerate(SHAPE):
        usual = mean[week + later]
        mean[week + later] = usual + share * max(3.0, deviations * np.sqrt(usual * dispersion))
