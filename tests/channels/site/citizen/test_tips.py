"""Tips on the site: nobody is named, the code stays until it is written down, and what is written arrives once."""

from __future__ import annotations

import pytest

from banshi.kernel.tables.cases import Case
from tests.channels.site.browsing import WANG, Browser
from web_site.answered import LIFE_S, MOST, Answered
from web_site.session import COOKIE, ROOT

ITEM = f"{ROOT}/items/crime-tip"
CODE = "string(//*[@class='code24'])"


@pytest.fixture
async def tipper(browser: Browser) -> Browser:
    """Somebody who has read a tip once more."""
    return await read_once_more(browser)


async def read_once_more(browser: Browser) -> Browser:
    await browser.go(f"{ITEM}/form")
    for name in browser.names():
        (one,) = browser.page.xpath("//*[@name=$name][1]", name=name)[:1]
        if one.tag == "select":
            browser.type(name, one.xpath(".//option[@value!='']/@value")[0])
        elif one.get("type") == "radio":
            browser.type(name, one.get("value"))
        elif one.tag == "textarea":
            browser.type(name, "有人在楼下卖假药，每晚八点左右出现。")
    return await browser.press("next")


async def test_a_reload_of_the_page_with_a_code_shows_it_again_and_hands_in_nothing(tipper: Browser) -> None:
    page = tipper.shown
    code = (await tipper.press()).page.xpath(CODE)
    tipper.back(page)
    await tipper.press()
    assert (len(code) > 20, tipper.page.xpath(CODE)) == (True, code)
    assert await Case.all().count() == 1
    await read_once_more(tipper)
    assert (await tipper.press()).page.xpath(CODE) != code, "the same words from a new page are a new tip"


async def test_nothing_leads_away_from_a_code_but_what_says_so(tipper: Browser) -> None:
    assert {f"{ITEM}/form"} == {*tipper.page.xpath("//*[@class='tools']//button/@formaction")}
    await tipper.press()
    assert tipper.page.xpath("//*[@class='tools']//*") == []
    await tipper.go(f"{ITEM}/begin")
    assert (tipper.status, tipper.url.endswith(f"{ITEM}/form")) == (200, True)


@pytest.mark.parametrize("where", ["//textarea[@name='/answers/description']", "//form[input/@name='whole']"])
async def test_language_and_type_are_chosen_in_the_middle_of_a_tip_and_nothing_typed_is_lost(
    browser: Browser, where: str
) -> None:
    words = "有人在楼下卖假药，每晚八点左右出现。"
    if "textarea" in where:
        await browser.go(f"{ITEM}/form")
        browser.type("/answers/description", words)
    else:
        await read_once_more(browser)
    for show, language, type_ in (("en", "en", None), ("large", "en", "large"), ("zh-CN", "zh-CN", "large")):
        await browser.press("show", show)
        shown = browser.page.get("lang"), browser.page.get("class")
        assert (browser.status, shown) == (200, (language, type_))
        assert words in browser.page.xpath(f"string({where})")
    assert browser.mistakes() == []


async def test_the_language_is_chosen_beside_a_tip_and_its_code_and_message_stay(tipper: Browser) -> None:
    code = (await tipper.press()).page.xpath(CODE)
    await tipper.go(f"{ROOT}/tip")
    await tipper.press("show", "en")
    assert (tipper.mistakes(), tipper.page.get("lang")) == ([], "en")
    tipper.type("code", code)
    await tipper.press()
    tipper.type("text", "他明天还来。")
    await tipper.press("show", "zh-CN")
    assert tipper.page.xpath("string(//textarea[@name='text'])").strip() == "他明天还来。"
    assert "您" not in tipper.page.xpath("string(//main//ul)"), "it was not sent"
    await tipper.press()
    assert "他明天还来。" in tipper.page.xpath("string(//main//ul)")


async def test_whoever_has_signed_in_is_named_nowhere_beside_a_tip(browser: Browser) -> None:
    browser.sign_in(WANG)
    for turn in range(3):
        await (read_once_more(browser) if turn == 1 else browser.press() if turn else browser.go(f"{ITEM}/form"))
        assert "王小明" not in browser.text
        assert COOKIE.name not in str(browser.headers.get("Set-Cookie"))
    code = browser.page.xpath(CODE)
    await browser.go(f"{ROOT}/tip")
    browser.type("code", code)
    await browser.press()
    assert ((await Case.get()).number in browser.text, "王小明" in browser.text) == (True, False)


async def opened(tipper: Browser) -> str:
    """The tip's code; the tip is on the page."""
    code = str((await tipper.press()).page.xpath(CODE))
    await tipper.go(f"{ROOT}/tip")
    tipper.type("code", code)
    await tipper.press()
    return code


def written(browser: Browser) -> str:
    return str(browser.page.xpath("string(//textarea[@name='text'])")).removeprefix("\n")


async def test_a_message_that_is_refused_stays_in_its_field_below_what_was_wrong(tipper: Browser) -> None:
    await opened(tipper)
    text = "<b>又见到他了</b>" * 500
    tipper.type("text", text)
    await tipper.press()
    assert (tipper.status, written(tipper)) == (422, text)
    assert (await Case.get()).number in tipper.text
    assert tipper.page.xpath("string(//*[@role='alert'])").strip()


async def test_a_message_to_a_code_that_is_wrong_stays_beside_the_field_for_it(tipper: Browser) -> None:
    code = await opened(tipper)
    tipper.text = tipper.text.replace(code, code[:-1])
    tipper.type("text", "又见到他了")
    await tipper.press()
    assert (tipper.status in (404, 422), written(tipper)) == (True, "又见到他了")
    tipper.type("code", code)
    await tipper.press()
    assert (tipper.status, written(tipper), "又见到他了" in tipper.text) == (200, "", True)


async def test_a_message_is_written_once_however_often_its_page_is_sent(tipper: Browser) -> None:
    await opened(tipper)
    page = tipper.shown
    for _ in range(2):
        tipper.back(page)
        tipper.type("text", "又见到他了")
        await tipper.press()
        assert (tipper.status, tipper.text.count("又见到他了"), written(tipper)) == (200, 1, "")
    tipper.type("text", "又见到他了")
    await tipper.press()
    assert tipper.text.count("又见到他了") == 2, "from the next page it is another one"


def test_what_was_answered_is_kept_for_some_minutes_and_not_without_end() -> None:
    now, kept = 1_000.0, Answered()
    kept.keep(now, "a-code", "item", "key")
    assert (kept.find(now, "item", "key"), kept.find(now, "ite", "mkey")) == ("a-code", None)
    assert kept.find(now + LIFE_S, "item", "key") is None
    assert "a-code" not in repr(kept)
    for count in range(MOST + 5):
        kept.keep(now + count / MOST, str(count), "many", str(count))
    assert (kept.find(now, "item", "key"), kept.find(now + 2, "many", "4")) == (None, None)
    assert kept.find(now + 2, "many", str(MOST + 4)) == str(MOST + 4)
