"""QQ's bots against the sandbox: signatures, groups, windows, refusals, every item, and servers that are killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from conversations import CONVERSATIONS, Reply
from conversations.tables.models import ChannelConversation, Said, Turn
from qq import banshi_checks, signing
from qq.sandbox.people import Limits
from qq.settings import BotSettings, QqSettings
from tests.channels.conversations.engine import test_every_item as items
from tests.channels.qq.phones import QqPhones, bot_of, opened_qq
from tests.channels.strangers import judge
from tests.channels.talker import Talker
from tests.servers.ports import free_port
from tests.tries import tries
from tests.waiting import until

#: As Tencent publishes them: a secret, what its check of an address asks, and the answer.
SECRET, TOKEN, AT = "DG5g3B4j9X2KOErG", "Arq0D5A61EgUu4OxUvOp", "1725442341"
SIGNATURE = (
    "87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d0"
    "1bcfcadc0842edac85e85205028a1132afe09280305f13aa6909ffc2d652c706"
)


@asynccontextmanager
async def bureau(folder: Path, **more: Any) -> AsyncIterator[tuple[QqPhones, Door]]:
    async with opened_qq() as qq:
        bot = bot_of(qq.sandbox, **more)
        async with judge.bureau(folder, {"qq": "qq"}, {"qq": {"bots": {"city": bot}}}) as door:
            qq.sandbox.callbacks.to = f"{door.url}/v1/qq/city"
            yield qq, door


async def said(qq: QqPhones, phone: str, text: str, **how: Any) -> list[str]:
    """What is answered to that."""
    before = len(qq[phone])
    await qq.phone(phone).says(text, **how)
    await until(judge.nothing_waits)
    return qq[phone][before:]


def test_the_check_of_an_address_is_answered_as_tencent_publishes_and_nothing_else_is_signed() -> None:
    key = signing.key_of(SECRET)
    assert signing.answer(key, AT, TOKEN) == SIGNATURE
    body = '{"op":0,"d":{}}'
    assert [signing.answer(key, at, told) for at, told in ((AT, body), ("", TOKEN), (AT, ""), (f"{AT}{{", TOKEN))] == [
        None
    ] * 4
    signed = key.sign(b"1" + body.encode())
    assert signing.is_signed(key, signed.hex(), "1", body.encode())
    # Of another bot, changed by a blank, at another time, cut, with the bits set that have to be none.
    for other, told, at, what in (
        (signing.key_of("x" * 16), signed, "1", body),
        (key, signed, "1", f"{body} "),
        (key, signed, "2", body),
        (key, signed[:63], "1", body),
        (key, signed[:63] + bytes([signed[63] | 224]), "1", body),
    ):
        assert not signing.is_signed(other, told.hex(), at, what.encode())


async def test_the_address_is_checked_and_what_another_signs_or_nobody_can_read_is_refused(tmp_path: Path) -> None:
    async with bureau(tmp_path) as (qq, door):
        sandbox = qq.sandbox
        assert (await door.anyone.get("/v1/qq/city")).status == 405
        post, signed, json_body = sandbox.callbacks.post, sandbox.callbacks.signed, {"Content-Type": "application/json"}
        check = json.dumps({"op": 13, "d": {"plain_token": TOKEN, "event_ts": '1{"op":0,'}}).encode()
        assert (await post(json_body, check))[0] == 403
        assert (await sandbox._check(None)) == {"ok": True}  # type: ignore[arg-type]
        bodies = (b"[]", b"{}", b'{"op":0}', b'{"op":0,"t":"C2C_MESSAGE_CREATE","d":{"id":"","author":{}}}')
        assert {(await post(signed(one), one))[0] for one in bodies} == {400}
        assert (await post(json_body, bodies[1]))[0] == 403
        sandbox.account.secret = "another-secret"
        await qq.phone("zhang").says("你好")
        assert not await Turn.exists()


async def test_a_group_is_heard_where_the_bot_is_called_and_danger_always_and_once_under_two_events(
    tmp_path: Path,
) -> None:
    async with bureau(tmp_path) as (qq, _):
        qq.sandbox.account.limits = Limits(whole="both")
        assert len(await said(qq, "一@群", "你好")) == 1
        assert await said(qq, "二@群", "晚上吃什么", mentions=False) == []
        assert await said(qq, "三@群", "你好", bot=True) == []
        (danger,) = await said(qq, "二@群", "有人跳河了", mentions=False)
        assert "110" in danger or "120" in danger
        assert await Turn.all().count() == 2
        (alone,) = await said(qq, "一", "进度")
        (group,) = await said(qq, "一@群", "进度")
        assert "群聊" in group
        assert "群聊" not in alone
        contacts = await ChannelConversation.all().values_list("contact", flat=True)
        assert len({*contacts}) == 2
        # Each answers the message that it is an answer to.
        seen = qq.phone("一@群").seen
        assert [one.more["msg_id"][:80] for one in seen if one.via == "reply"] == await Turn.filter(
            conversation__contact__startswith="group-"
        ).order_by("id").values_list("key", flat=True)
        await qq.phone("一@群").unfollows()
        assert await said(qq, "一@群", "你好") == []
        assert (await Said.all().order_by("-id").first()).state == "refused"  # type: ignore[union-attr]


async def test_all_members_of_a_group_who_write_at_once_are_as_much_as_one_and_danger_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(judge.LOCAL, "rates", {"burst": 20, "day": 9_000})
    async with bureau(tmp_path) as (qq, _):
        many, burst = tries(200, 5_000), 20
        qq.sandbox.account.limits = Limits(answers=10_000)
        for first in range(0, many, 50):
            phones = (qq.phone(f"成员{number}@群") for number in range(first, first + 50))
            await asyncio.gather(*(phone.says("进度") for phone in phones))
        await until(judge.nothing_waits)
        assert {one.status for one in qq.sandbox.callbacks.deliveries} == {200}
        # By minute; and once it is said that it is too much.
        assert burst <= len(qq["一@群"]) <= tries(2, 10) * (burst + 1) < many * 2
        assert "110" in (await said(qq, "二@群", "有人跳河了"))[-1]


def test_what_qq_has_withdrawn_is_said_where_there_is_a_bot() -> None:
    bot = BotSettings(appid="102000001", secret="made-up", addresses=("https://city.example/",))
    (found,) = banshi_checks(settings=QqSettings(bots={"city": bot}))
    assert (found.rule, found.note, "21 April 2025" in found.advice) == ("withdrawn", True, True)
    assert not [*banshi_checks(settings=QqSettings())]


async def test_an_answer_that_was_lost_is_sent_again_and_shown_once_and_a_sixth_waits(tmp_path: Path) -> None:
    async with bureau(tmp_path) as (qq, door):
        faults, conversations = qq.sandbox.faults, door.platform[CONVERSATIONS]
        faults.lose_answer, faults.every = {"/v2/users/"}, {"/v2/users/": 2}
        for text in ("你好", "进度", "路灯坏了", "0"):
            assert len(await said(qq, "zhang", text)) == 1
        faults.lose_answer, faults.every = set(), {}
        assert {row.state for row in await Said.all()} == {"accepted"}
        await said(qq, "li", "你好")
        (row,) = await ChannelConversation.filter(contact="li")
        for number in range(5):
            await conversations.say(row.id, Reply(text=f"第{number}"), by="officer")
        await until(judge.nothing_waits)
        assert [one.state for one in await Said.filter(by="officer").order_by("id")] == ["accepted"] * 4 + ["shut"]
        # A message of yesterday opens nothing any more.
        qq.sandbox.clock.ahead = -86_400
        assert await said(qq, "wang", "你好") == []


async def test_an_address_that_is_not_registered_is_not_shown_and_buttons_send_their_number(tmp_path: Path) -> None:
    own = "https://services.city.example/"
    async with bureau(tmp_path, addresses=[own], buttons=True) as (qq, door):
        qq.sandbox.account.limits.addresses = {own}
        (menu,) = await said(qq, "zhang", "0")
        bubble = qq.phone("zhang").seen[-1]
        assert (bubble.kind, "1" in bubble.more["choices"]) == ("msgmenu", True)
        assert bubble.more["choices"]["1"] in menu
        (row,) = await ChannelConversation.all()
        text = f"见 {own}v1/x 与 http://evil.example/a，完"
        await door.platform[CONVERSATIONS].say(row.id, Reply(text=text), by="officer")
        await until(judge.nothing_waits)
        shown = qq["zhang"][-1]
        assert (f"{own}v1/x" in shown, "evil" in shown, shown.endswith("，完")) == (True, False, True)


@pytest.mark.long
async def test_every_item_ends_by_a_bot_as_it_does_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes long: a third of all items is talked to its end."""
    truly = items.truly

    async def placeless(*about: Any) -> Any:
        """QQ has no message that is a place: an address is written."""
        return without_degrees(await truly(*about))

    monkeypatch.setattr(items, "truly", placeless)
    monkeypatch.setattr(Talker, "place", lambda *_: None)
    async with opened_qq() as qq:
        bots = {"bots": {"city": bot_of(qq.sandbox, addresses=["https://", "http://"])}}
        qq.sandbox.account.limits = Limits(addresses={"http"}, attempts=1)
        async with judge.sample_city(tmp_path, {"qq": "qq"}, {"qq": bots}) as door:
            qq.sandbox.callbacks.to = f"{door.url}/v1/qq/city"
            wanted = judge.share_of(door, 2)
            assert await judge.talk_all(door, qq, wanted, monkeypatch) == judge.ends_of(wanted)


