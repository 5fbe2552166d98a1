"""A report: every phone in exactly one group at whatever moment it is looked at, and no figure that nobody knows."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi.testing import Door, Person
from mobile_push.broadcasts import publication
from mobile_push.delivery.claims.chunk import bucket_of
from mobile_push.delivery.service import PUSH
from mobile_push.reports.scheduler import WATCHES
from mobile_push.reports.tally import GROUPS, SENT, Tally, percentile
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast, Chunk, Delivery, PhoneReceipt, Profile
from tests.mobile_push.conftest import quiet_hours
from tests.mobile_push.delivery.fan_out import broadcast, ended, phones, publish
from tests.waiting import until

#: The default of `lease`, in seconds.
LEASE_S = 30.0


def publisher(door: Door, department: str = "traffic") -> Person:
    return door.staff("sun", f"{department}:publisher")


def address(one: Broadcast) -> str:
    return f"/v1/{one.kind}s/{one.id}/report"


async def report(door: Door, one: Broadcast) -> dict[str, Any]:
    document: dict[str, Any] = (await publisher(door).get(address(one))).ok()
    return document


def counted(figures: dict[str, Any]) -> dict[str, int]:
    """The groups that have any phones."""
    return {name: figures[name] for name in GROUPS if figures[name]}


def check(document: dict[str, Any]) -> None:
    """What holds at every moment."""
    for figures in (document["total"], *document["providers"]):
        assert sum(figures[name] for name in GROUPS) == figures["phones"], figures
        assert figures["sent"] == sum(figures[name] for name in SENT)
        assert sum(figures["waiting_for"].values()) == figures["waiting"]
        assert sum(figures["refused"].values()) == figures["failed"] + figures["parked"]
    total = document["total"]
    for name in ("phones", *GROUPS):
        assert total[name] == sum(figures[name] for figures in document["providers"])
    if document["finished"]:
        assert not total["waiting"]


async def test_a_report_says_what_became_of_every_phone(door: Door, sandbox: FcmSandbox) -> None:
    await phones(door, 60)
    await phones(door, 3, "dead")
    await phones(door, 2, "bad")
    await phones(door, 4, "quiet")
    for number in range(4):
        await Profile.create(person=f"quiet-{number}", notices=False)
    sandbox.behaviour.unregistered = {f"dead-{number:06}" for number in range(3)}
    sandbox.behaviour.faults = {f"bad-{number:06}": "INVALID_ARGUMENT" for number in range(2)}
    one = await publish(door, await broadcast(door))
    await ended(one)
    document = await report(door, one)
    check(document)
    assert document["finished"] is True
    assert counted(document["total"]) == {"accepted": 60, "dead": 3, "parked": 2, "unwanted": 4}
    assert document["total"]["refused"] == {"INVALID_ARGUMENT": 2}
    (fcm,) = document["providers"]
    assert (fcm["provider"], fcm["phones"], fcm["sent"]) == ("fcm", 69, 65)
    assert 0 < fcm["seconds"]["p50"] <= fcm["seconds"]["p99"] < 60


NOTICE: dict[str, Any] = {
    "department": "traffic",
    "title": {"zh-CN": "停水通知", "en": "No water"},
    "audience": {"departments": ["traffic"]},
}
ALERT: dict[str, Any] = {
    "department": "traffic",
    "status": "Actual",
    "msg_type": "Alert",
    "scope": "Public",
    "audience": {"everyone": True},
    "info": [
        {
            "language": "zh-CN",
            "category": ["Met"],
            "event": "暴雨",
            "urgency": "Immediate",
            "severity": "Severe",
            "certainty": "Observed",
        }
    ],
}


@pytest.mark.parametrize(("path", "body"), [("/v1/notices", NOTICE), ("/v1/alerts", ALERT)])
async def test_staff_who_may_read_the_report_find_its_address_in_every_record_and_nobody_else_does(
    open_push: Any, path: str, body: dict[str, Any]
) -> None:
    async with open_push(alerts={"sender": "alerts@city.example"}) as door:
        draft = (await publisher(door).post(path, {**body, "draft": True})).created()
        public = (await publisher(door).post(path, body)).created()
        for one in (draft, public):
            link = one["links"]["report"]
            assert (await publisher(door).get(link)).ok()["id"] == one["id"]
            record = (await publisher(door).get(one["links"]["record"])).ok()
            assert record["links"] == one["links"]
            (await publisher(door, "parks").get(link)).problem(404, "not-found")
            (await door.citizen("wang").get(link)).problem(403, "forbidden")
        page = (await door.citizen("wang").get(public["links"]["self"])).ok()
        assert "report" not in page.get("links", {})


async def watch(door: Door, one: Broadcast) -> list[dict[str, Any]]:
    """The report again and again while it is sent; every one is checked."""
    seen = []
    async with asyncio.timeout(30):
        while not seen or not seen[-1]["finished"]:
            seen.append(await report(door, one))
            check(seen[-1])
            await asyncio.sleep(0.02)
    return seen


@pytest.mark.parametrize("seed", range(3))
async def test_the_groups_add_up_to_the_audience_at_every_moment(
    open_push: Any, sandbox: FcmSandbox, seed: int
) -> None:
    async with open_push(fcm={"per_minute": 24_000}) as door:
        await phones(door, 300)
        await phones(door, 12, "dead")
        await phones(door, 10, "bad")
        await phones(door, 10, "unwanted")
        for number in range(10):
            await Profile.create(person=f"unwanted-{number}", notices=False)
        sandbox.behaviour.unregistered = {f"dead-{number:06}" for number in range(12)}
        sandbox.behaviour.faults = {f"bad-{number:06}": "INVALID_ARGUMENT" for number in range(10)}
        sandbox.behaviour.unavailable_share = 0.1 * seed
        one = await publish(door, await broadcast(door))
        seen = await watch(door, one)
    assert counted(seen[-1]["total"]) == {"accepted": 300, "dead": 12, "parked": 10, "unwanted": 10}
    assert len([each for each in seen if 0 < each["total"]["accepted"] < 300]) >= 3, "it was looked at on the way"
    assert [each["total"]["accepted"] for each in seen] == sorted(each["total"]["accepted"] for each in seen)


async def test_what_a_recall_stops_is_recalled_and_what_was_under_way_is_told_as_it_went(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"per_minute": 12_000}) as door:
        await phones(door, 300)
        sandbox.behaviour.latency = 0.1
        sandbox.behaviour.unavailable_share = 0.2
        one = await publish(door, await broadcast(door))
        await until(lambda: len(sandbox.received) >= 40)
        await publication.recall(door.platform, one, door.platform.now())
        check(await report(door, one))

        async def still() -> bool:
            sent = len(sandbox.received)
            await asyncio.sleep(0.3)
            return len(sandbox.received) == sent

        await until(still)
        first = [message for message in sandbox.received if "state" not in message.message["data"]]
        document = await report(door, one)
        check(document)
        assert (document["state"], document["finished"], document["total"]["phones"]) == ("recalled", True, 300)
        assert set(counted(document["total"])) == {"accepted", "recalled"}
        assert document["total"]["accepted"] == len(first)


async def test_what_was_over_before_it_could_be_sent_has_expired(open_push: Any, sandbox: FcmSandbox) -> None:
    async with open_push(fcm={"per_minute": 600}) as door:
        await phones(door, 60)
        seen = await watch(door, await publish(door, await broadcast(door, lasts=1.0)))
        assert set(counted(seen[-1]["total"])) == {"accepted", "expired"}
        assert seen[-1]["total"]["phones"] == 60


async def test_a_server_that_stops_in_the_middle_leaves_figures_that_add_up(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"per_minute": 6_000}) as door:
        await phones(door, 200)
        sandbox.behaviour.unavailable_share = 0.1
        one = await publish(door, await broadcast(door))
        await until(lambda: len(sandbox.received) >= 50)
        # As after kill -9: nothing more is recorded, and the leases run.
        for courier in door.platform[PUSH].couriers:
            for source in courier._sources:
                source.record = lambda: asyncio.sleep(0, result=False)  # type: ignore[method-assign]
        await asyncio.sleep(0.1)
        before = await report(door, one)
        check(before)
    died_at = time.time()
    async with open_push() as door:
        # The leases of who has died, and none that the new server has taken meanwhile.
        for kind in (Chunk, Delivery):
            await kind.filter(lease_until__lt=int((died_at + LEASE_S) * 1000)).update(lease_until=0)
        seen = await watch(door, one)
        check(before)
        assert counted(seen[-1]["total"]) == {"accepted": 200}
        assert seen[0]["total"]["accepted"] >= before["total"]["accepted"]


async def test_a_phone_that_waits_is_told_with_its_reason(door: Door, sandbox: FcmSandbox) -> None:
    await phones(door, 3)
    await Profile.create(person="phone-0", **quiet_hours(door))
    sandbox.behaviour.quota_share = 0.5
    sandbox.behaviour.quota_retry_after = 60
    one = await publish(door, await broadcast(door))

    async def told() -> bool:
        return (await report(door, one))["total"]["waiting_for"] == {"quiet hours": 1, "retry: QUOTA_EXCEEDED": 1}

    await until(told)
    document = await report(door, one)
    check(document)
    assert (document["finished"], counted(document["total"])) == (False, {"accepted": 1, "waiting": 2})


async def test_a_broadcast_to_people_counts_the_phones_of_their_copies(
    door: Door, sandbox: FcmSandbox, answers: Any
) -> None:
    wang = door.citizen("wang", "王小明")
    await phones(door, 2, "wang", person="wang")
    await phones(door, 1, "dead", person="wang")
    (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    await until(lambda: len(sandbox.received) == 3)
    sandbox.behaviour.unregistered = {"dead-000000"}
    audience = {"people": {"items": ["zone-pass"], "states": ["accepted", "submitted"]}}
    one = await publish(door, await broadcast(door, audience=audience))

    async def done() -> bool:
        document = await report(door, one)
        check(document)
        return bool(document["finished"])

    await until(done)
    document = await report(door, one)
    assert (document["people"], counted(document["total"])) == (1, {"accepted": 2, "dead": 1})
    assert 0 <= document["total"]["seconds"]["p50"] <= document["total"]["seconds"]["p99"] < 30


async def test_what_was_handed_to_a_provider_s_topic_has_no_figure_per_phone(door: Door) -> None:
    one = await publish(door, await broadcast(door))
    values = {"broadcast_id": one.id, "provider": "fcm", "lane": 2, "devices": b"", "done": b"", "expires": 2**42}
    await Chunk.create(**values, size=0, topic="everyone", state="done", code="UNAVAILABLE", outcomes={"later": 1})
    await Chunk.create(**values, size=0, topic="everyone", state="done", outcomes={"handed": 1})
    document = await report(door, one)
    check(document)
    assert document["topics"] == [{"provider": "fcm", "topic": "everyone", "state": "handed to topic", "code": ""}]
    assert document["total"]["phones"] == document["total"]["accepted"] == 0
    await Chunk.filter(topic="everyone").delete()
    await Chunk.create(**values, size=0, topic="everyone", state="done", outcomes={"expired": 1})
    assert [one["state"] for one in (await report(door, one))["topics"]] == ["expired"]
    await Chunk.create(**values, size=0, topic="everyone", state="due", code="UNAVAILABLE")
    assert (await report(door, one))["finished"] is False


async def test_receipts_are_counted_by_phone(door: Door) -> None:
    await phones(door, 3)
    one = await publish(door, await broadcast(door))
    now = door.platform.now()
    for number, opened in enumerate((now, now, None)):
        own = {"device_id": uuid4(), "person": f"phone-{number}", "received_at": now, "opened_at": opened}
        await PhoneReceipt.create(message_id=one.id, **own)
    await PhoneReceipt.create(message_id=uuid4(), device_id=uuid4(), person="x", received_at=now)
    await ended(one)
    document = await report(door, one)
    assert (document["received"], document["opened"]) == (3, 2)


async def test_the_open_streams_that_it_was_written_to_are_counted_once(door: Door) -> None:
    token = door.citizen("wang").token
    headers = {"Authorization": f"Bearer {token}"}
    async with door.session.get(f"{door.url}/v1/inbox/stream", headers=headers) as answer:
        await answer.content.readany()
        one = await publish(door, await broadcast(door))

        async def counted_up() -> bool:
            return bool((await report(door, one))["streams"] == 1)

        await until(counted_up)
    async with door.session.get(f"{door.url}/v1/inbox/stream", headers=headers) as answer:
        await answer.content.readuntil(b"event: message")
        await publication.recall(door.platform, one, door.platform.now())
        await door.platform[PUSH].announce()
        await asyncio.sleep(1.2)
    document = await report(door, one)
    check(document)
    assert document["streams"] == 1, "neither who reads it later nor its recall is counted"
    assert [each["provider"] for each in document["providers"]] in ([], ["fcm"])


async def test_a_broadcast_that_is_not_public_has_an_empty_report(door: Door) -> None:
    one = await broadcast(door)
    document = await report(door, one)
    check(document)
    assert (document["state"], document["finished"], document["published_at"]) == ("draft", False, None)
    await Broadcast.filter(id=one.id).update(state="cancelled")
    assert (await report(door, one))["finished"] is True


async def test_only_a_publisher_of_its_department_sees_a_report(door: Door) -> None:
    one = await broadcast(door)
    for path in (address(one), f"{address(one)}/stream"):
        (await door.anyone.get(path)).problem(401, "unauthenticated")
        (await door.citizen("wang").get(path)).problem(403, "forbidden")
        (await door.officer("p007", "traffic").get(path)).problem(403, "forbidden")
        for role in ("traffic:approver", "parks:publisher", "traffic/zone-office:publisher", "platform:operator"):
            (await door.staff("li", role).get(path)).problem(404, "not-found")
        (await publisher(door).get(path.replace("/notices/", "/alerts/"))).problem(404, "not-found")
        (await publisher(door).get(path.replace(str(one.id), str(uuid4())))).problem(404, "not-found")
        (await publisher(door).get(path.replace(str(one.id), "no-id"))).problem(404, "not-found")
        (await publisher(door).get(f"{path}?x=1")).problem(400, "invalid-parameter")


# -- live ------------------------------------------------------------------------------------------------------------


async def events(door: Door, one: Broadcast, person: Person | None = None) -> list[tuple[str, Any]]:
    """What a follower is told until the stream ends: (event, document); a sign of life is ("alive", None)."""
    told = []
    headers = {"Authorization": f"Bearer {(person or publisher(door)).token}"}
    async with door.session.get(f"{door.url}{address(one)}/stream", headers=headers) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
        for block in (await answer.read()).decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "data" in lines:
                told.append((lines["event"], json.loads(lines["data"])))
            elif block.startswith(": alive"):
                told.append(("alive", None))
    return told


async def test_a_follower_is_told_what_changes_until_all_is_dealt_with(open_push: Any) -> None:
    async with open_push(fcm={"per_minute": 6_000}) as door:
        await phones(door, 200)
        one = await publish(door, await broadcast(door))
        several = await asyncio.gather(*(events(door, one) for _ in range(3)))
        for told in several:
            assert [name for name, _ in told[:-1]] == ["report"] * (len(told) - 1)
            assert len(told) >= 3
            for _, document in told:
                check(document)
            assert told[-1][0] == "finished"
            assert counted(told[-1][1]["total"]) == {"accepted": 200}
        assert await events(door, one) == [several[0][-1]], "whoever comes later is told at once"
        assert len(door.platform[WATCHES]) == 0


async def test_a_stream_lives_while_nothing_changes_and_ends_with_the_server(open_push: Any) -> None:
    async with open_push(heartbeat=0.1) as door:
        one = await broadcast(door)
        following = asyncio.create_task(events(door, one))
        await until(lambda: len(door.platform[WATCHES]) == 1)
        await asyncio.sleep(1.2)
        door.platform.closing.set()
        async with asyncio.timeout(5):
            told = await following
    assert told[0][0] == "report"
    assert told.count(("alive", None)) >= 1
    assert len([name for name, _ in told if name == "report"]) == 1


async def test_a_report_is_told_no_more_to_somebody_whose_sessions_were_ended(open_push: Any) -> None:
    async with open_push(heartbeat=0.1) as door:
        one = await broadcast(door)
        following = asyncio.create_task(events(door, one))
        await until(lambda: len(door.platform[WATCHES]) == 1)
        assert (await publisher(door).delete("/v1/me/sessions")).status == 204
        async with asyncio.timeout(30):
            await following


async def test_nobody_follows_more_reports_than_the_server_can_bear(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_push.reports.live.MAX_FOLLOWED", 5)
    one = await broadcast(door)
    watches = door.platform[WATCHES]
    sun, li = publisher(door), door.staff("li", "traffic:publisher")
    following = [asyncio.create_task(events(door, one, sun)) for _ in range(4)]
    await until(lambda: len(watches) == 4)
    refused = await sun.get(f"{address(one)}/stream")
    assert "请关闭一个" in refused.problem(429, "too-many-requests")["detail"]
    assert refused.headers["Retry-After"] == "5"
    following.append(asyncio.create_task(events(door, one, li)))
    await until(lambda: len(watches) == 5)
    (await li.get(f"{address(one)}/stream")).problem(429, "too-many-requests")
    (await sun.get(address(one))).ok()
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    await until(lambda: len(watches) == 0)
    assert not watches._watches
    assert not watches._persons


# -- the figures -----------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.001, 100_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_percentile_is_the_real_one_five_percent_more_or_less(seconds: list[float], share: float) -> None:
    histogram = Counter(bucket_of(one) for one in seconds)
    real = sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]
    found = percentile(histogram, share)
    assert found is not None
    assert real / 1.05 - 0.001 <= found <= real * 1.05 + 0.001


@given(st.lists(st.tuples(st.sampled_from(list(GROUPS)), st.sampled_from(["", "x", "y"]), st.integers(0, 9))))
def test_a_tally_is_the_sum_of_its_parts(parts: list[tuple[str, str, int]]) -> None:
    whole, halves = Tally(), (Tally(), Tally())
    for place, part in enumerate(parts):
        whole.add(*part)
        halves[place % 2].add(*part)
    halves[0].merge(halves[1])
    assert halves[0].document() == whole.document()
    assert sum(whole.groups.values()) == whole.phones


def test_no_phones_have_no_percentile() -> None:
    assert percentile({}, 0.5) is None
