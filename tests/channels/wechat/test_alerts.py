"""Alerts on WeChat: each once to whoever has bound the account and has no app, and only while it is in force."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from conversations.tables.models import ContactLink, Said
from mobile_push.tables.models import Broadcast
from tests.channels.wechat.phones import Phone, Recorder, bureau, recorder
from tests.channels.wechat.test_city import city_on_wechat, nothing_waits
from tests.mobile_push import test_alerts as published
from tests.mobile_push.test_alerts_in_force import alert
from wechat.sandbox.account import Template
from wechat.tables.models import Notice
from wechat.telling import alerts
from wechat.telling.alerts import Alerts

TEMPLATE, SEND = "/cgi-bin/message/template/send", "/cgi-bin/message/custom/send"
NOTICE = {
    "way": "template",
    "template": "tpl-alert",
    "fields": {"thing1": "title", "thing2": "areas", "time3": "until"},
}


@pytest.fixture(autouse=True)
def no_rounds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LOOK_S", 3_600.0)


async def bind(door: Door, name: str, phone: Any) -> None:
    """As the app's digits bind them."""
    await phone.says((await door.citizen(name, name).post("/v1/conversations/codes")).created()["digits"])


async def look(door: Door) -> None:
    """A round of a process that was started anew: it remembers nothing."""
    await Alerts(door.platform).look()


async def test_a_published_alert_reaches_bound_contacts_without_an_app_once(tmp_path: Path) -> None:
    push = published.SETTINGS
    async with city_on_wechat(tmp_path, "traffic", push=push, alert_notice=NOTICE) as (door, wechat):
        wechat.account.templates["tpl-alert"] = Template(
            "template", "预警", "{{thing1.DATA}}\n{{thing2.DATA}}\n{{time3.DATA}}"
        )
        bound, by_app, stranger, later = (wechat.phone(one) for one in ("王小明", "李静", "路人", "陈晨"))
        for one in (bound, by_app, stranger, later):
            await one.follows()
        await bind(door, "wang", bound)
        await bind(door, "li", by_app)
        device = {"provider": "stream", "token": "installation-0001", "platform": "android"}
        (await door.citizen("li").post("/v1/devices", device)).created()
        (await published.create(door)).created()
        running = Alerts(door.platform)
        await running.look()
        await bind(door, "chen", later)
        for _ in range(2):
            await running.look()
            await look(door)
        notices = {one: [said.text for said in one.seen if said.via == "notice"] for one in (bound, by_app, stranger)}
        (text,) = notices[bound]
        assert "暴雨红色预警" in text
        assert "西湖区" in text
        assert (notices[by_app], notices[stranger]) == ([], [])
        assert len([one for one in later.seen if one.via == "notice"]) == 1


async def test_rounds_come_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LOOK_S", 0.05)
    async with city_on_wechat(tmp_path, "traffic", push=published.SETTINGS) as (door, wechat):
        phone = wechat.phone("王小明")
        await phone.follows()
        await bind(door, "wang", phone)
        (await published.create(door)).created()
        for _ in range(400):
            if [one for one in phone.seen if one.via == "service"]:
                break
            await asyncio.sleep(0.05)
        (said,) = [one.text for one in phone.seen if one.via == "service"]
        assert said.startswith("暴雨红色预警\n西湖区\n未来3小时有大暴雨。")
        assert "有效期至" in said


async def in_force(door: Door, seq: int = 1, **changes: Any) -> Broadcast:
    row = alert(door, seq, {"everyone": True}, published_at=int(door.platform.now().timestamp() * 1000), **changes)
    await row.save()
    return row


async def states() -> list[str]:
    return [one.state for one in await Notice.all().order_by("id")]


def heard(wechat: Recorder) -> int:
    return len(wechat.sent(TEMPLATE)) + len(wechat.sent(SEND))


async def test_without_an_open_window_it_is_said_with_the_next_answer_while_it_is_in_force(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url, may_say_unasked=False) as door:
        phone = Phone(door)
        await bind(door, "wang", phone)
        for seq, hours in ((71001, 1), (71002, 3)):
            await in_force(door, seq, expires_at=door.platform.now() + timedelta(hours=hours))
        await look(door)
        await nothing_waits()
        later = door.platform.now() + timedelta(hours=2)
        door.platform.now = lambda: later
        answer = await phone.says("进度")
        assert "71002" in answer
        assert "71001" not in answer
        assert wechat.sent(SEND) == []


async def test_one_whose_time_was_over_before_it_could_be_sent_is_not_sent(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url) as door:
        await bind(door, "wang", Phone(door))
        await in_force(door)
        wechat.codes[SEND] = [-1]
        await look(door)
        for _ in range(200):
            if wechat.sent(SEND):
                break
            await asyncio.sleep(0.02)
        later = door.platform.now() + timedelta(hours=2)
        door.platform.now = lambda: later
        await Said.filter(state="waiting").update(not_before=0)
        await nothing_waits()
        said = await Said.get()
        assert (said.state, said.code, len(wechat.sent(SEND))) == ("refused", "over", 1)


@pytest.mark.parametrize("change", [{"state": "recalled"}, {"state": "superseded"}])
async def test_what_still_waits_of_an_alert_that_ended_early_is_not_said(change: Any, tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url, may_say_unasked=False) as door:
        phone = Phone(door)
        await bind(door, "wang", phone)
        row = await in_force(door, 71001)
        await look(door)
        await nothing_waits()
        await Broadcast.filter(id=row.id).update(**change)
        await look(door)
        assert "71001" not in await phone.says("进度")
        assert (await Said.get()).code == "taken-back"


