"""A broadcast on its way to many phones: all of them once, in the right order, whoever is killed in the middle."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.transactions import in_transaction

from banshi import Message, Stale
from banshi.testing import Door
from mobile_push.broadcasts import publication
from mobile_push.delivery.claims import verdicts
from mobile_push.delivery.claims.chunk import Apart, Checkpoint, Open, together
from mobile_push.delivery.claims.chunk_rows import keep
from mobile_push.delivery.claims.chunks import Chunks
from mobile_push.delivery.claims.delivery_job import DeliveryJob
from mobile_push.delivery.claims.rows import Rows
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import messages as inbox_messages
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.provider import Push, Receipt
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.lanes import Lane
from mobile_push.tables.models import Broadcast, Chunk, Delivery, Device, FanOut, Follow, Profile
from tests.mobile_push.conftest import quiet_hours, until_equal
from tests.mobile_push.delivery.fan_out import TITLE, arrived, broadcast, ended, outcomes, phones, publish
from tests.waiting import until


async def test_everyone_gets_a_broadcast_once_in_their_own_language(door: Door, sandbox: FcmSandbox) -> None:
    chinese = await phones(door, 130)
    english = await phones(door, 5, "english", language="en")
    one = await publish(door, await broadcast(door))
    assert await ended(one) == Counter({"accepted": 135})
    assert arrived(sandbox) == Counter([*chinese, *english])
    for received in sandbox.received:
        message = received.message
        expected = TITLE["en" if received.token.startswith("english") else "zh-CN"]
        assert message["notification"]["title"] == expected
        assert message["data"] == {"message_id": str(one.id), "kind": "notice", "link": "/notices/1"}
    walk = await FanOut.get(broadcast_id=one.id)
    assert (walk.state, walk.found) == ("done", 135)
    assert await Chunk.filter(broadcast_id=one.id).count() == 10, "chunks of 16 at most"


async def test_a_broadcast_is_stored_once_and_found_in_every_inbox(door: Door) -> None:
    one = await publish(door, await broadcast(door))
    for person in ("wang", "li"):
        (item,) = (await door.citizen(person).get("/v1/inbox", headers={"Accept-Language": "en"})).ok()["items"]
        assert (item["id"], item["title"], item["kind"]) == (str(one.id), "Power cut", "notice")
        assert (await door.citizen(person).get(f"/v1/inbox?after={item['cursor']}")).ok()["items"] == []
    assert await inbox_messages.InboxMessage.all().count() == 0


SQUARE = {
    "type": "Polygon",
    "coordinates": [[[120.0, 30.0], [121.0, 30.0], [121.0, 31.0], [120.0, 31.0], [120.0, 30.0]]],
}


PLACES: dict[str, dict[str, Any]] = {
    "hangzhou": {"division": "330100"},
    "xihu": {"division": "330106"},
    "inside": {"latitude": 30.5, "longitude": 120.5},
    "beside": {"latitude": 30.5, "longitude": 121.5},
    "follower": {},
    "nowhere": {},
}
AUDIENCES: list[tuple[dict[str, Any], set[str]]] = [
    ({"everyone": True}, {*PLACES}),
    ({"divisions": ["330100"]}, {"hangzhou", "xihu"}),
    ({"divisions": ["330106"]}, {"xihu"}),
    ({"divisions": ["330000"]}, {"hangzhou", "xihu"}),
    ({"divisions": ["440000"]}, set()),
    ({"polygons": [SQUARE]}, {"inside"}),
    ({"circles": [{"center": [120.5, 30.5], "radius_km": 5}]}, {"inside"}),
    ({"topics": ["weather"]}, {"follower"}),
    ({"departments": ["traffic"]}, {"nowhere"}),
    ({"departments": ["traffic"], "divisions": ["330106"], "polygons": [SQUARE]}, {"nowhere", "xihu", "inside"}),
]


async def test_an_audience_means_the_same_for_the_push_the_inbox_and_the_stream(
    door: Door, sandbox: FcmSandbox
) -> None:
    for name, place in PLACES.items():
        await phones(door, 1, name, **{"person": name, **place})
    await Follow.create(person="follower", topic="weather")
    await Follow.create(person="nowhere", topic="department:traffic")
    for audience, expected in AUDIENCES:
        one = await publish(door, await broadcast(door, audience=audience))
        await ended(one)
        got = [received for received in sandbox.received if received.message["data"]["message_id"] == str(one.id)]
        assert {received.token.removesuffix("-000000") for received in got} == expected, audience
        read = set()
        for name in PLACES:
            items = (await door.citizen(name).get("/v1/inbox")).ok()["items"]
            read |= {name for item in items if item["id"] == str(one.id)}
        assert read == expected, audience


async def test_refusals_are_tried_again_dead_tokens_forgotten_and_bad_ones_parked(
    door: Door, sandbox: FcmSandbox
) -> None:
    good = await phones(door, 60)
    await phones(door, 3, "dead")
    sandbox.behaviour.unregistered = {f"dead-{number:06}" for number in range(3)}
    sandbox.behaviour.unavailable_share = 0.2
    one = await publish(door, await broadcast(door))
    result = await ended(one)
    assert (result["accepted"], result["dead"]) == (60, 3)
    assert result["later"] >= 10
    assert arrived(sandbox) == Counter(good)
    assert sorted([device.token for device in await Device.all()]) == good


async def test_an_alert_goes_to_the_new_token_of_a_phone_whose_old_one_ended_meanwhile(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await phones(door, 1, "old")
    sandbox.behaviour.unregistered = {"old-000000"}
    send = FcmProvider.send

    async def renewed(self: FcmProvider, push: Push, token: str) -> Receipt:
        await Device.all().update(token="new-000000", token_hash="new")
        return await send(self, push, token)

    monkeypatch.setattr(FcmProvider, "send", renewed)
    one = await publish(door, await broadcast(door, "alert"))
    assert await ended(one) == Counter({"accepted": 1, "later": 1})
    assert arrived(sandbox) == Counter(["new-000000"])


async def test_every_phone_whose_token_is_dead_is_forgotten_also_while_others_are_being_forgotten(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await phones(door, 700, "old")
    sandbox.behaviour.unregistered = {f"old-{number:06}" for number in range(0, 700, 5)}
    monkeypatch.setattr(verdicts, "DOUBT_S", 4.0)
    forget = verdicts.forget

    async def slowly(*of: Any) -> None:
        await asyncio.sleep(0.05)
        await forget(*of)

    monkeypatch.setattr(verdicts, "forget", slowly)
    one = await publish(door, await broadcast(door))
    words = await ended(one)
    assert (words["dead"], words["accepted"]) == (140, 560)
    # What was dead after the last that was accepted is believed to be once something is again.
    await ended(await publish(door, await broadcast(door)))
    await until_equal(Device.all().count, 560)


def test_a_service_that_asks_for_an_hour_holds_up_no_phone_of_another_one() -> None:
    refused = [Apart("due", "HTTP_429", place, wait) for place, wait in enumerate((0.4, 3600.0, 5.0, 3590.0))]
    waits = sorted((part.wait, places) for part, places in together(refused))
    assert waits == [(5.0, [0, 2]), (3600.0, [1, 3])]


async def test_nothing_is_sent_before_its_retry_after(door: Door, sandbox: FcmSandbox) -> None:
    await phones(door, 40)
    sandbox.behaviour.quota_share = 0.1
    sandbox.behaviour.quota_retry_after = 1
    started = time.monotonic()
    one = await publish(door, await broadcast(door))
    # One in ten: with the thirty-ninth there are 36 taken too, and the fortieth would be the fourth that is refused.
    await until(lambda: sandbox.answers["QUOTA_EXCEEDED"] >= 4)
    sandbox.behaviour.quota_share = 0.0
    assert (await ended(one))["accepted"] == 40
    late = [received.arrived - started for received in list(sandbox.received)[-4:]]
    assert min(late) >= 1.0
    assert max(arrived(sandbox).values()) == 1


async def test_an_alert_overtakes_a_notice_that_is_under_way(open_push: Any, sandbox: FcmSandbox) -> None:
    async with open_push(fcm={"per_minute": 12_000}) as door:
        await phones(door, 400)
        notice = await publish(door, await broadcast(door))
        await until(lambda: len(sandbox.received) >= 40)
        alert = await publish(door, await broadcast(door, "alert"))
        begun = time.monotonic()
        await ended(alert)
        kinds = [(one.message["data"]["kind"], one.arrived) for one in sandbox.received]
        after = [kind for kind, arrival in kinds if arrival > begun]
        assert after.index("alert") < 60, "what the rate lets through in three tenths of a second"
        assert Counter(after[:200])["alert"] > 120, "the notice waits while the alert goes out"
        assert (await ended(notice))["accepted"] == 400


async def test_a_notice_goes_on_without_a_pause_while_the_urgent_lanes_are_asked(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was in memory is sent while an alert is looked for; that none was found doesn't mean that nothing is due."""
    monkeypatch.setattr("mobile_push.delivery.courier.MAX_SLEEP_S", 60.0)
    claim = Rows.claim

    async def slow(self: Rows, lane: Lane, limit: int) -> list[DeliveryJob]:
        await asyncio.sleep(0.05)
        return await claim(self, lane, limit)

    monkeypatch.setattr(Rows, "claim", slow)
    async with open_push(fcm={"at_once": 20}) as door:
        await phones(door, 300)
        assert (await ended(await publish(door, await broadcast(door))))["accepted"] == 300


