"""What was promised is done at least once, on both databases: urgent rows first, a lease that another takes over, a
settlement that only its own attempt can make, and nothing that is ever dropped."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi.foundation.database.store import CLOCK, Store
from banshi.foundation.database.writes import Write
from banshi.foundation.retry import Retry
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.outbox import ALERT_LANE, CASE_LANE, NOTICE_LANE, Claimed
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import SETTLED_TIMEOUT_S, Door, open_door
from tests.places import TRAFFIC

Answers = Callable[..., Awaitable[dict[str, Any]]]

Later = Callable[[int], None]

WORK = "channel:test"

WORDS = {"zh-CN": "已收到", "en": "received"}


@pytest.fixture
def later(store: Store, monkeypatch: pytest.MonkeyPatch) -> Later:
    """`later(60)`: for the database a minute has passed."""
    now = store.clock
    return lambda seconds: monkeypatch.setitem(CLOCK, store.dialect, f"({now} + {seconds * 1000})")


async def promise(store: Store, *names: str, consumer: str = WORK, **columns: Any) -> None:
    """Rows in the order of their names."""
    for name in names:
        row = OutboxRow(consumer=consumer, topic="message", payload={"name": name, "字": "王"}, dedup=name, **columns)
        await store.commit(Write(rows=[row]))


async def claim(store: Store, limit: int = 10, lease: float = 30.0, consumer: str = WORK) -> list[Claimed]:
    return await outbox.claim(store, consumer, limit=limit, lease=lease)


def names(rows: list[Claimed]) -> list[str]:
    return [row.payload["name"] for row in rows]


async def test_urgent_lanes_go_first_and_within_a_lane_the_oldest(store: Store) -> None:
    await promise(store, "notice 1", "notice 2", lane=NOTICE_LANE)
    await promise(store, "alert", lane=ALERT_LANE)
    await promise(store, "case 1", "case 2", lane=CASE_LANE)
    assert names(await claim(store, limit=2)) == ["case 1", "case 2"]
    await promise(store, "case 3", lane=CASE_LANE)
    assert names(await claim(store)) == ["case 3", "alert", "notice 1", "notice 2"]


async def test_a_row_comes_with_what_was_promised_and_with_its_attempt(store: Store) -> None:
    await promise(store, "one")
    (row,) = await claim(store)
    stored = await OutboxRow.get()
    assert row == Claimed(str(stored.id), WORK, "message", {"name": "one", "字": "王"}, 1, 1)


async def test_a_claimed_row_is_nobody_elses_until_its_lease_ends(store: Store, later: Later) -> None:
    await promise(store, "one")
    assert names(await claim(store, lease=60)) == ["one"]
    assert await claim(store) == []
    wait = await outbox.seconds_to_next(store, WORK)
    assert wait is not None
    assert 30 < wait <= 60
    later(60)
    (row,) = await claim(store)
    assert row.attempts == 2


async def test_a_worker_that_was_thought_dead_can_not_settle_what_another_has_taken_over(store: Store) -> None:
    await promise(store, "one")
    (late,) = await claim(store, lease=0.0)
    (present,) = await claim(store)
    await outbox.settle(store, [late])
    await outbox.put_back(store, late, "too late", attempts=1)
    await outbox.release(store, [late])
    row = await OutboxRow.get()
    assert (row.state, row.attempts, row.last_error) == ("due", 2, "")
    assert await claim(store) == []
    await outbox.settle(store, [present])
    assert (await OutboxRow.get()).state == "done"


async def test_a_settled_row_is_never_claimed_again_and_can_not_be_put_back(store: Store) -> None:
    await promise(store, "one", "two")
    rows = await claim(store)
    await outbox.settle(store, rows)
    await outbox.put_back(store, rows[0], "too late", attempts=5)
    await outbox.release(store, rows)
    assert await claim(store) == []
    assert {row.state for row in await OutboxRow.all()} == {"done"}
    assert await outbox.counts(store) == {}
    assert await outbox.seconds_to_next(store, WORK) is None


async def test_what_failed_comes_again_after_its_pause_with_the_error_on_record(
    store: Store, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RETRY", Retry(60.0, 60.0))
    await promise(store, "one")
    (row,) = await claim(store)
    assert await outbox.put_back(store, row, "TimeoutError", attempts=5) is False
    assert await claim(store) == []
    later(60)
    (again,) = await claim(store)
    assert (again.attempts, (await OutboxRow.get()).last_error) == (2, "TimeoutError")


async def test_what_keeps_failing_is_parked_and_never_dropped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "RETRY", Retry(0.0, 0.0))
    await promise(store, "one")
    for attempt in range(1, 4):
        (row,) = await claim(store)
        assert await outbox.put_back(store, row, "ValueError" * 100, attempts=3) is (attempt == 3)
    assert await claim(store) == []
    assert await outbox.counts(store) == {(WORK, "parked"): 1}
    parked = await OutboxRow.get()
    assert (parked.state, parked.attempts, parked.payload["name"]) == ("parked", 3, "one")
    assert parked.last_error.startswith("ValueError")


async def test_given_back_rows_are_due_at_once_and_their_attempt_does_not_count(store: Store) -> None:
    await promise(store, "one", "two")
    rows = await claim(store)
    await outbox.release(store, rows)
    again = await claim(store)
    assert names(again) == ["one", "two"]
    assert [row.tries for row in again] == [1, 1]


async def test_whoever_gave_a_row_back_can_not_settle_what_another_has_taken_since(store: Store) -> None:
    await promise(store, "one")
    given_back = await claim(store)
    await outbox.release(store, given_back)
    (taken,) = await claim(store)
    await outbox.settle(store, given_back)
    await outbox.put_back(store, given_back[0], "too late", attempts=1)
    assert (await OutboxRow.get()).state == "due"
    await outbox.postpone(store, taken, "", 0)
    (again,) = await claim(store)
    await outbox.settle(store, [taken])
    assert (await OutboxRow.get()).state == "due"
    await outbox.settle(store, [again])
    assert (await OutboxRow.get()).state == "done"


async def test_nothing_to_settle_or_give_back_is_nothing_to_do(store: Store) -> None:
    await promise(store, "one")
    before = await OutboxRow.all().values()
    await outbox.settle(store, [])
    await outbox.release(store, [])
    assert await OutboxRow.all().values() == before


async def test_the_same_promise_is_made_once(store: Store) -> None:
    await promise(store, "one")
    with pytest.raises(IntegrityError):
        await promise(store, "one")
    assert await OutboxRow.all().count() == 1


async def test_what_is_not_due_yet_waits(store: Store, later: Later) -> None:
    soon = int(time.time() * 1000) + 60_000
    await promise(store, "later", not_before=soon)
    assert await claim(store) == []
    later(60)
    assert names(await claim(store)) == ["later"]


async def test_each_consumer_gets_its_own(store: Store) -> None:
    await promise(store, "mine")
    await promise(store, "yours", consumer="channel:other")
    assert names(await claim(store, consumer="channel:other")) == ["yours"]
    assert names(await claim(store)) == ["mine"]


async def test_workers_that_claim_at_the_same_time_never_get_the_same_row(store: Store) -> None:
    await promise(store, *(f"{number:03}" for number in range(60)))
    batches = await asyncio.gather(*(claim(store, limit=7) for _ in range(12)))
    taken = Counter(name for batch in batches for name in names(batch))
    assert set(taken.values()) == {1}
    assert len(taken) == 60


async def test_the_lease_follows_the_databases_clock_and_not_the_machines(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await promise(store, "one")
    await claim(store, lease=30)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    assert await claim(store) == []
    wait = await outbox.seconds_to_next(store, WORK)
    assert wait is not None
    assert 29 < wait <= 30
    rows = await store.connection.execute_query_dict(f"SELECT {store.clock} AS now")
    assert abs(rows[0]["now"] / 1000 - real()) < 5


# The engine on top


async def until(door: Door, ask: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await ask():  # noqa: ASYNC110 - what it waits for happens in the server
            await asyncio.sleep(0.01)


def broken_channel(door: Door, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A channel that fails for everything; how many messages each try had."""
    tries: list[int] = []

    async def fails(_: Any, messages: Any) -> None:
        tries.append(len(messages))
        raise RuntimeError("the channel is broken")

    monkeypatch.setattr(outbox, "RETRY", Retry(0.0, 0.0))
    push = door.platform.registry.channels["mobile_push"]
    object.__setattr__(push, "deliver", fails)
    return tries


