"""Figures on the workbench say what the API says, as a picture and as a table, and only to whom it says it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi import LANGUAGES, Principal, Role
from banshi.testing import Door, open_door
from charts.figures import figure_text
from tests.channels.site.browsing import Browser, open_browser
from tests.town.parts import appeals
from tests.town.town import written
from web_site.session import STAFF

ROOM = f"{STAFF}/figures"
CHEN = Principal("chen", name="陈警官", roles=(Role("reviewer", "parks"),))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, written(tmp_path, appeals(), "web_site")) as opened:
        yield opened


async def handled(door: Door, count: int, stars: int = 0, item: str = "ask-parks") -> None:
    """So many appeals; those with stars are answered and rated."""
    li, staff = door.citizen("li"), door.staff("chen", f"{item.removeprefix('ask-')}:reviewer")
    for _ in range(count):
        case = (await li.post(f"/v1/items/{item}/cases", {"answers": {"text": "路灯坏了"}})).created()["links"]["self"]
        if stars:
            (await staff.post(f"{case}/actions/assign", {"details": {"category": "roads"}})).ok()
            (await staff.post(f"{case}/actions/answer", {"details": {"text": "明天修好。"}})).ok()
            (await li.post(f"{case}/actions/rate", {"details": {"rating": stars}})).ok()


def table(browser: Browser, chart: str) -> list[list[str]]:
    rows = browser.page.xpath("//section[@aria-labelledby=$id]//table//tr", id=f"{chart}-h")
    return [[one.text_content() for one in row.xpath("th | td")] for row in rows]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_says_what_the_api_says(door: Door, language: str) -> None:
    await handled(door, 6, stars=4)
    await handled(door, 7)
    headers = {"Accept-Language": language}
    staff = door.staff("chen", "parks:reviewer")
    (line,) = (await staff.get("/v1/statistics/cases", params={"weeks": "12"}, headers=headers)).ok()["items"]
    (rated,) = (await door.anyone.get("/v1/statistics/appeals", headers=headers)).ok()["items"]
    async with open_browser(door, CHEN, language=language) as browser:
        await browser.go(ROOM)
        assert browser.status == 200
        under = "不足5" if language == "zh-CN" else "under 5"
        expected: dict[str, list[Any]] = {
            "waiting": [line["waiting"], line["late"], line["over_month"]],
            "punctual": [line["on_time_percent"]],
            "days": [line["mean_days"]],
            "stars": [rated["mean_rating"]],
        }
        for chart, figures in expected.items():
            unit = "%" if chart == "punctual" else ""
            assert table(browser, chart)[1][1:] == [figure_text(one, unit, under) for one in figures], chart
        weeks = table(browser, "received")[1:]
        assert [row[1] for row in weeks] == [figure_text(one["received"], "", under) for one in line["weeks"]]
        pictures = browser.page.xpath("//figure/*[local-name()='svg']")
        assert len(pictures) == len(browser.page.xpath("//table")) == 6
        assert all(one.get("role") == "img" and one.get("aria-labelledby") for one in pictures)
        ids = [str(one) for one in browser.page.xpath("//@id")]
        assert len(ids) == len({*ids})


async def test_each_unit_is_shown_week_by_week_where_it_is_chosen(door: Door) -> None:
    await handled(door, 5)
    await handled(door, 6, item="ask-works")
    both = Principal("chen", name="陈警官", roles=(Role("reviewer", "parks"), Role("reviewer", "works")))
    async with open_browser(door, both) as browser:
        await browser.go(ROOM)
        units = browser.page.xpath("//select[@name='unit']/option/@value")
        assert units == ["parks/east", "works/east"]
        assert [row[1] for row in table(browser, "waiting")[1:]] == ["5", "6"]
        for unit, count in (("works/east", "6"), ("parks/east", "5"), ("none/none", "5")):
            await browser.go(f"{ROOM}?unit={unit}")
            assert table(browser, "received")[-1][1] == count, unit


async def test_of_few_cases_nothing_is_shown_but_that_there_are_too_few(door: Door) -> None:
    async with open_browser(door, CHEN) as browser:
        await browser.go(ROOM)
        assert (browser.status, browser.page.xpath("//figure")) == (200, [])
        assert "还没有可以统计的办件" in browser.text
        await handled(door, 4)
        await browser.go(ROOM)
        assert browser.page.xpath("//figure") == []
        assert "太少" in browser.text


async def test_of_another_department_nobody_sees_a_figure(door: Door) -> None:
    await handled(door, 5)
    async with open_browser(door, Principal("wu", name="吴警官", roles=(Role("reviewer", "works"),))) as browser:
        await browser.go(f"{ROOM}?unit=parks/east")
        assert (browser.status, browser.page.xpath("//figure")) == (200, [])
        assert "parks" not in browser.page.xpath("string(//main)")
        browser.sign_in(Principal("li", name="李"))
        await browser.go(ROOM)
        assert browser.page.xpath("//figure") == []


async def test_large_type_has_the_table_open(door: Door) -> None:
    await handled(door, 5)
    async with open_browser(door, CHEN) as browser:
        await browser.go(ROOM)
        assert browser.page.xpath("//main//details[@open]") == []
        await browser.go(f"/site/display?type=large&next={ROOM}")
        assert len(browser.page.xpath("//main//details[@open]")) == len(browser.page.xpath("//main//details")) > 0
