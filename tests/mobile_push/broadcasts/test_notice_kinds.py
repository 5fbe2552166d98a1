"""Kinds of notices: each has a channel of its own on phones and is muted by itself; the inbox has all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, open_door
from mobile_push.audience.quiet_hours import quiet_for
from mobile_push.delivery.service import deliver
from mobile_push.providers.jpush.payload import document
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.sandbox import FcmSandbox
from mobile_push.screen.presentation import PresentationSettings
from mobile_push.tables.models import Delivery, Silence
from tests.mobile_push.conftest import hurry, new_message, none_of, push, register, until_equal
from tests.mobile_push.delivery.topics.followers import alert, expected, follow, followed, hours, settled
from tests.places import TRAFFIC
from tests.waiting import until

NOW, _ = hours()
PLUGINS: dict[str, Path | str] = {
    "traffic": TRAFFIC, "mobile_push": "mobile_push", "road": "road", "refutations": "refutations",
}  # fmt: skip


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@asynccontextmanager
async def city(folder: Path, sandbox: FcmSandbox, database: str = "", **settings: Any) -> AsyncIterator[Door]:
    """Roads and refutations, with phones at the sandbox."""
    key = sandbox.service_account_file(folder / "key.json")
    fcm = {"service_account_file": str(key), "base_url": sandbox.base_url, "topics_url": sandbox.topics_url}
    own = {"mobile_push": {"fcm": fcm | settings.pop("fcm", {}), "one_person": ["traffic"], **settings}}
    platform = {"database": database} if database else {}
    async with open_door(folder, PLUGINS, settings=own, platform=platform) as door:
        yield door


async def mute(door: Door, person: str, kind: str = "roads", *, on: bool = True) -> None:
    path, citizen = f"/v1/me/notice-kinds/{kind}/muted", door.citizen(person)
    assert (await citizen.put(path, None) if on else await citizen.delete(path)).status == 204


async def inbox(door: Door, person: str) -> list[dict[str, Any]]:
    return list((await door.citizen(person).get("/v1/inbox")).ok()["items"])


async def test_a_phone_gets_each_kind_in_a_channel_of_its_own_and_nothing_of_what_it_says(
    tmp_path: Path, sandbox: FcmSandbox, database: str
) -> None:
    kinds = {"refutations": {"channel": "rumours", "level": "active", "sound": "default"}}
    async with city(tmp_path, sandbox, database, presentation={"kinds": kinds}) as door:
        await register(door, "phone-of-wang")
        about = {"kind": "notice", "link": "/v1/road/events/018f3c1e-7b7a-7c3a-9e5e-0000000000aa"}
        told = [new_message(**about, category=kind) for kind in ("roads", "refutations", None, "of-nobody")]
        await deliver(door.platform, told)
        await until(lambda: len(sandbox.received) == 4)
        shown = {one.message["data"]["message_id"]: one.message for one in sandbox.received}
        channels = [shown[one.id]["android"]["notification"]["channel_id"] for one in told]
        assert channels == ["roads", "rumours", "notices", "notices"]
        roads, rumours = shown[told[0].id], shown[told[1].id]
        assert roads["notification"] == {"title": "路况"}
        assert (roads["data"]["category"], roads["apns"]["payload"]["aps"]["thread-id"]) == ("roads", "roads")
        assert rumours["apns"]["payload"]["aps"]["category"] == "refutations"
        # What is newer of one event takes its place on the screen, and nobody else knows which event that is.
        again = new_message(**about, category="roads")
        await deliver(door.platform, [again])
        await until(lambda: len(sandbox.received) == 5)
        tag = sandbox.received[-1].message["android"]["notification"]["tag"]
        assert tag == roads["android"]["notification"]["tag"]
        assert "0000000000aa" not in tag


def test_makers_and_apple_are_told_a_kinds_channel_where_they_have_one() -> None:
    makers = {"notice": {"xiaomi": {"channel_id": "1"}}, "roads": {"xiaomi": {"channel_id": "2"}}}
    settings = JPushSettings(app_key="a" * 24, master_secret="b" * 24, channels=makers)
    shown = PresentationSettings().of("notice", "roads")
    one = push(kind="notice", category="roads", thread="roads", presentation=shown)
    told = document(one, settings)
    assert told["options"]["third_party_channel"]["xiaomi"]["channel_id"] == "2"
    assert told["notification"]["android"]["channel_id"] == "roads"
    assert told["notification"]["ios"]["thread-id"] == told["notification"]["ios"]["category"] == "roads"
    others = document(one._replace(category="refutations"), settings)
    assert others["options"]["third_party_channel"]["xiaomi"]["channel_id"] == "1"
    # An alert's category is CAP's, and no channel of a maker's.
    alarm = document(one._replace(kind="alert", category="roads"), settings)
    assert "third_party_channel" not in alarm["options"]
    assert "category" not in alarm["notification"]["ios"]


@pytest.mark.parametrize(
    "wrong", [{"presentation": {"kinds": {"road": {"channel": "x"}}}}, {"jpush": {"channels": {"reminder": {}}}}]
)
async def test_a_setting_for_a_kind_that_there_is_not_is_refused_with_those_that_there_are(
    tmp_path: Path, sandbox: FcmSandbox, wrong: dict[str, Any]
) -> None:
    if "jpush" in wrong:
        wrong = {"jpush": {**wrong["jpush"], "app_key": "a" * 24, "master_secret": "b" * 24}}
    with pytest.raises(ConfigurationError, match="kinds of notices: refutations, roads"):
        async with city(tmp_path, sandbox, **wrong):
            pass


async def test_a_muted_kind_wakes_no_phone_and_is_in_the_inbox_and_others_go_on(
    tmp_path: Path, sandbox: FcmSandbox, database: str
) -> None:
    async with city(tmp_path, sandbox, database) as door:
        for person in ("wang", "li"):
            await register(door, f"phone-of-{person}", person)
        for _ in range(2):
            await mute(door, "wang")
        kinds = (await door.citizen("wang").get("/v1/me/notice-kinds", headers={"Accept-Language": "zh-CN"})).ok()
        assert kinds["items"] == [
            {"code": "roads", "title": "路况", "is_muted": True},
            {"code": "refutations", "title": "网传信息核查", "is_muted": False},
        ]

        def told(person: str) -> list[Any]:
            kinds = (("notice", "roads"), ("notice", "refutations"), ("notice", None), ("alert", "roads"))
            return [new_message(person, kind=kind, category=category) for kind, category in kinds]

        wang, li = told("wang"), told("li")
        await deliver(door.platform, [*wang, *li])
        await until(lambda: len(sandbox.received) == 7)
        got = Counter(one.message["data"]["message_id"] for one in sandbox.received)
        assert got == Counter([one.id for one in [*wang[1:], *li]])
        assert {one["id"] for one in await inbox(door, "wang")} == {one.id for one in wang}
        found = (await door.citizen("wang").get("/v1/inbox?category=roads&kind=notice")).ok()["items"]
        assert [one["id"] for one in found] == [wang[0].id]
        for _ in range(2):
            await mute(door, "wang", on=False)
        again = new_message("wang", kind="notice", category="roads")
        await deliver(door.platform, [again])
        await until(lambda: len(sandbox.received) == 8)


async def test_what_waits_for_the_morning_is_not_sent_once_it_is_muted_over_or_replaced(
    tmp_path: Path, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with city(tmp_path, sandbox, database) as door:
        for person in ("wang", "li", "zhang", "zhao"):
            await register(door, f"phone-of-{person}", person)
            await follow(door, person, quiet_hours=NOW)
        now = door.platform.now()
        one = {person: new_message(person, kind="notice", category="roads") for person in ("wang", "li", "zhao")}
        one["zhang"] = new_message("zhang", kind="notice", category="roads", until=now + timedelta(seconds=2))
        await deliver(door.platform, list(one.values()))
        await until_equal(Delivery.filter(code="quiet hours").count, 4)
        await mute(door, "wang")
        # Of an event that is over meanwhile the latest word alone is sent.
        last = new_message("li", kind="notice", category="roads", replaces=(one["li"].id,))
        await deliver(door.platform, [last])
        await until(lambda: door.platform.now() > now + timedelta(seconds=2))

        def morning(begins: Any, ends: Any, zone: str, at: Any) -> float:
            return quiet_for(begins, ends, zone, at + timedelta(hours=12))

        monkeypatch.setattr("mobile_push.delivery.claims.rows.quiet_for", morning)
        await Delivery.filter(state="due").update(not_before=0)
        await until(lambda: none_of(Delivery.filter(state="due")))
        rows = {str(row.message_id): (row.state, row.code) for row in await Delivery.all()}
        assert rows[one["wang"].id] == ("failed", "unwanted")
        assert rows[one["li"].id] == ("dropped", "replaced")
        assert rows[one["zhang"].id][0] == "expired"
        assert [rows[one["zhao"].id][0], rows[last.id][0]] == ["sent", "sent"]
        assert len(await inbox(door, "li")) == 2


NOTICE = {"department": "traffic", "title": {"zh-CN": "通知", "en": "Notice"}, "audience": {"everyone": True}}


async def publish(door: Door, **more: Any) -> dict[str, Any]:
    return dict((await door.staff("li", "traffic:publisher").post("/v1/notices", {**NOTICE, **more})).created())


@pytest.mark.parametrize("topics", [False, True])
async def test_a_notice_of_a_kind_to_everyone_leaves_out_who_has_muted_it_by_tokens_and_by_topics(
    tmp_path: Path, sandbox: FcmSandbox, database: str, topics: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_push.audience.topic_names.SETTLING_S", 0.0)
    async with city(tmp_path, sandbox, database, fcm={"topics": topics}) as door:
        people = [f"person-{number}" for number in range(6)]
        for person in people:
            await register(door, person, person)
        await mute(door, "person-0")
        await mute(door, "person-1", "refutations")
        if topics:
            await settled()
            assert followed(sandbox) == await expected(door)

        def reached(notice: dict[str, Any]) -> Counter[str]:
            got = [one for one in sandbox.received if one.message["data"]["message_id"] == notice["id"]]
            return Counter(
                token for one in got for token in (one.followers if one.followers is not None else {one.token})
            )

        asked: list[str] = []
        execute = type(door.platform.store.connection).execute_query

        async def counted(self: Any, sql: str, *values: Any) -> Any:
            asked.append(sql)
            return await execute(self, sql, *values)

        monkeypatch.setattr(type(door.platform.store.connection), "execute_query", counted)
        roads = await publish(door, category="roads")
        await until(lambda: sum(reached(roads).values()) == 5)
        assert reached(roads) == Counter(people[1:])
        assert 1 <= len([sql for sql in asked if "push_silence" in sql and "push_delivery" not in sql]) < 5, (
            "nobody is asked for by themselves"
        )
        plain = await publish(door)
        await until(lambda: sum(reached(plain).values()) == 6)
        rumour, warning = await publish(door, category="refutations"), await alert(door, {"everyone": True})
        await until(lambda: sum(reached(rumour).values()) == 5)
        await until(lambda: sum(reached({"id": str(warning.id)}).values()) == 6)
        assert reached(rumour) == Counter(set(people) - {"person-1"})
        assert {one["category"] for one in await inbox(door, "person-0")} >= {"roads", "refutations"}
        channels = {
            one.message["android"]["notification"]["channel_id"]
            for one in sandbox.received if one.message["data"]["message_id"] == roads["id"]
        }  # fmt: skip
        assert channels == {"roads"}
        if topics:
            await mute(door, "person-0", on=False)
            await settled()
            assert followed(sandbox) == await expected(door)


async def test_nobody_mutes_alerts_or_a_kind_that_there_is_not(tmp_path: Path, sandbox: FcmSandbox) -> None:
    async with city(tmp_path, sandbox) as door:
        wang, publisher = door.citizen("wang"), door.staff("li", "traffic:publisher")
        (await door.anyone.put("/v1/me/notice-kinds/roads/muted", None)).problem(401, "unauthenticated")
        for code in ("alert", "alerts", "general", "notice:roads", "x" * 33, "%3Cscript%3E", "r" * 5_000):
            path = f"/v1/me/notice-kinds/{code}/muted"
            (await wang.put(path, None)).problem(404, "not-found")
            (await wang.delete(path)).problem(404, "not-found")
            reply = await publisher.post("/v1/notices", {**NOTICE, "category": code[:32]})
            assert reply.problem(422, "invalid-fields")["problems"][0]["pointer"] == "/category", code
        assert not await Silence.exists()


async def test_forgetting_takes_what_was_muted_along(tmp_path: Path, sandbox: FcmSandbox) -> None:
    async with city(tmp_path, sandbox) as door:
        await mute(door, "wang")
        assert await Silence.filter(person="wang").exists()
        assert (await door.citizen("wang").delete("/v1/me/push")).status == 204
        assert not await Silence.filter(person="wang").exists()
