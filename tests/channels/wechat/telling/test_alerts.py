"""Alerts on WeChat: each once to whoever has bound the account and has no app, and only while it is in force."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.sdk.operations import rounds
from banshi.testing import Door
from conversations.outbound import alerts
from conversations.outbound.alerts import Alerts, areas_of, concerns, within
from conversations.tables.models import ContactLink, Said
from mobile_push.tables.models import Broadcast
from tests.channels.wechat.phones import Phone, Recorder, bind, bound_phone, bureau, nothing_is_due, notices, recorder
from tests.channels.wechat.test_city import city_on_wechat, nothing_waits
from tests.mobile_push.broadcasts.alerts import test_alerts as published
from tests.mobile_push.broadcasts.alerts.test_alerts_in_force import alert
from tests.waiting import until
from wechat.sandbox.account import Template

TEMPLATE, SEND = "/cgi-bin/message/template/send", "/cgi-bin/message/custom/send"
NOTICE = {
    "way": "template",
    "template": "tpl-alert",
    "fields": {"thing1": "title", "thing2": "areas", "time3": "until"},
}


@pytest.fixture(autouse=True)
def no_rounds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "rounds", lambda *_: nullcontext())


async def look(door: Door) -> None:
    """A round of a process that was started anew: it remembers nothing."""
    await Alerts(door.platform).look()
    await until(nothing_is_due)


async def test_a_published_alert_reaches_bound_contacts_without_an_app_once(tmp_path: Path) -> None:
    push = published.SETTINGS
    async with city_on_wechat(tmp_path, "traffic", push=push, alert_notice=NOTICE) as (door, wechat):
        wechat.account.templates["tpl-alert"] = Template(
            "template", "预警", "{{thing1.DATA}}\n{{thing2.DATA}}\n{{time3.DATA}}"
        )
        bound, by_app, stranger, later = (wechat.phone(one) for one in ("王小明", "李静", "路人", "陈晨"))
        for one in (bound, by_app, stranger, later):
            await one.follows()
        await bind(door, bound, "wang")
        await bind(door, by_app, "li")
        device = {"provider": "stream", "token": "installation-0001", "platform": "android"}
        (await door.citizen("li").post("/v1/devices", device)).created()
        (await published.create(door)).created()
        running = Alerts(door.platform)
        await running.look()
        await bind(door, later, "chen")
        for _ in range(2):
            await running.look()
            await look(door)
        shown = {one: [said.text for said in one.seen if said.via == "notice"] for one in (bound, by_app, stranger)}
        (text,) = shown[bound]
        assert "暴雨红色预警" in text
        assert "西湖区" in text
        assert (shown[by_app], shown[stranger]) == ([], [])
        assert len([one for one in later.seen if one.via == "notice"]) == 1


async def test_rounds_come_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "rounds", rounds)
    monkeypatch.setattr(alerts, "LOOK_S", 0.05)
    async with city_on_wechat(tmp_path, "traffic", push=published.SETTINGS) as (door, wechat):
        phone = wechat.phone("王小明")
        await phone.follows()
        await bind(door, phone, "wang")
        (await published.create(door)).created()
        await until(lambda: [one for one in phone.seen if one.via == "service"])
        (said,) = [one.text for one in phone.seen if one.via == "service"]
        assert said.startswith("暴雨红色预警\n西湖区\n未来3小时有大暴雨。")
        assert "有效期至" in said


async def in_force(door: Door, seq: int = 1, **changes: Any) -> Broadcast:
    row = alert(door, seq, {"everyone": True}, published_at=int(door.platform.now().timestamp() * 1000), **changes)
    await row.save()
    return row


async def states() -> list[str]:
    return [one.state for one in await notices()]


def heard(wechat: Recorder) -> int:
    return len(wechat.sent(TEMPLATE)) + len(wechat.sent(SEND))


async def test_without_an_open_window_it_is_said_with_the_next_answer_while_it_is_in_force(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, push=True, may_say_unasked=False) as (door, wechat, phone):
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
    async with bound_phone(tmp_path, push=True) as (door, wechat, _):
        await in_force(door)
        wechat.codes[SEND] = [-1]
        await look(door)
        await until(lambda: wechat.sent(SEND))
        later = door.platform.now() + timedelta(hours=2)
        door.platform.now = lambda: later
        await Said.filter(state="waiting").update(not_before=0)
        await nothing_waits()
        said = await Said.get()
        assert (said.state, said.code, len(wechat.sent(SEND))) == ("refused", "over", 1)


@pytest.mark.parametrize("change", [{"state": "recalled"}, {"state": "superseded"}])
async def test_what_still_waits_of_an_alert_that_ended_early_is_not_said(change: Any, tmp_path: Path) -> None:
    async with bound_phone(tmp_path, push=True, may_say_unasked=False) as (door, _, phone):
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
    *, state: str, begins: str, by_notice: bool, tmp_path: Path
) -> None:
    """Nobody else is: who binds the account afterwards, has unbound it, or hasn't been told."""
    more: dict[str, Any] = {"alert_notice": NOTICE} if by_notice else {}
    async with recorder() as wechat, bureau(tmp_path, push=True, base_url=wechat.url, **more) as door:
        wang, li = (Phone(door, openid=f"oWang{number:023}") for number in (1, 2))
        await bind(door, wang, "wang")
        await bind(door, li, "li")
        row = await in_force(door, 71001)
        await look(door)
        await nothing_waits()
        before = heard(wechat)
        assert before == 2
        await li.says("解绑")
        await bind(door, Phone(door, openid=f"oWang{3:023}"), "chen")
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
    async with bound_phone(tmp_path, push=True, alert_notice=NOTICE) as (door, wechat, _):
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
            await bind(door, Phone(door, openid=f"oWang{number:023}"), name)
        first, second = [await in_force(door, 71001), await in_force(door, 71002)]
        await look(door)
        await Broadcast.filter(id=first.id).update(state="recalled")
        wechat.codes[TEMPLATE] = [0, -1, 0]
        await look(door)
        await nothing_waits()
        await look(door)
        assert len(wechat.sent(TEMPLATE)) == 4 + 3
        assert await states() == ["accepted"] * 6
        later = door.platform.now() + timedelta(hours=2)
        door.platform.now = lambda: later
        await Broadcast.filter(id=second.id).update(state="recalled")
        await look(door)
        assert len(wechat.sent(TEMPLATE)) == 7


