"""Forgetting: a phone, all of a person, and phones that nobody has seen for long."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from banshi import Message
from banshi.testing import Door, Person, open_door
from mobile_push.delivery.service import PUSH, deliver
from mobile_push.phones import upkeep
from mobile_push.tables.models import Delivery, Device, Follow, InboxCounter, InboxMessage, PhoneReceipt, Profile
from tests.mobile_push.conftest import new_message, none_of, until_equal
from tests.readers.tables import rows_of
from tests.waiting import until

TOPICS = {"weather": {"zh-CN": "天气", "en": "Weather"}}

#: What a test can find anywhere in the database.
TOKEN = "phone-4711-0815"

ME = "/v1/me/push"


@pytest.fixture
async def plain(tmp_path: Any, database: str) -> AsyncIterator[Door]:
    """Without Google, on each of the two databases."""
    async with opened(tmp_path, database) as one:
        yield one


def opened(folder: Any, database: str) -> AbstractAsyncContextManager[Door]:
    settings = {"mobile_push": {"topics": TOPICS}}
    plugins: dict[str, Any] = {"mobile_push": "mobile_push"}
    return open_door(folder, plugins, settings=settings, platform={"database": database})


async def registered(person: Person, token: str = TOKEN, **changes: Any) -> dict[str, Any]:
    document = {"provider": "stream", "token": token, "platform": "android", **changes}
    device: dict[str, Any] = (await person.post("/v1/devices", document)).created()
    return device


async def due(message: Message, device: dict[str, Any]) -> None:
    """A push of the message that waits for its turn."""
    expires = int((time.time() + 3600) * 1000)
    await Delivery.create(message_id=UUID(message.id), device_id=UUID(device["id"]), provider="fcm", expires=expires)


async def received(person: Person, device: dict[str, Any], message: Message) -> None:
    receipt = {"message_id": message.id, "event": "received", "at": datetime.now(UTC).isoformat()}
    (await person.post("/v1/receipts", {"device": device["id"], "receipts": [receipt]})).ok()


async def settled_in(door: Door, name: str) -> tuple[dict[str, Any], Message]:
    """A person with a phone, a message, a push that is due, a receipt, preferences and a mark."""
    person = door.citizen(name)
    device = await registered(person, f"{TOKEN}-{name}", area={"location": {"latitude": 31.4, "longitude": 104.6}})
    message = new_message(name, title={"zh-CN": name}, body={"zh-CN": name})
    await deliver(door.platform, [message])
    await due(message, device)
    await received(person, device, message)
    quiet = {"from": "22:00", "until": "07:00", "timezone": "Asia/Shanghai"}
    wished = {"topics": ["weather"], "departments": [], "quiet_hours": quiet, "notices": False}
    (await person.put("/v1/preferences", wished)).ok()
    (await person.post("/v1/inbox/read", {"through": 1})).ok()
    return device, message


async def everything(door: Door) -> dict[str, list[str]]:
    """All rows of this plugin's tables, as text; a database gives them in any order."""
    tables = [model._meta.db_table for model in door.platform.store.context.apps["mobile_push"].values()]
    return {table: sorted([str(row) for row in await rows_of(door.platform.store, table)]) for table in tables}


async def test_all_that_is_kept_of_a_person_is_forgotten_at_once_and_nothing_of_anybody_else(plain: Door) -> None:
    wang = plain.citizen("wang-4711")
    device, message = await settled_in(plain, "wang-4711")
    await settled_in(plain, "li")
    before = await everything(plain)
    full = {"push_device", "push_inbox_message", "push_delivery", "push_receipt", "push_profile", "push_follow"}
    assert all(len(before[table]) == 2 for table in full)
    reply = await wang.delete(ME)
    assert (reply.status, reply.body) == (204, b"")
    after = await everything(plain)
    traces = ("wang-4711", TOKEN + "-wang", device["id"], message.id)
    found = {table for table, rows in after.items() if any(trace in row for row in rows for trace in traces)}
    assert found == {"push_inbox_counter"}, "the last number stays, so that none is given twice"
    for table in full:
        assert len(after[table]) == 1
        assert set(after[table]) < set(before[table]), table
    assert (await wang.get("/v1/devices")).ok()["items"] == []
    assert (await wang.get("/v1/inbox")).ok()["items"] == []
    assert (await wang.get("/v1/inbox/unread")).ok() == {"unread": 0}
    assert (await wang.get("/v1/preferences")).ok()["notices"] is True
    assert (await wang.delete(ME)).status == 204, "again is no mistake"
    assert await everything(plain) == after
    assert (await plain.citizen("never-here").delete(ME)).status == 204


