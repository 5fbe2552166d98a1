"""The page of the sandboxes of QQ and Weibo in a real browser, before the platform: alone, and three in a group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conversations.engine.ask.pages import NOT_IN_A_GROUP
from conversations.sentences import say
from qq.sandbox.people import Limits
from tests.browser.conftest import OpenBrowser, until
from tests.browser.firefox import Page
from tests.browser.sandboxes.test_wechat_sandbox import BUBBLES, CLICK, PICTURE, SAY, opened
from tests.channels.qq import test_qq as qq
from tests.channels.weibo import test_weibo as weibo

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

HIDDEN = """() => [...document.querySelectorAll("[hidden]")].map((one) => one.id).sort()"""
WIDE = "() => document.documentElement.scrollWidth > innerWidth"


async def test_three_people_write_alone_and_read_along_in_a_group_on_the_page_of_qq(
    open_browser: OpenBrowser, tmp_path: Path
) -> None:
    whole = {"buttons": True, "addresses": ["http://", "https://"]}
    async with qq.bureau(tmp_path, **whole) as (phones, _), open_browser() as firefox:
        phones.sandbox.account.limits = Limits(whole="on", addresses={"http://", "https://"})
        page, shown = await opened(firefox, phones.sandbox.url)
        await page.run(SAY, "0")
        await shown("own: 0")
        # A choice is a button there.
        await until(lambda: page.run(CLICK, "4 公告和公示"))
        await shown("own: 4")
        await page.run(PICTURE)
        await shown("reply: 图片")
        await until(lambda: page.run(CLICK, "一@群"))
        await until(lambda: _is(page, HIDDEN, ["place", "scan"]))
        assert not [one for one in await page.run(BUBBLES) if one.startswith("own: 0")]
        await page.run(SAY, "进度")
        await shown("own: 进度")
        await shown(f"reply: {say(NOT_IN_A_GROUP)['zh-CN']}")
        # Another reads both, and says something to others alone, to which nothing is answered: then of danger.
        await page.run(CLICK, "二@群")
        await shown("other: 一进度")
        await page.run("() => document.getElementById('mentions').click()")
        for text in ("晚上吃什么", "有人跳河了"):
            await page.run(SAY, text)
            await shown(f"own: {text}")
        await until(lambda: _is(page, "() => document.querySelectorAll('#bubbles .reply').length", 2))
        assert "110" in (await page.run(BUBBLES))[-1]
        assert not await page.run(WIDE)


async def test_somebody_writes_on_the_page_of_weibo(open_browser: OpenBrowser, tmp_path: Path) -> None:
    async with weibo.bureau(tmp_path) as (phones, _), open_browser() as firefox:
        page, shown = await opened(firefox, phones.sandbox.url)
        await page.run(SAY, "0")
        await shown("own: 0")
        await shown("reply: ")
        await page.run(PICTURE)
        await shown("reply: 图片")
        assert await page.run(HIDDEN) == ["mentioned", "scan"]
        assert not await page.run(WIDE)


async def _is(page: Page, function: str, wanted: Any) -> bool:
    return bool(await page.run(function) == wanted)