async def test_an_alert_and_its_end_of_which_nobody_knows_whether_they_were_sent_are_said_in_the_chat_too(
    tmp_path: Path,
) -> None:
    async with bound_phone(tmp_path, push=True, alert_notice=NOTICE) as (door, wechat, _):
        row = await in_force(door, 71001)
        wechat.raw[TEMPLATE] = [(500, "oops")] * 2
        for state in ("published", "recalled"):
            await Broadcast.filter(id=row.id).update(state=state)
            for _ in range(2):
                await look(door)
                await nothing_waits()
        assert len(wechat.sent(TEMPLATE)) == 2
        texts = [one["text"]["content"] for one in wechat.sent(SEND)]
        assert [text[:5] for text in texts] == ["71001", "预警撤回："]
        assert await states() == ["unknown"] * 2


AREAS = {
    "district": [[("GB/T 2260", "330106")]],
    "street": [[("gb/t2260", "330106109000")]],
    "other": [[("GB/T 2260", "330200")]],
    "city": [[("GB/T 2260", "330100")]],
    "province": [[("GB/T 2260", "330000")]],
    # One of the areas is known by its shape alone, or by a code that says nothing to us: it may be anywhere.
    "shape": [[("GB/T 2260", "330200")], []],
    "foreign": [[("UGC", "CAZ041")]],
    "everybody": [],
}

TO_ALL = {"city", "province", "shape", "foreign", "everybody"}


@pytest.mark.parametrize(
    ("home", "concerned"),
    [
        ("", TO_ALL),
        ("330106", TO_ALL | {"district", "street"}),
        ("330106109", TO_ALL | {"district", "street"}),
        ("330106110", TO_ALL | {"district"}),
        ("330108", TO_ALL),
        ("330200", (TO_ALL | {"other"}) - {"city"}),
    ],
)
def test_whoever_has_said_where_home_is_is_told_what_is_for_there_and_others_what_is_for_the_city(
    home: str, concerned: set[str]
) -> None:
    at_home = {within(home)} if home else ()
    documents = {
        name: {
            "info": [{"area": [{"geocode": [{"value_name": one[0], "value": one[1]} for one in of]} for of in areas]}]
        }
        for name, areas in AREAS.items()
    }
    told = {name for name, one in documents.items() if concerns(areas_of(one), at_home, within("330100"))}
    assert told == concerned
    # A platform that hasn't said which division it is for tells those without a home of everything.
    if not home:
        assert all(concerns(areas_of(one), (), "") for one in documents.values())
    assert concerns(areas_of({}), at_home, "")


async def test_nobody_is_told_of_what_is_no_warning_or_who_has_unbound_it(tmp_path: Path) -> None:
    async with bound_phone(tmp_path, push=True) as (door, wechat, phone):
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
    async with bound_phone(tmp_path) as (door, wechat, _):
        await look(door)
        assert heard(wechat) == 0
