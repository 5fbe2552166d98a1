"""Where a phone is at home, and what a phone may change of itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from banshi.testing import Door, Person, open_door
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Device
from tests.mobile_push.conftest import hurry, send
from tests.waiting import until

#: Registration tokens, before and after the provider gave the app a new one.
OLD, NEW = "phone-old-0001", "phone-new-0001"

HOME = {"division": "510703", "location": {"latitude": 31.467, "longitude": 104.679}}


@pytest.fixture
async def plain(tmp_path: Any, database: str) -> AsyncIterator[Door]:
    """Without Google, on each of the two databases."""
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, platform={"database": database}) as one:
        yield one


async def registered(person: Person, token: str = OLD, provider: str = "stream", **changes: Any) -> dict[str, Any]:
    document = {"provider": provider, "token": token, "platform": "android", **changes}
    device: dict[str, Any] = (await person.post("/v1/devices", document)).created()
    return device


async def changed(person: Person, device: dict[str, Any], **changes: Any) -> dict[str, Any]:
    shown: dict[str, Any] = (await person.call("PATCH", device["links"]["self"], json=changes)).ok()
    return shown


async def listed(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await person.get("/v1/devices")).ok()["items"]
    return items


async def test_a_phone_says_where_it_is_at_home_and_stays_there_until_it_says_another_place(plain: Door) -> None:
    wang = plain.citizen("wang")
    device = await registered(wang, area=HOME)
    assert device["area"] == HOME
    assert (await registered(wang))["area"] == HOME, "who says nothing of it changes nothing"
    assert (await changed(wang, device, language="en"))["area"] == HOME
    moved = await registered(wang, area={"division": "110101001"})
    assert moved["area"] == {"division": "110101001", "location": None}, "the new area takes the place of all of it"
    there = await changed(wang, device, area={"location": {"latitude": -33, "longitude": 18.5}})
    assert there["area"] == {"division": None, "location": {"latitude": -33.0, "longitude": 18.5}}
    assert (await listed(wang))[0]["area"] == there["area"]
    assert (await changed(wang, device, area=None))["area"] is None
    assert (await registered(wang, "phone-0002"))["area"] is None


async def test_a_position_is_kept_to_a_hundred_metres_and_no_closer(plain: Door) -> None:
    wang = plain.citizen("wang")
    exact = {"latitude": 31.46749123, "longitude": -104.67951999}
    device = await registered(wang, area={"location": exact})
    assert device["area"]["location"] == {"latitude": 31.467, "longitude": -104.68}
    (row,) = await Device.all()
    assert (row.latitude, row.longitude) == (31.467, -104.68)
    small = await changed(wang, device, area={"location": {"latitude": -0.0001, "longitude": -1e-300}})
    assert str(small["area"]["location"]) == "{'latitude': 0.0, 'longitude': 0.0}"


async def test_who_takes_a_phone_over_learns_nothing_of_its_former_owner(plain: Door) -> None:
    wang, li = plain.citizen("wang"), plain.citizen("li")
    quiet = {"from": "22:00", "until": "07:00", "timezone": "Asia/Shanghai"}
    wished = {"topics": [], "departments": [], "quiet_hours": quiet, "notices": False}
    (await wang.put("/v1/preferences", wished)).ok()
    his = await registered(wang, area=HOME, language="en")
    hers = await registered(li)
    assert hers["id"] != his["id"], "what was planned for the old id goes nowhere"
    assert (hers["area"], hers["language"]) == (None, "zh-CN")
    assert (await li.get("/v1/preferences")).ok()["notices"] is True
    assert await listed(wang) == []
    for method in ("PATCH", "DELETE"):
        reply = await wang.call(method, hers["links"]["self"], json={"language": "en"})
        reply.problem(404, "not-found")
    assert (await listed(li))[0] == hers
    back = await registered(wang)
    assert (back["area"], len(await listed(wang)), await listed(li)) == (None, 1, [])


async def test_a_new_token_keeps_the_phone_and_what_is_due_follows_it(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    wang = door.citizen("wang")
    device = await registered(wang, OLD, "fcm", area=HOME)
    sandbox.behaviour.unavailable_share = 1.0
    message = await send(door, "wang")
    await until(lambda: sandbox.answers["UNAVAILABLE"] >= 1)
    renewed = await changed(wang, device, token=NEW, language="en")
    assert renewed == {**device, "language": "en", "seen_at": renewed["seen_at"]}
    sandbox.behaviour.unavailable_share = 0.0
    await until(lambda: sandbox.received)
    assert [(one.token, one.message["data"]["message_id"]) for one in sandbox.received] == [(NEW, message.id)]
    assert await listed(wang) == [renewed]
    again = await registered(wang, NEW, "fcm", language="en")
    assert again["id"] == device["id"], "the new token is this phone's"
    other = await registered(wang, OLD, "fcm")
    assert other["id"] != device["id"], "and the old one is nobody's"


async def test_a_push_under_way_to_a_token_that_has_just_ended_goes_to_the_new_one(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_push.delivery.courier.MAX_SLEEP_S", 0.1)
    wang = door.citizen("wang")
    device = await registered(wang, OLD, "fcm")
    sandbox.behaviour.unregistered = {OLD}
    sandbox.behaviour.latency = 0.5
    message = await send(door, "wang")

    async def under_way() -> bool:
        rows = await door.platform.store.connection.execute_query_dict("SELECT attempts FROM push_delivery")
        return [row["attempts"] for row in rows] == [1]

    await until(under_way)
    await changed(wang, device, token=NEW)
    sandbox.behaviour.latency = 0.0
    await until(lambda: sandbox.received)
    assert [(one.token, one.message["data"]["message_id"]) for one in sandbox.received] == [(NEW, message.id)]
    assert sandbox.answers["UNREGISTERED"] == 1
    assert [one["id"] for one in await listed(wang)] == [device["id"]]


async def test_a_token_that_another_registration_has_becomes_the_phones_own(plain: Door) -> None:
    wang, li = plain.citizen("wang"), plain.citizen("li")
    first, second, hers = await registered(wang), await registered(wang, NEW), await registered(li, "phone-of-li")
    kept = await changed(wang, first, token=NEW)
    assert [one["id"] for one in await listed(wang)] == [kept["id"]] == [first["id"]]
    (await wang.call("PATCH", second["links"]["self"], json={"language": "en"})).problem(404, "not-found")
    await changed(wang, first, token="phone-of-li")
    assert await listed(li) == []
    (await li.delete(hers["links"]["self"])).problem(404, "not-found")
    assert await Device.all().values_list("person", "token") == [("wang", "phone-of-li")]


async def test_the_same_token_again_is_no_change(plain: Door) -> None:
    wang = plain.citizen("wang")
    device = await registered(wang, area=HOME)
    again = await changed(wang, device, token=OLD)
    assert again == {**device, "seen_at": again["seen_at"]}


async def test_changes_and_registrations_of_one_token_at_once_leave_one_phone(plain: Door) -> None:
    wang, li = plain.citizen("wang"), plain.citizen("li")
    for turn in range(3):
        token = f"{NEW}-{turn}"
        device = await registered(wang, f"{OLD}-{turn}")
        change = {"json": {"token": token}}
        document = {"provider": "stream", "token": token, "platform": "ios"}
        replies = await asyncio.gather(
            *(wang.call("PATCH", device["links"]["self"], **change) for _ in range(5)),
            *(li.post("/v1/devices", document) for _ in range(5)),
        )
        assert {reply.status for reply in replies} <= {200, 201, 404}, [reply.body for reply in replies]
        assert [device.token for device in await Device.all()].count(token) == 1


async def test_a_change_that_races_with_forgetting_brings_nothing_back(plain: Door) -> None:
    wang = plain.citizen("wang")
    for turn in range(5):
        device = await registered(wang, f"{OLD}-{turn}")
        replies = await asyncio.gather(
            *(wang.call("PATCH", device["links"]["self"], json={"token": f"{NEW}-{turn}"}) for _ in range(3)),
            wang.delete(device["links"]["self"]),
        )
        assert replies[-1].status == 204
        assert {reply.status for reply in replies[:-1]} <= {200, 404}
        assert await listed(wang) == []


async def test_each_of_a_persons_phones_has_its_own_area_and_language(plain: Door) -> None:
    wang = plain.citizen("wang")
    areas = ["510703", "110101001", "440305007005"]
    for number, division in enumerate(areas):
        await registered(wang, f"phone-{number:04}", area={"division": division}, language=("en", "zh-CN")[number % 2])
    assert [(one["area"]["division"], one["language"]) for one in await listed(wang)] == [
        ("510703", "en"),
        ("110101001", "zh-CN"),
        ("440305007005", "en"),
    ]


#: A body of PATCH → the pointers that it is told.
WRONG: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({}, {""}),
    ({"provider": "fcm"}, {"/provider"}),
    ({"platform": "ios"}, {"/platform"}),
    ({"person": "li", "id": "1"}, {"/person", "/id"}),
    ({"token": "short"}, {"/token"}),
    ({"token": "phone\n0001"}, {"/token"}),
    ({"token": None}, {"/token"}),
    ({"token": "t" * 4097}, {"/token"}),
    ({"language": "fr"}, {"/language"}),
    (
        {"subscription": {"endpoint": "https://push.example", "keys": {"p256dh": "x", "auth": "y"}}},
        {"/token", "/subscription"},
    ),
    ({"area": {}}, {"/area"}),
    ({"area": "510703"}, {"/area"}),
    ({"area": []}, {"/area"}),
    ({"area": {"polygon": []}}, {"/area/polygon"}),
    *(
        ({"area": {"division": wrong}}, {"/area/division"})
        for wrong in (
            "",
            "51070",
            "5107031",
            "5107030011",
            "51070300100100",
            "100101",
            "010101",
            "51070a",
            "510003",
            "510703000100",
            "５１０７０３",
            510703,
            None,
            "510703\n",
        )
    ),
    ({"area": {"location": {}}}, {"/area/location/latitude", "/area/location/longitude"}),
    ({"area": {"location": None}}, {"/area/location"}),
    ({"area": {"location": [104.6, 31.4]}}, {"/area/location"}),
    ({"area": {"location": {"latitude": 104.6, "longitude": 31.4}}}, {"/area/location/latitude"}),
    (
        {"area": {"location": {"latitude": -90.0001, "longitude": 180.0001}}},
        {"/area/location/latitude", "/area/location/longitude"},
    ),
    (
        {"area": {"location": {"latitude": "31.4", "longitude": True}}},
        {"/area/location/latitude", "/area/location/longitude"},
    ),
    ({"area": {"location": {"latitude": 1e400, "longitude": 0}}}, set()),
    ({"area": {"location": {"latitude": 1, "longitude": 1, "accuracy": 5}}}, {"/area/location/accuracy"}),
)


async def test_a_wrong_change_is_told_every_wrong_field_and_changes_nothing(plain: Door) -> None:
    wang = plain.citizen("wang")
    device = await registered(wang, area=HOME)
    path = device["links"]["self"]
    for body, pointers in WRONG:
        reply = await wang.call("PATCH", path, json=body)
        if not pointers:
            reply.problem(400, "malformed-body")
            continue
        problem = reply.problem(422, "invalid-fields")
        assert {one["pointer"] for one in problem["problems"]} == pointers, body
        if "area" in body:
            whole = {"provider": "stream", "token": OLD, "platform": "android", **body}
            problem = (await wang.post("/v1/devices", whole)).problem(422, "invalid-fields")
            assert {one["pointer"] for one in problem["problems"]} == pointers, body
    (await wang.call("PATCH", path, json=[])).problem(400, "malformed-body")
    (await wang.call("PATCH", path, data=b"{}")).problem(415, "unsupported-media-type")
    (await wang.call("PATCH", f"{path}?token=x", json={"language": "en"})).problem(400, "invalid-parameter")
    (await wang.call("PUT", path, json={"language": "en"})).problem(405, "method-not-allowed")
    good = {"language": "en"}
    for person, status, code in (
        (plain.citizen("li"), 404, "not-found"),
        (plain.anyone, 401, "unauthenticated"),
        (plain.staff("wang", "traffic:approver"), 403, "forbidden"),
    ):
        (await person.call("PATCH", path, json=good)).problem(status, code)
    for wrong in ("1", "null", "%00", "' OR 1=1 --", "01990000-0000-7000-8000-000000000001"):
        (await wang.call("PATCH", f"/v1/devices/{wrong}", json=good)).problem(404, "not-found")
    assert await listed(wang) == [device]


# -- being there -----------------------------------------------------------------------------------------------------


async def test_a_phone_that_reads_its_inbox_is_seen_once_a_day(plain: Door) -> None:
    wang, li = plain.citizen("wang"), plain.citizen("li")
    device, other = await registered(wang), await registered(wang, NEW)
    started = plain.platform.now()
    seen = []
    for hours in (1, 25, 26, 50):
        plain.platform.now = lambda hours=hours: started + timedelta(hours=hours)  # type: ignore[misc]
        (await wang.get(f"/v1/inbox?device={device['id']}")).ok()
        (await li.get(f"/v1/inbox?device={other['id']}")).ok()
        rows = {str(row.id): row.seen_at for row in await Device.all()}
        seen.append(round((rows[device["id"]] - started).total_seconds() / 3600))
        assert rows[other["id"]] <= started, "neither another phone of hers nor somebody else's reading counts"
    assert seen == [0, 25, 25, 50]


async def test_a_phone_that_follows_its_stream_is_seen(plain: Door) -> None:
    wang = plain.citizen("wang")
    device, started = await registered(wang), plain.platform.now()
    await Device.filter(id=device["id"]).update(seen_at=started - timedelta(days=100))
    headers = {"Authorization": f"Bearer {wang.token}"}
    path = f"{plain.url}/v1/inbox/stream?device={device['id']}"
    async with plain.session.get(path, headers=headers) as response:
        assert response.status == 200
    assert (await Device.get(id=device["id"])).seen_at >= started - timedelta(seconds=1)


async def test_a_phone_that_is_not_ones_own_hinders_no_reading_and_a_wrong_id_is_told(plain: Door) -> None:
    wang = plain.citizen("wang")
    (await wang.get("/v1/inbox?device=01990000-0000-7000-8000-000000000001")).ok()
    for path in ("/v1/inbox", "/v1/inbox/stream"):
        for wrong in ("", "1", "phone-0001", "%00", "' OR 1=1 --"):
            (await wang.get(f"{path}?device={wrong}")).problem(400, "invalid-parameter")
