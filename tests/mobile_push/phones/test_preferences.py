"""Preferences: what a person wishes to be told of, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, open_door
from mobile_push.tables.models import Follow, Profile
from tests.mobile_push.conftest import PLUGINS

TOPICS = {"weather": {"zh-CN": "天气预警", "en": "Weather warnings"}, "water": {"zh-CN": "停水", "en": "Water cuts"}}

NOTHING = {"topics": [], "departments": [], "quiet_hours": None, "notices": True, "silent_categories": []}

NIGHT = {"from": "22:00", "until": "07:00", "timezone": "Asia/Shanghai"}

ALL = {
    "topics": ["weather", "water"],
    "departments": ["traffic"],
    "quiet_hours": NIGHT,
    "notices": False,
    "silent_categories": [],
}

PATH = "/v1/preferences"


def opened(
    folder: Path, database: str = "", topics: dict[str, dict[str, str]] = TOPICS
) -> AbstractAsyncContextManager[Door]:
    settings = {"mobile_push": {"topics": topics}}
    return open_door(
        folder,
        PLUGINS,
        settings=settings,
        platform={"database": database} if database else {},
    )


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as one:
        yield one


async def test_whoever_wished_for_nothing_is_shown_what_goes_for_them(door: Door) -> None:
    assert (await door.citizen("wang").get(PATH)).ok() == NOTHING
    assert await Profile.all().count() == 0, "looking stores nothing"


async def test_what_was_put_is_there_and_may_be_put_again_on_both_databases(tmp_path: Path, database: str) -> None:
    async with opened(tmp_path, database) as door:
        wang = door.citizen("wang")
        for _ in range(2):
            assert (await wang.put(PATH, ALL)).ok() == ALL
            assert (await wang.get(PATH)).ok() == ALL
        (profile,) = await Profile.all()
        assert (profile.quiet_from, profile.quiet_until, profile.timezone) == (22 * 60, 7 * 60, "Asia/Shanghai")
        followed = sorted(await Follow.all().values_list("person", "topic"))
        assert followed == [("wang", "department:traffic"), ("wang", "water"), ("wang", "weather")]
        assert (await wang.put(PATH, NOTHING)).ok() == NOTHING
        assert await Follow.all().count() == 0


async def test_a_patch_changes_what_it_names_alone(door: Door) -> None:
    wang = door.citizen("wang")
    (await wang.put(PATH, ALL)).ok()
    expected = dict(ALL)
    changes: tuple[dict[str, Any], ...] = (
        {"topics": ["water"]},
        {"notices": True},
        {"quiet_hours": {**NIGHT, "from": "00:00", "until": "23:59"}},
        {"departments": []},
        {"quiet_hours": None},
        {"topics": [], "departments": ["traffic"], "notices": False},
    )
    for change in changes:
        expected |= change
        assert (await wang.call("PATCH", PATH, json=change)).ok() == expected
    assert (await wang.get(PATH)).ok() == expected


async def test_a_persons_preferences_are_their_own(door: Door) -> None:
    (await door.citizen("wang").put(PATH, ALL)).ok()
    assert (await door.citizen("li").get(PATH)).ok() == NOTHING
    (await door.citizen("li").put(PATH, NOTHING)).ok()
    assert (await door.citizen("wang").get(PATH)).ok() == ALL
    for person, status, code in (
        (door.anyone, 401, "unauthenticated"),
        (door.staff("wang", "traffic:approver"), 403, "forbidden"),
        (door.officer("wang", "traffic"), 403, "forbidden"),
    ):
        for method in ("GET", "PUT", "PATCH"):
            (await person.call(method, PATH, json=ALL)).problem(status, code)


async def test_changes_at_once_leave_one_of_them_and_no_mixture(tmp_path: Path, database: str) -> None:
    async with opened(tmp_path, database) as door:
        wang = door.citizen("wang")
        both = [ALL, {**NOTHING, "topics": ["water"]}]
        replies = await asyncio.gather(*(wang.put(PATH, both[turn % 2]) for turn in range(20)))
        assert {reply.status for reply in replies} == {200}
        assert (await wang.get(PATH)).ok() in both


async def test_the_topics_are_there_for_anyone_in_their_language(door: Door) -> None:
    chinese = (await door.anyone.get("/v1/topics")).ok()
    assert chinese["items"] == [{"code": "weather", "title": "天气预警"}, {"code": "water", "title": "停水"}]
    english = (await door.anyone.get("/v1/topics", headers={"Accept-Language": "en"})).ok()
    assert [one["title"] for one in english["items"]] == ["Weather warnings", "Water cuts"]


async def test_a_topic_that_is_no_longer_offered_is_not_shown_and_does_not_spoil_a_change(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        (await door.citizen("wang").put(PATH, ALL)).ok()
    async with opened(tmp_path, topics={"water": TOPICS["water"]}) as door:
        wang = door.citizen("wang")
        shown = (await wang.get(PATH)).ok()
        assert shown == {**ALL, "topics": ["water"]}
        assert (await wang.put(PATH, shown)).ok() == shown
        (problem,) = (await wang.put(PATH, ALL)).problem(422, "invalid-fields")["problems"]
        assert problem == {"pointer": "/topics/0", "detail": "没有这一项；可用的有：water。", "code": "unknown"}


#: A body of PUT → the pointers that it is told.
WRONG: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({}, {"/topics", "/departments", "/quiet_hours", "/notices"}),
    ({**ALL, "person": "li"}, {"/person"}),
    ({**ALL, "topics": ["weather", "news", "x", "weather"]}, {"/topics/1", "/topics/2"}),
    ({**ALL, "topics": ["department:traffic"]}, {"/topics/0"}),
    ({**ALL, "topics": ["Weather"]}, {"/topics/0"}),
    ({**ALL, "topics": ["' OR 1=1 --"]}, {"/topics/0"}),
    ({**ALL, "topics": ["weather\n"]}, {"/topics/0"}),
    ({**ALL, "topics": "weather"}, {"/topics"}),
    ({**ALL, "topics": None}, {"/topics"}),
    ({**ALL, "topics": ["weather"] * 101}, {"/topics"}),
    ({**ALL, "topics": ["w" * 65]}, {"/topics/0"}),
    ({**ALL, "departments": ["traffic", "weather"]}, {"/departments/1"}),
    ({**ALL, "departments": [["traffic"]]}, {"/departments/0"}),
    ({**ALL, "departments": ["__class__"]}, {"/departments/0"}),
    ({**ALL, "notices": "yes"}, {"/notices"}),
    ({**ALL, "notices": 1}, {"/notices"}),
    ({**ALL, "notices": None}, {"/notices"}),
    ({**ALL, "quiet_hours": {}}, {"/quiet_hours/from", "/quiet_hours/until", "/quiet_hours/timezone"}),
    ({**ALL, "quiet_hours": False}, {"/quiet_hours"}),
    ({**ALL, "quiet_hours": {**NIGHT, "days": [1]}}, {"/quiet_hours/days"}),
    ({**ALL, "quiet_hours": {**NIGHT, "until": "22:00"}}, {"/quiet_hours/until"}),
    *(
        ({**ALL, "quiet_hours": {**NIGHT, "from": wrong}}, {"/quiet_hours/from"})
        for wrong in ("24:00", "7:00", "22:60", "22:00:00", "22.00", "", "２２:００", " 22:00", "22:00\n", 1320, None)
    ),
    *(
        ({**ALL, "quiet_hours": {**NIGHT, "timezone": wrong}}, {"/quiet_hours/timezone"})
        for wrong in (
            "",
            "Mars/Olympus",
            "asia/shanghai",
            "localtime",
            "Factory",
            "CST",
            "+08:00",
            "../../etc/passwd",
            "/etc/localtime",
            "Asia/Shanghai\n",
            "Asia",
            "A" * 65,
            8,
            None,
        )
    ),
    (
        {**ALL, "topics": ["news"], "departments": ["x"], "quiet_hours": {**NIGHT, "timezone": "CST"}},
        {"/topics/0", "/departments/0", "/quiet_hours/timezone"},
    ),
)


async def test_wrong_preferences_are_told_every_wrong_field_and_change_nothing(door: Door) -> None:
    wang = door.citizen("wang")
    (await wang.put(PATH, ALL)).ok()
    for body, pointers in WRONG:
        problem = (await wang.put(PATH, body)).problem(422, "invalid-fields")
        assert {one["pointer"] for one in problem["problems"]} == pointers, body
    (await wang.call("PATCH", PATH, json={})).problem(422, "invalid-fields")
    (await wang.call("PATCH", PATH, json={"topics": ["news"]})).problem(422, "invalid-fields")
    (await wang.put(PATH, [ALL])).problem(400, "malformed-body")
    (await wang.call("PUT", PATH, data=b"{}")).problem(415, "unsupported-media-type")
    (await wang.put(f"{PATH}?person=li", ALL)).problem(400, "invalid-parameter")
    (await wang.get(f"{PATH}?person=li")).problem(400, "invalid-parameter")
    (await wang.delete(PATH)).problem(405, "method-not-allowed")
    assert (await wang.get(PATH)).ok() == ALL


async def test_what_there_is_is_named_and_hours_without_length_are_advised(door: Door) -> None:
    wang = door.citizen("wang")
    (problem,) = (await wang.put(PATH, {**ALL, "topics": ["news"]})).problem(422, "invalid-fields")["problems"]
    assert problem["detail"] == "没有这一项；可用的有：weather, water。"
    same = {**ALL, "quiet_hours": {**NIGHT, "until": "22:00"}}
    (problem,) = (await wang.put(PATH, same)).problem(422, "invalid-fields")["problems"]
    assert "请不设免打扰时段" in problem["detail"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"topics": {"Weather": TOPICS["weather"]}}, "topics.Weather: a code is lower case letters"),
        ({"topics": {"department:traffic": TOPICS["weather"]}}, "topics.department:traffic: a code is"),
        ({"topics": {"w" * 65: TOPICS["weather"]}}, "64 at most"),
        ({"topics": {"weather": {"zh-CN": "天气"}}}, "topics.weather needs a title in en"),
        ({"topics": {"weather": {"zh-CN": " ", "en": ""}}}, "topics.weather needs a title in zh-CN and en"),
        ({"topics": {"weather": "天气"}}, "topics.weather"),
        ({"topics": ["weather"]}, "topics"),
        ({"forget_after_days": 0}, "forget_after_days has to be from 30 to 3650"),
        ({"forget_after_days": 100_000}, "forget_after_days has to be from 30 to 3650"),
        ({"forget_after_days": "never"}, "forget_after_days"),
    ],
)
async def test_a_wrong_setting_stops_the_start_and_says_which(
    tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as failure:
        async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings={"mobile_push": settings}):
            pass
    assert told in str(failure.value)
