"""The push sandbox's page in a real browser: what is on the phones' screens, in Chinese and English."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from mobile_push.sandbox.jpush.receipts import basic
from mobile_push.sandbox.together import PushServices
from tests.browser.conftest import OpenBrowser, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

PHONES = """() => [...document.querySelectorAll("#phones section")].map((one) => ({
  head: one.querySelector("h2").textContent,
  shown: [...one.querySelectorAll("article")].map((two) => two.querySelector("strong").textContent),
  images: one.querySelectorAll("img").length,
}))"""
CLICK = """(text) => [...document.querySelectorAll("button")].find((one) => one.textContent === text).click()"""
CHOOSE = """(value) => {
  const list = document.getElementById("service");
  list.value = value;
  list.dispatchEvent(new Event("change"));
}"""


async def push(services: PushServices, phone: str, title: str, badge: int = 0) -> None:
    ios = {"alert": {"title": title, "body": "正文"}, **({"badge": badge} if badge else {})}
    document = {
        "platform": "all",
        "audience": {"registration_id": [phone]},
        "notification": {"ios": ios, "android": {"title": title, "alert": "正文"}},
        "options": {"apns_collapse_id": "same"} if badge else {},
    }
    async with httpx.AsyncClient() as client:
        said = await client.post(
            f"{services.url}/v3/push", content=orjson.dumps(document), headers={"Authorization": basic()}
        )
        assert said.status_code == 200, said.text


async def test_phones_show_what_came_and_a_newer_message_takes_the_place_of_its_name(
    open_browser: OpenBrowser,
) -> None:
    async with PushServices() as services, open_browser() as browser:
        page = await browser.page(f"{services.url}/")

        async def phones() -> Any:
            return await page.run(PHONES)

        async def have(expected: list[tuple[str, list[str]]]) -> None:
            async def there() -> bool:
                return [(one["head"], one["shown"]) for one in await phones()] == expected

            await until(there)

        await have([])
        for title in ("一", "二"):
            await push(services, "phone-a", title, badge=7)
        await push(services, "phone-a", "三")
        await push(services, "phone-b", "<img src=x onerror=alert(1)>")
        a, b = ("JPushphone-a7", ["三", "二"]), ("JPushphone-b", ["<img src=x onerror=alert(1)>"])
        await have([a, b])
        assert not any(one["images"] for one in await phones())
        await page.run(CHOOSE, "apns")
        await have([])
        await page.run(CHOOSE, "jpush")
        await have([a, b])
        for language, word in (("en", "Open"), ("zh-CN", "打开")):
            if await page.run("() => document.documentElement.lang") != language:
                await page.run(CLICK, "中文 / English")
            await until(
                lambda word=word: page.run("(w) => document.querySelector('article button').textContent === w", word)
            )
        assert await page.run("() => document.getElementById('none').hidden") is True
        assert await page.run("() => document.title.length > 0")