async def test_quiet_hours_hold_a_notice_back_and_no_alert(door: Door, sandbox: FcmSandbox) -> None:
    await phones(door, 3)
    await Profile.create(person="phone-0", **quiet_hours(door))
    await Profile.create(person="phone-1", notices=False)
    notice = await publish(door, await broadcast(door))
    await until(lambda: arrived(sandbox) == Counter(["phone-000002"]))
    await until(Chunk.filter(broadcast_id=notice.id, code="quiet hours").exists)
    held = await Chunk.get(broadcast_id=notice.id, code="quiet hours")
    assert (held.state, held.size, held.tries) == ("due", 1, 0)
    await until_equal(lambda: outcomes(notice), Counter({"accepted": 1, "unwanted": 1, "later": 1}))
    alert = await publish(door, await broadcast(door, "alert"))
    assert await ended(alert) == Counter({"accepted": 3})


async def test_no_phone_gets_more_notices_in_a_day_than_the_city_wants(open_push: Any, sandbox: FcmSandbox) -> None:
    async with open_push(notices_a_day=2) as door:
        await phones(door, 20)
        results = [await ended(await publish(door, await broadcast(door))) for _ in range(3)]
        assert results == [Counter({"accepted": 20})] * 2 + [Counter({"enough today": 20})]
        alert = await publish(door, await broadcast(door, "alert"))
        assert await ended(alert) == Counter({"accepted": 20})


