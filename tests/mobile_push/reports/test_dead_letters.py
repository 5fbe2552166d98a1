"""Dead letters: an operator sees them, retries them and drops them; nobody else does, and nothing is sent in vain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from banshi.testing import Door, Person, open_door
from mobile_push.broadcasts import publication
from mobile_push.delivery.service import PUSH
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast, Chunk, Delivery, InboxMessage
from tests.mobile_push.conftest import PLUGINS, outcomes, send
from tests.mobile_push.delivery.fan_out import arrived, broadcast, ended, phones, publish
from tests.mobile_push.reports.test_reports import check, counted, report
from tests.waiting import until

LIST = "/v1/ops/push/dead-letters"


@pytest.fixture
async def door(
    tmp_path: Path, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Door]:
    """A platform on each of the databases, which records together what comes within a moment: it can be counted."""
    monkeypatch.setattr("mobile_push.delivery.courier.GATHER_FEW_S", 0.2)
    key = sandbox.service_account_file(tmp_path / "key.json")
    fcm = {"service_account_file": str(key), "base_url": sandbox.base_url, "at_once": 20}
    settings = {"mobile_push": {"fcm": fcm}}
    async with open_door(tmp_path, PLUGINS, settings=settings, platform={"database": database}) as opened:
        yield opened


def operator(door: Door) -> Person:
    return door.staff("ops", "platform:operator")


async def refused(door: Door, sandbox: FcmSandbox, bad: int = 3) -> Broadcast:
    """A notice to ten phones and some whose messages were refused for good."""
    await phones(door, 10)
    await phones(door, bad, "bad")
    sandbox.behaviour.faults = {f"bad-{number:06}": "INVALID_ARGUMENT" for number in range(bad)}
    record_together(door)
    one = await publish(door, await broadcast(door))
    await ended(one)
    return one


def record_together(door: Door) -> None:
    """Let what becomes of a chunk's phones be written down in one go: what is refused later is a letter of its own."""
    courier = door.platform[PUSH].couriers[0]
    chunks: Any = courier._sources[1]
    record = chunks.record

    async def once_all_are_answered() -> bool:
        return not courier.pace.under_way and not any(courier._waiting.values()) and await record()

    chunks.record = once_all_are_answered


async def parked_delivery(door: Door, sandbox: FcmSandbox) -> Delivery:
    """A case's message to wang's phone that was given up on after many tries."""
    sandbox.behaviour.faults["wang-000000"] = "UNAVAILABLE"
    await phones(door, 1, "wang", person="wang")
    await send(door, "wang")
    given_up = {"state": "parked", "tries": 20, "settled_at": 1_800_000_000_000}
    async with asyncio.timeout(30):
        # Between two attempts, so that none is under way whose outcome is still to come.
        while not await Delivery.filter(code="UNAVAILABLE", lease_until=0, state="due").update(**given_up):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.001)
    return await Delivery.get()


async def listed(door: Door) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await operator(door).get(LIST)).ok()["items"]
    return items


async def test_an_operator_sees_them_without_any_person(door: Door, sandbox: FcmSandbox) -> None:
    one = await refused(door, sandbox)
    row = await parked_delivery(door, sandbox)
    chunk, delivery = await listed(door)
    parked = await Chunk.get(state="parked")
    assert abs(parked.not_before - door.platform.now().timestamp() * 1000) < 60_000
    since = chunk.pop("since")
    assert since <= door.platform.now().astimezone(door.platform.settings.timezone).isoformat()
    ends = chunk.pop("expires_at")
    assert ends.endswith("+08:00")
    assert chunk == {
        "id": f"chunk-{parked.id}",
        "message": str(one.id),
        "kind": "notice",
        "department": "traffic",
        "provider": "fcm",
        "code": "INVALID_ARGUMENT",
        "phones": 3,
        "retryable": True,
    }
    assert (delivery["id"], delivery["message"], delivery["phones"]) == (f"delivery-{row.id}", str(row.message_id), 1)
    assert (delivery["kind"], delivery["department"], delivery["since"][:10]) == ("case", None, "2027-01-15")
    body = (await operator(door).get(LIST)).body
    assert b"wang" not in body
    assert b"bad-" not in body


