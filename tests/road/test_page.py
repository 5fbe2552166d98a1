"""The site's page of roads says what the API says, to anybody, in both languages, and its texts stay texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal, Role
from banshi.testing import TINY_PNG, Door
from road.ending import look
from road.tables.models import RoadEvent
from tests.channels.site.browsing import open_browser
from tests.road.city import DISTRICT, listed, open_city, published


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"mobile_push": "mobile_push", "web_site": "web_site"}
    push = {"mobile_push": {"alerts": {"sender": "alerts@city.example"}}}
    async with open_city(tmp_path, plugins=plugins, beside=push) as door:
        yield door


async def test_the_page_of_roads_says_what_is_where_until_when_and_nothing_runs_in_it(city: Door) -> None:
    await published(city, detour="请走示例二路", said_by="桥梁处")
    await published(city, kind="works", road="<script>alert(1)</script>", text_en="Pipe works", division="510704")
    async with open_browser(city) as browser:
        page = (await browser.go("/site/roads")).text
        for words in ("路况", "封闭、管制", "示例大桥", "结束时间未定", "绕行：", "涪城区", "游仙区", "本页2条"):
            assert words in page, words
        assert "<script>alert" not in page
        assert page.index("示例大桥") < page.index("alert(1)")
        one = (await browser.go("/site/roads?division=510704&kind=")).text
        assert "示例大桥" not in one
    async with open_browser(city, language="en") as browser:
        page = (await browser.go("/site/roads?kind=works")).text
        assert "Pipe works" in page
        assert "Road works" in page


async def test_one_press_follows_a_road_or_its_district_or_mutes_them_all_and_one_ends_it(city: Door) -> None:
    road = "示例大道（1/9 段）<b>"
    await published(city, road=road)
    citizen = city.citizen("wang")

    async def pressed(page: str, name: str, stop: str = "") -> str:
        await browser.go(page)
        return (await browser.press(stop, of=name)).text

    async with open_browser(city) as browser:
        page = (await browser.go("/site/roads")).text
        assert "/site/wishes" not in page, "a stranger follows nothing"
    async with open_browser(city, Principal("wang", name="王示例")) as browser:
        for name in (road, "all"):
            assert "取消关注" in await pressed("/site/roads", name)
        await pressed(f"/site/roads?division={DISTRICT}", DISTRICT)
        assert (await citizen.get("/v1/road/followed")).ok()["items"] == [road, "all", DISTRICT]
        assert "恢复推送路况" in await pressed("/site/roads", "")
        kinds = (await citizen.get("/v1/me/notice-kinds")).ok()["items"]
        assert [one["is_muted"] for one in kinds] == [True]
        await pressed("/site/roads", "", "stop")
        for name in (road, "all"):
            await pressed("/site/roads", name, "stop")
        assert (await citizen.get("/v1/road/followed")).ok()["items"] == [DISTRICT]
        assert (await citizen.get("/v1/me/notice-kinds")).ok()["items"][0]["is_muted"] is False


async def test_the_workbench_publishes_in_one_form_and_answers_what_asks_by_a_press(city: Door) -> None:
    sun = Principal("sun", name="孙示例", roles=(Role("reviewer", "traffic", "command-centre"),))
    async with open_browser(city, sun) as browser:
        await browser.go("/site/staff/roads/new")
        typed = {"kind": "congestion", "division": DISTRICT, "road": "示例大道", "text": "车多缓行"}
        for name, one in {**typed, "latitude": "25", "longitude": "104.73"}.items():
            browser.type(f"/{name}", one)
        assert "不在本市范围内" in (await browser.press("next", "1")).text
        browser.type("/latitude", "")
        assert (await browser.press("next", "1")).status == 200
        assert browser.mistakes() == ["纬度（WGS 84）：此项必填。"]
        browser.type("/latitude", "31.46")
        assert "示例大道" in (await browser.press("next", "1")).text
        (feature,) = await listed(city)
        assert feature["geometry"] == {"type": "Point", "coordinates": [104.73, 31.46]}
        # Signing in ends before a jam asks.
        await RoadEvent.all().update(asks_at=city.platform.now())
        await look(city.platform)
        assert "请再核实" in (await browser.go("/site/staff/roads")).text
        assert "请再核实" not in (await browser.press("still", "1")).text
        await browser.press("over", "1")
    assert await listed(city) == []
    async with open_browser(city, Principal("zhao", name="赵示例", roles=(Role("approver", "traffic"),))) as browser:
        assert (await browser.go("/site/staff/roads")).status == 404


SUN = Principal("sun", name="孙示例", roles=(Role("reviewer", "traffic", "command-centre"),))
REPORT = {"kind": "congestion", "division": DISTRICT, "place": "示例大道", "text": "车多<b>缓行</b>", "latitude": 31.46}


async def reported(city: Door, *pictures: bytes, **changes: Any) -> dict[str, Any]:
    wang = city.citizen("wang")
    ids = [(await wang.upload(one, "现场.png")).created()["id"] for one in pictures]
    answers = {**REPORT, "longitude": 104.73, **changes, **({"photos": ids} if ids else {})}
    begun = await wang.post("/v1/items/road-report/begin", {"answers": answers})
    await city.settled()
    return dict(begun.created()["case"])


async def test_a_report_is_opened_and_published_in_two_steps_with_what_it_says(city: Door) -> None:
    case = await reported(city, TINY_PNG)
    async with open_browser(city, SUN) as browser:
        page = (await browser.go("/site/staff/roads")).text
        assert case["number"] in page
        await browser.go(browser.page.xpath("string(//main//a[contains(@href, 'report=')]/@href)"))
        for words in ("示例大道", "车多&lt;b&gt;缓行&lt;/b&gt;", "/files/", "拥堵"):
            assert words in browser.text, words
        await browser.press("next", "1")
        assert browser.status == 200, browser.mistakes()
        assert case["number"] not in browser.text
    (feature,) = await listed(city)
    assert feature["geometry"] == {"type": "Point", "coordinates": [104.73, 31.46]}
    told = feature["properties"]
    assert (told["kind"], told["road"], told["text"]) == ("congestion", "示例大道", REPORT["text"])
    after = (await city.citizen("wang").get(f"/v1/cases/{case['id']}")).ok()
    assert after["state"] == "answered"
    assert "示例大道" in str(after)


async def test_a_report_that_isnt_so_is_answered_by_one_press_and_nothing_is_published(city: Door) -> None:
    case = await reported(city)
    async with open_browser(city, SUN) as browser:
        await browser.go(f"/site/staff/roads/new?report={case['id']}")
        assert "没有照片" in browser.text
        assert case["number"] not in (await browser.press("no", "1")).text
    after = (await city.citizen("wang").get(f"/v1/cases/{case['id']}")).ok()
    assert after["state"] == "answered"
    assert "目前没有这一情况" in str(after)
    assert await listed(city) == []


async def test_what_is_wrong_with_a_reports_words_is_said_and_the_report_stays_beside_it(city: Door) -> None:
    case = await reported(city, text="司机张小明撞了护栏")
    async with open_browser(city, SUN) as browser:
        await browser.go(f"/site/staff/roads/new?report={case['id']}")
        await browser.press("next", "1")
        assert any("张小明" in one for one in browser.mistakes()), browser.mistakes()
        browser.type("/text", "一车撞了护栏")
        assert (await browser.press("next", "1")).status == 200
    (feature,) = await listed(city)
    assert feature["properties"]["text"] == "一车撞了护栏"
    assert (await city.citizen("wang").get(f"/v1/cases/{case['id']}")).ok()["state"] == "answered"


async def test_whoever_publishes_too_drafts_an_alert_of_what_is_severe_by_one_press(city: Door) -> None:
    record = await published(city, severity="Severe")
    async with open_browser(city, SUN) as browser:
        assert "拟发预警" not in (await browser.go("/site/staff/roads")).text
    async with open_browser(
        city, Principal("sun", name="孙示例", roles=(*SUN.roles, Role("publisher", "traffic")))
    ) as both:
        await both.go("/site/staff/roads")
        assert "道路预警（封闭、管制）：示例大桥" in (await both.press("alert", "1")).text
        assert "/site/staff/publishing/alerts/" in both.url
        page = (await both.go("/site/staff/roads")).text
        assert "拟发预警" not in page
        assert "查看预警" in page
    staff = city.staff("sun", "traffic/command-centre:reviewer", "traffic:publisher")
    after = (await staff.get(f"/v1/road/records/{record['id']}")).ok()
    assert (await staff.get(f"/v1/alerts/{after['alert']}/record")).ok()["state"] == "draft"
