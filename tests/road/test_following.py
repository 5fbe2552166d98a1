"""Who follows a road or a district is told once of each edition of an event: on phones and in chats, not at night."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.personal_data.following import routes as following_routes
from banshi.kernel.tables.outbox import OutboxRow
from banshi.sdk.events import Event
from banshi.testing import Door, Person
from conversations.tables.models import Said
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import InboxMessage
from road import following
from road.ending import look
from road.tables.models import RoadChange, RoadFollower
from tests.channels.chatting import Chatter
from tests.channels.conversations.outbound.test_homes import every_channel
from tests.channels.strangers.judge import nothing_waits
from tests.mobile_push.conftest import hurry
from tests.mobile_push.delivery.topics.followers import hours
from tests.road.city import CLOSURE, DISTRICT, officer, open_city, published, turn
from tests.town.registers import DEPARTMENTS
from tests.waiting import until

PUSH: dict[str, Path | str] = {"mobile_push": "mobile_push", "conversations": "conversations"}
BRIDGE = str(CLOSURE["road"])
NOW, _ = hours()


@pytest.fixture
async def city(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    async with open_city(tmp_path, database, plugins=PUSH) as door:
        yield door


async def follow(person: Person, *names: str) -> None:
    for name in names:
        assert (await person.put(f"/v1/road/followed/{name}", None)).status == 204


async def titles(door: Door, name: str) -> list[str]:
    await door.settled()
    items = (await door.citizen(name).get("/v1/inbox", headers={"Accept-Language": "zh-CN"})).ok()["items"]
    return [one["title"] for one in items if one["category"] == "roads"]


async def change(door: Door, record: Any, version: int, **body: Any) -> Any:
    link = f"/v1/road/events/{record['id']}"
    return (await officer(door).call("PATCH", link, json={"version": version, **body})).ok()


async def test_whoever_follows_a_road_a_district_or_all_is_told_once_of_each_edition_that_matters(city: Door) -> None:
    record = await published(city)
    people = {name: city.citizen(name) for name in ("wang", "li", "zhang", "zhao")}
    await follow(people["wang"], BRIDGE, DISTRICT, "all", "all")
    await follow(people["li"], "510700")
    await follow(people["zhang"], "510722")
    assert (await people["wang"].get("/v1/road/followed")).ok()["items"] == [BRIDGE, DISTRICT, "all"]
    assert await titles(city, "wang") == [], "what was there before is on the list of events"
    changes: list[dict[str, Any]] = [{"text": "仍在检测"}, {}, {"state": "ended"}]
    await city.settled()
    for version, body in enumerate(changes, start=1):
        await change(city, record, version, **body)
        await city.settled()
    other = await published(city, division="510722", road="县道示例线", kind="works")
    told = ["路况提醒：示例大桥，封闭、管制"] * 2 + ["已结束：示例大桥"]
    assert await titles(city, "wang") == [*told, "路况提醒：县道示例线，施工"]
    assert await titles(city, "li") == [*told, "路况提醒：县道示例线，施工"]
    assert await titles(city, "zhang") == ["路况提醒：县道示例线，施工"]
    assert await titles(city, "zhao") == []
    (one,) = [one for one in (await people["zhang"].get("/v1/inbox")).ok()["items"] if one["category"] == "roads"]
    assert one["link"] == f"/v1/road/events/{other['id']}"
    assert (await people["wang"].delete("/v1/road/followed/all")).status == 204
    (await people["wang"].delete("/v1/road/followed/all")).problem(404, "not-found")
    await published(city, division="510722", road="县道示例线", kind="accident")
    assert len(await titles(city, "wang")) == 4


async def test_what_is_heard_late_or_again_tells_nobody_twice_and_no_edition_that_is_over(city: Door) -> None:
    await published(city, road="示例路", kind="works")
    await city.settled()
    await follow(city.citizen("wang"), "示例路")
    record = await published(city, road="示例路")
    await city.settled()
    await change(city, record, 1, text="仍在检测")
    await city.settled()
    steps = await RoadChange.filter(event_id=record["id"]).order_by("version")
    events = [
        Event(id=str(one.id), type="banshi.road.event", at=one.at, subject=record["id"],
              data={"version": one.version, "what": one.what})
        for one in steps
    ]  # fmt: skip
    await asyncio.gather(*(following.hear(city.platform, events) for _ in range(4)))
    assert len(await titles(city, "wang")) == 2
    # What only asks the author is no later word: whoever was killed before the telling tells it afterwards.
    await RoadChange.create(event_id=record["id"], version=3, what="asked", division="staff", at=city.platform.now())
    await InboxMessage.filter(person="wang").delete()
    await OutboxRow.filter(topic="message").delete()
    await following.hear(city.platform, events)
    assert len(await titles(city, "wang")) == 1


async def test_two_processes_tell_each_follower_once(tmp_path: Path, postgres: str) -> None:
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(open_city(tmp_path, postgres, plugins=PUSH)) for _ in range(2)]
        await published(here, kind="works")
        await asyncio.gather(*(follow(here.citizen(f"p-{number}"), BRIDGE) for number in range(30)))
        records = await asyncio.gather(*(published((here, there)[n % 2], kind="accident") for n in range(6)))
        await asyncio.gather(*(change((there, here)[n % 2], one, 1, text="正在处置") for n, one in enumerate(records)))
        await here.settled()
        await there.settled()
        messages = await InboxMessage.filter(category="roads")
        # One that came after the change is told instead of what was there before it.
        assert Counter((one.person, one.id) for one in messages).most_common(1)[0][1] == 1
        assert {one.person for one in messages} == {f"p-{number}" for number in range(30)}
        last = Counter(one.person for one in messages if one.body["zh-CN"] == "正在处置")
        assert set(last.values()) == {6}


async def test_a_followers_phone_is_woken_in_the_roads_channel_not_at_night_and_not_for_what_is_over_by_then(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    async with FcmSandbox() as sandbox, _with_phones(tmp_path, database, sandbox) as door:
        await published(door, kind="works")
        for person in ("wang", "li", "zhang"):
            device = {"provider": "fcm", "token": f"phone-of-{person}", "platform": "android"}
            (await door.citizen(person).post("/v1/devices", device)).created()
            await follow(door.citizen(person), BRIDGE)
        (await door.citizen("li").call("PATCH", "/v1/preferences", json={"quiet_hours": NOW})).ok()
        assert (await door.citizen("zhang").put("/v1/me/notice-kinds/roads/muted", None)).status == 204
        record = await published(door)
        # The sandbox has a push a moment before its row says so, and a row that isn't sent yet may still be replaced.
        await until(lambda: _are_held(door, [("due", "quiet hours")]))
        await change(door, record, 1, state="ended")
        await until(lambda: _are_held(door, [("dropped", "replaced"), ("due", "quiet hours")]))
        assert {one.token for one in sandbox.received} == {"phone-of-wang"}
        channels = [one.message["android"]["notification"]["channel_id"] for one in sandbox.received]
        assert channels == ["roads", "roads"]
        for person in ("wang", "li", "zhang"):
            assert len(await titles(door, person)) == 2, "nothing is missed in the inbox"
        (over,) = [row["ends"] for row in await _deliveries(door) if row["state"] == "due"]
        assert over / 1000 < door.platform.now().timestamp() + 3700, "in the morning nobody is woken for it"


async def _deliveries(door: Door) -> list[dict[str, Any]]:
    return await door.platform.store.connection.execute_query_dict(
        "SELECT d.state AS state, d.code AS code, d.expires AS ends FROM push_delivery d "
        "JOIN push_inbox_message m ON m.id = d.message_id "
        "JOIN push_device v ON v.id = d.device_id WHERE v.token_hash <> '' ORDER BY m.seq, d.id"
    )


async def _are_held(door: Door, expected: list[tuple[str, str]]) -> bool:
    return [(row["state"], row["code"]) for row in await _deliveries(door) if row["state"] != "sent"] == expected


@asynccontextmanager
async def _with_phones(folder: Path, database: str, sandbox: FcmSandbox) -> AsyncIterator[Door]:
    fcm = {"service_account_file": str(sandbox.service_account_file(folder / "key.json")), "base_url": sandbox.base_url}
    push, settings = {"mobile_push": "mobile_push"}, {"mobile_push": {"fcm": fcm}}
    async with open_city(folder, database, plugins=push, beside=settings) as door:
        yield door


# -- in a chat -----------------------------------------------------------------------------------------------------


async def test_a_citizen_follows_and_mutes_in_a_chat_by_their_own_words(city: Door) -> None:
    await published(city)
    wang = Chatter(city, "zh-CN")
    assert "登录绑定" in (await wang.send(f"关注 {BRIDGE}")).text
    await wang.is_linked("wang", name="王示例")
    assert f"已关注“{BRIDGE}”" in (await wang.send(f"我想关注{BRIDGE}")).text
    assert "已关注" in (await wang.send("关注 涪城区")).text
    assert "已关注" in (await wang.send("关注路况")).text
    followed = (await city.citizen("wang").get("/v1/road/followed")).ok()["items"]
    assert followed == [BRIDGE, DISTRICT, "all"]
    assert "已取消关注" in (await wang.send(f"取消关注{BRIDGE}")).text
    assert "不再推送“路况”" in (await wang.send("别再发路况")).text
    kinds = (await city.citizen("wang").get("/v1/me/notice-kinds")).ok()["items"]
    assert [one["is_muted"] for one in kinds if one["code"] == "roads"] == [True]
    assert "已恢复推送“路况”" in (await wang.send("继续发路况")).text
    # What nobody knows is looked for as ever, and a group follows nothing.
    assert "已关注" not in (await wang.send("关注不存在的大桥")).text
    assert "别再发" not in (await wang.send("别再发烧了怎么办")).text
    group = Chatter(city, "zh-CN", contact="g-1", group=True)
    assert "已关注" not in (await group.send(f"关注 {BRIDGE}")).text
    assert await RoadFollower.all().count() == 2


async def test_a_follower_is_told_on_every_channel_but_not_what_is_muted_and_at_night_with_the_next_answer(
    tmp_path: Path, database: str
) -> None:
    roads: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", "road": "road"}
    async with every_channel(tmp_path, database, roads) as (door, people):
        await published(door, kind="works", geometry=None)
        for (name, home), phone in people.items():
            if home != "330106":
                await phone.says(f"关注 {BRIDGE}")
            if home == "330108":
                await phone.says("别再发路况")
            if home == "330200":
                wished = {"quiet_hours": NOW}
                (await door.citizen(f"{name}-{home}").call("PATCH", "/v1/preferences", json=wished)).ok()
        await published(door, geometry=None)
        await door.settled()
        await until(nothing_waits)
        title = f"路况提醒：{BRIDGE}，封闭、管制"
        told = Counter(key for key, phone in people.items() for one in phone.seen if one.text.startswith(title))
        assert told == Counter((name, "") for name in ("qq", "wechat", "weibo"))
        assert await Said.filter(state="shut").count() == 3
        await people["wechat", "330200"].says("你好")
        assert any(title in one.text for one in people["wechat", "330200"].seen)


# -- what is sent to harm ------------------------------------------------------------------------------------------


HARMFUL = ("示例不存在的路", "999999", "x" * 5_000, "%3Cscript%3Ealert(1)", "%20", "..%2Fme", "%00", "%ED%A0%80")


async def test_nobody_follows_a_road_that_nobody_knows(city: Door) -> None:
    wang = city.citizen("wang")
    for name in HARMFUL:
        reply = await wang.put(f"/v1/road/followed/{name}", None)
        assert reply.status in (400, 404), name
        assert (await wang.delete(f"/v1/road/followed/{name}")).status in (400, 404), name
    (await city.anyone.get("/v1/road/followed")).problem(401, "unauthenticated")
    (await officer(city).get("/v1/road/followed")).problem(403, "forbidden")
    assert not await RoadFollower.exists()


async def test_a_name_with_html_is_followed_and_told_as_text(city: Door) -> None:
    await published(city, road="示例<b>路</b>")
    await city.settled()
    await follow(city.citizen("wang"), "示例%3Cb%3E路%3C%2Fb%3E")
    await published(city, road="示例<b>路</b>", kind="accident")
    assert await titles(city, "wang") == ["路况提醒：示例<b>路</b>，事故"]


async def test_ten_thousand_follows_end_at_the_limit_with_what_to_do(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_routes, "MAX_FOLLOWED", 3)
    wang = city.citizen("wang")
    await follow(wang, "510700", "510703", "510704", "510704")
    problem = (await wang.put("/v1/road/followed/510722", None)).problem(409, "conflict")
    assert "3" in problem["detail"]
    assert (await wang.delete("/v1/road/followed/510704")).status == 204
    await follow(wang, "510722")


async def test_forgetting_and_exporting_know_what_somebody_follows(city: Door) -> None:
    wang = city.citizen("wang")
    await follow(wang, DISTRICT)
    held = (await wang.get("/v1/me/data")).ok()["held"]["road"]["road_follower"]
    assert [(one["person"], one["about"]) for one in held] == [("wang", DISTRICT)]
    (await wang.delete("/v1/me")).ok()
    assert not await RoadFollower.exists()


async def test_an_end_by_its_time_is_told_like_one_by_an_officer(city: Door) -> None:
    await follow(city.citizen("wang"), DISTRICT)
    ends = (city.platform.now() + timedelta(minutes=5)).isoformat()
    await published(city, ends_at=ends, end_is="known")
    await city.settled()
    turn(city, minutes=6)
    await look(city.platform)
    assert await titles(city, "wang") == ["路况提醒：示例大桥，封闭、管制", "已结束：示例大桥"]
