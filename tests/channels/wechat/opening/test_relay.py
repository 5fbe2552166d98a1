"""A link that is handed on: somebody asks for it in their own chat, and has somebody else open it and sign in."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal
from banshi.kernel.tables.cases import Case
from banshi.sdk.cases import begin
from banshi.sdk.http import ApiReader
from banshi.testing import Door
from conversations.contacts.offers import OFFERS
from conversations.tables.models import Confirmation, ContactLink
from mobile_push.tables.models import Device, InboxMessage
from tests.channels.wechat.opening.test_opening import (
    ADDRESS,
    BROWSER,
    LINK,
    NUMBER,
    Browser,
    bound,
    bureau,
    link_for,
    provider,
)
from tests.channels.wechat.phones import settings
from wechat import banshi_checks
from wechat.settings import AccountSettings, WeChatSettings

__all__ = ["provider"]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
#: Of a company's WeChat, which signs nobody in for an official account, and of a program that says nothing of itself.
OTHERS = (FIREFOX, BROWSER + " wxwork/4.1", "")
VICTIM = Principal(subject="wang", name="王小明", resident_id=NUMBER)


async def told(door: Door) -> list[tuple[str, str]]:
    """What the victim's inbox has, the first message in front: its title and its link."""
    await door.settled()
    rows = await InboxMessage.filter(person="wang").order_by("seq")
    return [(one.title["en"], one.link) for one in rows]


async def suggestion(door: Door) -> Case:
    """A case of the victim's, handed in elsewhere."""
    item = door.platform.registry.items.get("suggest-police")
    answers = {"field": "other", "subject": "路灯", "suggestion": "路灯晚上不亮"}
    begun = await begin(door.platform, item, VICTIM, {"answers": answers}, "zh-CN")
    await door.settled()
    case: Case = begun.case
    return case


@pytest.mark.parametrize("agent", [BROWSER, FIREFOX])
async def test_where_the_account_can_say_who_opens_a_link_no_strangers_chat_is_bound(
    tmp_path: Path, provider: str, agent: str
) -> None:
    async with bureau(tmp_path, provider, push=True) as (door, wechat):
        attacker, victim = wechat.phone("赵六"), wechat.phone("王小明")
        link = await link_for(attacker)
        browser = Browser(door, wechat, victim, agent)
        answer = await browser.opens(link) if agent == BROWSER else await browser.call("GET", link)
        assert answer.status == 403
        assert ("另一个账号" in answer.body.decode()) is (agent == BROWSER)
        assert (await browser.call("POST", link, Origin=ADDRESS)).status == 403
        # The attacker goes through it on their own phone, and hands on what comes of that.
        own = Browser(door, wechat, attacker)
        assert (await own.opens(link)).status == 200
        way = await own.signs_in(link, "wang")
        assert (await browser.call("GET", way)).status in (400, 403)
        # And even with all cookies of the attacker's, as a site beside ours could set them.
        browser.cookies |= own.cookies
        if agent != BROWSER:
            assert (await browser.call("GET", link)).status == 403
            assert (await browser.call("GET", way)).status == 403
        assert await bound() == []
        assert await told(door) == []


@pytest.mark.parametrize("agent", [BROWSER, FIREFOX])
async def test_where_it_cannot_the_citizen_is_told_can_end_it_and_nothing_is_done_in_their_name(
    tmp_path: Path, provider: str, agent: str
) -> None:
    async with bureau(tmp_path, provider, push=True, sign_in_url="") as (door, wechat):
        case = await suggestion(door)
        before = len(await told(door))
        attacker, victim = wechat.phone("赵六"), wechat.phone("王小明")
        link = await link_for(attacker)
        browser = Browser(door, wechat, victim, agent)
        assert (await browser.call("GET", link)).status == 200
        assert (await browser.call("GET", await browser.signs_in(link, "wang"))).status == 200
        assert await bound() == ["wang"]
        ((title, at),) = (await told(door))[before:]
        (row,) = await ContactLink.filter(ended_at=None)
        assert (title, at) == ("A chat knows you now", f"/v1/conversations/links/{row.id}")
        await takes_back(attacker)
        assert (await Case.get(id=case.id)).state == case.state
        assert [one for one, _ in (await told(door))[before + 1 :]] == ["A chat asks for your yes"]
        await looks_up(attacker, case.number)
        assert case.item not in attacker.seen[-1].text
        assert "先在市民应用里确认" in attacker.seen[-1].text
        assert await ApiReader(door.platform).get(at, VICTIM, "en")
        assert await Confirmation.filter(person="wang", is_granted=True).count() == 0


