"""How much a form of the site's brings, and who may bring it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import product
from pathlib import Path

import aiohttp
import pytest

from banshi.testing import open_door
from tests.channels.site.browsing import WANG, Browser, open_browser
from tests.channels.site.citizen.test_what_was_typed import FORM
from tests.places import DEPARTMENTS
from tests.plugins.test_departments import snapshot
from web_site.filling.sent import MAX_FILES
from web_site.session import ROOT


@pytest.fixture
async def wang(tmp_path: Path) -> AsyncIterator[Browser]:
    plugins = {"traffic": DEPARTMENTS / "traffic", "web_site": "web_site", "mobile_push": "mobile_push"}
    platform = {"attachment_limit": len(snapshot())}
    async with open_door(tmp_path, plugins, platform=platform) as door, open_browser(door, WANG) as browser:
        yield browser


async def test_of_what_another_page_sends_nothing_is_read(wang: Browser) -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        await ended.wait()

    paths = (FORM, *(f"{ROOT}/{page}" for page in ("sign-in", "tip", "inbox/read", "verify")))
    for path, kind in product(paths, ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded")):
        headers = {"Origin": "https://evil.example", "Content-Type": kind}
        async with asyncio.timeout(10):
            await wang._ask("POST", path, data=endless(), headers=headers)
        assert wang.status == 403, (path, kind)


async def test_files_come_with_forms_that_ask_for_some_alone(wang: Browser) -> None:
    for path in ("/sign-in", "/sign-out", "/tip", "/inbox/read", "/items/zone-pass/begin"):
        data = aiohttp.FormData(default_to_multipart=True)
        data.add_field("token", "t" * 32)
        await wang._ask("POST", ROOT + path, data=data, headers={"Origin": wang.door.url})
        assert wang.status == 400, path


async def test_more_files_than_there_is_room_for_are_named_and_those_before_them_stored(wang: Browser) -> None:
    await wang.go(FORM)
    wang.type("/answers/licence", snapshot(), snapshot(), snapshot())
    wang.type("/answers/registration", snapshot())
    wang.type("/answers/purpose", "配送")
    await wang.press("next")
    (wrong,) = [one for one in wang.mistakes() if "一次选的文件太多或者太大" in one]
    assert wang.page.xpath("//input[@type='hidden'][@name='/answers/licence'][@value!='']")
    assert "配送" in wang.text
    wang.type("/answers/registration", snapshot())
    await wang.press("next")
    assert wang.page.xpath("//input[@type='hidden'][@name='/answers/registration'][@value!='']")
    assert wrong not in wang.mistakes()


async def test_of_more_files_than_are_taken_at_once_the_field_says_so(wang: Browser) -> None:
    await wang.go(FORM)
    form = aiohttp.FormData(wang.sent(wang.form()))
    for number in range(MAX_FILES + 1):
        form.add_field(
            "/answers/licence", BytesIO(b"%PDF-1.4"), filename=f"{number}.pdf", content_type="application/pdf"
        )
    await wang._ask("POST", FORM, data=form, headers={"Origin": wang.door.url})
    assert any("一次选的文件太多或者太大" in one for one in wang.mistakes())