@pytest.mark.parametrize(("state", "begins"), [("recalled", "预警撤回：71001"), ("superseded", "预警解除：71001")])
@pytest.mark.parametrize("by_notice", [True, False])
async def test_whoever_was_told_of_an_alert_is_told_once_of_its_end(
    *, state: str, begins: str, by_notice: bool, tmp_path: Path, database: str
) -> None:
    """Nobody else is: who binds the account afterwards, has unbound it, or hasn't been told."""
    more: dict[str, Any] = {"alert_notice": NOTICE} if by_notice else {}
    async with recorder() as wechat, bureau(tmp_path, database, push=True, base_url=wechat.url, **more) as door:
        wang, li = (Phone(door, openid=f"oWang{number:023}") for number in (1, 2))
        await bind(door, "wang", wang)
        await bind(door, "li", li)
        row = await in_force(door, 71001)
        await look(door)
        await nothing_waits()
        before = heard(wechat)
        assert before == 2
        await li.says("解绑")
        await bind(door, "chen", Phone(door, openid=f"oWang{3:023}"))
        await Broadcast.filter(id=row.id).update(state=state)
        for _ in range(3):
            await look(door)
            await nothing_waits()
        assert heard(wechat) == before + 1
        last = wechat.sent(TEMPLATE if by_notice else SEND)[-1]
        assert last["touser"] == wang.openid
        text = last["data"]["thing1"]["value"] if by_notice else last["text"]["content"]
        assert text.startswith(begins[:8])


async def test_an_update_in_force_is_told_in_place_of_an_end(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url, alert_notice=NOTICE) as door:
        await bind(door, "wang", Phone(door))
        row = await in_force(door, 71001)
        await look(door)
        update = await in_force(door, 71002, msg_type="Update")
        reference = {"sender": "alerts@city.example", "identifier": str(row.id), "sent": "2026-01-01T00:00:00+08:00"}
        await Broadcast.filter(id=update.id).update(cap={**update.cap, "references": [reference]})
        await Broadcast.filter(id=row.id).update(state="superseded")
        for _ in range(2):
            await look(door)
        titles = [one["data"]["thing1"]["value"] for one in wechat.sent(TEMPLATE)]
        assert len(titles) == 2
        assert not [one for one in titles if one.startswith("预警")]
        # Once that one is cancelled, its end is told.
        await Broadcast.filter(id=update.id).update(state="superseded")
        for _ in range(2):
            await look(door)
        assert [one["data"]["thing1"]["value"][:5] for one in wechat.sent(TEMPLATE)[2:]] == ["预警解除："]


async def test_an_end_that_wechat_cannot_take_now_comes_again_and_one_whose_time_is_over_is_not_told(
    tmp_path: Path,
) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url, alert_notice=NOTICE) as door:
        for number, name in enumerate(("wang", "li")):
            await bind(door, name, Phone(door, openid=f"oWang{number:023}"))
        first, second = [await in_force(door, 71001), await in_force(door, 71002)]
        await look(door)
        await Broadcast.filter(id=first.id).update(state="recalled")
        wechat.codes[TEMPLATE] = [0, -1, 0]
        for _ in range(3):
            await look(door)
        assert len(wechat.sent(TEMPLATE)) == 4 + 3
        assert await states() == ["accepted"] * 6
        later = door.platform.now() + timedelta(hours=2)
        door.platform.now = lambda: later
        await Broadcast.filter(id=second.id).update(state="recalled")
        await look(door)
        assert len(wechat.sent(TEMPLATE)) == 7


async def test_what_wechat_cannot_take_now_comes_again_and_what_it_took_does_not(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url, alert_notice=NOTICE) as door:
        for number, name in enumerate(("wang", "li", "chen")):
            await bind(door, name, Phone(door, openid=f"oWang{number:023}"))
        await in_force(door)
        wechat.codes[TEMPLATE] = [0, -1, 0]
        running = Alerts(door.platform)
        for _ in range(3):
            await running.look()
        assert (await states(), len(wechat.sent(TEMPLATE))) == (["accepted"] * 3, 4)


@pytest.mark.parametrize(("left", "sends"), [("waiting", 1), ("sending", 0)])
async def test_after_a_kill_it_is_sent_where_it_surely_was_not(left: str, sends: int, tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url, alert_notice=NOTICE) as door:
        await bind(door, "wang", Phone(door))
        await in_force(door)
        await look(door)
        wechat.came.clear()
        await Notice.all().update(state=left)
        await look(door)
        await look(door)
        assert len(wechat.sent(TEMPLATE)) == sends


async def test_nobody_is_told_of_what_is_no_warning_or_who_has_unbound_it(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url) as door:
        phone = Phone(door)
        await bind(door, "wang", phone)
        for seq, change in enumerate(({"status": "Exercise"}, {"msg_type": "Cancel"}, {"kind": "notice"}), start=1):
            await in_force(door, seq, **change)
        await look(door)
        assert await states() == []
        await in_force(door, 9)
        await phone.says("解绑")
        await look(door)
        assert await states() == []
        assert await ContactLink.filter(ended_at=None).count() == 0
        assert heard(wechat) == 0


async def test_where_nobody_publishes_alerts_there_are_none(tmp_path: Path) -> None:
    async with recorder() as wechat, bureau(tmp_path, base_url=wechat.url) as door:
        await bind(door, "wang", Phone(door))
        await look(door)
        assert heard(wechat) == 0
