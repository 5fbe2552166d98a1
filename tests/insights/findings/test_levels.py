"""From when on a rise is a hint or a warning: by number and percent, against the weeks before and the year before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.findings.keeping import covers
from insights.findings.levels import level, risen
from insights.findings.models import Finding
from insights.settings import Rise, Thresholds

SAMPLE = Thresholds()
COUNTS = st.lists(st.none() | st.integers(0, 200), min_size=1, max_size=70)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([1, 1, 1, 1, 4], ""),  # four times as many, and too few
        ([20, 20, 20, 20, 25], ""),  # 25 % more
        ([20, 20, 20, 20, 26], "hint"),
        ([20, 20, 20, 20, 30], "warn"),
        ([6, 6, 6, 6, 9], "hint"),  # 50 % more, and fewer than ten
        ([20, 20, 20, 20, 26, 29], "warn"),  # the second week running
        ([20, 20, None, None, 26], "hint"),
        ([0, 0, 0, 0, 5], "hint"),
        ([20, 20, 20, 20, None], ""),
        ([30] * 1 + [20] * 51 + [30], ""),  # the same week last year was as high
    ],
)
def test_the_bureaus_thresholds_say_what_a_week_is(counts: list[int | None], told: str) -> None:
    assert level(SAMPLE, counts, len(counts) - 1) == told


@given(COUNTS, st.integers(1, 20), st.integers(0, 100))
def test_no_percentage_alone_makes_a_hint_and_a_warning_is_one_too(
    counts: list[int | None], least: int, percent: int
) -> None:
    thresholds = Thresholds(hint=Rise(least=least, percent=percent), warn=Rise(least=least + 5, percent=percent + 20))
    place = len(counts) - 1
    told, now = level(thresholds, counts, place), risen(counts, place)
    assert (now is None) == (counts[place] is None)
    if told:
        assert now is not None
        assert now.count >= least
        assert now.count * 100 >= (now.base or 0) * (100 + percent)
    if told == "warn":
        assert (counts[place] or 0) >= least + 5


WEEKS = st.integers(0, 60)


@given(WEEKS, st.none() | st.integers(0, 50), st.lists(st.tuples(WEEKS, st.integers(0, 99)), max_size=20))
def test_over_all_later_weeks_a_rule_silences_what_it_covers_and_nothing_else(
    last: int, most: int | None, weeks: list[tuple[int, int]]
) -> None:
    day = date(2026, 11, 23)
    series = {"category": "fraud-tasks", "division": "510703", "grain": "week"}
    rule = Finding(**series, at=day, until=day + timedelta(weeks=last), unless_over=most)
    for week, figure in weeks:
        later = Finding(**series, at=day + timedelta(weeks=week), count=figure, facts={})
        assert covers(rule, later) == (week <= last and (most is None or figure <= most))
        for other in ({"category": "fraud-loans"}, {"division": ""}, {"grain": "day"}, {"facts": {"urgent": "deaths"}}):
            assert not covers(rule, Finding(**{**series, "at": later.at, "count": figure, "facts": {}, **other}))
