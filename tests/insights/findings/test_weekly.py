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
from insights.figures.models import Count
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
    findings,
    last_week,
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


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_dismissed_finding_comes_back_where_its_rule_says_so_alone(door: Door, language: str) -> None:
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
        later = weekly.made(door.platform, category, EAST, "week", monday, **about)
        told[weeks] = [each.count for each in await weekly.keep(door.platform, [later])]
    assert told == {1: [], 2: [31], 3: [], 4: [], 5: [25]}
    silenced = (await lin.get(LIST, params={"state": "silenced"}, headers={"Accept-Language": language})).ok()["items"]
    assert [each["count"] for each in silenced] == [25, 30, 20]
    # Taking it back ends the rule.
    (await act(lin, {**one, "version": 2}, "reopen")).ok()
    later = weekly.made(door.platform, category, EAST, "week", last_week(door) + timedelta(weeks=-9), **about)
    assert len(await weekly.keep(door.platform, [later])) == 1
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
    ("later", "fell"), [((8, 9), True), ((8, 13), False), ((20, 0), True), ((8, None), True), ((), None)]
)
async def test_the_weeks_after_it_say_whether_it_fell(
    door: Door, later: tuple[int | None, ...], fell: bool | None
) -> None:
    await count(door, EAST, (6, 6, 19, *later), weeks=5)
    category = door.platform[weekly.CATEGORIES]["fraud-tasks"]
    at = last_week(door) - timedelta(weeks=len(later))
    about = {"level": "warn", "area": EAST, "count": 19, "loss": None, "facts": {"upper": 12.0, "at_most": 12}}
    (one,) = await weekly.keep(door.platform, [weekly.made(door.platform, category, EAST, "week", at, **about)])
    after = (await analyst(door).get(f"{LIST}/{one.id}")).ok()["after"]
    assert after["fell"] is fell
    assert [(each["count"], each["closed"]) for each in after["weeks"]][: len(later)] == [
        (each, True) for each in later
    ]
    assert [each["closed"] for each in after["weeks"]] == [True] * len(later) + [False], "this week isn't closed"
