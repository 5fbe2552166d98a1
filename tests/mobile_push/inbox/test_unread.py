"""How much is unread, and marking it as read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from banshi.testing import Door, Person, open_door
from mobile_push.delivery.service import PUSH, deliver
from mobile_push.tables.models import Broadcast, InboxCounter, Profile
from tests.mobile_push.conftest import new_message


@pytest.fixture
async def door(tmp_path: Any, database: str) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, platform={"database": database}) as one:
        yield one


async def unread(person: Person) -> int:
    found: int = (await person.get("/v1/inbox/unread")).ok()["unread"]
    return found


async def mark(person: Person, through: Any) -> int:
    left: int = (await person.post("/v1/inbox/read", {"through": through})).ok()["unread"]
    return left


async def test_each_message_is_unread_until_it_is_marked_and_another_person_has_their_own(door: Door) -> None:
    wang, li = door.citizen("wang"), door.citizen("li")
    assert await unread(wang) == 0
    await deliver(door.platform, [new_message() for _ in range(5)] + [new_message("li")])
    assert (await unread(wang), await unread(li)) == (5, 1)
    assert await mark(wang, 3) == 2
    assert await mark(wang, 5) == 0
    assert (await unread(wang), await unread(li)) == (0, 1)
    await deliver(door.platform, [new_message()])
    assert await unread(wang) == 1


async def test_a_message_that_was_opened_is_read_and_counted_once(door: Door) -> None:
    wang, messages = door.citizen("wang"), [new_message() for _ in range(4)]
    await deliver(door.platform, messages)
    document = {"provider": "stream", "token": "phone-0001", "platform": "android"}
    device = (await wang.post("/v1/devices", document)).created()["id"]
    at = datetime.now(UTC).isoformat()
    for position, left in ((3, 3), (0, 2), (0, 2)):
        receipt = {"message_id": messages[position].id, "event": "opened", "at": at}
        (await wang.post("/v1/receipts", {"device": device, "receipts": [receipt]})).ok()
        assert await unread(wang) == left
    receipt = {"message_id": messages[1].id, "event": "received", "at": at}
    (await wang.post("/v1/receipts", {"device": device, "receipts": [receipt]})).ok()
    assert await unread(wang) == 2, "what arrived is not yet read"
    assert await mark(wang, 2) == 1


async def test_a_mark_never_goes_backwards_and_never_ahead_of_what_there_is(door: Door) -> None:
    wang = door.citizen("wang")
    assert await mark(wang, 99) == 0
    await deliver(door.platform, [new_message() for _ in range(5)])
    assert await unread(wang) == 5, "a mark on an empty inbox marks nothing that comes later"
    for through, left in ((4, 1), (2, 1), (0, 1), ("4", 1), (2**53, 0)):
        assert await mark(wang, through) == left
    await deliver(door.platform, [new_message()])
    assert await unread(wang) == 1


async def test_marks_at_once_leave_the_furthest(door: Door) -> None:
    wang = door.citizen("wang")
    await deliver(door.platform, [new_message() for _ in range(20)])
    await asyncio.gather(*(mark(wang, through) for through in (3, 18, 7, 11, 1, 18, 2, 15)))
    assert await unread(wang) == 2


async def publish(door: Door, seq: int, **changes: Any) -> Broadcast:
    """A broadcast at its place in the common log."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "kind": "notice",
        "department": "traffic",
        "state": "published",
        "seq": seq,
        "link": "/",
        "author": "li",
        "title": {"zh-CN": "x"},
        "body": {"zh-CN": "y"},
        "audience": {"everyone": True},
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
        "published_at": int(now.timestamp() * 1000),
    }
    row = await Broadcast.create(**(values | changes))
    await InboxCounter.update_or_create(person="", defaults={"top": seq})
    await door.platform[PUSH].announce()
    return row


async def test_notices_and_alerts_count_for_whom_they_are_until_they_are_marked_or_opened(door: Door) -> None:
    wang, li = door.citizen("wang"), door.citizen("li")
    document = {"provider": "stream", "token": "phone-0001", "platform": "android", "area": {"division": "510703"}}
    device = (await wang.post("/v1/devices", document)).created()["id"]
    await deliver(door.platform, [new_message()])
    everybody = await publish(door, 1)
    await publish(door, 2, audience={"divisions": ["5107" + "00"]})
    await publish(door, 3, audience={"topics": ["weather"]})
    await publish(door, 4, state="recalled")
    assert (await unread(wang), await unread(li)) == (3, 1)
    at = datetime.now(UTC).isoformat()
    receipt = {"message_id": str(everybody.id), "event": "opened", "at": at}
    (await wang.post("/v1/receipts", {"device": device, "receipts": [receipt]})).ok()
    assert (await unread(wang), await unread(li)) == (2, 1)
    assert await mark(wang, "0.2") == 1
    assert await mark(wang, "1.2") == 0
    await publish(door, 5)
    assert (await unread(wang), await unread(li)) == (1, 2)


