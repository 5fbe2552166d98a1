"""The site's pages in a real browser, with their script: a pass is asked for, and no page is too wide for a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.kernel.tables.cases import Case
from banshi.testing import Door, open_door
from tests.browser.conftest import OpenBrowser, until
from tests.browser.firefox import Page
from tests.places import DEPARTMENTS

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


#: Type into a field as somebody does; choose where it is a choice.
TYPE = """(name, value) => {
  const all = [...document.querySelectorAll(`[name="${name}"]:not(:disabled, [type=hidden])`)];
  const one = all.find((each) => !["radio", "checkbox"].includes(each.type) || each.value === value);
  if (["radio", "checkbox"].includes(one.type)) return one.click();
  one.value = value;
  one.dispatchEvent(new Event("change", { bubbles: true }));
}"""
#: Choose a photo that is drawn here.
PHOTO = """async (name) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 30 });
  canvas.getContext("2d").fillRect(0, 0, 20, 20);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
  const chosen = new DataTransfer();
  chosen.items.add(new File([blob], "照片 <b>.jpg", { type: "image/jpeg" }));
  document.querySelector(`[type=file][name="${name}"]`).files = chosen.files;
}"""
#: How many conditional fields are seen; whether all of those that aren't send nothing.
SEEN = "() => [...document.querySelectorAll('[data-when]')].filter((one) => one.getClientRects().length).length"
HIDDEN = """() => [...document.querySelectorAll("[data-when][hidden] :is(input,select,textarea)")]
  .every((one) => one.disabled)"""
LAST = "(name) => [...document.querySelectorAll(`[type=radio][name='${name}']`)].at(-1).click()"
STYLED = "() => getComputedStyle(document.querySelector('.foot')).backgroundColor !== 'rgba(0, 0, 0, 0)'"
PATHS = ("", "/search?q=驾照", "/search", "/items/zone-pass", "/items/zone-pass/form", "/inbox", "/help", "/cases")
THERE = "(which) => document.readyState === 'complete' && !!document.querySelector(which)"
PRESS = "(which) => { setTimeout(() => document.querySelector(which).click()); }"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", "public_order": DEPARTMENTS / "public_order"}
    plugins |= {"mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(tmp_path, plugins, settings={"web_site": {"people": ["王小明"]}}) as opened:
        yield opened


async def pressed(page: Page, which: str, then: str) -> None:
    """Press a button, and wait until the page is there on which that is."""
    await page.run(PRESS, which)
    await until(lambda: page.run(THERE, then))


async def signed_in(page: Page) -> None:
    await pressed(page, "button[name=person]", "form[data-form]")


async def test_a_pass_is_asked_for_with_photos_after_a_mistake_was_mended(
    door: Door, open_browser: OpenBrowser
) -> None:
    async with open_browser() as firefox:
        page = await firefox.page(f"{door.url}/site/items/zone-pass/form")
        await signed_in(page)
        day = door.platform.city_time().date().isoformat()
        answers = {
            "plate": "川B1234", "vehicle_class": "light-truck", "driver/name": "王小明", "driver/phone": "13800000000",
            "zones": "1", "hours": "9-17", "valid_from": day, "valid_until": day, "purpose": "为城区超市配送生鲜",
        }  # fmt: skip
        for name, value in answers.items():
            await page.run(TYPE, f"/answers/{name}", value)
        for name in ("licence", "registration"):
            await page.run(PHOTO, f"/answers/{name}")
        await pressed(page, "main .btns [name=next]", ".errors")
        assert await page.run("() => document.activeElement.className") == "errors"
        assert await page.run("() => document.querySelectorAll('.errors li').length") == 1
        assert await page.run("() => document.querySelectorAll('.shot.done').length") == 2, "photos stay"
        assert "照片 <b>.jpg" in await page.run("() => document.querySelector('.shot.done').textContent")
        await page.run(TYPE, "/answers/plate", "川B12345")
        await pressed(page, "main .btns [name=next]", "[name=whole]")
        await pressed(page, "main .btns .btn", ".stamp")
        (case,) = await Case.all()
        assert case.answers["plate"] == "川B12345"
        assert case.number in await page.run("() => document.body.textContent")
        # Back: nothing is handed in by that.
        await firefox.command("browsingContext.traverseHistory", context=page._context, delta=-1)
        await asyncio.sleep(0.5)
        assert await Case.all().count() == 1


async def test_what_is_asked_only_then_comes_and_goes_with_its_answer(door: Door, open_browser: OpenBrowser) -> None:
    async with open_browser() as firefox:
        page = await firefox.page(f"{door.url}/site/items/explosives-permit/form")
        await signed_in(page)
        before = await page.run(SEEN)
        await page.run(LAST, "/answers/sort")
        assert await page.run(SEEN) > before
        assert await page.run(HIDDEN), "what isn't asked isn't sent"


async def test_no_page_is_wider_than_a_phone_and_all_have_their_style(door: Door, open_browser: OpenBrowser) -> None:
    async with open_browser() as firefox:
        page = await firefox.page(f"{door.url}/site/items/zone-pass/form")
        await signed_in(page)
        size = {"width": 320, "height": 700}
        await firefox.command("browsingContext.setViewport", context=page._context, viewport=size)
        wide, bare = [], []
        for large in ("normal", "large"):
            await page.go(f"{door.url}/site/display?type={large}&next=/site")
            for path in PATHS:
                await page.go(f"{door.url}/site{path}")
                if await page.run("() => document.documentElement.scrollWidth > innerWidth"):
                    wide.append(f"{large} {path}")
                if not await page.run(STYLED):
                    bare.append(path)
        assert (wide, bare) == ([], [])
