"""From an inbox to a phone: what crosses Google's servers, what comes back, and that nothing is lost on the way."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from structlog.testing import CapturingLogger

from banshi import Message
from banshi.testing import Door, open_door
from mobile_push.delivery.claims.delivery_job import (
    MAX_ATTEMPTS,
    OPERATOR_PAUSE_S,
    RETRY,
    DeliveryJob,
)
from mobile_push.delivery.claims.rows import Job, Rows, Settlement, settlement_of
from mobile_push.delivery.claims.verdicts import Verdicts
from mobile_push.delivery.metrics import Teller
from mobile_push.delivery.service import PUSH, deliver
from mobile_push.delivery.topics.changes import kept
from mobile_push.inbox import messages as inbox_messages
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.http2.connections import Connections
from mobile_push.providers.provider import Outcome, Push, Receipt
from mobile_push.reports import dead_letters
from mobile_push.sandbox import FcmSandbox
from mobile_push.screen.threads import THREADS
from mobile_push.settings import CASE_TITLE, PushSettings
from mobile_push.tables.lanes import Lane
from mobile_push.tables.models import Device, Profile
from tests.mobile_push.conftest import (
    deliveries,
    hurry,
    metric,
    new_message,
    outcomes,
    quiet_hours,
    register,
    send,
    until_equal,
)
from tests.waiting import until

#: Seconds of a lease, and until a send is given up, where a test sets nothing else.
LEASE, TIMEOUT = PushSettings().lease, 10.0

PATIENT = {"timeout": 30.0}

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here."""
    hurry(
        monkeypatch,
        {
            "delivery.claims.delivery_job.OPERATOR_PAUSE_S": 0.4,
            "banshi.builtin.outgoing.access_token.FAILURE_HOLDS_S": 0.2,
        },
    )


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    capture = CapturingLogger()
    monkeypatch.setattr("mobile_push.delivery.metrics.log", capture)
    return capture


async def tokens() -> list[str]:
    return sorted([device.token for device in await Device.all()])


async def test_a_case_result_reaches_the_phone_without_a_word_of_the_case_or_the_person(
    door: Door, sandbox: FcmSandbox, answers: Any
) -> None:
    wang, staff = door.citizen("wang", "王小明"), door.staff("li", "traffic:reviewer", "traffic:approver")
    await register(door, "phone-0001")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    await until(lambda: len(sandbox.received) == 1)
    started = time.monotonic()
    (await staff.post(f"{case['links']['self']}/actions/approve")).ok()
    await until(lambda: len(sandbox.received) == 2)
    assert time.monotonic() - started < 1.0, "within a second"
    read = (await wang.get("/v1/inbox")).ok()["items"]
    thread = door.platform[THREADS].name("wang", case["id"])
    for one, in_inbox in zip(sandbox.received, read, strict=True):
        identity = in_inbox["id"]
        message = one.message
        assert re.fullmatch(r"\d+s", message["android"].pop("ttl"))
        assert re.fullmatch(r"\d+", message["apns"]["headers"].pop("apns-expiration"))
        assert message == {
            "token": "phone-0001",
            "notification": {"title": CASE_TITLE["zh-CN"]},
            "data": {"message_id": identity, "kind": "case", "link": case["links"]["self"]},
            "android": {
                "priority": "HIGH",
                "notification": {
                    "tag": thread,
                    "channel_id": "cases",
                    "sound": "default",
                    "notification_priority": "PRIORITY_DEFAULT",
                },
            },
            "apns": {
                "headers": {"apns-push-type": "alert", "apns-priority": "10", "apns-collapse-id": thread},
                "payload": {"aps": {"interruption-level": "active", "sound": "default", "thread-id": thread}},
            },
        }
        text = one.raw.decode() + orjson.loads(one.raw)["message"]["notification"]["title"]
        for secret in ("wang", "王", "川", "BD12345", "1380000", "通行证", "批准", "受理", case["number"], "traffic"):
            assert secret not in text