async def test_numbers_go_on_where_they_were_so_that_no_cursor_is_confused(plain: Door) -> None:
    wang = plain.citizen("wang")
    await deliver(plain.platform, [new_message() for _ in range(3)])
    assert (await wang.delete(ME)).status == 204
    await deliver(plain.platform, [new_message()])
    for after in (0, 3):
        assert [one["seq"] for one in (await wang.get(f"/v1/inbox?after={after}")).ok()["items"]] == [4]
    assert (await wang.get("/v1/inbox/unread")).ok() == {"unread": 1}


async def test_a_message_that_comes_at_the_same_moment_is_there_whole_or_not_at_all(plain: Door) -> None:
    wang = plain.citizen("wang")
    for turn in range(4):
        device = await registered(wang, f"{TOKEN}-{turn}")
        assert device
        batches = [[new_message() for _ in range(3)] for _ in range(6)]
        replies = await asyncio.gather(*(deliver(plain.platform, batch) for batch in batches), wang.delete(ME))
        assert replies[-1] is not None
        assert replies[-1].status == 204
        rows = await InboxMessage.filter(person="wang").order_by("seq")
        (counter,) = await InboxCounter.filter(person="wang")
        assert counter.top == 18 * (turn + 1)
        # Those behind the forgetting, without a gap up to the last.
        assert [row.seq for row in rows] == list(range(counter.top - len(rows) + 1, counter.top + 1))
        assert await Delivery.exclude(message_id__in=[row.id for row in rows]).count() == 0
        assert (await wang.delete(ME)).status == 204


async def test_whatever_else_a_person_does_at_that_moment_is_done_or_forgotten_and_never_fails(plain: Door) -> None:
    wang = plain.citizen("wang")
    for turn in range(4):
        device, message = await settled_in(plain, "wang")
        receipt = {"message_id": message.id, "event": "opened", "at": datetime.now(UTC).isoformat()}
        wished = {"topics": ["weather"], "departments": [], "quiet_hours": None, "notices": True}
        replies = await asyncio.gather(
            *(wang.post("/v1/receipts", {"device": device["id"], "receipts": [receipt]}) for _ in range(3)),
            *(wang.put("/v1/preferences", wished) for _ in range(3)),
            *(wang.post("/v1/inbox/read", {"through": turn + 1}) for _ in range(3)),
            *(wang.delete(ME) for _ in range(3)),
        )
        assert {reply.status for reply in replies} == {200, 204}, [reply.body for reply in replies]
        assert (await wang.delete(ME)).status == 204
        for model in (Device, PhoneReceipt, InboxMessage, Profile, Follow, Delivery):
            assert await model.all().count() == 0


async def test_the_persons_streams_end_and_nobody_elses_do(plain: Door) -> None:
    people = [plain.citizen("wang"), plain.citizen("wang"), plain.citizen("li")]
    push = plain.platform[PUSH]
    begun, ended = [], []

    async def follow(person: Person, turn: int) -> None:
        headers = {"Authorization": f"Bearer {person.token}"}
        async with plain.session.get(f"{plain.url}/v1/inbox/stream", headers=headers) as response:
            # A client asks once more by itself where it is cut off before the head.
            begun.append(turn)
            with contextlib.suppress(aiohttp.ClientError):
                await response.content.read()
        ended.append(turn)

    tasks = [asyncio.create_task(follow(person, turn)) for turn, person in enumerate(people)]
    await until(lambda: len(begun) == 3)
    assert (await people[0].delete(ME)).status == 204
    await until(lambda: len(ended) == 2)
    assert sorted(ended) == [0, 1]
    assert len(push.hub) == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_nobody_forgets_another_person(plain: Door) -> None:
    await settled_in(plain, "wang")
    before = await everything(plain)
    (await plain.anyone.delete(ME)).problem(401, "unauthenticated")
    (await plain.staff("wang", "traffic:approver").delete(ME)).problem(403, "forbidden")
    (await plain.citizen("wang").delete(f"{ME}?person=wang")).problem(400, "invalid-parameter")
    (await plain.citizen("wang").get(ME)).problem(405, "method-not-allowed")
    (await plain.citizen("wang").delete(f"{ME}/wang")).problem(404, "not-found")
    assert (await plain.citizen("li").delete(ME)).status == 204
    assert await everything(plain) == before


