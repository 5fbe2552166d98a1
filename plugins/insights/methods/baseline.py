"""Which past weeks a week is held against, and which season each of them is (Noufaily et al. 2013, section 3).

A reference week is so many years back; its window are `w` weeks to either side. The weeks between two windows are
divided into `no_periods` - 1 seasons of the same length, the first of which take what is left over.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


class TooShort(ValueError):
    """The series has not as many periods before the one that is asked about."""


def references(at: int, years: int, per_year: int, first: date | None) -> list[int]:
    """The weeks that are 0, 1, … years before week `at`.

    With the day of the first week, a year is one of the calendar, and the nearest of the series' own days is taken:
    years of 53 weeks are as long as they are. Without, it is `per_year` weeks.
    """
    if first is None:
        return [at - year * per_year for year in range(years + 1)]
    day = first + timedelta(weeks=at)
    # A year before the 29th of February is the 1st of March where there is no 29th.
    leap = timedelta(days=(day.month, day.day) == (2, 29))
    anniversaries = [(day - leap).replace(year=day.year - year) + leap for year in range(years + 1)]
    return [at + round((one - day).days / 7) for one in anniversaries]


def baseline(
    at: int, b: int, w: int, no_periods: int, past_weeks_not_included: int, per_year: int, first: date | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The weeks that week `at` is held against, and the season of each: 0 is that of the windows.

    Raises TooShort, and ValueError where the seasons have no room in a year.
    """
    centres = references(at, b, per_year, first)[::-1]
    # As R does, which leaves out a week 0 where its own begin with 1, and refuses any before.
    if centres[0] - w < -1:
        raise TooShort(f"week {at} has fewer than {b} years and {w} weeks before it: it can't be judged by as many")
    season = np.full(at + w + 1, -1)
    for earlier, later in pairwise(centres):
        between = season[earlier + w + 1 : later - w]
        if no_periods > 1:
            length, longer = divmod(len(between), no_periods - 1)
            if not length:
                raise ValueError(f"no_periods is {no_periods}: {len(between)} weeks between two windows are too few")
            between[:] = np.repeat(np.arange(1, no_periods), [length + (one < longer) for one in range(no_periods - 1)])
    for centre in centres:
        season[max(centre - w, 0) : centre + w + 1] = 0
    weeks = np.flatnonzero(season[: at - past_weeks_not_included] >= 0)
    return weeks, season[weeks]