async def test_a_notice_to_a_named_person_counts_as_any_other(
    open_push: Any, sandbox: FcmSandbox, database: str
) -> None:
    async with open_push(notices_a_day=2, database=database) as door:
        await phones(door, 1)

        async def named() -> str:
            one = str(uuid4())
            texts = {"zh-CN": "通知", "en": "A notice"}
            notice = Message(
                id=one,
                kind="notice",
                person="phone-0",
                title=texts,
                body=texts,
                link="/v1/inbox",
                created_at=door.platform.now(),
            )
            await door.platform[PUSH].accept([notice])
            await until(Delivery.filter(message_id=one).exclude(state="due").exists)
            return (await Delivery.get(message_id=one)).code

        assert await named() == "OK"
        assert await ended(await publish(door, await broadcast(door))) == Counter({"accepted": 1})
        assert await named() == "enough today"
        assert await ended(await publish(door, await broadcast(door))) == Counter({"enough today": 1})


async def test_a_recall_stops_what_is_not_sent_and_takes_it_off_the_screens(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"per_minute": 3_000}) as door:
        await phones(door, 200)
        one = await publish(door, await broadcast(door))
        await until(lambda: len(sandbox.received) >= 20)
        (before,) = (await door.citizen("wang").get("/v1/inbox")).ok()["items"]
        await publication.recall(door.platform, one, door.platform.now())
        await door.platform[PUSH].announce()

        def first() -> int:
            return sum("state" not in message.message["data"] for message in sandbox.received)

        async def still() -> bool:
            before = first()
            await asyncio.sleep(0.3)  # fifteen would have gone
            return first() == before

        await until(still)
        sent = first()
        assert sent < 120
        await asyncio.sleep(0.3)
        assert first() == sent
        assert await Chunk.filter(broadcast_id=one.id, state="due").count() == 0
        assert (await outcomes(one))["accepted"] == sent
        (after,) = (await door.citizen("wang").get(f"/v1/inbox?after={before['cursor']}")).ok()["items"]
        assert (after["id"], after["state"], after["title"]) == (before["id"], "recalled", "")
        assert (await door.citizen("new").get("/v1/inbox")).ok()["items"] == []