async def test_a_retried_chunk_is_sent_as_if_for_the_first_time(door: Door, sandbox: FcmSandbox) -> None:
    one = await refused(door, sandbox)
    before = await report(door, one)
    assert counted(before["total"]) == {"accepted": 10, "parked": 3}
    (letter,) = await listed(door)
    sandbox.behaviour.faults = {}
    done = (await operator(door).post(f"{LIST}/{letter['id']}/retry")).ok()
    assert done == {"id": letter["id"], "state": "due", "phones": 3}
    check(await report(door, one))
    await ended(one)
    after = await report(door, one)
    check(after)
    assert counted(after["total"]) == {"accepted": 13}
    assert max(arrived(sandbox).values()) == 1
    assert await listed(door) == []
    answer = await operator(door).post(f"{LIST}/{letter['id']}/retry")
    assert answer.problem(409, "conflict")["state"] == "done"


async def test_one_that_is_refused_again_is_a_dead_letter_again(door: Door, sandbox: FcmSandbox) -> None:
    # One phone: of several, some may be written down a moment before the others, as a letter of their own.
    one = await refused(door, sandbox, bad=1)
    (letter,) = await listed(door)
    (await operator(door).post(f"{LIST}/{letter['id']}/retry")).ok()
    await ended(one)
    (again,) = await listed(door)
    assert (again["phones"], again["code"]) == (1, "INVALID_ARGUMENT")
    assert again["id"] != letter["id"]
    document = await report(door, one)
    check(document)
    assert counted(document["total"]) == {"accepted": 10, "parked": 1}


async def test_a_retried_delivery_has_all_its_tries_again(door: Door, sandbox: FcmSandbox) -> None:
    row = await parked_delivery(door, sandbox)
    sandbox.behaviour.faults = {}
    (await operator(door).post(f"{LIST}/delivery-{row.id}/retry")).ok()
    await until(lambda: len(sandbox.received) == 1)
    assert await outcomes(door) == [("sent", "OK")]
    again = await Delivery.get(id=row.id)
    assert again.tries == 1
    assert again.attempts > row.attempts


async def test_what_is_dropped_is_told_in_the_report_and_never_sent(door: Door, sandbox: FcmSandbox) -> None:
    one = await refused(door, sandbox)
    (letter,) = await listed(door)
    sandbox.behaviour.faults = {}
    done = (await operator(door).post(f"{LIST}/{letter['id']}/drop")).ok()
    assert done["state"] == "dropped"
    document = await report(door, one)
    check(document)
    assert counted(document["total"]) == {"accepted": 10, "dropped": 3}
    assert await listed(door) == []
    for action in ("retry", "drop"):
        assert (await operator(door).post(f"{LIST}/{letter['id']}/{action}")).problem(409, "conflict")["state"] == (
            "dropped"
        )


async def test_a_message_that_is_over_is_not_sent_again(door: Door, sandbox: FcmSandbox) -> None:
    await refused(door, sandbox)
    await parked_delivery(door, sandbox)
    await Chunk.filter(state="parked").update(expires=1)
    await Delivery.filter(state="parked").update(expires=1)
    letters = await listed(door)
    assert len(letters) == 2
    for letter in letters:
        assert letter["retryable"] is False
        answer = (await operator(door).post(f"{LIST}/{letter['id']}/retry")).problem(409, "conflict")
        assert answer["detail"] == "已不能再发送，请丢弃。"
        (await operator(door).post(f"{LIST}/{letter['id']}/drop")).ok()
    assert await listed(door) == []