async def test_every_phone_of_a_person_is_woken_in_its_own_language_and_nobody_elses(
    door: Door, sandbox: FcmSandbox
) -> None:
    await register(door, "phone-chinese")
    await register(door, "phone-english", language="en", platform="ios")
    await register(door, "phone-of-li", person="li")
    await register(door, "phone-by-stream", provider="stream")
    await send(door, "wang")
    await until(lambda: len(sandbox.received) == 2)
    await asyncio.sleep(0.2)
    titles = {one.token: one.message["notification"]["title"] for one in sandbox.received}
    assert titles == {"phone-chinese": CASE_TITLE["zh-CN"], "phone-english": CASE_TITLE["en"]}


async def test_what_became_of_it_is_recorded_for_each_phone(door: Door, sandbox: FcmSandbox) -> None:
    devices = {name: await register(door, f"phone-{name}") for name in ("good", "gone", "bad")}
    sandbox.behaviour.unregistered = {"phone-gone"}
    sandbox.behaviour.faults = {"phone-bad": "INVALID_ARGUMENT"}
    one = await send(door)
    await outcomes(door)
    rows = {str(row["device_id"]): row for row in await deliveries(door)}
    assert {str(row["message_id"]) for row in rows.values()} == {one.id}
    told = {name: rows[device["id"]] for name, device in devices.items()}
    assert {name: (row["state"], row["code"]) for name, row in told.items()} == {
        "good": ("sent", "OK"),
        "gone": ("dead", "UNREGISTERED"),
        "bad": ("failed", "INVALID_ARGUMENT"),
    }
    assert told["good"]["provider_message"] == "projects/banshi-sandbox/messages/0:1"
    assert all(row["settled_at"] and row["attempts"] == 1 and not row["lease_until"] for row in rows.values())
    assert await metric(door, 'banshi_push_attempts_total{code="OK",outcome="accepted",provider="fcm"}') == 1
    assert await metric(door, 'banshi_push_attempts_total{code="UNREGISTERED",outcome="dead-token"') == 1
    assert await metric(door, 'banshi_push_seconds_count{provider="fcm"}') == 1


async def test_unregistered_forgets_that_phone_and_no_other(door: Door, sandbox: FcmSandbox) -> None:
    for name in ("kept", "gone", "wrong"):
        await register(door, f"phone-{name}")
    await register(door, "phone-of-li", person="li")
    sandbox.behaviour.unregistered = {"phone-gone"}
    sandbox.behaviour.faults = {"phone-wrong": "INVALID_ARGUMENT"}
    await send(door)
    await outcomes(door)
    # Once something is accepted after it, it is believed to be gone.
    await send(door)
    await outcomes(door)
    await until_equal(tokens, ["phone-kept", "phone-of-li", "phone-wrong"])
    await send(door)
    await outcomes(door)
    assert sandbox.answers["UNREGISTERED"] == 1, "nobody asks for it again"


@pytest.mark.parametrize("fault", ["project", "SENDER_ID_MISMATCH", "THIRD_PARTY_AUTH_ERROR", "NOT_FOUND"])
async def test_a_fault_of_our_own_project_keeps_the_phone_tells_the_operators_once_and_is_tried_again(
    door: Door, sandbox: FcmSandbox, log: CapturingLogger, fault: str
) -> None:
    code = "PERMISSION_DENIED" if fault == "project" else fault
    if fault == "project":
        sandbox.behaviour.wrong_project = True
    else:
        sandbox.behaviour.faults = {"phone-0001": fault}
    await register(door, "phone-0001")
    await send(door)
    await send(door)
    await until(lambda: sandbox.answers[code] >= 2)
    refused = time.monotonic()
    counter = f'banshi_push_attempts_total{{code="{code}",outcome="misconfigured"'

    async def counted() -> bool:
        return await metric(door, counter) >= 2

    await until(counted)
    sandbox.behaviour.wrong_project, sandbox.behaviour.faults = False, {}
    assert await outcomes(door) == [("sent", "OK")] * 2
    assert sandbox.received[0].arrived - refused > 0.3, "an operator needs time: it is not hammered"
    assert await tokens() == ["phone-0001"]
    told = [call for call in log.calls if call.method_name == "error"]
    assert [(call.args[0].split(";")[0], call.kwargs["code"]) for call in told] == [
        ("the push project is misconfigured", code)
    ]


