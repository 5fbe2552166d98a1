"""One-time subscriptions: a yes is for one notice, counted once, spent with it, and given back where none was sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from tests.channels.wechat.phones import Phone, became, bound_phone, bureau, deliver, notices, recorder, result
from tests.channels.wechat.telling.test_sending import BIZSEND, told
from wechat.settings import NoticeSettings
from wechat.tables.models import Consent
from wechat.telling.holdings import tidy

NOTICE: dict[str, Any] = {
    "way": "subscription",
    "template": "tpl-once",
    "once": True,
    "fields": {"thing1": "item", "character_string2": "number"},
}


async def answers(phone: Phone, said: str = "accept", *, name: str = "Popup", template: str = "tpl-once") -> str:
    """What WeChat sends when somebody answers a page that asks, or turns it off in WeChat's own settings."""
    inner = [{"TemplateId": one, "SubscribeStatusString": said} for one in ("tpl-other", template)]
    fields: Any = {f"SubscribeMsg{name}Event": {"List": inner}}
    message = phone.message(MsgType="event", Event=f"subscribe_msg_{name.lower()}_event", **fields)
    for _ in range(3):
        assert phone.read(await phone.posts(message)) == ""
    return message


async def left() -> list[int]:
    return [one.left for one in await Consent.all()]


def on(door: Door, seconds: int) -> None:
    """Later: of the same second, two yeses look like a repeat."""
    now = door.platform.now() + timedelta(seconds=seconds)
    door.platform.now = lambda: now


async def test_each_yes_is_one_notice_and_without_one_wechat_is_not_asked(tmp_path: Path, database: str) -> None:
    async with bound_phone(tmp_path, database, notice=NOTICE) as (door, wechat, phone):
        await answers(phone)
        assert await left() == [1], "each was told three times"
        on(door, 2)
        await answers(phone)
        await answers(phone, "reject")
        assert await left() == [2]
        for number in "123":
            await deliver(door.platform, [result(door, number)])
        sent, states, said = await told(door, wechat, BIZSEND)
        assert (len(sent), states, len(said)) == (2, ["accepted", "accepted", "said"], 1)
        assert (await notices())[-1].code == "43101"
        on(door, 2)
        await answers(phone)
        await deliver(door.platform, [result(door, "4")])
        assert len(wechat.sent(BIZSEND)) == 3
        assert await left() == [0]


async def test_turned_off_in_wechats_settings_none_is_left(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, phone):
        await answers(phone)
        await answers(phone, "reject", name="Change")
        assert await left() == [0]
        await deliver(door.platform, [result(door)])
        assert wechat.sent(BIZSEND) == []


async def test_where_nobody_knows_wechat_is_asked_and_its_word_is_remembered(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, _):
        await deliver(door.platform, [result(door, "1")])
        wechat.codes[BIZSEND] = [43101]
        for number in "234":
            await deliver(door.platform, [result(door, number)])
        assert len(wechat.sent(BIZSEND)) == 2
        assert await left() == [0]
        on(door, 366 * 86_400)
        await tidy(door.platform)
        assert await left() == []


@pytest.mark.parametrize(
    ("code", "count", "state"), [(-1, 1, "waiting"), (47003, 1, "said"), (40037, 1, "said"), (599, 0, "unknown")]
)
async def test_what_wechat_has_not_sent_is_given_back(code: int, count: int, state: str, tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, phone):
        await answers(phone)
        wechat.codes[BIZSEND] = [code]
        await deliver(door.platform, [result(door)])
        assert (await left(), [became(one) for one in await notices()]) == ([count], [state])


async def test_what_wechat_calls_used_up_stays_used_up_and_is_not_asked_for_again(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, phone):
        for _ in range(3):
            await answers(phone)
        wechat.codes[BIZSEND] = [43101]
        await deliver(door.platform, [result(door, "1")])
        assert await left() == [0]
        await deliver(door.platform, [result(door, "2")])
        assert len(wechat.sent(BIZSEND)) == 1


async def test_neither_strangers_nor_other_templates_nor_hostile_lists_are_counted(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url, notice=NOTICE) as door:
        await answers(Phone(door, openid="oStranger"))
        phone = Phone(door)
        await phone.says("你好")
        await answers(phone, template="x" * 5_000)
        await answers(phone, "accept" * 100)
        empty: Any = {"SubscribeMsgPopupEvent": {"List": {"TemplateId": "tpl-once"}}}
        assert await phone.event("subscribe_msg_popup_event", **empty) == ""
        assert await phone.event("subscribe_msg_popup_event") == ""
        assert await left() == []
    with pytest.raises(ValueError, match="once"):
        NoticeSettings(way="template", template="t", fields={}, once=True)