def without_degrees(whole: Any) -> Any:
    if isinstance(whole, dict):
        return {name: without_degrees(one) for name, one in whole.items() if name not in ("latitude", "longitude")}
    return [without_degrees(one) for one in whole] if isinstance(whole, list) else whole


@pytest.mark.long
@pytest.mark.timeout(tries(240, 3_600))
async def test_killed_twenty_times_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path, postgres: str) -> None:
    """Each message is delivered three times, and every fifth answer's call is cut once it has done its work."""
    async with opened_qq() as qq:
        port = free_port()
        told = "".join(f"{name} = {json.dumps(one)}\n" for name, one in bot_of(qq.sandbox).items())
        plugins = f'[plugins.qq]\npackage = "qq"\napi = 1\n[plugins.qq.settings.bots.city]\n{told}'
        config = judge.written_config(tmp_path, postgres, plugins)
        qq.sandbox.callbacks.to = f"http://127.0.0.1:{port}/v1/qq/city"
        qq.sandbox.account.limits = Limits(attempts=1, answers=1_000)
        qq.sandbox.faults.lose_answer, qq.sandbox.faults.every = {"/v2/users/"}, {"/v2/users/": 5}
        killed = judge.Killed(config, port, f"qq:{qq.sandbox.account.appid}", qq, part=2, messages=tries(0, 5_000))
        await killed.run()
        assert await killed.judge(tmp_path, postgres, ends="accepted", knows_again=True) > judge.PHONES * judge.LAST
