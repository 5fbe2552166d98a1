"""What webhooks promise to a receiver: events in order, signed, of its own departments alone, and at least once."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import standardwebhooks

from banshi.testing import Door
from tests import waiting
from tests.plugins.beside import commanded
from tests.plugins.webhooks_city import (
    PLUGINS,
    Got,
    Receiver,
    client,
    happen,
    idle,
    later,
    made,
    office,
    part,
    receiving,
    signed_in,
    subscribed,
    until,
)


async def submitted(door: Door, department: str, who: str = "wang") -> Any:
    wang = door.citizen(who, "王小明")
    return (await wang.post(f"/v1/items/{department}-permit/cases", {"answers": {"why": "秘密的理由"}})).created()


# -- what comes --------------------------------------------------------------------------------------------------------


async def test_a_case_s_steps_come_signed_as_cloudevents_that_the_libraries_of_others_read(city: Door) -> None:
    program = await client(city)
    async with receiving() as whole, receiving() as parted:
        one = await made(program, whole)
        two = await made(program, parted, mode="binary")
        case = await submitted(city, "parks")
        await city.settled()
        refused = {"reason": "材料不全，请张三补充"}
        (await city.staff("li", "parks:approver").post(f"/v1/cases/{case['id']}/actions/refuse", refused)).ok()
        for receiver, webhook in ((whole, one), (parted, two)):
            await until(lambda receiver=receiver: len(receiver.got) == 3)
            events = [got.event for got in receiver.got]
            assert [event.get_type() for event in events] == [
                f"banshi.case.{a}" for a in ("submit", "accept", "refuse")
            ]
            assert {event.get_source() for event in events} == {"https://city.example/v1/cases"}
            assert {event.get_subject() for event in events} == {case["id"]}
            assert [event.get_id() for event in events] == receiver.ids
            last = events[-1].get_data()
            assert {"case": case["id"], "number": case["number"], "item": "parks-permit"}.items() <= last.items()
            assert (last["state_before"], last["state"], last["version"]) == ("accepted", "refused", 3)
            for got in receiver.got:
                got.verified(webhook["secret"])
                for personal in ("王小明", "wang", "秘密", "材料", '"li"'):
                    assert personal.encode() not in got.body


async def test_many_events_come_in_one_request_to_whoever_asks_for_batches(city: Door) -> None:
    async with subscribed(city, mode="batch") as (_, receiver, webhook):
        ids = [await happen(city, f"case-{number % 7}", number // 7 + 1) for number in range(70)]
        await until(lambda: sum(len(got.verified(webhook["secret"])) for got in receiver.got) == 70)
        assert len(receiver.got) < 20
        assert receiver.got[0].headers["Content-Type"].startswith("application/cloudevents-batch+json")
        assert sorted(event["id"] for got in receiver.got for event in got.verified(webhook["secret"])) == sorted(ids)
        events = [event for got in receiver.got for event in got.verified(webhook["secret"])]
        for case in range(7):
            mine = [event["data"]["n"] for event in events if event["subject"] == f"case-{case}"]
            assert mine == sorted(mine)


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["a", "b", "c"]),
    ({"types": ["banshi.case.accept"]}, ["a", "c"]),
    ({"types": ["banshi.case.*"], "departments": ["roads"]}, ["c"]),
    ({"items": ["parks-permit"]}, ["a", "b"]),
    ({"types": ["banshi.case.refuse"], "departments": ["roads"]}, []),
]


async def test_a_receiver_gets_what_it_asks_for_and_its_client_may_know(city: Door) -> None:
    everywhere = await client(city)
    parks = await client(city, "webhooks:parks", name="bc_2")
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(receiving()) for _ in FILTERS]
        narrow, last = [await stack.enter_async_context(receiving()) for _ in range(2)]
        for receiver, (wishes, _) in zip(receivers, FILTERS, strict=True):
            await made(everywhere, receiver, **wishes)
        await made(parks, narrow)
        await made(everywhere, last)
        await happen(city, "a", 1)
        await happen(city, "b", 1, type="banshi.case.refuse")
        await happen(city, "c", 1, department="roads", item="roads-permit")
        await until(lambda: len(last.got) == 3)
        expected = [*(names for _, names in FILTERS), ["a", "b"]]
        await until(lambda: [sorted(id_[0] for id_ in one.ids) for one in (*receivers, narrow)] == expected)


# -- being asked first -------------------------------------------------------------------------------------------------


async def test_nothing_is_sent_before_the_receiver_allows_it(city: Door) -> None:
    async with subscribed(city, allows=None) as (program, receiver, webhook):
        assert (webhook["state"], webhook["reason"]) == ("unproven", "OPTIONS was answered with 405, not with 2xx")
        asked = receiver.asked[0]
        assert (asked["WebHook-Request-Origin"], asked["WebHook-Request-Rate"]) == ("city.example", "6000")
        here = f"/v1/webhooks/{webhook['id']}"
        (await program.post(f"{here}/actions/test")).problem(409, "conflict")
        receiver.allows = {"WebHook-Allowed-Origin": "other.example"}
        reason = (await program.post(f"{here}/actions/resume")).ok()["reason"]
        assert reason == "WebHook-Allowed-Origin has to be city.example or *"
        await happen(city, "a", 1)
        await city.settled()
        assert receiver.got == []
        receiver.allows = {"WebHook-Allowed-Origin": "city.example", "WebHook-Allowed-Rate": "120"}
        resumed = (await program.post(f"{here}/actions/resume")).ok()
        assert (resumed["state"], resumed["requests_per_minute"]) == ("active", 120)
        # What happened meanwhile comes too, at the pace that the receiver allows: half a second apart.
        for version in (2, 3):
            await happen(city, "a", version)
        begun = time.monotonic()
        await until(lambda: receiver.ids == ["a-1", "a-2", "a-3"])
        assert time.monotonic() - begun > 0.9


# -- signatures --------------------------------------------------------------------------------------------------------


async def test_a_call_that_was_altered_or_is_old_is_found_out_and_a_repeated_one_has_the_same_id(city: Door) -> None:
    async with subscribed(city) as (_, receiver, webhook):
        await happen(city, "a", 1)
        await until(lambda: receiver.got)
        got, secret = receiver.got[0], webhook["secret"]
        got.verified(secret)
        with pytest.raises(standardwebhooks.WebhookVerificationError, match="signature"):
            Got(got.headers, got.body.replace(b"parks", b"roads") + b" ").verified(secret)
        with pytest.raises(standardwebhooks.WebhookVerificationError, match="signature"):
            Got({**got.headers, "webhook-id": "another"}, got.body).verified(secret)
        # Ten minutes later it is too old to be believed, and what is sent again then is new, with the same id.
        city.platform.now = _ago(city, minutes=-10)
        await happen(city, "b", 1)
        await until(lambda: len(receiver.got) == 2)
        with pytest.raises(standardwebhooks.WebhookVerificationError, match="too old"):
            receiver.got[1].verified(secret)


def _ago(door: Door, **time_: float) -> Any:
    now = door.platform.now
    return lambda: now() + timedelta(**time_)


async def test_a_rotated_secret_signs_beside_the_new_one_for_as_long_as_was_said(city: Door) -> None:
    async with subscribed(city) as (program, receiver, webhook):
        here, first = f"/v1/webhooks/{webhook['id']}", webhook["secret"]
        second = (await program.post(f"{here}/actions/rotate", {"overlap_hours": 1})).ok()["secret"]
        assert second != first
        await until(lambda: [one.row.version for one in office(city).receivers.values()] == [2])
        await happen(city, "a", 1)
        await until(lambda: receiver.got)
        for secret in (first, second):
            receiver.got[0].verified(secret)
        mine = "whsec_" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
        third = (await program.post(f"{here}/actions/rotate", {"secret": mine, "overlap_hours": 0})).ok()["secret"]
        assert third == mine
        await until(lambda: [one.row.version for one in office(city).receivers.values()] == [3])
        await happen(city, "a", 2)
        await until(lambda: len(receiver.got) == 2)
        receiver.got[1].verified(mine)
        for secret in (first, second):
            with pytest.raises(standardwebhooks.WebhookVerificationError, match="No matching signature"):
                receiver.got[1].verified(secret)
        assert "secret" not in (await program.get(here)).ok()


# -- order, and who waits ----------------------------------------------------------------------------------------------


async def test_a_case_whose_event_is_refused_waits_in_its_order_and_holds_up_no_other_case(city: Door) -> None:
    program = await client(city)
    broken = True

    def answer(got: Got) -> tuple[int, dict[str, str]]:
        return (500 if broken and got.headers["webhook-id"].startswith("bad") else 200), {}

    async with receiving(answer=answer) as receiver:
        webhook = await made(program, receiver)
        for version in (1, 2, 3):
            for case in ("bad", "good", "fine"):
                await happen(city, case, version)
        good = {f"{case}-{version}" for case in ("good", "fine") for version in (1, 2, 3)}
        await until(lambda: set(receiver.taken) == good)
        assert set(receiver.ids) == {*good, "bad-1"}
        listed = await until_listed(program, webhook, "waiting", 3)
        assert [one["subject"] for one in listed] == ["bad"] * 3
        assert (listed[-1]["status"], listed[-1]["outcome"], listed[-1]["tries"]) == (500, "status-500", 1)
        broken = False
        later(city, seconds=10)
        await until(lambda: [one for one in receiver.taken if one.startswith("bad")] == ["bad-1", "bad-2", "bad-3"])
        delivered = await until_listed(program, webhook, "delivered", 9)
        assert all(one["outcome"] == "ok" for one in delivered)
        page = (await program.get(f"/v1/webhooks/{webhook['id']}/deliveries?limit=4")).ok()
        second = (await program.get(f"/v1/webhooks/{webhook['id']}/deliveries?limit=100&cursor={page['next']}")).ok()
        assert len(page["items"]) + len(second["items"]) == 9
        assert second["next"] is None


async def until_listed(program: Any, webhook: Any, state: str, count: int) -> list[Any]:
    """The deliveries in a state, once there are so many."""
    found: list[Any] = []

    async def are_there() -> bool:
        page = await program.get(f"/v1/webhooks/{webhook['id']}/deliveries?state={state}&limit=100")
        found[:] = page.ok()["items"]
        return len(found) == count

    await waiting.until(are_there)
    return found


async def test_a_receiver_that_asks_for_time_is_left_alone_for_so_long(city: Door) -> None:
    program = await client(city)
    busy = True

    def answer(_: Got) -> tuple[int, dict[str, str]]:
        return (503, {"Retry-After": "600"}) if busy else (200, {})

    async with receiving(answer=answer) as receiver:
        await made(program, receiver)
        await happen(city, "a", 1)
        await until(lambda: receiver.ids == ["a-1"])
        await until(lambda: any(one.standing.rest_until for one in office(city).receivers.values()))
        busy = False
        await happen(city, "b", 1)
        later(city, seconds=500)
        await city.settled()
        await asyncio.sleep(0.2)  # nothing comes: there is no sign to wait for
        assert receiver.ids == ["a-1"]
        later(city, seconds=101)
        await until(lambda: sorted(receiver.taken) == ["a-1", "b-1"])


async def test_a_paused_webhook_keeps_its_events_for_later(city: Door) -> None:
    async with subscribed(city) as (program, receiver, webhook):
        here = f"/v1/webhooks/{webhook['id']}"
        assert (await program.post(f"{here}/actions/pause")).ok()["state"] == "paused"
        await until(lambda: not office(city).receivers)
        await happen(city, "a", 1)
        await city.settled()
        assert (await program.post(f"{here}/actions/resume")).ok()["state"] == "active"
        await until(lambda: receiver.ids == ["a-1"])


# -- once more ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["structured", "batch"])
async def test_a_span_is_sent_once_more_with_the_same_ids(city: Door, mode: str) -> None:
    async with subscribed(city, mode=mode) as (program, receiver, webhook):
        await happen(city, "before", 1)
        later(city, minutes=10)
        begins = city.platform.now()
        for version in (1, 2, 3):
            await happen(city, "within", version)
        ends = city.platform.now() + timedelta(seconds=1)
        later(city, minutes=10)
        await happen(city, "after", 1)
        within = ["within-1", "within-2", "within-3"]
        await until(lambda: sorted(events_of(receiver)) == ["after-1", "before-1", *within])
        span = {"from": begins.isoformat(), "to": ends.isoformat()}
        here = f"/v1/webhooks/{webhook['id']}/actions/replay"
        replayed = await program.post(here, span)
        assert (replayed.status, replayed.document["events"]) == (202, 3)
        await until(lambda: events_of(receiver)[5:] == within)
        # Once it is over, another may begin.
        await until(lambda: not any(one.replays for one in office(city).receivers.values()))
        assert (await program.post(here, span)).status == 202
        await until(lambda: events_of(receiver)[8:] == within)


def events_of(receiver: Receiver) -> list[str]:
    """The ids of all events that came, one by one or together."""
    bodies = [json.loads(got.body) for got in receiver.got]
    return [event["id"] for body in bodies for event in (body if isinstance(body, list) else [body])]


async def test_a_test_is_sent_at_once_and_says_what_came_of_it(city: Door) -> None:
    status = 200
    async with subscribed(city, answer=lambda _: (status, {}), mode="binary") as (program, receiver, webhook):
        here = f"/v1/webhooks/{webhook['id']}/actions/test"
        told = (await program.post(here)).ok()
        assert (told["delivered"], told["status"], told["outcome"]) == (True, 200, "ok")
        event = receiver.got[0].event
        assert (event.get_type(), event.get_id()) == ("banshi.webhook.test", told["event"])
        assert event.get_data() == {"webhook": webhook["id"], "test": True}
        receiver.got[0].verified(webhook["secret"])
        status = 500
        assert (await program.post(here)).ok()["outcome"] == "status-500"


# -- the end of one ----------------------------------------------------------------------------------------------------


async def test_whoever_takes_nothing_for_three_days_is_disabled_and_its_owner_is_told(city: Door) -> None:
    """Through the client's other webhook, in what the API shows, and to whoever operates the platform."""
    program = await client(city)
    well = False
    async with receiving(answer=lambda _: (200 if well else 500, {})) as ill, receiving() as other:
        webhook = await made(program, ill, types=["banshi.case.accept"])
        await made(program, other, types=["banshi.webhook.disable"])
        stranger = await client(city, name="bc_2")
        async with receiving() as strangers:
            await made(stranger, strangers)
            await happen(city, "a", 1)
            await until(lambda: ill.got)
            tries = 0
            while not other.got:
                await until(lambda: idle(city))
                seen, tries = len(ill.got), tries + 1
                later(city, hours=4)
                await until(lambda seen=seen: len(ill.got) > seen or other.got)
            assert 18 <= tries <= 20
            event = other.got[0].event
            assert event.get_data()["webhook"] == webhook["id"]
            assert "took nothing for 72 hours" in event.get_data()["reason"]
            program = await signed_in(city)
            shown = (await program.get(f"/v1/webhooks/{webhook['id']}")).ok()
            assert (shown["state"], shown["last_outcome"]) == ("disabled", "status-500")
            assert shown["reason"] == event.get_data()["reason"]
            # Nobody else hears of it, and what it did not take is still there.
            assert strangers.ids == ["a-1"]
            well = True
            assert (await program.post(f"/v1/webhooks/{webhook['id']}/actions/resume")).ok()["state"] == "active"
            await until(lambda: ill.taken == ["a-1"])


