"""Webhooks that change hands, addresses or modes while something is under way: nothing is lost or mixed up."""

from __future__ import annotations

import asyncio
import importlib
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from banshi.testing import Door
from tests import waiting
from tests.plugins.webhooks_city import client, happen, idle, later, made, office, part, receiving, subscribed, until


async def sender(door: Door) -> Any:
    """What sends to the only webhook."""
    await until(lambda: office(door).receivers)
    return next(iter(office(door).receivers.values()))


def busy(_: Any) -> tuple[int, dict[str, str]]:
    return 503, {"Retry-After": "3600"}


def failing_first(*statuses: int) -> Any:
    """What answers with these, and then with 200."""
    left = iter(statuses)
    return lambda _: (next(left, 200), {})


# -- the log -----------------------------------------------------------------------------------------------------------


async def test_events_that_nobody_here_is_sent_are_not_read_and_whoever_comes_meanwhile_is_sent_them(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    tail, journal = office(city).tail, part("events.journal")
    page, read = journal.page, []

    async def counted(*which: Any) -> Any:
        read.append(which)
        return await page(*which)

    monkeypatch.setattr(journal, "page", counted)
    await happen(city, "a", 1)
    await until(lambda: tail.top == 1)
    assert read == [] == tail._events
    # One that is taken in the moment in which the log is passed by.
    async with receiving() as receiver:
        top, passing, taken = journal.top, asyncio.Event(), asyncio.Event()

        async def slowly() -> int:
            passing.set()
            await taken.wait()
            return int(await top())

        monkeypatch.setattr(journal, "top", slowly)
        tail.wake.set()
        await passing.wait()
        monkeypatch.setattr(journal, "top", top)
        await made(await client(city), receiver)
        await sender(city)
        await happen(city, "a", 2)
        taken.set()
        await until(lambda: receiver.taken == ["a-2"])


# -- batches -----------------------------------------------------------------------------------------------------------


async def test_a_batch_that_was_read_while_its_webhook_was_given_away_is_not_sent(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with subscribed(city, mode="batch") as (_, receiver, _):
        one, tail = await sender(city), office(city).tail
        reading, given_away, after = asyncio.Event(), asyncio.Event(), tail.after

        async def slowly(position: int, limit: int) -> Any:
            found = await after(position, limit)
            if found[0]:
                reading.set()
                await given_away.wait()
            return found

        monkeypatch.setattr(tail, "after", slowly)
        await happen(city, "a", 1)
        await reading.wait()
        await one.drain()
        given_away.set()
        await asyncio.wait([office(city)._tasks[one.row.id]])
        await asyncio.gather(*one._sending)
        assert receiver.got == []


async def test_a_batch_of_which_a_part_was_read_when_the_database_went_away_is_sent(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with subscribed(city, mode="batch") as (_, receiver, _):
        await sender(city)
        tail = office(city).tail
        after, calls = tail.after, 0

        async def breaks(position: int, limit: int) -> Any:
            nonlocal calls
            calls += bool(calls)
            if calls == 2:
                raise OSError
            found = await after(position, limit)
            calls = calls or len(found[0])
            return found

        monkeypatch.setattr(tail, "after", breaks)
        await happen(city, "a", 1)
        await until(lambda: receiver.got)
        assert b'"a-1"' in receiver.got[0].body


async def test_an_event_that_was_read_again_for_longer_than_the_lease_lasts_is_not_sent_before_it_is_renewed(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    good: list[float] = []

    def answer(_: Any) -> tuple[int, dict[str, str]]:
        good.append(next(iter(office(city).receivers.values())).good_until)
        return busy(_) if len(good) == 1 else (200, {})

    async with subscribed(city, answer=answer) as (_, receiver, webhook):
        await happen(city, "a", 1)
        one = await failing(city, webhook)
        find, ends = part("events.journal").find, [False, True]

        async def slowly(*which: Any) -> Any:
            if ends.pop():
                one.good_until = 0.0
            return await find(*which)

        monkeypatch.setattr(part("events.journal"), "find", slowly)
        later(city, hours=2)
        await until(lambda: receiver.taken == ["a-1"])
        assert all(good)


# -- what its client changes -------------------------------------------------------------------------------------------


async def failing(door: Door, webhook: Any) -> Any:
    """What sends to it, once it is on record that it fails."""
    await waiting.until(part("models").Subscription.filter(id=webhook["id"], failures__gt=0).exists)
    return await sender(door)


async def test_a_webhook_s_other_address_begins_without_former_failures(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await client(city)
    async with receiving(answer=busy) as before, receiving() as after:
        webhook = await made(program, before)
        here = f"/v1/webhooks/{webhook['id']}"
        await happen(city, "a", 1)
        one = await failing(city, webhook)
        with monkeypatch.context() as patched:
            patched.setattr(office(city), "changed", lambda: None)
            assert (await program.call("PATCH", here, json={"url": after.url})).ok()["failing_since"] is None
            # What the former one came to is recorded before its sender has heard of the other.
            one.ending = "the receiver answered 410 Gone"
            await office(city).record([one])
        office(city).changed()
        await until(lambda: "a-1" in after.taken)
        assert (await program.get(here)).ok()["failing_since"] is None


async def test_a_webhook_that_is_resumed_before_its_sender_has_heard_of_the_pause_goes_on_at_once(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, answers = await client(city), iter([busy(None)])
    async with receiving(answer=lambda _: next(answers, (200, {}))) as receiver:
        webhook = await made(program, receiver)
        here = f"/v1/webhooks/{webhook['id']}"
        await happen(city, "a", 1)
        one = await failing(city, webhook)
        with monkeypatch.context() as patched:
            patched.setattr(office(city), "changed", lambda: None)
            for action in ("pause", "resume"):
                (await program.post(f"{here}/actions/{action}")).ok()
            await office(city).record([one])
        office(city).changed()
        await until(lambda: receiver.taken == ["a-1"])


async def test_what_waits_for_a_webhook_that_is_resumed_is_tried_for_as_long_as_if_it_were_new(city: Door) -> None:
    models = part("models")
    async with subscribed(city, answer=failing_first(500, 500)) as (program, receiver, webhook):
        await happen(city, "a", 1)
        await failing(city, webhook)
        # As if it had taken nothing for three days.
        await models.Subscription.filter(id=webhook["id"]).update(state="disabled")
        office(city).changed()
        await until(lambda: not office(city).receivers)
        await models.DeliveryRow.filter(state="waiting").update(since=int(time.time() - 80 * 3600) * 1000)
        (await program.post(f"/v1/webhooks/{webhook['id']}/actions/resume")).ok()
        await until(lambda: len(receiver.got) == 2)
        later(city, seconds=10)
        await until(lambda: receiver.taken == ["a-1"])


async def test_a_webhook_whose_address_is_no_longer_allowed_is_told_so_when_it_is_resumed(city: Door) -> None:
    models = part("models")
    async with subscribed(city, allows=None) as (program, _, webhook):
        await models.Subscription.filter(id=webhook["id"]).update(url="https://10.0.0.1/hook")
        shown = (await program.post(f"/v1/webhooks/{webhook['id']}/actions/resume")).ok()
        assert (shown["state"], shown["reason"][:40]) == ("unproven", "Give another address: it leads to 10.0.0")


async def test_another_address_of_a_paused_webhook_leaves_it_paused(city: Door) -> None:
    program = await client(city)
    async with receiving() as before, receiving() as after:
        here = f"/v1/webhooks/{(await made(program, before))['id']}"
        (await program.post(f"{here}/actions/pause")).ok()
        changed = (await program.call("PATCH", here, json={"url": after.url})).ok()
        assert (changed["state"], changed["reason"]) == ("paused", "paused by its client")
        assert (await program.post(f"{here}/actions/resume")).ok()["state"] == "active"


async def test_a_batch_that_waited_goes_one_by_one_in_its_order(city: Door) -> None:
    async with subscribed(city, answer=failing_first(500, 500), mode="batch") as (program, receiver, webhook):
        await happen(city, "a", 1)
        await failing(city, webhook)
        for version in (2, 3):
            await happen(city, "a", version)
        (await program.call("PATCH", f"/v1/webhooks/{webhook['id']}", json={"mode": "structured"})).ok()
        await until(lambda: [type(one).__name__ for one in office(city).receivers.values()] == ["OneByOne"])
        later(city, seconds=10)
        await until(lambda: len(receiver.got) >= 2)
        later(city, seconds=10)
        await until(lambda: len(receiver.taken) == 3)
        assert receiver.taken == ["a-1", "a-2", "a-3"]


@pytest.mark.parametrize("mode", ["structured", "batch"])
async def test_what_waits_and_is_no_longer_asked_for_is_not_sent(city: Door, mode: str) -> None:
    async with subscribed(city, answer=failing_first(500), mode=mode) as (program, receiver, webhook):
        here = f"/v1/webhooks/{webhook['id']}"
        await happen(city, "a", 1)
        await failing(city, webhook)
        (await program.call("PATCH", here, json={"departments": ["roads"]})).ok()
        await until(lambda: [one.row.version for one in office(city).receivers.values()] == [2])
        later(city, seconds=10)
        await happen(city, "b", 1, department="roads", item="roads-permit")
        await until(lambda: len(receiver.got) == 2)
        assert b'"a-1"' not in receiver.got[1].body
        await until(lambda: idle(city))
        await office(city).record([await sender(city)])
        listed = (await program.get(f"{here}/deliveries")).ok()["items"]
        assert [(one["state"], one["outcome"]) for one in listed] == [("delivered", "ok"), ("failed", "not-wanted")]


def _module(name: str) -> Any:
    return importlib.import_module(f"plugins.integrations.webhooks.{name}")


def test_of_several_requests_under_way_the_longest_time_that_one_asks_for_is_given() -> None:
    standing, sending = _module("delivery.standing").Standing(enough=5), _module("delivery.sending")
    for wait in (None, None, None, None, 1.0, 600.0, 2.0):
        standing.answered(sending.Outcome(False, "status-503", 503, wait=wait), 1_000, 10**9)
    assert standing.rest_until == 601_000
    standing.answered(sending.Outcome(True, "ok", 200), 2_000, 10**9)
    assert standing.rest_until == 601_000
    standing.answered(sending.Outcome(True, "ok", 200), 601_000, 10**9)
    assert standing.rest_until == 0


# -- replays, and other senders ----------------------------------------------------------------------------------------


async def test_replays_are_taken_up_while_a_webhook_is_let_go(city: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    program, models = await client(city), part("models")
    async with receiving() as receiver:
        first, second = [UUID((await made(program, receiver))["id"]) for _ in "12"]
        receivers = office(city).receivers
        await until(lambda: set(receivers) == {first, second})

        class Slow:
            """Replays as they are read while the first webhook is let go."""

            @staticmethod
            async def filter(**_: Any) -> list[Any]:
                receivers.pop(first, None)
                return [models.Replay(subscription=one, begins=0, ends=0, until=0, position=0) for one in given]

        given = (first, second)
        monkeypatch.setattr(part("delivery.dispatcher"), "Replay", Slow)
        await office(city)._take_replays()
        assert receivers[second].replays


async def test_a_webhook_that_is_another_sender_s_by_now_is_forgotten(city: Door) -> None:
    async with subscribed(city) as (_, _, webhook):
        one = await sender(city)
        anothers = {"term": one.row.term + 1, "lease_until": int(time.time() * 1000) + 9000}
        await part("models").Subscription.filter(id=webhook["id"]).update(**anothers)
        await office(city).record([one])
        await until(lambda: not one._sending)
        assert not office(city).receivers
        assert not office(city)._tasks


@pytest.mark.parametrize("places", [(0, 1), (1, 0)])
async def test_what_a_former_sender_still_has_to_say_is_not_recorded_beside_its_next_one_s(
    city: Door, places: tuple[int, int]
) -> None:
    models, records = part("models"), part("delivery.records")
    async with subscribed(city):
        now = await sender(city)
        row = await models.Subscription.get(id=now.row.id)
        former = type(now)(now.desk, row, await office(city)._client({}, row), now.good_until)
        former.row.term -= 1
        former.live.read, now.live.read = 900, 7
        both = [one.take(ends=False) for one in (former, now)]
        lost = await records.record(city.platform, [both[place] for place in places])
        assert lost == {(now.row.id, former.row.term)}
        assert (await models.Subscription.get(id=now.row.id)).position == 7


async def test_a_sender_that_was_killed_before_the_clock_was_set_back_has_no_part_of_the_receivers(city: Door) -> None:
    program, leases = await client(city), office(city).leases
    async with receiving() as receiver:
        for _ in "12":
            await made(program, receiver)
        await part("models").Sender.create(id="killed", seen=int((time.time() + 3600) * 1000))
        assert await leases.share() == 2
        await part("models").Sender.create(id="another", seen=int(time.time() * 1000))
        assert await leases.share() == 1


async def test_what_waited_one_by_one_is_not_lost_if_the_sender_of_batches_is_killed_at_once(city: Door) -> None:
    models, records = part("models"), part("delivery.records")
    async with subscribed(city, answer=busy) as (_, _, webhook):
        await happen(city, "a", 1)
        one = await failing(city, webhook)
        await office(city).stop()
        waits = models.DeliveryRow.filter(subscription=one.row.id, state="waiting")
        first = (await waits.get()).seq
        assert await records.unwind(one.row.id, one.row.term - 1) is None
        assert await waits.count() == 1
        assert await records.unwind(one.row.id, one.row.term) == first
        assert await waits.count() == 0
        assert (await models.Subscription.get(id=one.row.id)).position == first - 1


async def test_a_span_s_batch_that_waited_does_not_have_all_that_came_since_sent_again(city: Door) -> None:
    models, records = part("models"), part("delivery.records")
    async with subscribed(city, mode="batch"):
        one = await sender(city)
        await office(city).stop()
        await models.Subscription.filter(id=one.row.id).update(position=9)
        numbers = {"seq": 2, "last_seq": 4, "events": 3, "tries": 1, "since": 1, "at": 1}
        row = {"subscription": one.row.id, "event": "a-2", "subject": "", "state": "waiting"}
        await models.DeliveryRow.create(**row, **numbers)
        assert await records.unwind(one.row.id, one.row.term) is None
        assert (await models.Subscription.get(id=one.row.id)).position == 9
        assert await models.DeliveryRow.all().count() == 0


async def test_a_webhook_that_is_made_while_what_others_left_is_cleared_away_keeps_its_log(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, models = await client(city), part("models")
    async with receiving() as receiver:

        class Meanwhile:
            """Replays of which none is left, and a webhook that is made while they are read."""

            def distinct(self) -> Meanwhile:
                return self

            async def values_list(self, *_: Any, **__: Any) -> list[UUID]:
                await made(program, receiver)
                await happen(city, "a", 1)
                await until(lambda: receiver.got)
                await until(lambda: idle(city))
                await office(city).record([await sender(city)])
                return []

        monkeypatch.setattr(models.Replay, "all", Meanwhile)
        await part("delivery.housekeeping").tidy(city.platform, timedelta(days=30))
        assert await models.DeliveryRow.filter(event="a-1").count() == 1
