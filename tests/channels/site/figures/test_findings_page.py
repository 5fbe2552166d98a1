"""What rose, on the workbench: as the API has it, as a picture and a table, and decided about without a script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from banshi import LANGUAGES, Principal, Role
from banshi.testing import Door
from insights.figures.models import CountSource
from insights.findings import weekly
from tests.channels.site.browsing import Browser, open_browser
from tests.insights.findings.city import (
    EAST,
    LIST,
    STREETS,
    analyst,
    any_rise,
    count,
    count_days,
    findings,
    last_week,
    open_city,
    risen,
)
from web_site.session import STAFF

ROOM = f"{STAFF}/findings"
BOTH = (Role("analyst", "criminal"), Role("publisher", "criminal"))
LIN, WU = Principal("lin", name="林警官", roles=BOTH), Principal("wu", name="吴警官", roles=BOTH)
CHEN = Principal("chen", name="陈警官", roles=(Role("reviewer", "criminal"),))


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(weekly, "judge", any_rise)
    async with open_city(tmp_path, "web_site", push={"one_person": ["criminal"]}) as opened:
        await count(opened, STREETS[0], (2, 2, 2, 2, 9))
        yield opened


def text(browser: Browser, section: str) -> str:
    return " ".join(browser.page.xpath("//section[@aria-labelledby=$id]", id=section)[0].text_content().split())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_of_a_finding_says_what_the_api_says(door: Door, language: str) -> None:
    one = await risen(door, counts=(4, 4, 4, 4, 10))
    whole = (await analyst(door).get(f"{LIST}/{one['id']}", headers={"Accept-Language": language})).ok()
    async with open_browser(door, LIN, language=language) as browser:
        await browser.go(ROOM)
        (link,) = browser.page.xpath("//ul[@class='list']//a[contains(@href, $id)]", id=one["id"])
        await browser.go(link.get("href"))
        assert browser.status == 200
        assert whole["category"]["title"] in browser.heading()
        why = text(browser, "ch")
        for number in (one["count"], "6.0", "12.0", one["count"] - 12):
            assert str(number) in why + browser.heading()
        rows = [
            [cell.text_content() for cell in row] for row in browser.page.xpath("//section[@aria-labelledby='ch']//tr")
        ]
        assert [row[1:] for row in rows[1:6]] == [["6", "12"]] * 4 + [["19", "12"]]
        (picture,) = browser.page.xpath("//*[local-name()='svg' and @role='img']")
        assert picture.get("aria-labelledby")
        places = [
            [cell.text_content() for cell in row]
            for row in browser.page.xpath("//section[@aria-labelledby='wh']//tbody/tr")
        ]
        assert [row[1] for row in places] == [str(each["count"]) for each in whole["why"]["places"]]
        assert (
            browser.page.xpath("string(//input[@name='/title/zh-CN']/@value)") == whole["suggestion"]["title"]["zh-CN"]
        )


async def test_one_drafts_and_asks_and_another_approves_in_publishing(door: Door) -> None:
    one = await risen(door)
    async with open_browser(door, LIN) as lin, open_browser(door, WU) as wu:
        await lin.go(f"{ROOM}/{one['id']}")
        draft = next(form for form in lin.page.xpath("//form") if form.get("action").endswith("/draft"))
        sent = dict(lin.sent(draft)) | {"/body/zh-CN": "防" * 61, "next": "propose"}
        await lin._ask("POST", draft.get("action"), data=sent, headers={"Origin": door.url})
        assert lin.status == 422
        assert "60" in lin.page.xpath("//section[@class='errors']")[0].text_content()
        assert lin.page.xpath("string(//textarea[@name='/body/zh-CN'])").strip() == "防" * 61, "what was typed stays"
        await lin._ask(
            "POST", draft.get("action"), data=sent | {"/body/zh-CN": "近7天接报19起。"}, headers={"Origin": door.url}
        )
        assert "待第二人审批" in text(lin, "wr")
        link = lin.page.xpath("string(//section[@aria-labelledby='wr']//a/@href)")
        await wu.go(link)
        await wu.press("do", "approve")
        await wu.go(f"{ROOM}/{one['id']}")
        assert "公开" in text(wu, "wr") or "已发布" in text(wu, "wr")
        assert "已发出" in text(wu, "ch"), "the chart shows when"
        assert "未满周" in text(wu, "af")
        assert not wu.page.xpath("//main//form"), "what went out stays told"
        # A week that nobody has counted yet has no figure beside which anything could stand.
        await CountSource.all().update(until=last_week(door) + timedelta(days=6))
        await wu.go(f"{ROOM}/{one['id']}")
        assert (wu.status, "无数据" in text(wu, "af")) == (200, True)
        assert "已发出" in text(wu, "ch")


async def test_a_dismissal_asks_why_and_until_when_and_can_be_taken_back(door: Door) -> None:
    one = await risen(door)
    async with open_browser(door, LIN) as browser:
        await browser.go(f"{ROOM}/{one['id']}")
        browser.type("/reason", "同一团伙，已抓获")
        browser.type("/until", "")
        await browser.press()
        assert browser.status == 422
        assert "同一团伙" in browser.page.xpath("string(//textarea[@name='/reason'])")
        browser.type("/until", door.platform.today().isoformat())
        browser.type("/unless_over", "30")
        await browser.press()
        assert "30" in text(browser, "ru")
        assert "同一团伙" in text(browser, "hi")
        await browser.press()
        assert not browser.page.xpath("//section[@aria-labelledby='ru']")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_day_that_rose_is_told_as_a_day(door: Door, language: str) -> None:
    await count_days(door, EAST, *[(ago, 5) for ago in range(2, 30)], (1, 31))
    await weekly.judge_now(door.platform)
    one = next(one for one in await findings(door) if one["grain"] == "day" and one["division"]["code"] == EAST)
    async with open_browser(door, LIN, language=language) as browser:
        await browser.go(f"{ROOM}/{one['id']}")
        assert browser.status == 200
        words = {"zh-CN": ("一日31起", "每天5.0起", "每日起数"), "en": ("31 on one day", "5.0 a day", "By day")}[
            language
        ]
        page = browser.page.xpath("string(//main)")
        assert all(word in page for word in words), page


async def test_the_page_has_the_settings_lengths_and_the_list_says_what_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weekly, "judge", any_rise)
    most = {"zh-CN": (21, 63), "en": (70, 190)}
    async with open_city(tmp_path, "web_site", most_chars=most) as door, open_browser(door, LIN) as browser:
        one = await risen(door)
        await browser.go(f"{ROOM}/{one['id']}")
        labels = " ".join(browser.page.xpath("//section[@aria-labelledby='dr']//label//text()"))
        assert all(str(number) in labels for numbers in most.values() for number in numbers)
        await browser.go(f"{ROOM}?state=sent")
        assert "没有符合条件的预警" in browser.page.xpath("string(//main)")


async def test_nobody_but_its_analysts_and_publishers_finds_the_room(door: Door) -> None:
    one = await risen(door)
    async with open_browser(door, CHEN) as browser:
        for address in (ROOM, f"{ROOM}/{one['id']}"):
            await browser.go(address)
            assert browser.status == 404
    async with open_browser(door, LIN) as browser:
        await browser.go(f"{ROOM}/{EAST}")
        assert browser.status == 404