async def test_what_a_channel_can_not_deliver_is_parked_after_its_attempts_and_shown_to_operators(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"outbox_attempts": 3}) as door:
        tries = broken_channel(door, monkeypatch)
        wang = door.citizen("wang")
        (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()

        async def parked() -> bool:
            return (await outbox.counts(door.platform.store)).get(("channel:mobile_push", "parked")) == 1

        await until(door, parked)
        assert len(tries) == 3
        row = await OutboxRow.get(consumer="channel:mobile_push")
        assert (row.attempts, row.last_error) == (3, "RuntimeError")
        metrics = (await door.anyone.get("/metrics")).body.decode()
        assert 'banshi_outbox_waiting{consumer="channel:mobile_push",state="parked"} 1' in metrics


async def test_what_only_the_next_version_understands_waits_for_it_and_is_never_parked(tmp_path: Path) -> None:
    """While machines are upgraded one after the other, the older ones take rows that the newer ones promised."""
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"outbox_attempts": 1}) as door:
        payload: dict[str, Any] = {"kind": "case", "person": "wang", "title": WORDS, "body": WORDS, "link": "/x"}
        payload["created_at"] = door.platform.now().isoformat()
        rows = [
            OutboxRow(consumer="channel:mobile_push", topic="message", payload=one | {"id": str(uuid7())}, dedup=name)
            for name, one in {"known": payload, "newer": {**payload, "tone": "loud"}}.items()
        ]
        await door.platform.store.commit(Write(rows=rows))
        for turn in (1, 2, 3):

            async def taken(turn: int = turn) -> bool:
                row = await OutboxRow.get(dedup="newer")
                return (row.attempts, row.lease_until) == (turn, 0)

            await until(door, taken)
            await OutboxRow.filter(dedup="newer").update(not_before=0)
        left = await OutboxRow.get(dedup="newer")
        assert (left.state, left.last_error) == ("due", "FromNewer")
        assert (await OutboxRow.get(dedup="known")).state == "done"
        assert len((await door.citizen("wang").get("/v1/inbox")).ok()["items"]) == 1