async def test_a_cursor_marks_both_logs(door: Door) -> None:
    wang = door.citizen("wang")
    await deliver(door.platform, [new_message() for _ in range(3)])
    for seq in (1, 2):
        await publish(door, seq)
    for through, marks in (("2.1", (2, 1)), ("1.99", (2, 2)), ("3", (3, 2)), ("0.0", (3, 2))):
        await mark(wang, through)
        profile = await Profile.get(person="wang")
        assert (profile.read_seq, profile.read_broadcast) == marks


async def test_marking_leaves_the_preferences_alone_and_the_other_way_round(door: Door) -> None:
    wang = door.citizen("wang")
    night = {"from": "22:00", "until": "07:00", "timezone": "Asia/Shanghai"}
    wished = {"topics": [], "departments": [], "quiet_hours": night, "notices": False}
    wished |= {"silent_categories": []}
    await deliver(door.platform, [new_message(), new_message()])
    assert await mark(wang, 1) == 1
    (await wang.put("/v1/preferences", wished)).ok()
    assert await unread(wang) == 1
    assert await mark(wang, 2) == 0
    assert (await wang.get("/v1/preferences")).ok() == wished


async def test_a_wrong_place_is_told_and_marks_nothing(door: Door) -> None:
    wang = door.citizen("wang")
    await deliver(door.platform, [new_message()])
    wrong: tuple[Any, ...] = (
        -1,
        1.5,
        2**53 + 1,
        "",
        "-1",
        "1.",
        ".1",
        "1.2.3.4",
        "1e3",
        " 1",
        "1\n",
        "１",
        "9" * 16,
        "9" * 17,
    )
    for through in (*wrong, None, True, [1], {"seq": 1}, "' OR 1=1 --"):
        problem = (await wang.post("/v1/inbox/read", {"through": through})).problem(422, "invalid-fields")
        assert [one["pointer"] for one in problem["problems"]] == ["/through"], through
    (await wang.post("/v1/inbox/read", {})).problem(422, "invalid-fields")
    (await wang.post("/v1/inbox/read", {"through": 1, "person": "li"})).problem(422, "invalid-fields")
    (await wang.post("/v1/inbox/read?through=1", {"through": 1})).problem(400, "invalid-parameter")
    (await wang.get("/v1/inbox/unread?person=li")).problem(400, "invalid-parameter")
    for person, status, code in (
        (door.anyone, 401, "unauthenticated"),
        (door.staff("wang", "traffic:approver"), 403, "forbidden"),
    ):
        (await person.get("/v1/inbox/unread")).problem(status, code)
        (await person.post("/v1/inbox/read", {"through": 1})).problem(status, code)
    assert await unread(wang) == 1


async def test_an_open_stream_goes_by_what_its_person_wishes_from_now_on(tmp_path: Any) -> None:
    topics = {"weather": {"zh-CN": "天气", "en": "Weather"}}
    plugins: dict[str, Any] = {"mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, settings={"mobile_push": {"topics": topics}}) as door:
        wang = door.citizen("wang")
        document = {"provider": "stream", "token": "phone-0001", "platform": "android"}
        path = (await wang.post("/v1/devices", document)).created()["links"]["self"]
        headers = {"Authorization": f"Bearer {wang.token}"}
        async with door.session.get(f"{door.url}/v1/inbox/stream", headers=headers) as response:
            assert response.status == 200

            async def heard() -> str:
                async with asyncio.timeout(30):
                    async for line in response.content:
                        if line.startswith(b"data: "):
                            return str(json.loads(line[6:])["title"])
                raise AssertionError("the stream has ended")

            await publish(door, 1, title={"zh-CN": "everybody"})
            assert await heard() == "everybody"
            weather, home = {"topics": ["weather"]}, {"divisions": ["510700"]}
            await publish(door, 2, audience=weather, title={"zh-CN": "not followed"})
            (await wang.call("PATCH", "/v1/preferences", json={"topics": ["weather"]})).ok()
            await publish(door, 3, audience=weather, title={"zh-CN": "followed"})
            assert await heard() == "followed"
            (await wang.call("PATCH", "/v1/preferences", json={"topics": []})).ok()
            await publish(door, 4, audience=weather, title={"zh-CN": "no longer followed"})
            (await wang.call("PATCH", path, json={"area": {"division": "510703"}})).ok()
            await publish(door, 5, audience=home, title={"zh-CN": "at home"})
            assert await heard() == "at home"
            assert (await wang.delete(path)).status == 204
            await publish(door, 6, audience=home, title={"zh-CN": "no longer at home"})
            await publish(door, 7, title={"zh-CN": "everybody again"})
            assert await heard() == "everybody again"
