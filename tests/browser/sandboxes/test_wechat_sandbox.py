"""The sandbox's page in a real browser: somebody chats on it as on a phone, in Chinese and English."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.browser.conftest import OpenBrowser, until
from tests.browser.firefox import Firefox, Page
from tests.channels.wechat.sandbox.city import city

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

#: Click what has that text; whether there was something.
CLICK = """(text) => {
  const found = [...document.querySelectorAll("button, summary")].find((one) => one.textContent === text);
  if (found) found.click();
  return Boolean(found);
}"""
SAY = """(text) => { document.getElementById("text").value = text; document.getElementById("form").requestSubmit(); }"""
PICTURE = """async () => {
  const drawn = document.createElement("canvas");
  drawn.width = drawn.height = 8;
  const blob = await new Promise((resolve) => drawn.toBlob(resolve));
  const held = new DataTransfer(), input = document.getElementById("picture");
  held.items.add(new File([blob], "slip.png"));
  input.files = held.files;
  input.dispatchEvent(new Event("change"));
}"""
BUBBLES = """() => [...document.querySelectorAll("#bubbles li")].map((one) => `${one.className}: ${one.textContent}`)"""


async def opened(firefox: Firefox, url: str) -> tuple[Page, Callable[[str], Awaitable[None]]]:
    """A sandbox's page in Chinese, and what waits until a bubble begins with that."""
    page = await firefox.page(f"{url}/")
    if await page.run("() => document.documentElement.lang") == "en":
        await page.run(CLICK, "中文 / English")

    async def shown(text: str) -> None:
        async def there() -> bool:
            return any(one.startswith(text) for one in await page.run(BUBBLES))

        await until(there)

    return page, shown


async def test_somebody_follows_writes_taps_chooses_and_sends_a_picture(open_browser: OpenBrowser) -> None:
    async with city() as (server, sandbox), open_browser() as firefox:
        wang = sandbox.phone("王小明")
        inner = {"type": "click", "name": "查违法", "key": "violations"}
        sandbox.account.menu = {"button": [{"name": "办事", "sub_button": [inner]}]}
        page, shown = await opened(firefox, sandbox.url)
        await until(lambda: page.run(CLICK, "关注"))
        await shown("reply: 收到：event")
        await page.run(SAY, "<img src=x onerror=alert(1)> https://city.example/v1")
        await shown("own: <img src=x")
        assert await page.run("() => document.querySelectorAll('#bubbles img').length") == 0
        assert await page.run("() => document.querySelector('#bubbles a').href") == "https://city.example/v1"
        await until(lambda: page.run(CLICK, "查违法"))
        await until(lambda: [one for one in server.got if getattr(one, "event", "") == "click"])
        wang.me.show("service", "msgmenu", "满意吗？\n满意", choices={"1": "满意"})
        await until(lambda: page.run(CLICK, "满意"))
        await shown("reply: 收到：满意")
        await page.run(PICTURE)
        await shown("reply: 收到：image")
        assert await page.run(
            "() => [...document.querySelectorAll('#bubbles img')].every((one) => one.naturalWidth === 8)"
        )
        await page.run(CLICK, "中文 / English")
        await until(lambda: page.run("() => document.getElementById('follow').textContent === 'Unfollow'"))
        assert await page.run("() => document.cookie.includes('phone=')")
        where = await page.run("() => performance.getEntriesByType('resource').map((one) => new URL(one.name).origin)")
        assert set(where) == {sandbox.url}