async def test_one_poisonous_message_does_not_hold_up_the_others_of_its_batch(
    door: Door, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = door.platform.registry.channels["mobile_push"]
    real, open_now = channel.deliver, asyncio.Event()

    async def chokes(platform: Any, messages: Any) -> None:
        await open_now.wait()
        if any(message.person == "poison" for message in messages):
            raise ValueError("poison")
        await real(platform, messages)

    object.__setattr__(channel, "deliver", chokes)
    people = ["person-1", "poison", "person-2", "person-3"]
    for subject in people:
        person = door.citizen(subject)
        (await person.post("/v1/items/zone-pass/cases", {"answers": await answers(person)})).created()
    open_now.set()

    async def told(subject: str) -> bool:
        return len((await door.citizen(subject).get("/v1/inbox")).ok()["items"]) == 1

    for subject in people:
        if subject != "poison":
            await until(door, lambda subject=subject: told(subject))  # type: ignore[misc]
    assert not await told("poison")
    assert (await outbox.counts(door.platform.store))[("channel:mobile_push", "due")] == 1


async def test_a_server_that_stops_gives_back_what_it_had_taken(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"outbox_lease": 600}) as door:
        taken = asyncio.Event()

        async def hangs(*_: Any) -> None:
            taken.set()
            await asyncio.sleep(3600)

        object.__setattr__(door.platform.registry.channels["mobile_push"], "deliver", hangs)
        wang = door.citizen("wang")
        (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
        await asyncio.wait_for(taken.wait(), 30)
    # With a lease of ten minutes, only what was given back can be done now.
    async with open_door(tmp_path, plugins) as door:
        await door.settled()
        assert len((await door.citizen("wang").get("/v1/inbox")).ok()["items"]) == 1
        assert (await OutboxRow.get(consumer="channel:mobile_push")).tries == 1


async def test_work_of_a_plugin_that_is_removed_stays_and_comes_back_with_it(tmp_path: Path, answers: Answers) -> None:
    both: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, both) as door:
        object.__setattr__(door.platform.registry.channels["mobile_push"], "deliver", _away)
        wang = door.citizen("wang")
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
        await until(door, lambda: Case.filter(state="accepted").exists())
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        await asyncio.sleep(0.1)
        assert await outbox.counts(door.platform.store) == {("channel:mobile_push", "due"): 1}
    async with open_door(tmp_path, both) as door:
        await OutboxRow.filter(state="due").update(not_before=0)
        await door.settled()
        inbox = (await door.citizen("wang").get("/v1/inbox")).ok()["items"]
        assert [message["link"] for message in inbox] == [case["links"]["self"]]