async def test_a_message_is_not_sent_again_before_retry_after(door: Door, sandbox: FcmSandbox) -> None:
    await register(door, "phone-0001")
    sandbox.behaviour.quota_share, sandbox.behaviour.quota_retry_after = 1.0, 2
    await send(door)
    await until(lambda: sandbox.answers["QUOTA_EXCEEDED"] == 1)
    refused = time.monotonic()
    sandbox.behaviour.quota_share = 0.0
    assert await outcomes(door) == [("sent", "OK")]
    assert 1.95 < sandbox.received[0].arrived - refused < 4.0


async def test_a_run_of_refusals_silences_everything_that_is_claimed_already(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"at_once": 8}) as door:
        await register(door, "phone-0001")
        # The second half of it is over before anybody may ask again, on a busy machine too.
        sandbox.behaviour.quota_share, sandbox.behaviour.quota_retry_after = 1.0, 5
        await deliver(door.platform, [new_message() for _ in range(100)])
        await until(lambda: sandbox.answers["QUOTA_EXCEEDED"] >= 10)
        await asyncio.sleep(0.5)
        refused = sandbox.answers["QUOTA_EXCEEDED"]
        assert refused <= 10 + 8, "what was under way, and nothing more"
        await asyncio.sleep(0.5)
        assert sandbox.answers["QUOTA_EXCEEDED"] == refused
        sandbox.behaviour.quota_share = 0.0
        assert await outcomes(door) == [("sent", "OK")] * 100
        assert len(sandbox.received) == 100


async def test_nothing_is_lost_where_a_third_of_all_answers_is_an_error(door: Door, sandbox: FcmSandbox) -> None:
    people = [f"citizen-{number}" for number in range(5)]
    for person in people:
        await register(door, f"phone-of-{person}", person=person)
    sandbox.behaviour.unavailable_share, sandbox.behaviour.quota_share = 0.2, 0.1
    sandbox.behaviour.quota_retry_after = 0
    batch = [new_message(people[number % 5]) for number in range(400)]
    await deliver(door.platform, batch)
    assert set(await outcomes(door)) == {("sent", "OK")}
    arrived = Counter((one.token, one.message["data"]["message_id"]) for one in sandbox.received)
    assert arrived == Counter((f"phone-of-{one.person}", one.id) for one in batch)
    assert sandbox.answers["UNAVAILABLE"] > 50


async def test_quiet_hours_hold_a_case_result_back_until_they_end_and_no_alert(door: Door, sandbox: FcmSandbox) -> None:
    await register(door, "phone-0001")
    await Profile.create(person="wang", **quiet_hours(door), notices=False)
    await send(door)
    await send(door, kind="notice")
    alert = await send(door, kind="alert")
    await until(lambda: len(sandbox.received) == 1)
    assert sandbox.received[0].message["data"]["message_id"] == alert.id

    async def held() -> bool:
        rows = await deliveries(door)
        return [(row["state"], row["code"]) for row in rows][:2] == [("due", "quiet hours"), ("failed", "unwanted")]

    await until(held)
    (first, *_) = await deliveries(door)
    assert 3400 < first["not_before"] / 1000 - door.platform.now().timestamp() < 3700
    assert len(sandbox.received) == 1


async def test_trying_ends_when_the_message_does_and_the_inbox_keeps_it(open_push: Any, sandbox: FcmSandbox) -> None:
    async with open_push(ttl=1) as door:
        await register(door, "phone-0001")
        sandbox.behaviour.unavailable_share = 1.0
        await send(door)
        assert await outcomes(door) == [("expired", "expired")]
        asked = sandbox.answers["UNAVAILABLE"]
        assert asked >= 2
        sandbox.behaviour.unavailable_share = 0.0
        await asyncio.sleep(0.5)
        assert not sandbox.received
        assert await metric(door, 'banshi_push_attempts_total{code="expired",outcome="expired",provider="fcm"}') == 1
        assert len((await door.citizen("wang").get("/v1/inbox")).ok()["items"]) == 1


async def test_a_dead_token_endpoint_loses_nothing(door: Door, sandbox: FcmSandbox) -> None:
    await register(door, "phone-0001")
    sandbox.behaviour.cut = {"/token"}
    await deliver(door.platform, [new_message() for _ in range(10)])

    async def refused() -> bool:
        return all(row["code"] == "token-endpoint" for row in await deliveries(door))

    await until(refused)
    sandbox.behaviour.cut = set()
    assert await outcomes(door) == [("sent", "OK")] * 10
    assert len(sandbox.received) == 10