async def takes_back(phone: Any) -> None:
    """Try to withdraw the newest case."""
    for line in ("取消", "菜单", "进度", "1"):
        await phone.says(line)
    lines = phone.seen[-1].text.splitlines()
    number = next(line.split()[0] for line in lines if re.fullmatch("[0-9]+ .*撤.*", line))
    for line in (number, "0", "1"):
        await phone.says(line)
    assert "先在市民应用里确认" in phone.seen[-1].text


async def looks_up(phone: Any, number: str) -> None:
    for line in ("取消", "菜单", "办件进度查询", number, "看看办到哪一步", "1"):
        await phone.says(line)


@pytest.mark.parametrize("agent", OTHERS)
async def test_another_browser_is_refused_in_plain_words_and_led_to_the_apps_code(
    tmp_path: Path, provider: str, agent: str
) -> None:
    async with bureau(tmp_path, provider) as (door, wechat):
        link = await link_for(wechat.phone("王小明"))
        browser = Browser(door, wechat, wechat.phone("王小明"), agent)
        for method in ("GET", "POST"):
            answer = await browser.call(method, link, Origin=ADDRESS)
            assert answer.status == 403
            assert answer.headers["Content-Type"].startswith("text/html")
            assert "Set-Cookie" not in answer.headers
            assert "扫描应用里的二维码" in answer.body.decode()


async def test_whoever_has_no_app_signs_in_once_more_where_that_shows_whose_chat_it_is(
    tmp_path: Path, provider: str
) -> None:
    """Bound by the app's digits, which somebody may have told a stranger: a sign-in by the chat itself is asked for."""
    async with bureau(tmp_path, provider, push=True) as (door, wechat):
        wang = wechat.phone("王小明")
        await link_for(wang)
        digits, _, offer = door.platform[OFFERS].for_person(VICTIM, door.platform.now())
        await offer.save()
        for line in (digits, "1"):
            await wang.says(line)
        await looks_up(wang, "20261124-7K3M-9QXC")
        said = wang.seen[-1].text
        assert "没有应用的，请重新登录一次" in said
        browser = Browser(door, wechat, wang)
        link = LINK.search(said)
        assert link
        assert (await browser.binds(link[1], "wang")).status == 200
        assert "没有查到" in (await wang.says("1"))[-1].text


async def test_whoever_has_the_app_says_yes_there_however_they_were_bound(tmp_path: Path, provider: str) -> None:
    async with bureau(tmp_path, provider, push=True) as (door, wechat):
        wang = wechat.phone("王小明")
        link = await link_for(wang)
        browser = Browser(door, wechat, wang)
        assert (await browser.binds(link, "wang")).status == 200
        phone = {"provider": "stream", "token": "installation-0001", "token_hash": "0" * 64, "language": "zh-CN"}
        at = door.platform.now()
        await Device.create(person="wang", platform="android", created_at=at, seen_at=at, **phone)
        await looks_up(wang, "20261124-7K3M-9QXC")
        assert "先在市民应用里确认" in wang.seen[-1].text
        assert "重新登录" not in wang.seen[-1].text


async def test_a_bound_chat_is_nobody_elses_before_it_is_unbound(tmp_path: Path, provider: str) -> None:
    async with bureau(tmp_path, provider, push=True) as (door, wechat):
        wang = wechat.phone("王小明")
        link = await link_for(wang)
        first = Browser(door, wechat, wang)
        assert (await first.binds(link, "wang")).status == 200
        await ContactLink.all().update(linked_at=door.platform.now() - timedelta(days=31))
        second = LINK.search((await wang.says("进度"))[-1].text)
        assert second
        browser = Browser(door, wechat, wang)
        refused = await browser.binds(second[1], "zhao")
        assert refused.status == 409
        assert "解绑" in refused.body.decode()
        assert await bound() == ["wang"]
        assert (await browser.call("GET", await browser.signs_in(second[1], "wang"))).status == 200
        (row,) = await ContactLink.filter(ended_at=None)
        assert row.since < row.linked_at, "whose chat it was stays known"


def test_an_account_of_which_nobody_knows_who_opens_its_links_is_warned_of() -> None:
    keys = settings()["wechat"]["accounts"]["bureau"]
    accounts = {
        "bureau": AccountSettings(**keys),
        "safe": AccountSettings(
            **{**keys, "appid": "wx" + "0" * 16, "aes_key": "", "sign_in_url": "https://open.weixin.qq.com"}
        ),
    }
    (found,) = banshi_checks(WeChatSettings(accounts=accounts), None)
    assert (found.rule, found.warning) == ("unknown-opener", True)
    assert "settings.accounts.bureau" in found.advice