async def test_what_has_expired_is_not_sent_any_more(open_push: Any, sandbox: FcmSandbox) -> None:
    async with open_push(fcm={"per_minute": 600}) as door:
        await phones(door, 100)
        one = await publish(door, await broadcast(door, lasts=1.5))
        result = await ended(one)
        assert result["expired"] > 0
        assert result["accepted"] + result["expired"] == 100
        assert (await door.citizen("wang").get("/v1/inbox")).ok()["items"] == []


async def test_a_server_that_stops_in_the_middle_loses_nothing_and_repeats_nothing(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"per_minute": 6_000}) as door:
        tokens = await phones(door, 200)
        one = await publish(door, await broadcast(door))
        await until(lambda: len(sandbox.received) >= 50)
    assert len(sandbox.received) < 200
    async with open_push() as door:
        started = time.monotonic()
        assert (await ended(one))["accepted"] == 200
        assert time.monotonic() - started < 8.0, "nobody waits for a lease"
    assert arrived(sandbox) == Counter(tokens)


async def test_a_checkpoint_that_is_not_ours_any_more_writes_nothing(door: Door, sandbox: FcmSandbox) -> None:
    sandbox.behaviour.hang = True
    await phones(door, 5)
    one = await publish(door, await broadcast(door))
    chunks: Chunks = door.platform[PUSH].couriers[0]._sources[1]  # type: ignore[assignment]
    await until(lambda: chunks._open)
    (mine,) = chunks._open.values()
    await Chunk.filter(id=mine.id).update(attempts=mine.attempts + 1)
    before = await Chunk.get(id=mine.id)
    mine.apart.append(Apart("parked", "x", 0))
    mine.tick(0, "parked")
    await chunks.record()
    assert mine.lost
    after = await Chunk.get(id=mine.id)
    assert (after.done, after.outcomes) == (before.done, before.outcomes)
    assert await Chunk.all().count() == 1
    assert one.seq == 1


async def test_a_chunk_that_was_given_back_is_claimed_under_a_number_that_no_earlier_claim_has(
    door: Door, sandbox: FcmSandbox
) -> None:
    sandbox.behaviour.hang = True
    await phones(door, 5)
    await publish(door, await broadcast(door))
    chunks: Chunks = door.platform[PUSH].couriers[0]._sources[1]  # type: ignore[assignment]
    await until(lambda: chunks._open)
    push, numbers = Push("id", "", "", "/", "notice", 60, None, "high"), []
    for _ in range(3):
        (mine,) = chunks._open.values()
        numbers.append(mine.attempts)
        await chunks.give_back([DeliveryJob(push, "", mine.lane, chunks, (mine, 0))])
        door.platform[PUSH].wake()
        await until(lambda: chunks._open)
        mine.tick(0, "accepted")
        # What the earlier claim would still say is not taken.
        store = door.platform.store
        assert await keep(store, store.connection, "fcm", 30.0, Checkpoint.of(mine)) is None
    assert numbers == sorted(set(numbers))


@pytest.fixture
async def under_way(door: Door, sandbox: FcmSandbox) -> Chunks:
    """Chunks, one of which is being sent and isn't answered."""
    sandbox.behaviour.hang = True
    await phones(door, 5)
    await publish(door, await broadcast(door))
    chunks: Chunks = door.platform[PUSH].couriers[0]._sources[1]  # type: ignore[assignment]
    await until(lambda: chunks._open)
    return chunks


def put_off(chunks: Chunks) -> None:
    """One of its phones is for later, which isn't recorded yet."""
    (mine,) = chunks._open.values()
    mine.apart.append(Apart("due", "UNAVAILABLE", 0, 3600.0))
    mine.tick(0, "later")