async def _away(*_: Any) -> None:
    raise ConnectionError("away")


async def test_a_case_whose_department_is_removed_stays_and_goes_on_when_it_comes_back(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        handler = door.platform.registry.items["zone-pass"].handler
        monkeypatch.setattr(handler, "review", _away)
        wang = door.citizen("wang")
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, platform={"outbox_attempts": 2}) as door:

        async def tried_again() -> bool:
            row = await OutboxRow.get(consumer=outbox.INTAKE)
            return row.last_error not in {"", "ConnectionError"} and row.lease_until == 0

        for number in range(4):
            await OutboxRow.filter(state="due").update(not_before=0, lease_until=0, last_error="")
            await until(door, tried_again)
            if not number:
                # Nobody has it in hand. So often was it tried that one more failure of its own would park it.
                await OutboxRow.filter(state="due").update(tries=100)
        # Still it waits: that its department is away is no fault of the case's.
        row = await OutboxRow.get(consumer=outbox.INTAKE)
        assert (row.state, row.tries) == ("due", 100)
        assert (await Case.get(id=case["id"])).state == "submitted"
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        await OutboxRow.all().update(not_before=0, lease_until=0, state="due")
        await door.settled()
        assert (await door.citizen("wang").get(case["links"]["self"])).ok()["state"] == "accepted"


async def test_a_channel_that_exits_ends_neither_the_server_nor_the_others_messages(
    tmp_path: Path, answers: Answers
) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC, "mobile_push": "mobile_push"}) as door:
        channel = door.platform.registry.channels["mobile_push"]
        deliver = channel.deliver

        async def exits(*_: Any) -> None:
            raise SystemExit("a channel's own end")

        object.__setattr__(channel, "deliver", exits)
        wang = door.citizen("wang")
        (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()

        async def failed() -> bool:
            return await OutboxRow.filter(consumer="channel:mobile_push", last_error="RuntimeError").exists()

        await until(door, failed)
        object.__setattr__(channel, "deliver", deliver)
        await OutboxRow.filter(state="due").update(not_before=0)
        await door.settled()
        assert len((await wang.get("/v1/inbox")).ok()["items"]) == 1


async def test_a_commit_wakes_the_engine_at_once(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the wake-up it would be the next look at the table, which here comes too late."""
    monkeypatch.setattr("banshi.foundation.database.pulse.INTERVAL_S", 2 * SETTLED_TIMEOUT_S)
    async with open_door(tmp_path, {"traffic": TRAFFIC, "mobile_push": "mobile_push"}) as door:
        wang = door.citizen("wang")
        (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
        await door.settled()
        assert len((await wang.get("/v1/inbox")).ok()["items"]) == 1