async def test_a_phone_that_is_forgotten_takes_its_receipts_along_and_ends_what_is_due(plain: Door) -> None:
    wang, one = plain.citizen("wang"), new_message()
    await deliver(plain.platform, [one])
    gone, kept = await registered(wang), await registered(wang, f"{TOKEN}-2")
    for device in (gone, kept):
        await due(one, device)
        await received(wang, device, one)
    assert (await wang.delete(gone["links"]["self"])).status == 204
    assert [str(row.device_id) for row in await PhoneReceipt.all()] == [kept["id"]]
    states = {str(row.device_id): (row.state, row.code) for row in await Delivery.all()}
    assert states == {gone["id"]: ("failed", "forgotten"), kept["id"]: ("due", "")}


async def test_a_phone_that_changes_hands_ends_what_is_due_for_its_former_owner(plain: Door) -> None:
    wang, one = plain.citizen("wang"), new_message()
    await deliver(plain.platform, [one])
    await due(one, await registered(wang))
    await registered(plain.citizen("li"))
    (row,) = await Delivery.all()
    assert (row.state, row.code) == ("failed", "forgotten")


# -- phones that nobody has seen for long ---------------------------------------------------------------------------


async def absent(device: dict[str, Any], days: float) -> None:
    await Device.filter(id=device["id"]).update(seen_at=datetime.now(UTC) - timedelta(days=days))


async def test_phones_that_were_not_seen_for_270_days_are_forgotten_with_what_hangs_on_them(
    plain: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MAX_PHONES_A_STEP", 4)
    wang, one = plain.citizen("wang"), new_message()
    await deliver(plain.platform, [one])
    people = [plain.citizen(f"p{number}") for number in range(11)]
    phones = [await registered(person, f"{TOKEN}-{number}") for number, person in enumerate(people)]
    last = await registered(wang)
    await due(one, last)
    await received(wang, last, one)
    for number in (0, 3, 4, 5, 10):
        await absent(phones[number], 270.01)
    await absent(phones[1], 269.99)
    await absent(last, 1000)
    assert await upkeep.forget_absent(plain.platform, 270) == 6
    left = {str(row.id) for row in await Device.all()}
    assert left == {phones[number]["id"] for number in (1, 2, 6, 7, 8, 9)}
    assert await PhoneReceipt.all().count() == 0
    assert [(row.state, row.code) for row in await Delivery.all()] == [("failed", "forgotten")]
    assert await upkeep.forget_absent(plain.platform, 270) == 0
    assert (await wang.get("/v1/inbox")).ok()["items"], "the messages stay"


async def test_rounds_at_once_and_a_phone_that_comes_back_do_no_harm(plain: Door) -> None:
    wang = plain.citizen("wang")
    phones = [await registered(wang, f"{TOKEN}-{number}") for number in range(8)]
    for device in phones:
        await absent(device, 300)
    rounds = [upkeep.forget_absent(plain.platform, 270) for _ in range(4)]
    back, *forgotten = await asyncio.gather(registered(wang, f"{TOKEN}-3"), *rounds)
    left = [str(row.id) for row in await Device.all()]
    assert left == [back["id"]], "whoever comes back stays"
    assert sum(forgotten) in (7, 8)


async def test_a_round_begins_by_itself_and_is_tried_again_after_a_failure(
    plain: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "FIRST_ROUND_S", 0.01)
    monkeypatch.setattr(upkeep, "ROUND_S", 0.01)
    real, failures = upkeep.forget_absent, []

    async def failing(*arguments: Any) -> int:
        if not failures:
            failures.append(1)
            raise OSError("the database is away")
        return await real(*arguments)

    monkeypatch.setattr(upkeep, "forget_absent", failing)
    device = await registered(plain.citizen("wang"))
    await absent(device, 31)
    task = asyncio.create_task(upkeep.keep_tidy(plain.platform, 30, 30))
    try:
        await until(lambda: none_of(Device.all()))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert failures


async def test_the_service_keeps_tidy(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FIRST_ROUND_S", 0.01)
    monkeypatch.setattr(upkeep, "ROUND_S", 0.05)
    settings = {"mobile_push": {"forget_after_days": 40}}
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings=settings) as door:
        wang = door.citizen("wang")
        old, new = await registered(wang), await registered(wang, f"{TOKEN}-2")
        await absent(new, 39)
        await absent(old, 41)
        await until_equal(lambda: Device.all().values_list("id", flat=True), [UUID(new["id"])])