async def test_two_who_record_at_once_put_a_phone_off_once(under_way: Chunks) -> None:
    """A courier does so beside its recorder when it gives back what it had claimed, because the provider rests."""
    put_off(under_way)
    await asyncio.gather(under_way.record(), under_way.record())
    assert await Chunk.filter(code="UNAVAILABLE").count() == 1


async def test_a_record_that_is_broken_off_after_its_commit_puts_a_phone_off_once(
    under_way: Chunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server stops; the recorder is cancelled, and what it had is recorded once more."""
    committed, answered = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[Any]:
        async with in_transaction() as connection:
            yield connection
        committed.set()
        await answered.wait()

    monkeypatch.setattr("mobile_push.delivery.claims.chunks.in_transaction", slow)
    put_off(under_way)
    recording = asyncio.create_task(under_way.record())
    try:
        async with asyncio.timeout(10):
            await committed.wait()
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
    finally:
        answered.set()
    await under_way.record()
    assert await Chunk.filter(code="UNAVAILABLE").count() == 1


async def test_people_whom_a_query_names_get_a_copy_of_their_own_and_their_phones_no_word_of_it(
    door: Door, sandbox: FcmSandbox, answers: Any
) -> None:
    wang = door.citizen("wang", "王小明")
    await phones(door, 1, "wang", person="wang")
    await phones(door, 1, "li", person="li")
    (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    await until(lambda: len(sandbox.received) == 1)
    audience = {"people": {"items": ["zone-pass"], "states": ["accepted", "submitted"]}}
    one = await publish(door, await broadcast(door, audience=audience))
    await until(lambda: len(sandbox.received) == 2)
    last = sandbox.received[-1]
    assert last.token == "wang-000000"
    assert "停电" not in last.message["notification"]["title"]
    items = (await wang.get("/v1/inbox")).ok()["items"]
    assert [(item["seq"], item["kind"], item["title"]) for item in items][1:] == [(2, "notice", TITLE["zh-CN"])]
    assert (await door.citizen("li").get("/v1/inbox")).ok()["items"] == []
    assert (await FanOut.get(broadcast_id=one.id)).found == 1


async def test_nobody_gets_a_copy_of_a_notice_that_was_recalled_while_the_copies_were_made(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await phones(door, 1, "wang", person="wang")
    one = await broadcast(door, audience={"people": {"items": ["zone-pass"], "states": ["submitted"]}})

    async def found(*_: Any, **__: Any) -> list[str]:
        await publication.recall(door.platform, await Broadcast.get(id=one.id), door.platform.now())
        return ["wang"]

    monkeypatch.setattr("mobile_push.inbox.copies.people_with_cases", found)
    await ended(await publish(door, one))
    assert await Delivery.all().count() == 0
    assert await inbox_messages.InboxMessage.all().count() == 0


async def test_two_who_publish_the_same_at_once_publish_it_once(door: Door) -> None:
    one = await broadcast(door)
    other = await Broadcast.get(id=one.id)
    results = await asyncio.gather(
        *(publication.publish(door.platform, each, ["fcm"]) for each in (one, other)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Broadcast", "Stale"]
    assert any(isinstance(result, Stale) for result in results)
    assert await FanOut.all().count() == 1


async def test_an_open_stream_hears_of_a_broadcast_and_its_recall_at_once(door: Door) -> None:
    token = door.citizen("wang").token
    async with door.session.get(f"{door.url}/v1/inbox/stream", headers={"Authorization": f"Bearer {token}"}) as answer:
        one = await publish(door, await broadcast(door))
        await publication.recall(door.platform, one, door.platform.now())
        await door.platform[PUSH].announce()
        text = b""
        async with asyncio.timeout(10):
            while text.count(b"event: message") < 2:
                text += await answer.content.readany()
    assert text.count(str(one.id).encode()) == 2
    assert b"id: 0.1\n" in text
    assert b'"state":"recalled"' in text


def test_places_are_ticked_off_one_by_one() -> None:
    one = Open(1, UUID(int=1), Lane.NOTICE, 1, 11, 0, 0, 0, 0.0, bytearray(2), bytes(11 * 16), Counter(), Counter(), 11)
    for place in (0, 7, 8, 10):
        one.tick(place, "accepted")
    assert one.open_places() == [1, 2, 3, 4, 5, 6, 9]
    assert (one.left, one.outcomes) == (7, Counter({"accepted": 4}))
