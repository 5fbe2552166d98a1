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
