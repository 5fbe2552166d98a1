"""What a message says beside its prose, one message by itself, and a place that an inbox has not come to."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from banshi.kernel.outbox import outbox
from banshi.testing import Door, Person
from mobile_push.delivery.service import deliver
from mobile_push.sandbox import FcmSandbox
from tests.conftest import good_answers
from tests.mobile_push.broadcasts.alerts.test_alerts import alert, info
from tests.mobile_push.conftest import OpenPush, new_message, send
from tests.waiting import until

MEMBERS = ("case", "item", "number", "state", "category", "severity")

ALERTS = {"alerts": {"sender": "alerts@city.example"}}


async def inbox(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await person.get("/v1/inbox")).ok()["items"]
    return items


async def test_a_message_says_its_case_item_number_and_the_state_that_the_step_led_to(door: Door) -> None:
    wang, staff = door.citizen("wang"), door.staff("li", "traffic:reviewer", "traffic:approver")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    await door.settled()
    (await staff.post(f"{case['links']['self']}/actions/return", {"reason": "照片不清"})).ok()
    await door.settled()
    first, second = await inbox(wang)
    about = {"case": case["id"], "item": "zone-pass", "number": case["number"], "category": "application"}
    for message in (first, second):
        assert {name: message[name] for name in MEMBERS} == {**about, "state": message["state"], "severity": None}
    assert second["state"] == (await wang.get(case["links"]["self"])).ok()["state"] == "returned"


async def test_a_plugins_message_without_them_has_null_in_their_place(door: Door) -> None:
    await send(door)
    (message,) = await inbox(door.citizen("wang"))
    assert [message[name] for name in MEMBERS] == [None] * len(MEMBERS)


async def test_a_promise_of_the_version_before_is_a_message_without_them(door: Door) -> None:
    (row,) = outbox.message_rows(door.platform, new_message(), dedup="x")
    assert not {"item", "number", "state"} & row.payload.keys(), "and a server of that version can read ours"
    payload = {**row.payload, "created_at": row.payload["created_at"].isoformat()}
    assert outbox.message_of(payload).item is None


async def test_an_alert_says_its_category_and_the_worst_severity_in_the_inbox_and_in_the_push(
    open_push: OpenPush, sandbox: FcmSandbox
) -> None:
    async with open_push(**ALERTS) as door:
        wang, boss = door.citizen("wang"), door.staff("boss", "traffic:publisher")
        device = {"provider": "fcm", "token": "a-token-of-wang", "platform": "android"}
        (await wang.post("/v1/devices", device)).created()
        parts = [info(door, severity="Moderate"), info(door, language="en", severity="Extreme")]
        (await boss.post("/v1/alerts", alert(door, info=parts, audience={"everyone": True}))).created()
        await until(lambda: sandbox.received)
        assert {"category": "Met", "severity": "Extreme"}.items() <= sandbox.received[0].message["data"].items()
        (message,) = await inbox(wang)
        assert [message[name] for name in MEMBERS] == [None, None, None, "published", "Met", "Extreme"]


async def test_a_push_about_a_case_bears_nothing_of_it(door: Door, sandbox: FcmSandbox) -> None:
    device = {"provider": "fcm", "token": "a-token-of-wang", "platform": "android"}
    (await door.citizen("wang").post("/v1/devices", device)).created()
    await send(door, case_id=str(uuid4()), item="zone-pass", number="ZP-2026-1", state="approved")
    await until(lambda: sandbox.received)
    data = sandbox.received[0].message["data"]
    assert data.keys() == {"message_id", "kind", "link"}
    assert not {"zone-pass", "ZP-2026-1", "approved", "application"} & set(data.values())


async def test_one_message_is_read_by_its_id_as_the_inbox_has_it(door: Door) -> None:
    wang = door.citizen("wang")
    (await door.staff("li", "traffic:publisher").post("/v1/notices", NOTICE)).created()
    await send(door)
    for message in await inbox(wang):
        one = (await wang.get(f"/v1/inbox/{message['id']}")).ok()
        assert one == {name: value for name, value in message.items() if name != "cursor"}


NOTICE = {"department": "traffic", "title": {"zh-CN": "通知", "en": "Notice"}, "audience": {"everyone": True}}


async def test_who_asks_for_anothers_message_or_for_none_learns_the_same(door: Door) -> None:
    theirs = await send(door, "li")
    for_followers = {**NOTICE, "audience": {"departments": ["traffic"]}}
    notice = (await door.staff("li", "traffic:publisher").post("/v1/notices", for_followers)).created()
    wang = door.citizen("wang")
    told = [
        (await wang.get(f"/v1/inbox/{identity}")).problem(404, "not-found")["detail"]
        for identity in (theirs.id, notice["id"], uuid4())
    ]
    assert len(set(told)) == 1
    (await wang.get("/v1/inbox/unread-ones")).problem(404, "not-found")
    (await door.anyone.get(f"/v1/inbox/{theirs.id}")).problem(401, "unauthenticated")


@pytest.mark.parametrize("place", ["4", "3.1", "0.1", "999999999999999", "9007199254740992.9007199254740992"])
async def test_a_place_beyond_the_end_is_refused_by_page_and_stream_and_says_what_to_do(door: Door, place: str) -> None:
    await deliver(door.platform, [new_message() for _ in range(3)])
    wang = door.citizen("wang")
    (await wang.get("/v1/inbox?after=3")).ok()
    refused = [
        await wang.get(f"/v1/inbox?after={place}"),
        await wang.get(f"/v1/inbox/stream?after={place}"),
        await wang.get("/v1/inbox/stream", headers={"Last-Event-ID": place}),
    ]
    for answer in refused:
        assert "重新读取" in answer.problem(400, "beyond-the-end")["detail"]


async def test_a_place_that_another_process_has_come_to_is_none_beyond_the_end(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process has not heard of the notice yet: it looks before it refuses."""
    monkeypatch.setattr("mobile_push.delivery.service.Push.read_on", _nothing)
    (await door.staff("li", "traffic:publisher").post("/v1/notices", NOTICE)).created()
    wang = door.citizen("wang")
    assert (await wang.get("/v1/inbox?after=0.1")).ok()["items"] == []
    (await wang.get("/v1/inbox?after=0.2")).problem(400, "beyond-the-end")
    headers = {"Authorization": f"Bearer {wang.token}", "Last-Event-ID": "0.1"}
    async with aiohttp.ClientSession() as session, session.get(f"{door.url}/v1/inbox/stream", headers=headers) as got:
        assert got.status == 200


async def _nothing(_: Any) -> None:
    return None