async def test_what_was_recalled_is_not_sent_again(door: Door, sandbox: FcmSandbox) -> None:
    one = await refused(door, sandbox)
    (letter,) = await listed(door)
    await publication.recall(door.platform, await Broadcast.get(id=one.id), door.platform.now())
    assert await listed(door) == []
    answer = (await operator(door).post(f"{LIST}/{letter['id']}/retry")).problem(409, "conflict")
    assert answer["state"] == "recalled"
    document = await report(door, one)
    check(document)
    assert counted(document["total"]) == {"accepted": 10, "recalled": 3}
    # A person's copy of a notice is a row of its own, which a recall leaves where it is once it was given up on.
    row = await parked_delivery(door, sandbox)
    await InboxMessage.filter(id=row.message_id).update(broadcast_id=one.id)
    (copy,) = await listed(door)
    assert copy["retryable"] is False
    answer = (await operator(door).post(f"{LIST}/delivery-{row.id}/retry")).problem(409, "conflict")
    assert answer["detail"] == "已不能再发送，请丢弃。"


async def test_a_list_is_read_page_by_page_and_none_is_missed(door: Door, sandbox: FcmSandbox) -> None:
    one = await broadcast(door)
    ends = int((door.platform.now() + timedelta(hours=1)).timestamp() * 1000)
    for provider in ("fcm", "gone", "webpush"):
        values = {"broadcast_id": one.id, "lane": 2, "devices": bytes(16), "done": b"\0", "size": 1, "expires": ends}
        await Chunk.create(**values, provider=provider, state="parked", code="x")
        await Chunk.create(**values, provider=provider, state="done", outcomes={"accepted": 1})
    await parked_delivery(door, sandbox)
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await operator(door).get(f"{LIST}?limit=2{cursor}")).ok()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 4
    assert seen == [item["id"] for item in await listed(door)]
    assert [one.partition("-")[0] for one in seen] == ["chunk", "chunk", "chunk", "delivery"]


async def test_only_those_who_run_the_platform_see_or_move_them(door: Door, sandbox: FcmSandbox) -> None:
    await refused(door, sandbox)
    (letter,) = await listed(door)
    for method, path in (
        ("GET", LIST),
        ("POST", f"{LIST}/{letter['id']}/retry"),
        ("POST", f"{LIST}/{letter['id']}/drop"),
        ("POST", f"{LIST}/chunk-999/drop"),
    ):
        (await door.anyone.call(method, path)).problem(401, "unauthenticated")
        (await door.citizen("wang").call(method, path)).problem(403, "forbidden")
        (await door.officer("p007", "traffic").call(method, path)).problem(403, "forbidden")
        for role in ("traffic:publisher", "traffic:operator", "platform/unit:operator", "platform:publisher"):
            (await door.staff("li", role).call(method, path)).problem(403, "forbidden")
    assert await listed(door) == [letter]


#: Ids that can't be.
IMPOSSIBLE = (
    *("chunk-0", "chunk-01", "chunk--1", "chunk-9999999999999999999", "push_chunk-1", "delivery-1;--", "1", "%00"),
    *("chunk-1%0a", "delivery-1 OR 1=1"),
)


async def test_an_id_that_cannot_be_is_not_found(door: Door) -> None:
    for identity in IMPOSSIBLE:
        for action in ("retry", "drop"):
            (await operator(door).post(f"{LIST}/{identity}/{action}")).problem(404, "not-found")
        (await operator(door).get(LIST, params={"cursor": identity})).problem(400, "invalid-parameter")


async def test_an_id_that_nobody_has_is_not_found(door: Door) -> None:
    for identity in ("chunk-1", "delivery-999999999999999999"):
        for action in ("retry", "drop"):
            (await operator(door).post(f"{LIST}/{identity}/{action}")).problem(404, "not-found")


async def test_of_two_operators_one_decides(door: Door, sandbox: FcmSandbox) -> None:
    await refused(door, sandbox)
    (letter,) = await listed(door)
    answers = await asyncio.gather(*(operator(door).post(f"{LIST}/{letter['id']}/drop") for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]


async def test_who_decided_is_in_the_log(door: Door, sandbox: FcmSandbox) -> None:
    await refused(door, sandbox)
    (letter,) = await listed(door)
    with structlog.testing.capture_logs() as lines:
        (await operator(door).post(f"{LIST}/{letter['id']}/drop")).ok()
    (line,) = [line for line in lines if "dead letter" in line["event"]]
    assert (line["subject"], line["letter"], line["phones"], line["event"]) == (
        *("ops", letter["id"], 3, "a dead letter was dropped"),
    )
