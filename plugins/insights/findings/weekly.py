"""The nightly round: every series is judged by what closed since the last one, and what rose becomes a finding."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from banshi import Platform
from banshi.sdk.http import MIN_SHOWN
from banshi.sdk.limits import Limit, spend, used
from insights.figures.calendar import WEEK
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import merged_upwards, over
from insights.figures.series import STEPS, Series, series_of
from insights.findings.keeping import DECIDED, keep, made
from insights.findings.levels import level, risen
from insights.findings.models import Finding, JudgedUntil
from insights.night.judging import Asked, Judged, judge
from insights.settings import SETTINGS

#: Weeks of a series of days, and periods that are judged at most where the platform was off for long.
DAY_WEEKS, MAX_PERIODS = 8, 26
#: Seconds between two looks whether the hour has come.
HOUR_LOOK_S = 300.0

#: Of a category in a week or on a day, by division: how many, and yuan.
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
    """Judge every week and day that closed since the last round, and what was found of those before and nobody has
    decided about; keep what rose. Done again, nothing is there twice."""
    by_day = [one for one in platform[CATEGORIES].values() if one.by_day]
    series = [*await series_of(platform), *await series_of(platform, by_day, weeks=DAY_WEEKS, grain="day")]
    every = {f"{one.category}/{one.grain}/{one.division}": one for one in series if one.closed}
    since = platform.today() - WEEK * platform[SETTINGS].recounted_weeks
    before = await Finding.filter(level__not="urgent", at__gte=since).exclude(state__in=DECIDED)
    until = {one.series: one.until for one in await JudgedUntil.all()}
    last = _last(every.values(), before, until)
    asked = [Asked(key, one.first, one.grain, one.closed, last[one.grain]) for key, one in every.items()]
    verdicts = await judge(asked, platform[SETTINGS].night) if asked else []
    # Of what was never judged, the last one alone.
    alarms = [(every[one.key], one) for one in verdicts if one.is_alarm]
    alarms = [(series, one) for series, one in alarms if _name(series) in until or one.at == _end(series)]
    found = await asyncio.to_thread(lambda: [_finding(platform, every, one) for _, one in alarms])
    rose = [one for one in found if one is not None]
    chance = {
        one.key.split("/")[1]: one.chance_per_year for one in sorted(verdicts, key=lambda one: one.chance_per_year)
    }
    told = await keep(platform, rose, _otherwise(before, verdicts))
    for name, end in {_name(one): _end(one) for one in every.values()}.items():
        await JudgedUntil.update_or_create(defaults={"until": end}, series=name)
    return Done(len(asked), len(rose), told, sum(chance.values()))


def _name(series: Series) -> str:
    return f"{series.category}/{series.grain}"


def _end(series: Series) -> date:
    """The last period of it that is closed."""
    return series.open_from - STEPS[series.grain]


def _last(every: Iterable[Series], before: Iterable[Finding], until: Mapping[str, date]) -> dict[str, int]:
    """How many of the last periods are judged, by grain: of all series as many, since those of a week are held together
    against false discoveries. What was never judged is by its last one."""
    found, oldest = {"week": 1, "day": 1}, dict[str, date]()
    for one in before:
        oldest[one.grain] = min(one.at, oldest.get(one.grain, one.at))
    for series in every:
        grain, step, end = series.grain, STEPS[series.grain], _end(series)
        asked = max((end - until.get(_name(series), end)) // step, (end - oldest.get(grain, end)) // step + 1)
        found[grain] = min(max(asked, found[grain]), MAX_PERIODS)
    return found


def _otherwise(before: Iterable[Finding], verdicts: Iterable[Judged]) -> list[Finding]:
    """What was found of another figure than is counted today: it is withdrawn where that isn't told."""
    today = {(one.key, one.at): one.count for one in verdicts}
    known = [(one, today.get((f"{one.category}/{one.grain}/{one.division}", one.at))) for one in before]
    return [one for one, now in known if now not in {None, one.count}]


def _finding(platform: Platform, every: Mapping[str, Series], verdict: Judged) -> Finding | None:
    """What is told of an alarm; None where it is too little by the category's thresholds."""
    series = every[verdict.key]
    category, place = platform[CATEGORIES][series.category], series.place(verdict.at)
    about = (series.closed, place, series.grain)
    grade, now = level(category.thresholds, *about), risen(*about)
    if not (grade and now) or verdict.upper is None:
        return None
    same = [one for one in every.values() if _name(one) == _name(series) and one.first <= verdict.at]
    week = {one.division: (one.counts[at] or 0, one.losses[at]) for one in same if (at := one.place(verdict.at)) >= 0}
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
    values = {"level": grade, "area": area, "count": now.count, "loss": series.losses[place], "facts": facts}
    return made(platform, category, series.division, series.grain, verdict.at, **values)


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
    """The last periods up to the judged one, each with what was expected and the bound."""
    end = series.place(verdict.at) + 1
    begin = max(0, end - len(verdict.bounds))
    periods = zip(series.periods[begin:end], series.counts[begin:end], [*verdict.bounds][begin - end :], strict=True)
    names = ("at", "count", "expected", "upper")
    return [dict(zip(names, (at.isoformat(), count, *bound), strict=True)) for at, count, bound in periods]