async def test_a_service_that_hangs_costs_its_timeout_and_is_asked_again(open_push: Any, sandbox: FcmSandbox) -> None:
    async with open_push(fcm={"timeout": 0.3}) as door:
        await register(door, "phone-0001")
        sandbox.behaviour.hang = True
        await send(door)

        async def timed_out() -> bool:
            return (await deliveries(door))[0]["code"] == "timeout"

        await until(timed_out)
        sandbox.behaviour.hang = False
        assert await outcomes(door) == [("sent", "OK")]


async def test_a_message_that_was_taken_and_not_answered_goes_again_with_the_same_id(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"timeout": 1.0}) as door:
        await register(door, "phone-0001")
        sandbox.behaviour.answer_late = 5.0
        one = await send(door)
        await until(lambda: sandbox.received)
        sandbox.behaviour.answer_late = 0.0
        assert await outcomes(door) == [("sent", "OK")]
        assert [each.message["data"]["message_id"] for each in sandbox.received] == [one.id] * 2


def job(tries: int) -> Job:
    return Job(1, 1, tries, "device", "token", 0.0, 0.0, 0.0)


def test_pauses_grow_spread_and_never_undercut_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobile_push.delivery.claims.delivery_job.RETRY", RETRY)
    monkeypatch.setattr("mobile_push.delivery.claims.delivery_job.OPERATOR_PAUSE_S", OPERATOR_PAUSE_S)
    for tries in (1, 2, 5, 9, MAX_ATTEMPTS - 1):
        longest = min(RETRY.most_s, RETRY.first_s * 2**tries)
        settled = [settlement_of(job(tries), Receipt(Outcome.RETRY, "UNAVAILABLE")) for _ in range(400)]
        assert {one.state for one in settled} == {"due"}
        waits = sorted(one.wait for one in settled)
        assert waits[0] < longest * 0.1, "jitter is full"
        assert longest * 0.9 < waits[-1] <= longest
        for _ in range(50):
            assert settlement_of(job(tries), Receipt(Outcome.RETRY, "QUOTA_EXCEEDED", 7.0)).wait >= 7.0
            assert settlement_of(job(tries), Receipt(Outcome.MISCONFIGURED, "credentials")).wait >= OPERATOR_PAUSE_S


def test_what_fails_too_often_is_parked_for_an_operator_unless_our_own_project_is_at_fault() -> None:
    for tries in (MAX_ATTEMPTS, 10_000):
        assert settlement_of(job(tries), Receipt(Outcome.RETRY, "UNAVAILABLE", 7.0)).state == "parked"
        assert settlement_of(job(tries), Receipt(Outcome.MISCONFIGURED, "credentials")).state == "due"


async def test_a_provider_that_raises_holds_up_no_other_message_and_is_asked_again(
    open_push: Any, monkeypatch: pytest.MonkeyPatch, log: CapturingLogger
) -> None:
    send, raised = FcmProvider.send, Counter[str]()

    async def faulty(self: FcmProvider, push: Push, token: str) -> Receipt:
        raised[push.message_id] += 1
        if raised[push.message_id] == 1:
            raise ZeroDivisionError
        return await send(self, push, token)

    monkeypatch.setattr(FcmProvider, "send", faulty)
    async with open_push(fcm={"at_once": 2}) as door:
        await register(door, "phone-0001")
        await deliver(door.platform, [new_message() for _ in range(10)])
        assert await outcomes(door) == [("sent", "OK")] * 10
    assert [call.kwargs["code"] for call in log.calls] == ["ZeroDivisionError"]


