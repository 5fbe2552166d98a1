"""A link from the chat in WeChat's own browser: WeChat says who opens it, and nobody goes on with another's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from oidc_provider_mock import User, run_server_in_thread

from banshi.testing import Door, Reply, open_door
from conversations.tables.models import ContactLink
from tests.channels.wechat.phones import NOBODY, PETITIONS, account_at
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox
from wechat.sandbox.phone import BROWSER, Phone

ADDRESS = "https://services.city.example"
LINK = re.compile(r"(/v1/conversations/sign-in/[A-Za-z0-9_-]{43})")
BACK = "/v1/conversations/opened"
NUMBER = "519999197109070012"
TOKEN_PATH = "/sns/oauth2/access_token"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    people = [
        User(sub="wang", claims={"name": "王小明", "resident_id": NUMBER}),
        User(sub="zhao", claims={"name": "赵六"}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@asynccontextmanager
async def bureau(
    folder: Path, provider: str, address: str = ADDRESS, *, push: bool = False, **more: Any
) -> AsyncIterator[tuple[Door, WeChatSandbox]]:
    """A bureau whose account is at the sandbox, where its host is registered, and whose people sign in there."""
    account = Account(Keys(), "safe", web_host=urlsplit(address).hostname)
    async with WeChatSandbox(NOBODY, account=account) as wechat:
        own = account_at(wechat, **{"sign_in_url": wechat.url, "timeout": 1, **more})
        plugins: dict[str, Path | str] = {"petitions": PETITIONS, "conversations": "conversations", "wechat": "wechat"}
        plugins |= {"mobile_push": "mobile_push"} if push else {}
        identity = {"issuer": provider, "audience": "banshi", "client_secret": "any"}
        platform = {"address": address, "outgoing": {"networks": ["127.0.0.0/8", "::1/128"]}, "identity": identity}
        settings = {"wechat": {"accounts": {"bureau": own}}}
        async with open_door(folder, plugins, settings=settings, platform=platform) as door:
            wechat.callbacks.to = f"{door.url}/v1/wechat/bureau"
            yield door, wechat


async def link_for(phone: Phone) -> str:
    """What the chat gives somebody who wants what takes a person."""
    await phone.follows()
    await phone.says("意见建议")
    said = "\n".join(one.text for one in phone.seen)
    found = LINK.search(said) or LINK.search("\n".join(one.text for one in await phone.says("1")))
    assert found, said
    return found[1]


@dataclass
class Browser:
    """WeChat's browser on somebody's phone, unless it calls itself something else."""

    door: Door
    wechat: WeChatSandbox
    phone: Phone
    agent: str = BROWSER
    cookies: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, way: str, **headers: str) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"User-Agent": self.agent, "Cookie": cookie, "Accept-Language": "zh-CN", **headers}
        answer = await self.door.anyone.call(method, way, headers=sent, allow_redirects=False)
        for morsel in SimpleCookie(answer.headers.get("Set-Cookie", "")).values():
            kept = (bool(morsel["httponly"]), bool(morsel["secure"]), morsel["samesite"])
            assert kept == (True, True, "Lax") or not morsel.value
            self.cookies[morsel.key] = morsel.value
        return answer

    async def authorized(self, answer: Reply) -> str:
        """Where WeChat's page leads back to, as a way on our own host."""
        assert answer.status == 302, answer.body
        assert answer.headers["Location"].startswith(f"{self.wechat.url}/connect/oauth2/authorize?appid=")
        assert answer.headers["Location"].endswith("#wechat_redirect")
        headers, url = {"User-Agent": BROWSER}, answer.headers["Location"].partition("#")[0]
        cookies = {"phone": self.phone.me.openid}
        async with self.door.session.get(url, headers=headers, cookies=cookies, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            back = urlsplit(response.headers["Location"])
        assert f"{back.scheme}://{back.netloc}" == ADDRESS
        return f"{back.path}?{back.query}"

    async def opens(self, link: str) -> Reply:
        """Open a link, by way of WeChat; what is shown in the end."""
        answer = await self.call("GET", await self.authorized(await self.call("GET", link)))
        return await self.call("GET", answer.headers["Location"]) if answer.status == 302 else answer

    async def signs_in(self, link: str, subject: str) -> str:
        """Press the button and sign in; where the provider leads back to."""
        pressed = await self.call("POST", link, Origin=ADDRESS)
        assert pressed.status == 200, pressed.body
        found = re.search('href="([^"]+)"', pressed.body.decode())
        assert found
        async with self.door.session.post(unescape(found[1]), data={"sub": subject}, allow_redirects=False) as answer:
            back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    async def binds(self, link: str, subject: str) -> Reply:
        """Open it and sign in, all the way."""
        assert (await self.opens(link)).status == 200
        return await self.call("GET", await self.signs_in(link, subject))


@asynccontextmanager
async def asked(folder: Path, provider: str) -> AsyncIterator[tuple[Browser, str]]:
    """Somebody who has asked for a link: WeChat's browser on their phone, and the link."""
    async with bureau(folder, provider) as (door, wechat):
        link = await link_for(wang := wechat.phone("王小明"))
        yield Browser(door, wechat, wang), link


async def bound() -> list[str]:
    return [one.person for one in await ContactLink.filter(ended_at=None)]


async def test_the_contact_itself_opens_its_link_and_is_bound(tmp_path: Path, provider: str) -> None:
    async with asked(tmp_path, provider) as (browser, link):
        led = await browser.call("GET", link)
        query = dict(parse_qsl(urlsplit(led.headers["Location"]).query))
        assert [*query] == ["appid", "redirect_uri", "response_type", "scope", "state"]
        assert (query["redirect_uri"], query["scope"]) == (ADDRESS + BACK, "snsapi_base")
        assert re.fullmatch("[0-9a-f]{64}", query["state"])
        assert led.headers["Cache-Control"] == "no-store"
        page = await browser.opens(link)
        assert page.status == 200
        assert "登录并绑定" in page.body.decode()
        done = await browser.call("GET", await browser.signs_in(link, "wang"))
        assert done.status == 200, done.body
        assert await bound() == ["wang"]
        assert "已登录" in (await browser.phone.says("好了"))[-1].text
        assert browser.wechat.account.calls[TOKEN_PATH, 0] == 1


async def test_a_state_is_good_once_in_the_browser_that_began_for_that_link(tmp_path: Path, provider: str) -> None:
    async with bureau(tmp_path, provider) as (door, wechat):
        wang, zhao = wechat.phone("王小明"), wechat.phone("赵六")
        link, others = await link_for(wang), await link_for(zhao)
        browser = Browser(door, wechat, wang)
        way = await browser.authorized(await browser.call("GET", link))
        kept = dict(browser.cookies)
        # No cookie, one that is made up, that of another browser, and what SIGN_IN seals.
        stranger = Browser(door, wechat, zhao)
        await stranger.call("GET", others)
        name = "__Host-banshi_opened"
        for cookie in ("", "made-up", kept[name][:-4], stranger.cookies[name]):
            thief = Browser(door, wechat, zhao, cookies={name: cookie})
            assert (await thief.call("GET", way)).status == 400
        # A sibling host can set the bare name.
        thief = Browser(door, wechat, zhao, cookies={"banshi_opened": kept[name]})
        assert (await thief.call("GET", way)).status == 400
        for forged in (way.replace("state=", "state=0"), way.partition("&state")[0], BACK, f"{BACK}?state=&code=x"):
            browser.cookies = dict(kept)
            assert (await browser.call("GET", forged)).status == 400, forged
        browser.cookies = dict(kept)
        assert (await browser.call("GET", way)).status == 302
        proof = dict(browser.cookies)
        # The same once more, and with a code that is new.
        fresh = dict(parse_qsl(urlsplit(await browser.authorized(await browser.call("GET", others))).query))["code"]
        for again in (way, re.sub("code=[^&]+", f"code={fresh}", way)):
            browser.cookies = dict(kept)
            assert (await browser.call("GET", again)).status == 400
        # What was shown for one link says nothing of another, and a beginning is no proof.
        for cookies, of in ((proof, others), (kept, link)):
            browser.cookies = dict(cookies)
            assert (await browser.call("POST", of, Origin=ADDRESS)).status == 403
        browser.cookies = dict(proof)
        assert (await browser.call("GET", link)).status == 200
        assert await bound() == []


async def test_a_beginning_and_what_was_shown_end_with_the_link(tmp_path: Path, provider: str) -> None:
    async with asked(tmp_path, provider) as (browser, link):
        way = await browser.authorized(await browser.call("GET", link))
        kept = dict(browser.cookies)
        assert (await browser.opens(link)).status == 200
        real = browser.door.platform.now
        browser.door.platform.now = lambda: real() + timedelta(minutes=10, seconds=1)
        try:
            assert (await browser.call("GET", link)).status == 410
            browser.cookies = kept
            assert (await browser.call("GET", way)).status == 400
        finally:
            browser.door.platform.now = real


async def test_a_code_of_another_account_or_a_used_one_says_nobody_and_the_link_stays(
    tmp_path: Path, provider: str
) -> None:
    async with asked(tmp_path, provider) as (browser, link), WeChatSandbox(NOBODY) as other:
        query = {"appid": other.account.keys.appid, "redirect_uri": "https://evil.example/", "response_type": "code"}
        query |= {"scope": "snsapi_base", "state": ""}
        _, theirs = other.sign_in.authorize(query, BROWSER, other.phone("王小明").me)
        code = dict(parse_qsl(urlsplit(theirs).query))["code"]
        for given in (code, "made-up", "x" * 2_000, "", None):
            way = await browser.authorized(await browser.call("GET", link))
            state = dict(parse_qsl(urlsplit(way).query))["state"]
            said = f"&code={given}" if given is not None else ""
            answer = await browser.call("GET", f"{BACK}?state={state}{said}")
            assert answer.status == 400
            assert "重新打开链接" in answer.body.decode()
        assert browser.wechat.account.calls[TOKEN_PATH, 40029] == 3
        assert (await browser.opens(link)).status == 200
        async with browser.door.session.get(f"{browser.wechat.url}{TOKEN_PATH}") as response:
            assert (await response.json(content_type=None))["errcode"] == 40002
        keys = browser.wechat.account.keys
        whole = {"appid": keys.appid, "secret": keys.secret, "grant_type": "authorization_code"}
        async with browser.door.session.get(f"{browser.wechat.url}{TOKEN_PATH}", params=whole) as response:
            assert (await response.json(content_type=None))["errcode"] == 41008


async def test_a_refusal_in_a_200_says_nobody_and_the_link_still_works(tmp_path: Path, provider: str) -> None:
    wanted = dict.fromkeys((40029, 40163, 42003), 400) | dict.fromkeys((-1, 45011, 40164, 40125, 48001), 503)
    found = {}
    async with asked(tmp_path, provider) as (one, link):
        for code in wanted:
            browser = Browser(one.door, one.wechat, one.phone)
            one.wechat.account.faults.codes = {TOKEN_PATH: code}
            answer = await browser.opens(link)
            assert answer.headers["Content-Type"].startswith("text/html"), code
            assert ("Retry-After" in answer.headers) is (answer.status == 503), code
            assert (await browser.call("POST", link, Origin=ADDRESS)).status == 403, code
            one.wechat.account.faults.codes = {}
            assert (await browser.opens(link)).status == 200, code
            found[code] = answer.status
    assert found == wanted


async def test_where_wechat_cannot_be_reached_the_page_says_what_to_do(tmp_path: Path, provider: str) -> None:
    async with asked(tmp_path, provider) as (browser, link):
        faults = browser.wechat.account.faults
        for cut, latency in ({TOKEN_PATH}, 0.0), (set(), 2.0):
            faults.lose_answer, faults.latency = cut, latency
            answer = await browser.opens(link)
            assert answer.status == 503
            assert "一分钟后" in answer.body.decode()
        faults.lose_answer, faults.latency = set(), 0.0
        assert (await browser.opens(link)).status == 200


async def test_nothing_leads_a_browser_elsewhere(tmp_path: Path, provider: str) -> None:
    """Whatever the host or the query says, WeChat is told our own address, and leads to no other."""
    async with asked(tmp_path, provider) as (browser, link):
        for query in ("?redirect_uri=https://evil.example", "?back=//evil.example"):
            answer = await browser.call("GET", link + query, Host="evil.example")
            if answer.status == 302:
                assert dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["redirect_uri"] == ADDRESS + BACK
        way = await browser.authorized(await browser.call("GET", link))
        answer = await browser.call("GET", f"{way}&redirect_uri=https://evil.example&token=//evil.example")
        assert answer.headers["Location"] == link
        browser.wechat.account.web_host = "other.example"
        led = await Browser(browser.door, browser.wechat, browser.phone).call("GET", link)
        url = led.headers["Location"].partition("#")[0]
        headers, cookies = {"User-Agent": BROWSER}, {"phone": browser.phone.me.openid}
        async with browser.door.session.get(url, headers=headers, cookies=cookies, allow_redirects=False) as response:
            assert (response.status, "10003" in await response.text()) == (200, True)
