"""What is said unasked on WeChat, and results of cases: sent once, or said otherwise; each fault is what it is."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from conversations import CONVERSATIONS, Reply
from conversations.holdings import tidy
from conversations.outbound.telling import news_of
from conversations.tables.models import ChannelConversation, Said, Window, Word
from tests.channels.wechat.phones import (
    APPID,
    Phone,
    Recorder,
    became,
    bind,
    bound_phone,
    bureau,
    deliver,
    notices,
    recorder,
    result,
    said_instead,
)
from tests.waiting import until

SEND = "/cgi-bin/message/custom/send"
TEMPLATE = "/cgi-bin/message/template/send"
BIZSEND = "/cgi-bin/message/subscribe/bizsend"

NOTICE = {
    "way": "template",
    "template": "tpl-0001",
    "fields": {"thing1": "item", "character_string2": "number", "time3": "time"},
}


async def said_to(door: Door, phone: Phone, text: str = "您的材料已收到。") -> Said:
    """Have that said unasked, and wait for what becomes of it."""
    conversations = door.platform[CONVERSATIONS]
    conversation = await conversations.find(f"wechat:{APPID}", phone.openid)
    assert conversation is not None
    said = await conversations.say(conversation, Reply(text=text), by="officer")
    for _ in range(200):
        row = await Said.get(id=said)
        # After `Shut` it looks for another window at once; what is put off is so for longer.
        if row.state != "waiting" or row.not_before / 1000 > time.time() + 1:
            return row
        await asyncio.sleep(0.05)
    raise AssertionError(row.state)


async def test_what_is_said_goes_out_in_the_window_that_their_words_opened(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url) as door:
        phone = Phone(door)
        await phone.says("你好")
        assert (await said_to(door, phone)).state == "accepted"
        (document,) = wechat.sent(SEND)
        assert document == {"touser": phone.openid, "msgtype": "text", "text": {"content": "您的材料已收到。"}}
        assert (await Window.get(kind="words")).sends_left == 4


@pytest.mark.parametrize(
    ("code", "state", "shown"),
    [
        (45015, "shut", ""),
        (43004, "refused", "43004"),
        (48002, "refused", "48002"),
        (48001, "refused", "48001"),
        (99999, "refused", "99999"),
        # The answer is lost.
        (599, "unknown", ""),
    ],
)
async def test_a_refusal_in_a_200_is_shown_as_what_it_is_and_is_not_sent_again(
    code: int, state: str, shown: str, tmp_path: Path
) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url) as door:
        phone = Phone(door)
        await phone.says("你好")
        wechat.codes[SEND] = [code]
        row = await said_to(door, phone)
        assert (row.state, row.code) == (state, shown)
        assert len(wechat.sent(SEND)) == 1
        assert bool(row.why) == (state == "refused")


@pytest.mark.parametrize("code", [-1, 45011])
async def test_what_wechat_takes_later_is_sent_some_seconds_later(code: int, tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url) as door:
        phone = Phone(door)
        await phone.says("你好")
        wechat.codes[SEND] = [code, code]
        begun = time.monotonic()
        said = await said_to(door, phone)
        await until(lambda: Said.filter(id=said.id, state="accepted").exists())
        # One second, then two.
        assert time.monotonic() - begun >= 2.9
        assert len(wechat.sent(SEND)) == 3
        assert (await Window.get(kind="words")).sends_left == 4


async def test_what_wechat_takes_tomorrow_is_sent_tomorrow(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url) as door:
        phone = Phone(door)
        await phone.says("你好")
        wechat.codes[SEND] = [45009]
        row = await said_to(door, phone)
        assert row.state == "waiting"
        wait = row.not_before / 1000 - door.platform.now().timestamp()
        assert 0 < wait <= 24 * 3600
        # Nothing of the window is used up.
        assert (await Window.get(kind="words")).sends_left == 5


async def test_a_token_that_is_withdrawn_in_the_middle_is_replaced_and_the_message_goes_out(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url) as door:
        phone = Phone(door)
        await phone.says("你好")
        assert (await said_to(door, phone)).state == "accepted"
        wechat.codes[SEND] = [40001]
        assert (await said_to(door, phone)).state == "accepted"
        # Asked for at first, asked for again, and forced, since WeChat gave the refused one out once more.
        assert wechat.tokens == 3


async def test_an_account_without_the_right_says_it_with_the_next_answer(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url, may_say_unasked=False) as door:
        phone = Phone(door)
        await phone.says("你好")
        assert (await said_to(door, phone)).state == "shut"
        assert "您的材料已收到" in await phone.says("进度")
        assert wechat.came == []


# -- notices -----------------------------------------------------------------------------------------------------


async def told(door: Door, wechat: Recorder, path: str = TEMPLATE) -> tuple[list[Any], list[str], list[str]]:
    """What was sent as a notice, the states of all of them, and what is to be said in the chat."""
    return wechat.sent(path), [became(one) for one in await notices()], await said_instead()


@pytest.mark.parametrize(("way", "path"), [("template", TEMPLATE), ("subscription", BIZSEND)])
async def test_a_result_is_told_once_to_whoever_has_bound_the_account(way: str, path: str, tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice={**NOTICE, "way": way}) as (door, wechat, phone):
        await deliver(door.platform, [result(door)])
        await deliver(door.platform, [result(door)])
        sent, states, said = await told(door, wechat, path)
        assert [(one["touser"], one["template_id"]) for one in sent] == [(phone.openid, "tpl-0001")]
        assert sent[0]["data"]["character_string2"] == {"value": "PET-2026-1"}
        assert len(sent[0]["data"]["thing1"]["value"]) <= 20
        assert (states, said) == (["accepted"], [])


async def test_nobody_is_told_who_has_not_bound_it_or_has_unbound_it_or_whose_case_is_a_test(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url, notice=NOTICE) as door:
        phone = Phone(door)
        await deliver(door.platform, [result(door)])
        await bind(door, phone)
        await deliver(door.platform, [result(door, mode="test")])
        await phone.says("解绑")
        await deliver(door.platform, [result(door)])
        assert await told(door, wechat) == ([], [], [])


@pytest.mark.parametrize("code", [43101, 40037, 45009, 43004])
async def test_what_wechat_refuses_is_said_in_the_chat(code: int, tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, _):
        wechat.codes[TEMPLATE] = [code]
        await deliver(door.platform, [result(door)])
        sent, states, said = await told(door, wechat)
        assert (len(sent), states, len(said)) == (1, ["said"], 1)
        assert "您的建议已答复" in said[0]
        assert (await notices())[0].code == str(code)


async def test_what_wechat_cannot_take_now_comes_again_and_the_others_do_not(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, _):
        wechat.codes[TEMPLATE] = [0, -1]
        both = [result(door, "1"), result(door, "2")]
        await deliver(door.platform, both)
        assert (await told(door, wechat))[1] == ["accepted", "waiting"]

        async def both_are_accepted() -> bool:
            return await Said.filter(state="accepted").count() == 2

        await until(both_are_accepted)
        sent, states, _ = await told(door, wechat)
        assert [one["data"]["character_string2"]["value"] for one in sent] == ["PET-2026-1", "PET-2026-2", "PET-2026-2"]
        assert states == ["accepted", "accepted"]


#: Answers that say nothing of success; in place of the last the connection is cut.
UNCERTAIN = [(status, "Error") for status in (401, 429, 500)]
UNCERTAIN += [(200, text) for text in ("", "<html>", "[]", '{"errcode": "none"}')] + [(0, "")]


async def test_a_result_that_may_have_been_sent_is_not_sent_again_and_not_said_in_the_chat(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, _):
        wechat.raw[TEMPLATE], wechat.codes[TEMPLATE] = UNCERTAIN[:-1], [599]
        for number, answer in enumerate(UNCERTAIN, start=1):
            for _ in range(2):
                await deliver(door.platform, [result(door, str(number))])
            sent, states, said = await told(door, wechat)
            assert (len(sent), states, said) == (number, ["unknown"] * number, []), answer


@pytest.mark.parametrize("way", ["template", "subscription"])
@pytest.mark.parametrize(
    ("status", "state", "count"),
    [("success", "delivered", 0), ("failed:user block", "said", 1), ("failed: system failed", "said", 1)],
)
async def test_wechats_later_word_of_a_notice_is_noted_once(
    way: str, status: str, state: str, count: int, tmp_path: Path
) -> None:
    async with bound_phone(tmp_path, notice={**NOTICE, "way": way}) as (door, _, phone):
        await deliver(door.platform, [result(door)])
        number = (await notices())[0].provider_id
        sent = {"TemplateId": "tpl-0001", "MsgID": number, "ErrorCode": "0", "ErrorStatus": status}
        told_by: Any = {
            "template": ("TEMPLATESENDJOBFINISH", {"MsgID": number, "Status": status}),
            "subscription": ("subscribe_msg_sent_event", {"SubscribeMsgSentEvent": {"List": sent}}),
        }
        event, fields = told_by[way]
        for _ in range(2):
            assert await phone.event(event, **fields) == ""
            assert ([became(one) for one in await notices()], len(await said_instead())) == ([state], count)


SENT = {"event": "subscribe_msg_sent_event", "path": BIZSEND, "way": "subscription"}
FINISHED = {"event": "TEMPLATESENDJOBFINISH", "path": TEMPLATE, "way": "template"}


@pytest.mark.parametrize("kind", [SENT, FINISHED], ids=["subscription", "template"])
@pytest.mark.parametrize(("status", "state", "count"), [("success", "delivered", 0), ("failed:user block", "said", 1)])
async def test_wechats_word_of_a_notice_that_comes_before_our_row_knows_it_is_kept(
    status: str,
    state: str,
    count: int,
    kind: dict[str, str],
    tmp_path: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The call is still under way when WeChat tells what became of it; and the same told again changes nothing."""

    async def nothing(*_: object) -> None:
        """The hourly round would note it in the end: what is sent notes it at once."""

    monkeypatch.setattr("conversations.holdings.settle", nothing)
    notice = {**NOTICE, "way": kind["way"]}
    async with bound_phone(tmp_path, database, notice=notice) as (door, wechat, phone):
        number = str(200_001 + len(wechat.came))
        inner = {"TemplateId": "tpl-0001", "MsgID": number, "ErrorCode": "0", "ErrorStatus": status}
        finished = {"MsgID": number, "Status": status}
        fields: Any = finished if kind is FINISHED else {"SubscribeMsgSentEvent": {"List": inner}}

        async def before() -> None:
            assert [became(one) for one in await notices()] == ["sending"]
            assert await phone.event(kind["event"], **fields) == ""
            await until(lambda: Word.filter(provider_id=number).exists())

        wechat.before = before
        await deliver(door.platform, [result(door)])
        wechat.before = None
        assert (await notices())[0].provider_id == number
        await until(lambda: Said.filter(state__in=["delivered", "failed"]).exists())
        for _ in range(2):
            _, states, said = await told(door, wechat, kind["path"])
            assert (states, len(said)) == ([state], count)
            assert await phone.event(kind["event"], **fields) == ""