async def test_an_outcome_that_could_not_be_recorded_is_recorded_later_and_not_sent_again(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, failed = Rows._record, []

    async def twice_away(self: Rows, group: Any) -> None:
        if len(failed) < 2:
            failed.append(group)
            raise OSError("the database is away")
        await record(self, group)

    monkeypatch.setattr(Rows, "_record", twice_away)
    async with open_push() as door:
        await register(door, "phone-0001")
        one = await send(door)
        assert await outcomes(door) == [("sent", "OK")]
    assert [each.message["data"]["message_id"] for each in sandbox.received] == [one.id]
    assert len(failed) == 2


async def test_a_stopping_server_gives_back_what_it_had_claimed_and_the_next_one_sends_it_at_once(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    batch = [new_message() for _ in range(12)]
    async with open_push(fcm={"at_once": 4}) as door:
        await register(door, "phone-0001")
        sandbox.behaviour.latency = 0.4
        await deliver(door.platform, batch)
        await until(lambda: sandbox.answers["OK"] >= 4)
    sandbox.behaviour.latency = 0.0
    sent = len(sandbox.received)
    assert 4 <= sent < 12, "what was under way came to its end, the rest was not begun"
    async with open_push() as door:
        started = time.monotonic()
        assert await outcomes(door) == [("sent", "OK")] * 12
        assert time.monotonic() - started < LEASE / 10, "nobody waits for a lease"
        assert {row["tries"] for row in await deliveries(door)} == {1}, "what was not tried does not count"
    arrived = Counter(one.message["data"]["message_id"] for one in sandbox.received)
    assert arrived == Counter(one.id for one in batch)


async def test_a_send_that_hangs_when_the_server_stops_is_due_again_at_once(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_push.delivery.courier.DRAIN_S", 0.3)
    async with open_push() as door:
        await register(door, "phone-0001")
        sandbox.behaviour.hang = True
        await send(door)
        await until(lambda: door.platform[PUSH].couriers[0].pace.under_way == 1)
        started = time.monotonic()
    assert time.monotonic() - started < TIMEOUT / 2, "nobody waits for an answer"
    sandbox.behaviour.hang = False
    async with open_push() as door:
        started = time.monotonic()
        assert await outcomes(door) == [("sent", "OK")]
        assert time.monotonic() - started < LEASE / 10, "nobody waits for a lease"


async def test_what_is_being_claimed_while_the_server_stops_is_given_back(
    tmp_path: Path, open_push: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, claiming = Rows.claim, asyncio.Event()

    async def slow(self: Rows, lane: Lane, limit: int) -> list[DeliveryJob]:
        deliveries = await claim(self, lane, limit)
        if deliveries:
            claiming.set()
            await asyncio.sleep(0.3)
        return deliveries

    monkeypatch.setattr(Rows, "claim", slow)
    async with open_push() as door:
        await register(door, "phone-0001")
        await deliver(door.platform, [new_message() for _ in range(3)])
        await claiming.wait()
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}) as door:
        rows = await deliveries(door)
    assert [(row["state"], row["tries"], row["lease_until"]) for row in rows] == [("due", 0, 0)] * 3


class Worker:
    """Takes and settles by hand, as the jobs that the rows are."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    async def claim(self, limit: int) -> list[Job]:
        return [delivery.key for delivery in await self.rows.claim(Lane.NOTICE, limit)]

    async def settle(self, settlements: list[Settlement]) -> None:
        await self.rows._record(settlements)

    async def give_back(self, jobs: list[Job]) -> None:
        push = Push("id", "title", "", "/", "case", 60, None, "high")
        await self.rows.give_back([DeliveryJob(push, job.token, Lane.CASE, self.rows, job) for job in jobs])


class Workers:
    """A database with one phone and messages for it, and workers that take them by hand."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.metrics = door.platform[PUSH].metrics

    def queue(self, lease: float = 60.0) -> Worker:
        provider: Any = SimpleNamespace(name="fcm", longest_send=0.0)
        verdicts = Verdicts(self.door.platform, provider, self.metrics, Teller("fcm"), kept)
        return Worker(Rows(self.door.platform, provider, PushSettings(lease=lease), self.metrics, verdicts))

    async def prepare(self, messages: list[Message]) -> None:
        now = self.door.platform.now()
        own = {"person": "wang", "provider": "fcm", "platform": "ios", "language": "en"}
        await Device.create(token="phone-0001", token_hash="x", created_at=now, seen_at=now, **own)
        await inbox_messages.store(self.door.platform, messages, 60)


@pytest.fixture
async def workers(tmp_path: Path, database: str) -> Any:
    """On each database: each is asked in its own words."""
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, platform={"database": database}) as door:
        yield Workers(door)


async def test_two_workers_never_claim_the_same(workers: Workers) -> None:
    await workers.prepare([new_message() for _ in range(60)])
    taken = await asyncio.gather(*(workers.queue().claim(7) for _ in range(12)))
    ids = [one.id for jobs in taken for one in jobs]
    assert len(ids) == len(set(ids)) == 60
    assert [one.id for one in taken[0]] == sorted(one.id for one in taken[0])


async def test_what_a_dead_worker_had_claimed_is_taken_over_after_its_lease_and_not_before(workers: Workers) -> None:
    await workers.prepare([new_message()])
    claimed = time.monotonic()
    assert [one.attempts for one in await workers.queue(lease=0.8).claim(10)] == [1]
    living, taken = workers.queue(), []

    async def taken_over() -> bool:
        taken.extend(await living.claim(10))
        return bool(taken)

    await until(taken_over)
    assert [one.attempts for one in taken] == [2]
    assert 0.75 < time.monotonic() - claimed < 10, "when the lease ended, and not a default one's minute later"


async def test_a_running_server_takes_over_what_a_dead_worker_had_claimed(
    workers: Workers, open_push: Any, sandbox: FcmSandbox
) -> None:
    await workers.prepare([new_message()])
    await workers.queue(lease=1.5).claim(10)
    claimed = time.monotonic()
    async with open_push(database=workers.door.platform.settings.database):
        await until(lambda: sandbox.received)
    assert 1.4 < sandbox.received[0].arrived - claimed < 10, "when the lease ended"


async def test_a_worker_that_was_thought_dead_settles_and_gives_back_nothing_that_another_has_taken_over(
    workers: Workers,
) -> None:
    await workers.prepare([new_message()])
    late, living = workers.queue(lease=0.05), workers.queue()
    (old,) = await late.claim(1)
    await asyncio.sleep(0.1)
    (new,) = await living.claim(1)
    before = await deliveries(workers.door)
    await late.settle([Settlement(old, "dead", "UNREGISTERED")])
    await late.give_back([old])
    assert await deliveries(workers.door) == before
    await living.settle([Settlement(new, "sent", "OK", "m-1")])
    await late.settle([Settlement(old, "failed", "x")])
    (row,) = await deliveries(workers.door)
    assert (row["state"], row["code"], row["provider_message"], row["attempts"]) == ("sent", "OK", "m-1", 2)


async def test_no_two_claims_have_one_number_whatever_was_given_back_in_between(workers: Workers) -> None:
    await workers.prepare([new_message()])
    queue, numbers = workers.queue(), []
    for _ in range(5):
        (taken,) = await queue.claim(1)
        numbers.append(taken.attempts)
        assert taken.tries == 1, "what was given back was not tried"
        await queue.give_back([taken])
    assert numbers == [1, 2, 3, 4, 5]
    assert [(row["state"], row["tries"]) for row in await deliveries(workers.door)] == [("due", 0)]


async def test_settling_many_looks_at_each_once_even_where_the_database_believes_that_none_is_due(
    workers: Workers,
) -> None:
    """PostgreSQL joined what was settled with what it took for one row: 8,564 took 18.7 seconds."""
    store = workers.door.platform.store
    await workers.prepare([new_message() for _ in range(200)])
    queue = workers.queue()
    taken = await queue.claim(100)
    await queue.settle([Settlement(one, "sent", "OK", f"m-{one.id}") for one in taken])
    await store.connection.execute_script("UPDATE push_delivery SET state = 'sent'; ANALYZE push_delivery")
    await store.connection.execute_script("UPDATE push_delivery SET state = 'due' WHERE settled_at IS NULL")
    taken = await queue.claim(100)
    settle = queue.rows._queue._settle
    if store.dialect == "sqlite":
        plan = await store.connection.execute_query_dict(f"EXPLAIN QUERY PLAN {settle}", ["[]"])
        assert any("SEARCH push_delivery USING INTEGER PRIMARY KEY" in row["detail"] for row in plan)
    else:
        said = orjson.dumps({f"{one.id}:{one.attempts}": ["sent", "OK", "m", 0] for one in taken}).decode()
        own = [one.id for one in taken]
        plan = await store.connection.execute_query_dict(f"EXPLAIN {settle}", [said, own])
        text = "\n".join(row["QUERY PLAN"] for row in plan)
        assert "Update on push_delivery" in text
        assert "Nested Loop" not in text
        assert "Join" not in text
    await queue.settle([Settlement(one, "sent", "OK", f"m-{one.id}") for one in taken])
    rows = await deliveries(workers.door)
    assert {row["state"] for row in rows} == {"sent"}
    assert all(row["provider_message"] == f"m-{row['id']}" for row in rows)


async def test_what_was_said_of_an_earlier_sending_settles_nothing_that_an_operator_sends_again(
    workers: Workers,
) -> None:
    """The database took the word that it was given up, and its answer was lost: the worker says it again."""
    await workers.prepare([new_message()])
    queue = workers.queue()
    (old,) = await queue.claim(1)
    given_up = Settlement(old, "parked", "UNAVAILABLE")
    await queue.settle([given_up])
    (row,) = await deliveries(workers.door)
    letter = await dead_letters.find(workers.door.platform, f"delivery-{row['id']}")
    assert letter is not None
    assert await dead_letters.move(workers.door.platform, letter, "retry")
    await queue.settle([given_up])
    (row,) = await deliveries(workers.door)
    assert (row["state"], row["settled_at"], row["tries"]) == ("due", None, 0)
    # It holds on to what it could not write down.
    queue.rows._held[old.id] = old
    (new,) = await queue.claim(1)
    assert new.attempts > old.attempts
    assert new.tries == 1
    await queue.settle([given_up])
    assert [row["state"] for row in await deliveries(workers.door)] == ["due"]
    await queue.settle([Settlement(new, "sent", "OK", "m-1"), given_up])
    assert [row["state"] for row in await deliveries(workers.door)] == ["sent"]


async def test_a_late_worker_that_found_the_token_dead_does_not_forget_the_phone_that_has_a_new_one(
    workers: Workers,
) -> None:
    await workers.prepare([new_message()])
    queue = workers.queue()
    (taken,) = await queue.claim(1)
    await Device.filter(person="wang").update(token="phone-0002")
    await queue.settle([Settlement(taken, "dead", "UNREGISTERED")])
    assert await tokens() == ["phone-0002"]


async def test_a_worker_does_not_begin_what_it_could_not_end_within_its_lease(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The lease reckons with the timeout, but none is given up here: on a busy machine it would go out a second time.
    monkeypatch.setattr(
        "mobile_push.providers.fcm.provider.Connections", lambda *args, **named: Connections(*args, **named | PATIENT)
    )
    async with open_push(lease=3.0, fcm={"timeout": 1.25, "at_once": 1}) as door:
        await register(door, "phone-0001")
        # One takes longer than the lease leaves for the second: the second waits for its next turn.
        sandbox.behaviour.latency = 0.75
        await deliver(door.platform, [new_message() for _ in range(4)])
        assert await outcomes(door) == [("sent", "OK")] * 4
    arrived = Counter(one.message["data"]["message_id"] for one in sandbox.received)
    assert set(arrived.values()) == {1}


async def test_deliveries_wait_while_the_database_is_away_and_go_on_when_it_is_back(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, away = Rows.claim, [True]

    async def sometimes(self: Rows, lane: Lane, limit: int) -> list[DeliveryJob]:
        if away:
            raise OSError("the database is away")
        return await claim(self, lane, limit)

    monkeypatch.setattr(Rows, "claim", sometimes)
    async with open_push() as door:
        await register(door, "phone-0001")
        await send(door)
        await asyncio.sleep(0.3)
        assert not sandbox.received
        away.clear()
        assert await outcomes(door) == [("sent", "OK")]
        assert door.platform[PUSH].couriers


def test_settings_that_cant_be_meant_are_named() -> None:
    for wrong, word in (
        ({"ttl": 0}, "ttl"),
        ({"ttl": 2_419_201}, "ttl"),
        ({"heartbeat": 0}, "heartbeat"),
        ({"stream_timeout": -1.0}, "stream_timeout"),
        ({"devices": 0}, "devices"),
    ):
        with pytest.raises(ValueError, match=word):
            PushSettings(**wrong)
