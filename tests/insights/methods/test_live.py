"""Series that nobody has seen before, made anew from a seed, judged by R and by us in the same minute."""

from __future__ import annotations

import math
import os
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.insights.judged.r import SETS, Series, asked
from tests.insights.methods.held import same_ears, same_farrington

#: A seed that tells which series failed, and can be given: BANSHI_TEST_SEED=17.
SEED = int(os.environ.get("BANSHI_TEST_SEED", "20261201"))

#: What a set of parameters doesn't say.
PLAIN = {"no_periods": 1, "past_weeks_not_included": 3, "weights_threshold": 2.58}


def _made(number: int, random: Random) -> Series:
    """A series of any level, season, trend and dispersion, with rises, gaps, noughts or one huge week in some."""
    weeks = random.randint(300, 340)
    level, season, slope = 10 ** random.uniform(-1.5, 3), random.uniform(0, 1.5), random.uniform(-0.004, 0.004)
    excess = random.choice([0.001, 0.5, 2, 10])
    draws = np.random.RandomState(random.randrange(2**31))
    mean = [level * math.exp(season * math.cos(2 * math.pi * week / 52) + slope * week) for week in range(weeks)]
    counts: list[float | None] = [float(draws.poisson(draws.gamma(one / excess, excess))) for one in mean]
    odd = random.choice(["", "", "rise", "gaps", "noughts", "huge", "half"])
    some = random.sample(range(60, weeks), 12)
    for week in some:
        if odd == "gaps":
            counts[week] = None
        elif odd == "rise":
            counts[week] = float(round(mean[week] * 6 + 20))
    if odd == "noughts":
        counts[100:260] = [0.0] * 160
    elif odd == "huge":
        counts[some[0]] = 10.0 ** random.randint(3, 5)
    elif odd == "half":
        counts = [None if one is None else one + 0.5 for one in counts]
    first = None if number % 2 else date(2019, 1, 7) + timedelta(weeks=random.randrange(60), days=random.randrange(7))
    return Series(f"{number}-{odd}", first, 52, counts)


@pytest.mark.long
def test_r_says_the_same_of_series_at_random(tmp_path: Path) -> None:
    random = Random(SEED)
    series = {one.name: one for one in (_made(number, random) for number in range(12))}
    sets = {name: PLAIN | SETS[name] for name in ("noufaily", "two")}
    farrington, ears = asked(tmp_path, series.values(), sets, last=4)
    answered = [one for one in farrington if one.positions is not None]
    assert len(answered) > len(farrington) / 2
    for one in answered:
        same_farrington(series[one.series], sets[one.set], one)
    for one in ears:
        same_ears(series[one.series], one)


#: Weeks and counts of series of which the first fit comes to an end and the weighted one doesn't, or the reverse.
ENDLESS: list[dict[int, float]] = [
    {259: 1, 270: 1e6, 279: 1, 287: 1},
    {34: 1e4, 76: 100, 125: 100, 144: 1e3, 201: 1e6, 251: 1e4, 267: 1e6, 280: 1},
    {131: 1e3, 191: 1, 205: 1e3, 208: 1e5, 275: 100},
    {36: 1e3, 41: 1e4, 49: 100, 125: 100, 132: 100},
    {34: 1, 53: 1e5, 138: 1e5, 142: 1e3, 144: 1e4, 176: 1e3},
    {26: 1e4, 133: 1e5, 145: 1e7, 192: 10, 226: 100, 235: 1e4, 286: 100},
]


def _begun_late(number: int) -> Series:
    """A series that falls, with gaps in the first weeks of its baselines."""
    draws = np.random.RandomState(number)
    counts: list[float | None] = [float(draws.poisson(40 * math.exp(-0.01 * week))) for week in range(300)]
    for week in (begin + more for begin in (34, 86) for more in range(number % 3 * 6)):
        counts[week] = None
    return Series(f"late-{number}", date(2019, 1, 7) if number % 2 else None, 52, counts)


@pytest.mark.long
def test_r_says_the_same_where_the_first_weeks_are_gaps_or_a_fit_has_no_end(tmp_path: Path) -> None:
    every = [_begun_late(number) for number in range(6)]
    for number, few in enumerate(ENDLESS):
        every.append(Series(f"endless-{number}", None, 52, [few.get(week, 0.0) for week in range(299)] + [50.0]))
    series = {one.name: one for one in every}
    sets = {name: PLAIN | SETS[name] | {"alpha": 0.05} for name in ("noufaily", "farrington")}
    farrington, _ = asked(tmp_path, series.values(), sets, last=2)
    assert len(farrington) == 6 * len(series)
    for one in farrington:
        if one.positions is not None:
            same_farrington(series[one.series], sets[one.set], one)
