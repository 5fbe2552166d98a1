"""What goes wrong on the way: a form that changes meanwhile, twenty tabs, files that are none, names that are rare."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi import Principal, Role
from banshi.forms import Form
from banshi.kernel.tables.cases import Case
from banshi.testing import Door, open_door
from tests.channels.site.browsing import Browser, open_browser
from tests.town.departments import both, department, item, write
from web_site.session import ROOT

WANG = Principal("wang", name="王小明")
FIELDS = {
    "name": {"type": "string", "title": both("姓名", "Name"), "maxLength": 200},
    "why": {"type": "string", "title": both("原因", "Why"), "maxLength": 500},
    "photo": {"type": "string", "title": both("照片", "Photo"), "x-attachment": True},
}
PARKS = department() + item(zh="认养长椅", en="A bench", fields=FIELDS, required=["name"])
FORM = f"{ROOT}/items/bench/form"
XX = {"English": "Xx", "What would you like to do?": "⟦do⟧", "Next: read it once more": "⟦next⟧", "Today": "⟦today⟧"}
XX |= {"{count} to mend": "⟦{count} mend⟧", "Services": "<b>⟦services⟧</b>", "Being written": "⟦written⟧"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    write(tmp_path, PARKS)
    (tmp_path / "words").mkdir()
    told = "".join(f'"{english}" = "{own}"\n' for english, own in XX.items())
    (tmp_path / "words" / "xx.toml").write_text(told, encoding="utf-8")
    settings: dict[str, Any] = {
        "words": str(tmp_path / "words"),
        "name": {"zh-CN": "测试市<公安局>", "en": "Test & City", "xx": "Xx City"},
        "tagline": {"zh-CN": "标语", "en": "Tagline"},
        "colours": {"deep": "#123456"},
        "foot": {"zh-CN": "页脚", "en": "The foot"},
        "links": [{"title": {"zh-CN": "隐私", "en": "Privacy"}, "address": "https://city.example/privacy"}],
    }
    plugins = {"parks": tmp_path / "parks", "mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(tmp_path, plugins, settings={"web_site": settings}) as opened:
        yield opened


@pytest.fixture
async def wang(door: Door) -> AsyncIterator[Browser]:
    async with open_browser(door, WANG) as opened:
        yield opened


def typed(browser: Browser) -> str:
    return str(dict(browser.sent(browser.form()))["/answers/name"])


async def test_a_form_that_changes_while_it_is_filled_in_asks_what_is_new_and_loses_nothing(wang: Browser) -> None:
    await wang.go(FORM)
    wang.type("/answers/name", "王小明")
    wang.type("/answers/why", "旧原因")
    registry = wang.door.platform.registry
    schema = tomllib.loads(PARKS)["items"][0]["form"]
    schema["properties"]["size"] = {"type": "string", "title": {"zh-CN": "尺寸", "en": "Size"}}
    del schema["properties"]["why"]
    schema["required"] = ["name", "size"]
    item = registry.items["bench"]
    registry.items["bench"] = replace(item, version=2, form=Form.from_schema(schema))
    registry.revision += 1
    await wang.press("next")
    assert [one.partition("：")[0] for one in wang.mistakes()] == ["尺寸"]
    assert typed(wang) == "王小明"
    wang.type("/answers/size", "大")
    await wang.press("next")
    registry.items["bench"] = replace(item, version=3)
    registry.revision += 1
    await wang.press()
    assert (wang.status, await Case.all().count()) == (422, 0), "what was read once more is no answer to the new form"
    assert typed(wang) == "王小明"
    await wang.press("next")
    await wang.press()
    (case,) = await Case.all()
    assert (case.item_version, case.answers) == (3, {"name": "王小明"})


async def test_an_item_that_is_gone_meanwhile_says_so(wang: Browser) -> None:
    await wang.go(FORM)
    wang.type("/answers/name", "王小明")
    del wang.door.platform.registry.items["bench"]
    wang.door.platform.registry.revision += 1
    await wang.press("next")
    assert (wang.status, len(wang.page.xpath("//h1"))) == (404, 1)


async def test_twenty_tabs_hand_in_each_its_own(door: Door) -> None:
    async def tab(number: int) -> str:
        async with open_browser(door, WANG) as browser:
            await browser.go(FORM)
            browser.type("/answers/name", f"第{number}个")
            await browser.press("next")
            assert f"第{number}个" in browser.page.xpath("//dd/text()")
            await browser.press()
            assert browser.status == 200
            return browser.url

    ends = await asyncio.gather(*map(tab, range(20)))
    names = sorted([case.answers["name"] for case in await Case.all()])
    assert (len({*ends}), names) == (20, sorted(f"第{number}个" for number in range(20)))


@pytest.mark.parametrize(
    "body",
    [
        b"\x89PNG\r\n\x1a\n" + b"0" * 40_000_000,
        b"<script>alert(1)</script>",
        b"MZ\x90\x00" + b"0" * 1_000,
        b"\x89PNG\r\n\x1a\n<script>",
    ],
    ids=["40 MB", "a script", "a program", "a broken picture"],
)
async def test_a_file_that_is_not_taken_says_why_at_its_field_and_the_rest_stays(wang: Browser, body: bytes) -> None:
    await wang.go(FORM)
    wang.type("/answers/name", "王小明")
    wang.type("/answers/photo", body)
    await wang.press("next")
    (told,) = wang.mistakes()
    assert (wang.status, told.startswith("照片：")) == (200, True)
    assert typed(wang) == "王小明"
    await wang.press("next")
    assert wang.mistakes() == [], "without it all is right"


async def test_a_name_is_stored_as_it_is_written(wang: Browser) -> None:
    for name in ("王" * 200, "𠮷", "㐂", "O’Brien-Łukasz", "買買提·吐爾遜", "n\u0303", "é"):
        await wang.go(FORM)
        wang.type("/answers/name", name)
        await wang.press("next")
        assert name in wang.page.xpath("//dd/text()")
        await wang.press()
        case = await Case.all().order_by("-id").first()
        assert case is not None
        assert case.answers["name"] == name
        await wang.go(f"{ROOT}/cases/{case.id}")
        assert name in wang.page.xpath("//dd/text()")


async def test_a_name_that_is_too_long_says_so_and_stays(wang: Browser) -> None:
    await wang.go(FORM)
    wang.type("/answers/name", "王" * 201)
    await wang.press("next")
    assert len(wang.mistakes()) == 1
    assert typed(wang) == "王" * 201


async def test_a_department_without_a_telephone_has_no_link_that_calls_nobody(wang: Browser) -> None:
    for page in ("/items/bench", "/departments/parks"):
        await wang.go(ROOT + page)
        assert (wang.status, wang.page.xpath("//main//a[starts-with(@href, 'tel:')]")) == (200, []), page


async def test_a_cookie_lasts_by_its_age_and_not_by_a_phones_clock(door: Door) -> None:
    address = f"{door.url}{ROOT}/display?type=large"
    async with aiohttp.ClientSession() as session, session.get(address, allow_redirects=False) as answer:
        kept = answer.headers.getall("Set-Cookie")
    assert [("max-age=" in one.lower(), "expires=" in one.lower()) for one in kept] == [(True, False)]


async def test_a_city_has_its_name_its_colours_and_its_foot(wang: Browser) -> None:
    await wang.go(ROOT)
    brand, foot = wang.page.xpath("string(//a[@class='brand'])"), wang.page.xpath("string(//footer)")
    assert ("测试市<公安局>" in brand, "标语" in brand, "页脚" in foot, "隐私" in foot) == (True, True, True, True)
    (style,) = wang.page.xpath("//link[@rel='stylesheet']/@href")
    await wang.go(style)
    assert wang.text.rstrip().endswith(":root{--deep:#123456;}")
    await wang.go(f"{ROOT}/manifest.webmanifest")
    assert '"theme_color": "#123456"' in wang.text


async def test_a_third_language_is_a_file_alone(wang: Browser) -> None:
    await wang.go(ROOT)
    (link,) = wang.page.xpath("//*[@class='tools']//a[@lang='xx']")
    assert link.text == "Xx"
    await wang.go(link.get("href"))
    assert (wang.page.get("lang"), wang.heading(), wang.headers["Content-Language"]) == ("xx", "⟦do⟧", "xx")
    assert "Xx City" in wang.page.xpath("string(//a[@class='brand'])")
    assert "Tagline" in wang.page.xpath("string(//a[@class='brand'])"), "what isn't said in it is said in English"
    assert "<b>⟦services⟧</b>" in wang.page.xpath("string(//nav)"), "words are text"
    await wang.go(FORM)
    assert wang.heading() == "A bench"
    await wang.press("next")
    assert wang.page.xpath("string(//*[@id='et'])") == "⟦1 mend⟧"
    wang.type("/answers/name", "王")
    await wang.press("show", "zh-CN")
    assert (wang.page.get("lang"), wang.heading()) == ("zh-CN", "认养长椅")
    await wang.press("show", "xx")
    assert "⟦next⟧" in wang.page.xpath("//button/text()")
    assert "⟦today⟧" in wang.text, "the moment at which it was saved"
    for other in ("yy", "../xx", "xx.toml", ""):
        await wang.go(f"{ROOT}/display?language={other}")
        assert wang.page.get("lang") == "xx"


async def test_what_a_code_is_called_is_said_in_a_third_language_too(door: Door) -> None:
    sun = Principal("sun", name="孙警官", roles=(Role("publisher", "parks"),))
    async with open_browser(door, sun) as browser:
        await browser.go(f"{ROOT}/display?language=xx&next={ROOT}/staff/publishing")
        assert browser.page.xpath("string(//option[@value='draft'])") == "⟦written⟧"
        assert browser.page.xpath("string(//option[@value='recalled'])") == "Taken back"