async def test_whoever_has_sent_it_and_died_leaves_the_outcome_to_the_next_round(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, _, phone):
        await deliver(door.platform, [result(door)])
        number = (await notices())[0].provider_id
        for others in ("9" * 64, "9" * 65, "x", "", "１２"):
            assert await phone.event("TEMPLATESENDJOBFINISH", MsgID=others, Status="success") == ""
        assert [one.provider_id for one in await Word.all()] == ["9" * 64]
        account = f"wechat:{APPID}"
        await Word.create(account=account, provider_id=number, arrived=True, at=door.platform.now())
        await Word.create(account="wechat:other", provider_id="1", arrived=True, at=door.platform.now())
        await tidy(door.platform)
        assert [became(one) for one in await notices()] == ["delivered"]
        later = door.platform.now() + timedelta(days=1, minutes=1)
        door.platform.now = lambda: later
        await tidy(door.platform)
        assert not await Word.exists()


async def test_without_a_notice_of_wechats_a_result_is_said_in_the_chat(tmp_path: Path) -> None:
    async with bound_phone(tmp_path) as (door, wechat, _):
        await deliver(door.platform, [result(door)])
        _, states, said = await told(door, wechat)
        assert (states, len(said)) == (["said"], 1)
        assert await ChannelConversation.all().count() == 1


async def test_whoever_has_the_app_is_told_there_and_not_twice(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, push=True, notice=NOTICE) as (door, wechat, _):
        phone = {"provider": "stream", "token": "installation-0001", "platform": "android"}
        (await door.citizen("wang").post("/v1/devices", phone)).created()
        await deliver(door.platform, [result(door)])
        assert await told(door, wechat) == ([], [], [])


@pytest.mark.parametrize("discreet", [False, True])
async def test_a_notice_of_a_discreet_item_names_neither_it_nor_what_became_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, discreet: bool
) -> None:
    """It stands on a lock screen, where whoever passes by reads what somebody is refused."""
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url) as door:
        items = door.platform.registry.items
        item = items["suggest-police"]
        monkeypatch.setattr(items, "get", lambda _: replace(item, discreet=discreet))
        news = news_of(door.platform, result(door))
        shown = f"{news.words}\n{news.known}"
        for words in ("您的建议已答复", "答复内容请查看办件", item.title["zh-CN"]):
            assert (words in shown) is not discreet
        assert news.known["number"] == "PET-2026-1"
