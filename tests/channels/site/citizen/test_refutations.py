"""Rumours on the site: written by one officer and approved by another, read by everybody, followed by one press."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi import Principal, Role
from banshi.testing import Door, open_door
from tests.channels.site.browsing import WANG, Browser, open_browser
from tests.places import DEPARTMENTS
from tests.refutations.conftest import BRIDGE, CLAIM, UNTRUE, Office
from web_site.session import ROOT, STAFF

ROOM = f"{STAFF}/refutations"
SUN = Principal("sun", name="孙警官", roles=(Role("publisher", "traffic"),))
ZHOU = Principal("zhou", name="周警官", roles=(Role("publisher", "traffic"),))


PLUGINS: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", "mobile_push": "mobile_push"}
PLUGINS |= {"web_site": "web_site", "refutations": "refutations"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, PLUGINS) as opened:
        yield opened


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Door]:
    """As a city has it: with an address that its pages are told by."""
    async with open_door(tmp_path, PLUGINS, platform={"address": "https://city.example"}) as opened:
        yield opened


def text(browser: Browser) -> str:
    return " ".join(browser.page.text_content().split())


async def test_one_officer_writes_it_and_another_publishes_it(door: Door) -> None:
    async with open_browser(door, SUN) as sun, open_browser(door, ZHOU) as zhou:
        await sun.go(f"{ROOM}/new")
        for name, typed in {"/about/zh-CN": BRIDGE["zh-CN"], "/about/en": BRIDGE["en"], "/claim": CLAIM}.items():
            sun.type(name, typed)
        await sun.press("next")
        assert (sun.status, sun.heading()) == (200, "正在核实：网传“示例大桥垮塌”"), sun.mistakes()
        await sun.press("do", "propose")
        assert "approve" not in sun.text
        await zhou.go(sun.url)
        await zhou.press("do", "approve")
        assert CLAIM in text(zhou)
        # The next edition: what a person's name holds back is said at the page.
        await sun.go(f"{sun.url}/edit")
        sun.type("/claim", "司机张小明撞断了大桥")
        await sun.press("next")
        await sun.press("do", "propose")
        assert sun.status == 422
        assert "张小明" in sun.page.xpath("//*[@role='alert']")[0].text_content()


async def test_the_second_person_reads_all_that_is_published_in_both_languages(door: Door) -> None:
    office, pictures = Office(door), ["0123456789abcdef-" + "0123456789abcdef" * 4]
    one = await office.write({**UNTRUE, "pictures": pictures, "names_nobody": ["白果林"]})
    async with open_browser(door, SUN) as sun, open_browser(door, ZHOU, language="en") as zhou:
        # A correction on the site leaves what its form doesn't ask.
        await sun.go(f"{ROOM}/{one['id']}/edit")
        sun.type("/facts/en", "The bridge is inspected.")
        await sun.press("next")
        draft = (await office.record(one))["draft"]
        assert draft["pictures"] == pictures
        await sun.press("do", "propose")
        await zhou.go(sun.url)
        shown = text(zhou)
        texts = [
            told
            for name in ("about", "where", "finding", "checked_by", "checked_how", "facts", "handling")
            for told in draft[name].values()
        ]
        texts += [
            CLAIM,
            "Untrue",
            "29 November",
            "21:00",
            "白果林",
            *pictures,
            UNTRUE["sources"][0]["url"],
            "20 November",
        ]
        assert not [told for told in texts if told not in shown]


async def test_a_version_that_is_no_number_is_no_version(door: Door) -> None:
    one = await Office(door).write()
    async with open_browser(door, SUN) as sun:
        for page, button in ((f"{ROOM}/{one['id']}/edit", ("next",)), (f"{ROOM}/{one['id']}", ("do", "propose"))):
            await sun.go(page)
            sun.text = sun.text.replace('name="version" value="1"', 'name="version" value="x"')
            await sun.press(*button)
            assert sun.status in (409, 422), page


async def test_the_page_says_what_the_document_says_and_has_its_json_ld_to_the_byte(served: Door) -> None:
    door, office = served, Office(served)
    claim = "</script><script>alert(1)</script>"
    one = await office.correct(await office.publish(claim=claim), {**UNTRUE, "claim": claim})
    told = (await door.anyone.get(one["links"]["self"])).ok()
    assert told["links"]["page"] == f"{ROOT}/refutations/{one['id']}"
    review = (await door.anyone.get(f"{one['links']['self']}/claim-review.jsonld")).body.decode()
    async with open_browser(door) as browser:
        await browser.go(told["links"]["page"])
        assert browser.heading() == told["title"]
        assert all(told[name] in text(browser) for name in ("claim", "finding", "facts", "reminder", "number"))
        assert browser.page.xpath("//script[@type='application/ld+json']/text()") == [review]
        assert [node.get("src") for node in browser.page.xpath("//script[not(@type)]")] != [None]
        # What it said before.
        await browser.go(f"{told['links']['page']}?edition=1")
        assert "这是以前的内容" in text(browser)
        assert not browser.page.xpath("//script[@type='application/ld+json']")
        await browser.go(f"{ROOT}/refutations")
        assert told["title"] in text(browser)
        (await office.act(one, "withdraw", reason="错了")).ok()
        assert (await browser.go(told["links"]["page"])).status == 410


async def test_one_press_follows_and_one_ends_it(door: Door) -> None:
    one = await Office(door).publish()
    async with open_browser(door, WANG) as wang:
        for page, name in ((f"{ROOT}/refutations", "all"), (f"{ROOT}/refutations/{one['id']}", one["id"])):
            await wang.go(page)
            await wang.press(of=name)
            assert "不再通知我" in text(wang)
            await wang.press("stop", of=name)
            assert "不再通知我" not in text(wang)
        await wang.go(f"{ROOT}/refutations")
        await wang.press(of="")
        assert "恢复推送这类消息" in text(wang)
        await wang.press("stop", of="")
        assert "恢复推送这类消息" not in text(wang)


async def test_a_search_shows_it_above_the_items_and_in_english_too(door: Door) -> None:
    await Office(door).publish(UNTRUE)
    async with open_browser(door, language="en") as browser:
        await browser.go(f"{ROOT}/search?q=Has the example bridge fallen?")
        assert "Refuted: “The example bridge has fallen” is untrue" in text(browser)
        await browser.go(f"{ROOT}/refutations")
        assert "Rumours, checked" in text(browser)
