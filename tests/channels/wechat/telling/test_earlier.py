"""The version before kept WeChat's notices in a table of its own: none is told twice, none is lost, ends are told."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from banshi.testing import Door
from conversations import CONVERSATIONS, Reply
from conversations.outbound import alerts
from conversations.tables.models import ChannelConversation, Said
from mobile_push.tables.models import Broadcast
from tests.channels.wechat.phones import APPID, Phone, bind, bound_phone, bureau, deliver, result
from tests.channels.wechat.telling.test_alerts import NOTICE as ALERT
from tests.channels.wechat.telling.test_alerts import SEND, in_force, look
from tests.channels.wechat.telling.test_sending import NOTICE, TEMPLATE
from tests.channels.wechat.test_city import nothing_waits
from wechat.tables.models import Notice, Outcome
from wechat.telling import earlier

ACCOUNT = f"wechat:{APPID}"


@pytest.fixture(autouse=True)
def no_rounds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "rounds", lambda *_: nullcontext())


async def before(door: Door, phone: Phone, person: str, what: str, state: str, **more: Any) -> Notice:
    """A row as the version before has written it."""
    row = await ChannelConversation.get(contact=phone.openid)
    key = hashlib.blake2b(f"{what}\0{row.id}".encode(), digest_size=16).hexdigest()
    values = {"account": ACCOUNT, "conversation_id": row.id, "words": f"原文 {what}", "at": door.platform.now(), **more}
    if state == "said":
        about: Any = {"by": "notice", "person": person, "key": f"notice-{key}", "until": values.get("until")}
        await door.platform[CONVERSATIONS].say(row.id, Reply(text=values["words"]), **about)
    return await Notice.create(id=uuid7(), key=key, person=person, state=state, **values)


#: By the state in which the version before has left a notice, how often WeChat is asked to tell it now.
LEFT = {"waiting": 1, "sending": 0, "accepted": 0, "delivered": 0, "unknown": 0, "said": 0}


@pytest.mark.parametrize("state", LEFT)
async def test_a_result_that_comes_again_is_told_by_one_of_both_versions(state: str, tmp_path: Path) -> None:
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, phone):
        said = len(wechat.sent(SEND))
        at = door.platform.now() - timedelta(minutes=5)
        await before(door, phone, "wang", "m-1", state, at=at)
        for _ in range(2):
            await deliver(door.platform, [result(door)])
            await nothing_waits()
        assert len(wechat.sent(TEMPLATE)) == LEFT[state]
        assert len(wechat.sent(SEND)) == said + (state == "said")
        # To the version before, which may run beside this one, it is settled.
        assert [row.state for row in await Notice.all()] == [earlier.TAKEN_OVER]
        assert not await Said.filter(state="waiting").exists()


async def test_what_that_version_sends_just_now_is_left_to_it_and_a_contact_that_is_gone_stops_nobody(
    tmp_path: Path, database: str
) -> None:
    async with bound_phone(tmp_path, database, notice=NOTICE) as (door, wechat, phone):
        await before(door, phone, "wang", "m-0", "sending")
        gone = await before(door, phone, "wang", "m-2", "accepted")
        await Notice.filter(id=gone.id).update(conversation_id=uuid7())
        await before(door, phone, "wang", "m-3", "accepted")
        await deliver(door.platform, [result(door)])
        assert {row.words[-3:]: row.state for row in await Notice.all()} == {
            "m-0": "sending",
            "m-2": earlier.TAKEN_OVER,
            "m-3": earlier.TAKEN_OVER,
        }
        assert len(wechat.sent(TEMPLATE)) == 1


@pytest.mark.parametrize(("state", "ends"), [("accepted", 1), ("unknown", 1), ("waiting", 0), ("said", 1), ("shut", 0)])
async def test_an_alert_in_force_is_told_once_by_both_versions_and_so_is_its_end(
    state: str, ends: int, tmp_path: Path
) -> None:
    """Nobody hears of the end of what was never told: what is still to be said of it is taken back."""
    more: dict[str, Any] = {"alert_notice": ALERT, "may_say_unasked": state != "shut"}
    async with bound_phone(tmp_path, push=True, **more) as (door, wechat, phone):
        alert = await in_force(door, 71001)
        until = door.platform.now() + timedelta(hours=1)
        left = "said" if state == "shut" else state
        await before(door, phone, "wang", f"alert-{alert.id}", left, alert=str(alert.id), until=until)
        await nothing_waits()
        if state != "waiting":
            await look(door)
            assert wechat.sent(TEMPLATE) == []
        await Broadcast.filter(id=alert.id).update(state="recalled")
        for _ in range(2):
            await look(door)
            await nothing_waits()
        assert len(wechat.sent(TEMPLATE)) == ends
        assert len(wechat.sent(SEND)) == (state == "said")


@pytest.mark.parametrize(
    ("status", "state", "count"), [("success", "delivered", 0), ("failed:user block", "failed", 1)]
)
async def test_wechats_word_of_a_notice_of_the_version_before_is_noted(
    status: str, state: str, count: int, tmp_path: Path
) -> None:
    """Also one that the version before has heard, and died."""
    async with bound_phone(tmp_path, notice=NOTICE) as (door, wechat, phone):
        at = door.platform.now() - timedelta(minutes=5)
        for number in "78":
            await before(door, phone, "wang", f"m-{number}", "accepted", at=at, provider_id=number * 6)
        await Outcome.create(account=ACCOUNT, provider_id="777777", status=status, at=at)
        await earlier.take_over(door.platform)
        assert await phone.event("TEMPLATESENDJOBFINISH", MsgID="888888", Status=status) == ""
        await nothing_waits()
        assert [row.state for row in await Said.exclude(kind="").order_by("id")] == [state] * 2
        assert [one["text"]["content"] for one in wechat.sent(SEND)] == [f"原文 m-{number}" for number in "78"][
            : 2 * count
        ]
        assert not await Outcome.filter(provider_id="777777").exists()


async def test_a_notice_of_the_version_before_is_in_their_data_and_forgotten_with_them(tmp_path: Path) -> None:
    async with bureau(tmp_path, base_url="http://127.0.0.1:9") as door:
        phone = Phone(door)
        await bind(door, phone)
        await before(door, phone, "wang", "q4711", "accepted", at=door.platform.now() - timedelta(days=20))
        await earlier.take_over(door.platform)
        assert "q4711" in str((await door.citizen("wang").get("/v1/me/data")).ok()["held"]["wechat"])
        (await door.citizen("wang").delete("/v1/me")).ok()
        assert not await Notice.exists()
