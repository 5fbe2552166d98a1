"""The nightly round: every series' last closed week is judged, and what rose becomes a finding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banshi import Platform
from banshi.sdk.http import MIN_SHOWN
from banshi.sdk.limits import Limit, spend, used
from insights.figures.calendar import WEEK
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import merged_upwards, over
from insights.figures.series import Series, series_of
from insights.findings.keeping import keep, made
from insights.findings.levels import level, risen
from insights.findings.models import Finding
from insights.night.judging import Asked, Judged, judge
from insights.settings import SETTINGS

#: Of a category in a week, by division: how many, and yuan.
Week = Mapping[str, tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class Done:
    """What a round has come to."""

    series: int
    #: How many rose, and what of it is new and open.
    rose: int
    found: Sequence[Finding]
    #: Alarms that chance makes in a year.
    chance_per_year: float


async def judge_if_due(platform: Platform) -> None:
    """Judge once a day, from the hour of the settings on. One that was killed is done again."""
    once = Limit("nights", 1, day=platform.settings.timezone)
    is_due = platform.city_time().hour >= platform[SETTINGS].judged_at and not await used(platform, "insights", once)
    # Where nothing is counted yet, the night isn't over: it is judged once there are figures.
    if is_due and (await judge_now(platform)).series:
        await spend(platform, "insights", once)


async def judge_now(platform: Platform) -> Done:
    """Judge the last closed week of every series, and keep what rose. Done again, nothing is there twice."""
    every = {f"{one.category}/{one.division}": one for one in await series_of(platform)}
    asked = [Asked(key, one.first, "week", closed(one)) for key, one in every.items() if closed(one)]
    verdicts = await judge(asked, platform[SETTINGS].night) if asked else []
    looked = [_finding(platform, every, one) for one in verdicts if one.is_alarm]
    rose = [one for one in looked if one is not None]
    chance = max((one.chance_per_year for one in verdicts), default=0.0)
    return Done(len(asked), len(rose), await keep(platform, rose), chance)


def closed(series: Series) -> Sequence[int | None]:
    """The figures of the weeks that are closed."""
    return series.counts[: (series.open_from - series.first) // WEEK]


def _finding(platform: Platform, every: Mapping[str, Series], verdict: Judged) -> Finding | None:
    """What is told of an alarm; None where it is too little by the category's thresholds."""
    series = every[verdict.key]
    category, place = platform[CATEGORIES][series.category], (verdict.at - series.first) // WEEK
    grade, now = level(category.thresholds, closed(series), place), risen(closed(series), place)
    if not (grade and now) or verdict.upper is None:
        return None
    same = [one for one in every.values() if one.category == series.category and one.first <= verdict.at]
    here = [(one, (verdict.at - one.first) // WEEK) for one in same]
    week = {one.division: (one.counts[at] or 0, one.losses[at]) for one, at in here}
    hint = category.thresholds.hint
    needed = math.ceil((now.base or 0) * (100 + hint.percent) / 100)
    facts = {
        **{name: getattr(verdict, name) for name in ("expected", "upper", "p", "method", "chance_per_year")},
        **{name: getattr(now, name) for name in ("before", "last_year", "percent")},
        "since": verdict.since.isoformat(),
        # With so many it would not have been told.
        "at_most": max(math.floor(verdict.upper), hint.least - 1, needed - 1),
        "places": places_in(series.division, week),
        "points": _points(series, verdict),
    }
    area = merged_upwards({name: count for name, (count, _) in week.items()}, MIN_SHOWN)[series.division]
    if area != series.division:
        facts["told"] = {"count": week[area][0], "loss": week[area][1], "deaths": None}
    about = {"level": grade, "area": area, "count": now.count, "loss": series.losses[place], "facts": facts}
    return made(platform, category, series.division, "week", verdict.at, **about)


def places_in(division: str, week: Week) -> list[dict[str, Any]]:
    """The figures of the divisions right below one, the highest first; the last, without a name, of where few are."""
    shown = sorted(((count, one) for one, (count, _) in week.items() if one and over(one) == division), reverse=True)
    shown = [one for one in shown if one[0] >= MIN_SHOWN]
    # Else the sum would tell how many the few are.
    while (rest := week[division][0] - sum(count for count, _ in shown)) and rest < MIN_SHOWN and shown:
        shown.pop()
    rows: list[dict[str, Any]] = [{"division": one, "count": count, "loss": week[one][1]} for count, one in shown]
    return [*rows, *([{"division": None, "count": rest, "loss": None}] if rest and rows else [])]


def _points(series: Series, verdict: Judged) -> list[dict[str, Any]]:
    """The last weeks up to the judged one, each with what was expected and the bound."""
    end = (verdict.at - series.first) // WEEK + 1
    begin = max(0, end - len(verdict.bounds))
    weeks = zip(series.periods[begin:end], series.counts[begin:end], [*verdict.bounds][begin - end :], strict=True)
    names = ("at", "count", "expected", "upper")
    return [dict(zip(names, (at.isoformat(), count, *bound), strict=True)) for at, count, bound in weeks]