async def test_a_receiver_that_is_gone_is_disabled_at_once(city: Door) -> None:
    async with subscribed(city, answer=lambda _: (410, {})) as (program, receiver, webhook):
        await happen(city, "a", 1)
        await until(lambda: receiver.got)
        await until(lambda: not office(city).receivers)
        shown = (await program.get(f"/v1/webhooks/{webhook['id']}")).ok()
        assert (shown["state"], shown["reason"]) == ("disabled", "the receiver answered 410 Gone")


async def test_whoever_ends_while_outcomes_are_written_is_told_of_it_too(
    city: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await client(city)
    answers = iter([200])
    written = part("delivery.records").record
    async with receiving(answer=lambda _: (next(answers, 410), {})) as ill, receiving() as other:
        webhook = await made(program, ill, types=["banshi.case.accept"])
        await made(program, other, types=["banshi.webhook.disable"])
        named = UUID(webhook["id"])

        async def slowly(platform: Any, taken: Any) -> Any:
            receiver = office(city).receivers.get(named)
            if any(one.subscription == named and one.rows for one in taken) and not receiver.ending:
                await happen(city, "b", 1)
                await until(lambda: receiver.ending)
            return await written(platform, taken)

        monkeypatch.setattr(part("delivery.records"), "record", slowly)
        await happen(city, "a", 1)
        await until(lambda: other.got)
        assert other.got[0].event.get_data()["webhook"] == webhook["id"]
        await until(lambda: named not in office(city).receivers)
        shown = (await program.get(f"/v1/webhooks/{webhook['id']}")).ok()
        assert (shown["state"], shown["reason"]) == ("disabled", "the receiver answered 410 Gone")


async def test_a_revoked_client_s_webhooks_end_with_it(city: Door) -> None:
    async with subscribed(city) as (_, receiver, _):
        await until(lambda: office(city).receivers)
        clients = importlib.import_module("banshi_plugins.clients.models")
        await clients.ApiClient.filter(id="bc_1").update(revoked_at=city.platform.now())
        office(city).changed()
        await until(lambda: not office(city).receivers)
        await happen(city, "a", 1)
        await city.settled()
        row = await part("models").Subscription.get(client="bc_1")
        assert (row.state, row.reason) == ("disabled", "its client was revoked, or has lost the scope")
        assert receiver.got == []


async def test_a_deleted_webhook_is_sent_nothing_more(city: Door) -> None:
    async with subscribed(city) as (program, receiver, webhook):
        await happen(city, "a", 1)
        await until(lambda: receiver.got)
        here = f"/v1/webhooks/{webhook['id']}"
        assert (await program.delete(here)).status == 204
        await until(lambda: not office(city).receivers)
        await happen(city, "a", 2)
        await city.settled()
        assert receiver.ids == ["a-1"]
        (await program.get(here)).problem(404, "not-found")
        await part("delivery.housekeeping").tidy(city.platform, timedelta(days=30))
        assert await part("models").DeliveryRow.all().count() == 0
        assert await part("models").EventRow.all().count() == 2
        later(city, days=31)
        await part("delivery.housekeeping").tidy(city.platform, timedelta(days=30))
        assert await part("models").EventRow.all().count() == 0


async def test_an_operator_sees_all_webhooks_and_ends_one_beside_a_running_server(city: Door, tmp_path: Path) -> None:
    banshi = commanded(city, tmp_path, PLUGINS, "webhooks")
    async with subscribed(city) as (program, receiver, webhook):
        said, _ = await banshi("list")
        assert f"{webhook['id']}  active  bc_1  {receiver.url}" in said
        assert webhook["secret"] not in said
        assert await banshi("disable", webhook["id"], "--reason", "floods us") == (f"{webhook['id']} is disabled\n", 0)
        await until(lambda: not office(city).receivers)
        shown = (await program.get(f"/v1/webhooks/{webhook['id']}")).ok()
        assert (shown["state"], shown["reason"]) == ("disabled", "floods us")
        said, status = await banshi("disable", "0192f0c1-0000-7000-8000-000000000000", "--reason", "x")
        assert (status, "`banshi webhooks list` shows them all" in said) == (1, True)
        assert (await banshi("disable", webhook["id"], "--reason", "a\nb"))[1] == 1
