"""WeChat's browser from the link in the chat to the bound contact, in a real one that calls itself so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from oidc_provider_mock import User, run_server_in_thread

from conversations.tables.models import ContactLink
from tests.browser.conftest import OpenBrowser, until
from tests.browser.firefox import Page
from tests.browser.site import open_site
from tests.channels.wechat.opening.test_opening import bureau, link_for
from wechat.sandbox.phone import BROWSER

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

TEXT = "() => document.body.innerText"
PRESS = """() => { document.querySelector("button").click(); }"""
SIGN_IN = """() => {
  const field = document.querySelector("input[name=sub]");
  field.value = "wang";
  field.form.querySelector("button, input[type=submit]").click();
}"""


@pytest.fixture
def provider() -> Iterator[str]:
    with run_server_in_thread(user_claims=[User(sub="wang", claims={"name": "王小明"})]) as server:
        yield f"http://localhost:{server.server_port}"


async def test_the_contact_s_own_phone_is_bound_and_another_s_is_not(
    tmp_path: Path, open_browser: OpenBrowser, provider: str
) -> None:
    async with (
        open_site(None, str) as site,
        bureau(tmp_path, provider, site.url) as (door, wechat),
        open_browser() as firefox,
    ):
        site.platform = door.url
        link = site.url + await link_for(wechat.phone("王小明"))
        await wechat.phone("赵六").follows()
        # A page of WeChat's that runs nothing: its phone's own would go on saying that it is 王小明's.
        still = f"{wechat.url}/connect/oauth2/authorize"
        page = await firefox.page("about:blank")
        await firefox.command("emulation.setUserAgentOverride", userAgent=BROWSER, contexts=[page._context])
        await page.go(still)

        async def holds_the_phone_of(name: str) -> None:
            await page.go(still)
            await page.run("(name) => { document.cookie = `phone=${name}; SameSite=Lax; path=/`; }", openid(name))

        def openid(name: str) -> str:
            return wechat.phone(name).me.openid

        await holds_the_phone_of("赵六")
        await page.go(link)
        # Before that, the browser may still be on its way.
        await until(lambda: _says(page, "另一个账号", "another account"))
        assert _path(await page.run("() => location.href")) == "/v1/conversations/opened"
        assert not await ContactLink.exists()
        await holds_the_phone_of("王小明")
        await page.go(link)
        # By WeChat, which needs no touch, back to the link itself.
        assert await page.run("() => location.href.split('#')[0]") == link
        assert wechat.account.calls["/sns/oauth2/access_token", 0] == 2
        assert await page.run("() => document.cookie.includes('banshi_opened')") is False
        await page.run(PRESS)
        await until(lambda: _at(page, urlsplit(provider).netloc))
        await page.run(SIGN_IN)
        await until(lambda: _says(page, "绑定成功", "It is bound"))
        assert [one.person for one in await ContactLink.filter(ended_at=None)] == ["wang"]
        assert "已登录" in (await wechat.phone("王小明").says("好了"))[-1].text


def _path(address: str) -> str:
    return urlsplit(address).path


async def _says(page: Page, *words: str) -> bool:
    text = await page.run(TEXT)
    return any(one in text for one in words)


async def _at(page: Page, host: str) -> bool:
    ready: bool = await page.run(
        "(host) => location.host === host && Boolean(document.querySelector('input[name=sub]'))", host
    )
    return ready
