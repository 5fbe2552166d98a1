"""The departments' made-up notices: as a bureau words them, and published by one command however often it is called."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from banshi.app import loaded
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.registry import Registry
from banshi.ops.samples import FILE, Notice, Record, files_of, notice_body, publish
from banshi.testing import Door, open_door
from mobile_push.tables.models import Broadcast
from tests.places import ROOT

FOLDER = ROOT / "plugins" / "departments"
NOW = datetime(2026, 12, 30, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


def city() -> Registry:
    return loaded(read_configuration(ROOT / "plugins.toml"))


def written() -> list[Notice]:
    return [notice for one in files_of(city()) for notice in one.notices]


def records() -> list[Record]:
    return [record for one in files_of(city()) for record in one.records]


@pytest.mark.parametrize("record", records(), ids=lambda one: one.code)
def test_a_record_says_in_both_languages_that_it_is_made_up_and_names_nobody(record: Record) -> None:
    told = orjson.dumps(record.body).decode()
    assert "本条为示例" in told
    assert "This is a sample" in told or "(this is a sample)" in told
    assert not re.search(r"1[3-9]\d{9}|某某|高发", told)


def test_a_city_has_some_thirty_things_to_say_of_every_kind_and_none_twice() -> None:
    found = written()
    assert len(found) == len({one.code for one in found}) >= 25
    kinds = Counter(one.kind for one in found)
    assert kinds.keys() == {"warning", "news", "knowledge"}
    paths = Counter(one.path for one in records())
    assert paths == {"/v1/alerts": 2, "/v1/refutations": 2, "/v1/road/events": 5}
    assert sum(one.code.startswith("fraud-") for one in found) >= 9


@pytest.mark.parametrize("notice", written(), ids=lambda one: one.code)
def test_a_notice_fits_a_lock_screen_and_says_what_to_do_from_whom_and_as_of_when(notice: Notice) -> None:
    body = notice_body(notice, NOW)
    assert len(body["title"]["zh-CN"]) <= 18
    assert len(body["body"]["zh-CN"]) <= 60 + 4
    assert body["title"].keys() == body["body"].keys() == body["content"].keys() == {"zh-CN", "en"}
    told = body["content"]["zh-CN"]
    # Whose word it is, of which day, and that it is made up.
    assert re.search(r"来源|发布|第1号", told)
    assert "2026年12月" in told
    assert "本条为示例" in told
    assert body["content"]["en"].endswith("This is a sample.")
    assert not re.search(r"[\u4e00-\u9fff]", body["content"]["en"])
    everything = " ".join([*body["title"].values(), *body["body"].values(), *body["content"].values()])
    assert "{" not in everything
    # Never "many" without a number; no name of anybody, and no whole phone number.
    assert "高发" not in everything
    assert not re.search(r"1[3-9]\d{9}|某某", everything)
    if notice.kind == "warning":
        assert re.search(r"近7天", body["body"]["zh-CN"])
        assert "## 怎么办" in told or "## 六不" in told


def test_days_are_counted_from_the_day_on_which_it_is_published() -> None:
    notice = next(one for one in written() if one.code == "event-control")
    assert "2027年1月2日" in notice_body(notice, NOW)["body"]["zh-CN"]
    assert "2 January 2027" in notice_body(notice, NOW)["body"]["en"]


def morning(door: Door) -> datetime:
    """Of today where the city is, as its servers know it."""
    return door.platform.now().astimezone(door.platform.settings.timezone).replace(hour=1)


async def test_all_of_it_is_published_once_what_takes_two_by_two(tmp_path: Path) -> None:
    names = sorted(folder.parent.name for folder in FOLDER.glob(f"*/{FILE}"))
    plugins: dict[str, Any] = {name: FOLDER / name for name in names}
    plugins |= {name: name for name in ("mobile_push", "road", "refutations")}
    push = {"mobile_push": {"alerts": {"sender": "alerts@city.example"}}}
    async with open_door(tmp_path, plugins, settings=push) as door:
        for hours in (0, 5):
            told = await publish(door.platform.registry, door.staff, morning(door) + timedelta(hours=hours))
            assert not told.refused
            assert told.states == {"published": len(written()) + 2, "public": 2, "in-force": 5}
        assert await Broadcast.all().count() == len(written()) + 2
        assert len((await door.anyone.get("/v1/alerts")).ok()["items"]) == 2
        inbox = (await door.citizen("wang").get("/v1/inbox")).ok()["items"]
        assert "防诈提醒：刷单返利警情增多" in {one["title"] for one in inbox}
        assert {one.approver for one in await Broadcast.filter(state="published")} == {"sample-approver"}
        found = (await door.anyone.get("/v1/refutations")).ok()["items"]
        assert {one["title"] for one in found} == {"辟谣：网传“示例路抢孩子”不实", "正在核实：网传“示例区自来水有毒”"}
        roads = (await door.anyone.get("/v1/road/events")).ok()["features"]
        assert {one["properties"]["kind"] for one in roads} == {
            "closure",
            "works",
            "congestion",
            "weather",
            "gathering",
        }
        # Under tomorrow's keys, a road that is closed still is closed once.
        later = await publish(door.platform.registry, door.staff, morning(door) + timedelta(days=1))
        # Of notices some would end too far from the server's own today.
        refused = [one for one in later.refused if one.startswith("traffic")]
        assert (refused, later.states["there already"]) == ([], 1)


async def test_what_another_plugin_keeps_is_left_out_without_it(tmp_path: Path) -> None:
    plugins: dict[str, Any] = {"cyber": FOLDER / "cyber", "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins) as door:
        told = await publish(door.platform.registry, door.staff, door.platform.now())
        assert (told.states, told.refused) == ({}, [])


async def test_what_cannot_be_published_is_told_and_the_rest_is(tmp_path: Path) -> None:
    place = tmp_path / "parks"
    place.mkdir()
    (place / "__init__.py").touch()
    department = '[department]\ncode = "parks"\ntitle = { zh-CN = "公园处", en = "Parks" }\n'
    (place / "items.toml").write_text(department, encoding="utf-8")
    row = """
[[notices]]
code = "{}"
kind = "news"
days = {}
title = {{ zh-CN = "开园", en = "Open" }}
body = {{ zh-CN = "开园。", en = "Open." }}
content = {{ zh-CN = "开园。", en = "Open." }}
"""
    text = 'department = "parks"\n' + row.format("right", 3) + row.format("wrong", 400)
    (place / FILE).write_text(text, encoding="utf-8")
    async with open_door(tmp_path, {"parks": place, "mobile_push": "mobile_push"}) as door:
        told = await publish(door.platform.registry, door.staff, door.platform.now())
        assert told.states == {"published": 1}
        assert [one.partition(": ")[2].partition(":")[0] for one in told.refused] == ["wrong"]
        await one_that_is_no_notice(door, place)


async def one_that_is_no_notice(door: Door, place: Path) -> None:
    for broken in ("department = 1", "notices = []", "[[notices", 'department = "parks"\n[[notices]]\ncode = 1\n'):
        (place / FILE).write_text(broken, encoding="utf-8")
        with pytest.raises(ValueError, match=re.escape(str(place / FILE))):
            await publish(door.platform.registry, door.staff, door.platform.now())
