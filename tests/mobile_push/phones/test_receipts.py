"""Receipts: what phones say of messages, in batches, in any order, as often as they like."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from banshi import Message
from banshi.testing import Door, Person, Reply, open_door
from mobile_push.delivery.service import deliver
from mobile_push.phones.receipts import merged, moment
from mobile_push.tables.models import Broadcast, InboxMessage, PhoneReceipt
from tests.mobile_push.conftest import new_message

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)

#: A registration token.
PHONE = "phone-0001"


@pytest.fixture
async def door(tmp_path: Any, database: str) -> AsyncIterator[Door]:
    """On each of the two databases: receipts are written by a statement of our own."""
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, platform={"database": database}) as one:
        one.platform.now = lambda: NOW
        yield one


async def phone(person: Person, token: str = PHONE) -> str:
    document = {"provider": "stream", "token": token, "platform": "android"}
    identity: str = (await person.post("/v1/devices", document)).created()["id"]
    return identity


def said(message: Message | str, event: str = "received", at: datetime = NOW) -> dict[str, str]:
    identity = message if isinstance(message, str) else message.id
    return {"message_id": identity, "event": event, "at": at.isoformat()}


async def sent(person: Person, device: str, *receipts: dict[str, str]) -> Reply:
    return await person.post("/v1/receipts", {"device": device, "receipts": list(receipts)})


def counts(recorded: int = 0, repeated: int = 0, unknown: int = 0, *, registered: bool = True) -> dict[str, Any]:
    return {"recorded": recorded, "repeated": repeated, "unknown": unknown, "registered": registered}


async def rows() -> list[tuple[str, str, str, datetime | None, datetime | None]]:
    found = await PhoneReceipt.all().order_by("received_at", "message_id", "device_id")
    return [(str(one.message_id), str(one.device_id), one.person, one.received_at, one.opened_at) for one in found]


async def published(**changes: Any) -> Broadcast:
    values: dict[str, Any] = {
        "kind": "notice",
        "department": "traffic",
        "state": "published",
        "seq": 1,
        "title": {"en": "x"},
        "body": {"en": "y"},
        "link": "/v1/notices/1",
        "audience": {"everyone": True},
        "author": "li",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return await Broadcast.create(**(values | changes))


async def test_what_arrived_and_what_was_opened_is_written_down_with_the_phones_time(door: Door) -> None:
    wang, one, two = door.citizen("wang"), new_message(), new_message()
    await deliver(door.platform, [one, two])
    device = await phone(wang)
    early, late = NOW - timedelta(minutes=5, microseconds=3), NOW - timedelta(minutes=1)
    reply = await sent(wang, device, said(one, at=early), said(two, at=late), said(two, "opened", late))
    assert reply.ok() == counts(recorded=2)
    assert await rows() == [(one.id, device, "wang", early, None), (two.id, device, "wang", late, late)]


async def test_what_was_opened_was_received(door: Door) -> None:
    wang, one = door.citizen("wang"), new_message()
    await deliver(door.platform, [one])
    device = await phone(wang)
    (await sent(wang, device, said(one, "opened"))).ok()
    assert await rows() == [(one.id, device, "wang", NOW, NOW)]


async def test_a_batch_that_comes_again_changes_nothing_and_is_told_so(door: Door) -> None:
    wang, one = door.citizen("wang"), new_message()
    await deliver(door.platform, [one])
    device = await phone(wang)
    batch = [said(one, at=NOW - timedelta(hours=1)), said(one, "opened", NOW - timedelta(minutes=1))]
    assert (await sent(wang, device, *batch)).ok() == counts(recorded=1)
    before = await rows()
    later = [said(one, at=NOW), said(one, "opened", NOW)]
    for again in (batch, batch[::-1], batch * 50, later):
        assert (await sent(wang, device, *again)).ok() == counts(repeated=1)
    assert await rows() == before


async def test_the_earliest_time_stays_in_whatever_order_and_however_many_at_once(door: Door) -> None:
    wang, chance = door.citizen("wang"), random.Random(7)
    messages = [new_message() for _ in range(20)]
    await deliver(door.platform, messages)
    device = await phone(wang)
    batch = [
        said(one, event, NOW - timedelta(minutes=turn))
        for one in messages
        for turn, event in ((1, "opened"), (3, "received"), (2, "opened"), (4, "received"))
    ]
    chance.shuffle(batch)
    replies = await asyncio.gather(*(sent(wang, device, *batch[start::8]) for start in range(8)))
    assert {reply.status for reply in replies} == {200}
    earliest = (NOW - timedelta(minutes=4), NOW - timedelta(minutes=2))
    assert [row[3:] for row in await rows()] == [earliest] * 20


async def test_unknown_messages_never_hold_up_the_rest_and_are_not_written_down(door: Door) -> None:
    wang, his, hers = door.citizen("wang"), new_message("wang"), new_message("li")
    await deliver(door.platform, [his, hers])
    draft, notice = await published(state="draft", seq=None), await published()
    device = await phone(wang)
    batch = [said(str(uuid4())), said(hers, "opened"), said(his), said(str(draft.id)), said(str(notice.id))]
    assert (await sent(wang, device, *batch)).ok() == counts(recorded=2, unknown=3)
    assert {row[0] for row in await rows()} == {his.id, str(notice.id)}
    assert (await InboxMessage.get(id=UUID(hers.id))).read_at is None


async def test_each_of_a_persons_phones_says_for_itself(door: Door) -> None:
    wang, one = door.citizen("wang"), new_message()
    await deliver(door.platform, [one])
    devices = sorted([await phone(wang, f"phone-{number:04}") for number in range(3)])
    for device in devices:
        assert (await sent(wang, device, said(one))).ok() == counts(recorded=1)
    assert [row[1] for row in await rows()] == devices


async def test_a_phone_that_is_somebody_elses_or_nobodys_says_nothing_but_what_was_opened_is_read(door: Door) -> None:
    wang, one, two = door.citizen("wang"), new_message("wang"), new_message("wang")
    await deliver(door.platform, [one, two])
    lis = await phone(door.citizen("li"))
    for turn, device in enumerate((lis, str(uuid4()))):
        reply = await sent(wang, device, said((one, two)[turn], "opened"))
        assert reply.ok() == counts(unknown=1, registered=False)
    assert await rows() == []
    assert await InboxMessage.filter(read_at__isnull=True).count() == 0


async def test_who_takes_a_phone_over_says_nothing_for_its_former_owner_nor_the_other_way_round(door: Door) -> None:
    wang, li = door.citizen("wang"), door.citizen("li")
    his, notice = new_message("wang"), await published()
    await deliver(door.platform, [his])
    old = await phone(wang)
    (await sent(wang, old, said(his), said(str(notice.id), "opened"))).ok()
    new = await phone(li)
    assert new != old
    assert (await sent(li, new, said(his, "opened"), said(str(notice.id)))).ok() == counts(recorded=1, unknown=1)
    assert (await sent(li, old, said(str(notice.id)))).ok() == counts(unknown=1, registered=False)
    assert (await sent(wang, new, said(his, "opened"))).ok() == counts(unknown=1, registered=False)
    found = {(row[0], row[1], row[2]): row[4] for row in await rows()}
    assert found == {(his.id, old, "wang"): None, (str(notice.id), old, "wang"): NOW, (str(notice.id), new, "li"): None}


async def test_a_receipt_is_a_sign_of_life(door: Door) -> None:
    wang = door.citizen("wang")
    device = await phone(wang)
    door.platform.now = lambda: NOW + timedelta(hours=1)
    (await sent(wang, device, said(str(uuid4())))).ok()
    (shown,) = (await wang.get("/v1/devices")).ok()["items"]
    assert datetime.fromisoformat(shown["seen_at"]) == NOW + timedelta(hours=1)


async def test_receipts_that_race_with_the_forgetting_of_their_phone_leave_nothing_behind(door: Door) -> None:
    wang, messages = door.citizen("wang"), [new_message() for _ in range(50)]
    await deliver(door.platform, messages)
    for turn in range(5):
        device = await phone(wang, f"phone-{turn:04}")
        batches = [sent(wang, device, *map(said, messages[start::5])) for start in range(5)]
        replies = await asyncio.gather(*batches, wang.delete(f"/v1/devices/{device}"))
        assert [reply.status for reply in replies] == [200] * 5 + [204]
        assert await rows() == []


GOOD: dict[str, Any] = {
    "device": "01990000-0000-7000-8000-000000000001",
    "receipts": [{"message_id": "01990000-0000-7000-8000-000000000002", "event": "opened", "at": NOW.isoformat()}],
}

ONE = GOOD["receipts"][0]

#: A body → the pointers that it is told.
WRONG: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({}, {"/device", "/receipts"}),
    ({**GOOD, "device": "phone-0001"}, {"/device"}),
    ({**GOOD, "device": None}, {"/device"}),
    ({**GOOD, "device": "01990000000070008000000000000001"}, {"/device"}),
    ({**GOOD, "person": "li"}, {"/person"}),
    ({**GOOD, "receipts": []}, {"/receipts"}),
    ({**GOOD, "receipts": [ONE] * 501}, {"/receipts"}),
    ({**GOOD, "receipts": ONE}, {"/receipts"}),
    ({**GOOD, "receipts": [ONE, {}]}, {"/receipts/1/message_id", "/receipts/1/event", "/receipts/1/at"}),
    ({**GOOD, "receipts": [{**ONE, "person": "li"}]}, {"/receipts/0/person"}),
    *(
        ({**GOOD, "receipts": [ONE, {**ONE, "message_id": wrong}]}, {"/receipts/1/message_id"})
        for wrong in ("", "1", "' OR 1=1 --", 7, None, ["x"], "01990000-0000-7000-8000-00000000000g")
    ),
    *(
        ({**GOOD, "receipts": [{**ONE, "event": wrong}]}, {"/receipts/0/event"})
        for wrong in ("", "clicked", "OPENED", None, 1)
    ),
    *(
        ({**GOOD, "receipts": [{**ONE, "at": wrong}]}, {"/receipts/0/at"})
        for wrong in ("", "now", "2026-05-04", "2026-05-04T12:00:00", "2026-13-04T12:00:00Z", 1777888800, None)
    ),
)


async def test_a_wrong_batch_is_told_every_wrong_field_and_records_nothing(door: Door) -> None:
    wang, one = door.citizen("wang"), new_message(id=ONE["message_id"])
    await deliver(door.platform, [one])
    device = await phone(wang)
    for body, pointers in WRONG:
        real = {**body, **({"device": device} if body.get("device") == GOOD["device"] else {})}
        problem = (await wang.post("/v1/receipts", real)).problem(422, "invalid-fields")
        assert {one["pointer"] for one in problem["problems"]} == pointers, body
    (await wang.post("/v1/receipts", [GOOD])).problem(400, "malformed-body")
    (await wang.post("/v1/receipts?device=x", GOOD)).problem(400, "invalid-parameter")
    (await wang.call("POST", "/v1/receipts", data=b"{}")).problem(415, "unsupported-media-type")
    padded = {**GOOD, "receipts": [{**ONE, "at": "x" * 300_000}]}
    (await wang.post("/v1/receipts", padded)).problem(413, "too-large")
    (await wang.get("/v1/receipts")).problem(405, "method-not-allowed")
    (await door.anyone.post("/v1/receipts", GOOD)).problem(401, "unauthenticated")
    (await door.staff("wang", "traffic:approver").post("/v1/receipts", GOOD)).problem(403, "forbidden")
    assert await rows() == []


async def test_the_largest_batch_is_taken_whole(door: Door) -> None:
    wang, messages = door.citizen("wang"), [new_message() for _ in range(500)]
    await deliver(door.platform, messages)
    device = await phone(wang)
    assert (await sent(wang, device, *map(said, messages))).ok() == counts(recorded=500)
    assert len(await rows()) == 500


async def test_ids_in_capitals_are_the_same_ids(door: Door) -> None:
    wang, one = door.citizen("wang"), new_message()
    await deliver(door.platform, [one])
    device = await phone(wang)
    assert (await sent(wang, device.upper(), said(one.id.upper()), said(one))).ok() == counts(recorded=1)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-04T11:59:59Z", NOW - timedelta(seconds=1)),
        ("2026-05-04t19:59:59.5+08:00", NOW - timedelta(seconds=0.5)),
        ("2026-05-04T12:00:00.000001Z", NOW),
        ("2099-01-01T00:00:00Z", NOW),
        ("9999-12-31T23:59:59-23:59", NOW),
        ("2026-02-03T12:00:01Z", NOW - timedelta(days=90) + timedelta(seconds=1)),
        ("2026-02-03T11:59:59Z", NOW - timedelta(days=90)),
        ("1970-01-01T00:00:00Z", NOW - timedelta(days=90)),
        ("0001-01-01T00:00:00+23:59", NOW - timedelta(days=90)),
        ("0000-01-01T00:00:00Z", NOW - timedelta(days=90)),
        ("2026-05-04T11:59:60Z", NOW - timedelta(seconds=1)),
        ("2026-05-04T11:59:59.123456789Z", NOW - timedelta(microseconds=876544)),
    ],
)
def test_a_phones_clock_is_believed_within_what_can_be(text: str, at: datetime) -> None:
    assert moment(text, NOW) == at


def test_a_batch_is_merged_to_the_earliest_of_each_event() -> None:
    first, other = str(uuid4()), str(uuid4())
    times = [NOW - timedelta(minutes=turn) for turn in range(4)]
    batch = [
        said(first, "opened", times[1]),
        said(first, "received", times[0]),
        said(first, "opened", times[2]),
        said(other, "received", times[3]),
    ]
    for order in (batch, batch[::-1]):
        found = merged(order, NOW)
        assert (found[UUID(first)].received, found[UUID(first)].opened) == (times[2], times[2])
        assert (found[UUID(other)].received, found[UUID(other)].opened) == (times[3], None)
