"""What rose becomes a finding, once, and says why; what a dismissal's rule covers does not come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from banshi import LANGUAGES
from banshi.foundation.database.store import Store
from banshi.testing import Door
from insights.figures.models import Count, CountSource
from insights.findings import weekly
from insights.findings.models import Finding
from tests.insights.findings.city import (
    EAST,
    LIST,
    STREETS,
    WEST,
    act,
    analyst,
    any_rise,
    count,
    count_days,
    findings,
    last_week,
    later,
    open_city,
    risen,
)


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(weekly, "judge", any_rise)
    async with open_city(tmp_path) as opened:
        yield opened


async def test_a_finding_says_what_rose_where_since_when_and_how_sure_that_is(door: Door) -> None:
    await count(door, STREETS[0], (1, 1, 1, 1, 9), loss=100_000)
    await count(door, STREETS[1], (3, 3, 3, 3, 7))
    one = await risen(door, EAST, (2, 2, 2, 2, 6))
    whole = (await analyst(door).get(f"{LIST}/{one['id']}")).ok()
    assert (one["level"], one["count"], one["loss"], one["at"]) == ("warn", 22, 100_000, last_week(door).isoformat())
    why = whole["why"]
    assert (why["expected"], one["upper"], why["method"], why["chance_per_year"]) == (6.0, 12.0, "ears-c2", 1.5)
    assert (why["before"], why["last_year"], why["percent"], why["at_most"]) == (6.0, None, 266, 12)
    assert [(each["division"]["code"], each["count"]) for each in why["places"] if each["division"]] == [
        (STREETS[0], 9),
        (STREETS[1], 7),
    ]
    assert [each["count"] for each in why["points"]] == [6, 6, 6, 6, 22]


async def test_the_same_round_again_or_two_at_once_or_killed_in_the_middle_makes_no_other_finding(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await count(door, EAST, (6, 6, 6, 6, 19))
    await count(door, WEST, (6, 6, 6, 6, 21))

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(Store, "commit", killed)
        with pytest.raises(asyncio.CancelledError):
            await weekly.judge_now(door.platform)
    assert await findings(door) == []
    await asyncio.gather(*(weekly.judge_now(door.platform) for _ in range(3)))
    before = await findings(door)
    assert {one["division"]["code"] for one in before} == {EAST, WEST, ""}
    await weekly.judge_now(door.platform)
    assert await findings(door) == before


async def test_a_figure_that_was_corrected_is_corrected_in_what_nobody_has_decided_about(door: Door) -> None:
    one = await risen(door)
    await Count.filter(division=EAST, day=last_week(door)).update(count=25)
    refused = await act(analyst(door), one, "draft")
    assert "25" in refused.problem(409, "conflict")["detail"]
    await weekly.judge_now(door.platform)
    (after,) = [each for each in await findings(door) if each["id"] == one["id"]]
    assert (after["count"], after["version"]) == (25, one["version"] + 1)
    (await act(analyst(door), after, "draft")).ok()


async def test_of_what_few_make_nobody_is_told_where(door: Door) -> None:
    await count(door, STREETS[0], (1, 1, 1, 1, 4))
    await count(door, STREETS[1], (2, 2, 2, 2, 9))
    await count(door, STREETS[2], (5, 5, 5, 5, 5))
    await weekly.judge_now(door.platform)
    by_place = {one["division"]["code"]: one for one in await findings(door)}
    assert STREETS[0] not in by_place
    whole = (await analyst(door).get(f"{LIST}/{by_place[EAST]['id']}")).ok()
    # Of the four alone the sum would tell: the five go along.
    places = [(each["division"] and each["division"]["code"], each["count"]) for each in whole["why"]["places"]]
    assert places == [(STREETS[1], 9), (None, 9)]


async def test_a_dismissed_finding_comes_back_where_its_rule_says_so_alone(door: Door) -> None:
    one = await risen(door)
    until = last_week(door) + timedelta(weeks=4)
    lin = analyst(door)
    no_reason = await act(lin, one, "dismiss", until=until.isoformat())
    assert no_reason.problem(422, "invalid-fields")["problems"][0]["pointer"] == "/reason"
    (await act(lin, one, "dismiss", reason="同一团伙，已抓获", until=until.isoformat(), unless_over=30)).ok()
    await weekly.judge_now(door.platform)
    assert [each["state"] for each in await findings(door) if each["division"]["code"] == EAST] == ["dismissed"]
    told = {}
    for weeks, figure in ((1, 20), (2, 31), (3, 30), (4, 25), (5, 25)):
        monday = last_week(door) + timedelta(weeks=weeks)
        category = door.platform[weekly.CATEGORIES]["fraud-tasks"]
        about = {"level": "warn", "area": EAST, "count": figure, "loss": None, "facts": {"upper": 12.0}}
        behind = weekly.made(door.platform, category, EAST, "week", monday, **about)
        told[weeks] = [each.count for each in await weekly.keep(door.platform, [behind])]
    assert told == {1: [], 2: [31], 3: [], 4: [], 5: [25]}
    for language in LANGUAGES:
        wished = {"Accept-Language": language}
        silenced = (await lin.get(LIST, params={"state": "silenced"}, headers=wished)).ok()["items"]
        assert [each["count"] for each in silenced] == [25, 30, 20]
    # Taking it back ends the rule.
    (await act(lin, {**one, "version": 2}, "reopen")).ok()
    behind = weekly.made(door.platform, category, EAST, "week", last_week(door) + timedelta(weeks=-9), **about)
    assert len(await weekly.keep(door.platform, [behind])) == 1
    assert await Finding.filter(state="silenced").count() == 3


async def test_the_night_itself_finds_what_rose_and_leaves_what_did_not(tmp_path: Path) -> None:
    async with open_city(tmp_path) as door:
        usual = [12, 9, 11, 10, 13, 8, 12, 10, 11, 9, 12, 10]
        await count(door, EAST, [*usual, 31], weeks=13)
        await count(door, WEST, [*usual, 12], weeks=13)
        done = await weekly.judge_now(door.platform)
        assert done.series == 3
        assert [(one.division, one.count) for one in done.found if one.division] == [(EAST, 31)]
        whole = (await analyst(door).get(f"{LIST}/{next(one.id for one in done.found if one.division)}")).ok()
        assert whole["why"]["method"].startswith("ears")
        assert whole["upper"] < 31
        assert whole["why"]["chance_per_year"] < 2


@pytest.mark.parametrize(
    ("behind", "fell"), [((8, 9), True), ((8, 13), False), ((20, 0), True), ((8, None), True), ((), None)]
)
async def test_the_weeks_after_it_say_whether_it_fell(
    door: Door, behind: tuple[int | None, ...], fell: bool | None
) -> None:
    await count(door, EAST, (6, 6, 19, *behind), weeks=5)
    category = door.platform[weekly.CATEGORIES]["fraud-tasks"]
    at = last_week(door) - timedelta(weeks=len(behind))
    about = {"level": "warn", "area": EAST, "count": 19, "loss": None, "facts": {"upper": 12.0, "at_most": 12}}
    (one,) = await weekly.keep(door.platform, [weekly.made(door.platform, category, EAST, "week", at, **about)])
    after = (await analyst(door).get(f"{LIST}/{one.id}")).ok()["after"]
    assert after["fell"] is fell
    assert [(each["count"], each["closed"]) for each in after["weeks"]][: len(behind)] == [
        (each, True) for each in behind
    ]
    assert [each["closed"] for each in after["weeks"]] == [True] * len(behind) + [False], "this week isn't closed"


# -- what closes together, and what is corrected ---------------------------------------------------------------------


async def after(door: Door, weeks: int, *counts: int | None) -> None:
    """So many weeks later, with these figures of the last ones; and a round."""
    later(door, weeks)
    await count(door, EAST, counts)
    await CountSource.all().update(until=door.platform.today())
    await weekly.judge_now(door.platform)


async def test_every_week_that_closed_since_the_last_round_is_judged(door: Door) -> None:
    await count(door, EAST, (6, 6, 6, 6, 6))
    await weekly.judge_now(door.platform)
    assert await findings(door) == []
    await after(door, 3, 19, 6, 21)
    weeks = [last_week(door) - timedelta(weeks=ago) for ago in (2, 0)]
    found = [(one["at"], one["count"]) for one in await findings(door) if one["division"]["code"] == EAST]
    assert sorted(found) == [(str(weeks[0]), 19), (str(weeks[1]), 21)]


async def test_of_what_was_never_judged_the_last_week_is_told_alone(door: Door) -> None:
    await count(door, EAST, (6, 6, 6, 6, 19, 6, 25), weeks=7)
    await weekly.judge_now(door.platform)
    assert {one["count"] for one in await findings(door)} == {25}


async def test_the_figures_of_earlier_findings_are_read_anew_as_long_as_nobody_has_decided(door: Door) -> None:
    one = await risen(door)
    week = last_week(door)
    await after(door, 2, 6, 6)
    for figure, state in ((25, "open"), (5, "withdrawn"), (25, "open"), (26, "open")):
        await Count.filter(division=EAST, day=week).update(count=figure)
        await weekly.judge_now(door.platform)
        row = await Finding.get(id=one["id"])
        assert (row.state, row.count) == (state, figure if state == "open" else 25)
    (await act(analyst(door), {"id": one["id"]}, "draft")).ok()
    await Count.filter(division=EAST, day=week).update(count=27)
    await weekly.judge_now(door.platform)
    assert [(each.state, each.count) for each in await Finding.filter(division=EAST)] == [("drafted", 26)]


async def test_what_was_dismissed_is_found_anew_once_it_is_itself_more_than_its_rule_says(door: Door) -> None:
    one, lin = await risen(door), analyst(door)
    rule = {"reason": "同一团伙", "until": (last_week(door) + timedelta(weeks=4)).isoformat()}
    refused = (await act(lin, one, "dismiss", **rule, unless_over=18)).problem(422, "invalid-fields")
    assert [each["pointer"] for each in refused["problems"]] == ["/unless_over"]
    (await act(lin, one, "dismiss", **rule, unless_over=22)).ok()
    await after(door, 1, 6)
    for figure, told in ((22, []), (23, [23]), (24, [24])):
        await Count.filter(division=EAST, day=one["at"]).update(count=figure)
        # It is still read: another one of the same week is open.
        await weekly.judge_now(door.platform)
        assert [each["count"] for each in await findings(door, state="open") if each["division"]["code"]] == told
    assert [each["count"] for each in await findings(door, state="dismissed")] == [19]


# -- days ------------------------------------------------------------------------------------------------------------


async def test_a_day_that_rises_is_found_by_the_night_and_goes_the_way_of_a_week(tmp_path: Path) -> None:
    async with open_city(tmp_path) as door:
        usual = [(ago, [6, 7, 5, 8][ago % 4]) for ago in range(2, 40)]
        await count_days(door, EAST, *usual, (1, 31))
        await count_days(door, EAST, *usual, (1, 31), category="fraud-loans")
        done = await weekly.judge_now(door.platform)
        # Paid tasks are judged by day, too, and false loans aren't.
        (east, city) = sorted([one for one in done.found if one.grain == "day"], key=lambda one: -len(one.division))
        assert (east.division, city.division, east.category, east.count) == (EAST, "", "fraud-tasks", 31)
        assert east.at == door.platform.today() - timedelta(days=1)
        lin, wu = analyst(door), analyst(door, "wu")
        whole = (await lin.get(f"{LIST}/{east.id}")).ok()
        assert (whole["why"]["method"], whole["level"], len(whole["why"]["points"])) == ("ears-c2", "warn", 26)
        assert whole["upper"] < 31
        # Two series, a day of a year each, as rare as the rarer of both has to be.
        assert whole["why"]["chance_per_year"] == pytest.approx(2 * 365 * 0.001)
        assert "近1天涪城区接报31起" in whole["suggestion"]["body"]["zh-CN"]
        assert (await lin.get(f"{LIST}/{east.id}/chart.svg")).status == 200
        (await act(lin, {"id": str(east.id)}, "draft", propose=True)).ok()
        warning = (await lin.get(f"{LIST}/{east.id}")).ok()["warning"]
        (await wu.post(f"/v1/notices/{warning['id']}/actions/approve")).ok()
        assert (await weekly.judge_now(door.platform)).found == []


async def test_days_that_closed_together_are_all_judged(door: Door) -> None:
    await count_days(door, EAST, *[(ago, 5) for ago in range(1, 30)])
    await weekly.judge_now(door.platform)
    later(door, 1)
    await count_days(door, EAST, (5, 20), (3, 5), (1, 22))
    await CountSource.all().update(until=door.platform.today())
    await weekly.judge_now(door.platform)
    found = [one for one in await findings(door) if one["grain"] == "day" and one["division"]["code"]]
    assert sorted(one["count"] for one in found) == [20, 22]
