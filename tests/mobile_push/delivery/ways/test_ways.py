"""Several ways to one phone: registered in one request, taken in the city's order, and by exactly one of them each."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door
from mobile_push import Receipt
from mobile_push.delivery.service import deliver
from mobile_push.settings import WaySettings
from mobile_push.tables.models import Broadcast, Chunk, Delivery, Device, PhoneReceipt
from tests.mobile_push.conftest import hurry, new_message, none_of
from tests.mobile_push.delivery.fan_out import broadcast, publish
from tests.mobile_push.delivery.ways.in_memory import (
    DEAD,
    LATER,
    LOST,
    OK,
    SPENT,
    InBatches,
    InMemory,
    addresses,
    opened,
    phone,
    reached,
    register,
    sent,
    settled,
)  # fmt: skip
from tests.tries import tries
from tests.waiting import until

ALONE = SPENT._replace(phone_alone=True)


async def test_an_app_gives_all_ways_to_a_phone_in_one_request_and_the_city_orders_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: list[InMemory]
) -> None:
    async with opened(tmp_path, monkeypatch, ways, ways={"case": ["c", "a"], "notice": ["b"]}) as door:
        device = await register(door, 1)
        assert (device["provider"], device["providers"]) == ("b", ["b", "a", "c"])
        listed = (await door.citizen("wang").get("/v1/devices")).ok()["items"]
        assert listed == [device]
        one = await sent(door)
        await until(lambda: ways[2].took == [(one, "c-00000001")])
        notice = await publish(door, await broadcast(door))
        await until(lambda: ways[1].took == [(str(notice.id), "b-00000001")])
        alert = await publish(door, await broadcast(door, "alert"))
        await until(lambda: ways[0].took == [(str(alert.id), "a-00000001")])
        await until(settled)
    assert set(reached(*ways).values()) == {1}


async def test_the_same_phone_again_has_what_is_new_and_keeps_what_is_not_named(door: Door) -> None:
    first = await register(door, 1, "ab")
    again = await register(door, 1, "a")
    assert again == {**first, "seen_at": again["seen_at"]}
    other = await register(door, 1, "a", addresses=[{"provider": "c", "token": "c-new-token"}])
    assert (other["id"], other["providers"]) == (first["id"], ["a", "c"])
    assert await addresses() == {"a-00000001", "c-new-token"}
    without = await register(door, 1, "a", addresses=[])
    assert (without["id"], without["providers"]) == (first["id"], ["a"])
    changed = await door.citizen("wang").call(
        "PATCH",
        first["links"]["self"],
        json={"token": "a-new-token", "addresses": [{"provider": "b", "token": "b-new-token"}]},
    )
    assert changed.ok()["providers"] == ["a", "b"]
    assert await addresses() == {"a-new-token", "b-new-token"}


async def test_whoever_gives_an_address_has_the_phone_whichever_of_its_addresses_that_is(door: Door) -> None:
    first = await register(door, 1)
    taken = await register(door, 2, "a", who="li", addresses=[{"provider": "c", "token": "c-00000001"}])
    assert taken["id"] != first["id"]
    assert (await door.citizen("wang").get("/v1/devices")).ok()["items"] == []
    assert await addresses() == {"a-00000002", "c-00000001"}
    back = await door.citizen("wang").post("/v1/devices", phone(1, "c"))
    assert back.created()["providers"] == ["c"]
    assert await addresses() == {"c-00000001"}, "what else the phone of the other's had is gone with it"


#: Addresses beside a phone's own: not set up, twice, its own twice, without a token, two in one, and seven.
NO_ADDRESSES: list[tuple[list[Any], str]] = [
    ([{"provider": "d", "token": "d-00000001"}], "/addresses/0/provider"),
    ([{"provider": "b", "token": "b-00000001"}, {"provider": "b", "token": "b-00000002"}], "/addresses"),
    ([{"provider": "a", "token": "a-00000002"}], "/addresses"),
    ([{"provider": "b"}], "/addresses/0/token"),
    ([{"provider": "b", "token": "b-00000001", "subscription": {}}], "/addresses/0/subscription"),
    ([{"provider": one, "token": f"{one}-00000001"} for one in "bcdefg"], "/addresses"),
]


async def test_what_is_no_address_is_named(door: Door) -> None:
    for others, pointer in NO_ADDRESSES:
        reply = await door.citizen("wang").post("/v1/devices", phone(1, "a", addresses=others))
        problem = reply.problem(422, "invalid-fields")
        assert pointer in [one["pointer"][: len(pointer)] for one in problem["problems"]], others
    assert not await addresses()


async def test_a_phone_on_which_nobody_has_signed_in_has_several_ways_too(door: Door, ways: list[InMemory]) -> None:
    made = (await door.anyone.post("/v1/devices/anonymous", phone(1))).created()
    assert made["device"]["providers"] == ["a", "b", "c"]
    ways[0].says["a-00000001"] = [DEAD]
    one = await publish(door, await broadcast(door))
    await until(lambda: ways[1].took == [(str(one.id), "b-00000001")])
    secret = {"Device-Secret": made["secret"]}
    path = made["device"]["links"]["self"]
    changed = await door.anyone.call(
        "PATCH", path, json={"addresses": [{"provider": "c", "token": "c-00000002"}]}, headers=secret
    )
    assert changed.ok()["providers"][1:] == ["c"]
    assert (await door.anyone.call("DELETE", path, headers=secret)).status == 204
    assert not await addresses()


async def test_an_order_with_a_provider_that_is_not_set_up_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: list[InMemory]
) -> None:
    with pytest.raises((ValueError, ConfigurationError), match=r"ways\.alert names 'jpush', which is not set up"):
        async with opened(tmp_path, monkeypatch, ways, ways={"alert": ["jpush", "a"]}):
            pass
    settings = WaySettings(notice=("b", "jpush"))
    with pytest.raises(ValueError, match=r"ways\.notice names 'jpush', which is not set up; there are: a, b"):
        settings.order("notice", ["a", "b"])
    with pytest.raises(ValueError, match="names 'b' twice"):
        WaySettings(alert=("b", "b"))
    assert settings.order("alert", ["webpush", "zz", "fcm", "jpush"]) == ["jpush", "fcm", "webpush", "zz"]


async def test_where_the_first_way_is_dead_the_next_is_taken_and_a_phone_that_comes_back_has_its_first_again(
    door: Door, ways: list[InMemory]
) -> None:
    device = await register(door, 1)
    ways[0].says["a-00000001"] = [DEAD]
    ways[1].says["b-00000001"] = [DEAD]
    one = await sent(door)
    await until(lambda: ways[2].took == [(one, "c-00000001")])
    again = await register(door, 1, "ab", token="a-another-token")
    assert (again["id"], again["provider"]) == (device["id"], "a")
    two = await sent(door)
    await until(lambda: ways[0].took == [(two, "a-another-token")])
    assert set(reached(ways[2]).values()) == {1}


async def test_what_is_spent_goes_by_the_next_way_at_once_and_by_the_first_again_when_its_day_has_turned(
    door: Door, ways: list[InMemory]
) -> None:
    for number in range(40):
        await register(door, number, "ab" if number % 2 else "a", who=f"person-{number}")
    ways[0].otherwise = SPENT._replace(retry_after=1.5)
    one = await publish(door, await broadcast(door))
    await until(lambda: len(ways[1].took) == 20)
    asked = len(ways[0].asked)
    assert asked <= 8, "once it is known, nobody is asked"
    ways[0].otherwise = OK
    await until(lambda: len(reached(*ways)) == 40)
    two = await publish(door, await broadcast(door))
    await until(lambda: len(reached(*ways)) == 80)
    took = Counter(message for message, _ in ways[0].took)
    assert took == {str(one.id): 20, str(two.id): 40}
    assert set(reached(*ways).values()) == {1}


async def test_what_is_spent_of_one_kind_is_not_of_another(door: Door, ways: list[InMemory]) -> None:
    await register(door, 1, "ab")
    ways[0].otherwise = SPENT
    notice = await publish(door, await broadcast(door))
    await until(lambda: ways[1].took == [(str(notice.id), "b-00000001")])
    ways[0].otherwise = OK
    one = await sent(door)
    await until(lambda: ways[0].took == [(one, "a-00000001")])
    again = await publish(door, await broadcast(door))
    await until(lambda: (str(again.id), "b-00000001") in ways[1].took)
    assert (str(again.id), "a-00000001") not in ways[0].asked


async def test_an_address_that_the_app_gave_after_it_was_dead_stays(door: Door, ways: list[InMemory]) -> None:
    await register(door, 1, "a")
    given = (await Device.get()).given_at / 1000
    ways[0].says["a-00000001"] = [DEAD._replace(dead_since=given - 60), OK]
    one = await publish(door, await broadcast(door))
    await until(lambda: ways[0].took == [(str(one.id), "a-00000001")])
    assert await addresses() == {"a-00000001"}


async def test_a_batch_whose_answer_was_lost_comes_again_with_the_same_phones_in_the_same_order(
    door: Door, ways: list[InMemory]
) -> None:
    batches = ways[1]
    assert isinstance(batches, InBatches)
    for number in range(20):
        language = "en" if number % 3 == 0 else "zh-CN"
        await register(door, number, "b", who=f"person-{number}", language=language)
        batches.says[f"b-{number:0>8}"] = [LOST, OK]
    one = await publish(door, await broadcast(door))
    await until(lambda: len(batches.took) == 40)
    assert Counter(batches.requests) == dict.fromkeys(set(batches.requests), 2)
    assert {len(tokens) for _, tokens in batches.requests} <= {8, 5, 7, 4, 6}
    await until(lambda: none_of(Chunk.filter(state="due")))
    report = (await door.staff("p", "traffic:publisher").get(f"/v1/notices/{one.id}/report")).ok()
    assert report["total"]["twice"] == 20, "each that came twice is named"
    assert (report["total"]["accepted"], report["total"]["phones"]) == (20, 20)


#: What a provider may say of one address: any number of these, and then one of those.
MIDDLE = st.lists(st.sampled_from([LATER, LOST]), max_size=2)
LAST = st.sampled_from([OK, OK, DEAD, ALONE])
PHONES = st.lists(st.dictionaries(st.sampled_from("abc"), st.tuples(MIDDLE, LAST), min_size=1), min_size=1, max_size=6)


def takes(order: str, answers: Mapping[str, tuple[list[Receipt], Receipt]]) -> Counter[str]:
    """By which ways, and how often each, a phone is to get one message."""
    found: Counter[str] = Counter()
    for way in order:
        if way in answers:
            middle, last = answers[way]
            found[way] += sum(receipt is LOST for receipt in middle)
            if last is OK:
                found[way] += 1
                break
    return +found


@settings(max_examples=tries(8, 24), suppress_health_check=[*HealthCheck])
@given(phones=PHONES, order=st.permutations("abc"), kind=st.sampled_from(["case", "notice", "alert"]))
def test_every_phone_gets_a_message_by_exactly_one_way_whatever_becomes_of_the_others(
    phones: list[dict[str, tuple[list[Receipt], Receipt]]], order: list[str], kind: str
) -> None:
    """It comes once more only where an answer was lost."""

    async def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ways = [InMemory("a"), InBatches("b"), InMemory("c")]
        async with opened(folder, monkeypatch, ways, ways={kind: order}) as door:
            expected: Counter[str] = Counter()
            for number, answers in enumerate(phones):
                await register(door, number, "".join(answers), who=f"person-{number}")
                for way, (middle, last) in answers.items():
                    token = f"{way}-{number:0>8}"
                    ways["abc".index(way)].says[token] = [*middle, last]
                for way, count in takes("".join(order), answers).items():
                    expected[f"{way}-{number:0>8}"] = count
            if kind == "case":
                await deliver(door.platform, [new_message(f"person-{number}") for number in range(len(phones))])
            else:
                await publish(door, await broadcast(door, kind))

            def took() -> Counter[str]:
                return Counter(token for one in ways for _, token in one.took)

            await until(lambda: took() == expected, 10)
            await asyncio.sleep(0.1)
            assert took() == expected
            assert await Device.all().count() >= sum(
                any(last is not DEAD for _, last in one.values()) for one in phones
            )

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        hurry(monkeypatch)
        asyncio.run(run(Path(folder), monkeypatch))


async def test_a_server_of_the_version_before_finds_nothing_to_claim_of_what_goes_by_another_address(
    door: Door, ways: list[InMemory]
) -> None:
    """It knows a phone's own row alone: there the first address stays, and no name of its own is on the rest."""
    await register(door, 1, "ab")
    ways[0].otherwise = ALONE
    ways[1].otherwise = LATER
    await sent(door)
    await publish(door, await broadcast(door))
    await until(lambda: len({push.kind for push in ways[1].pushes}) == 2)
    deliveries, chunks = await Delivery.all(), await Chunk.exclude(state="done")
    assert {one.provider for one in deliveries} | {one.provider for one in chunks} == {"b+"}
    device = await Device.get()
    assert (device.provider, device.token) == ("a", "a-00000001")
    ways[1].otherwise = OK
    await until(lambda: len(ways[1].took) == 2)


async def test_what_somebody_reads_on_one_phone_leaves_the_screens_of_their_others(
    door: Door, ways: list[InMemory]
) -> None:
    first, _ = await register(door, 1, "ab"), await register(door, 2, "b")
    one, two = await sent(door), await sent(door)
    await until(lambda: len(ways[0].took) + len(ways[1].took) == 4)
    assert [push.badge for push in ways[0].pushes] == [1, 2] or [push.badge for push in ways[0].pushes] == [2, 2]
    at = door.platform.now().isoformat()
    opened = {"device": first["id"], "receipts": [{"message_id": one, "event": "opened", "at": at}]}
    await until(settled)
    (await door.citizen("wang").post("/v1/receipts", opened)).ok()
    await until(lambda: [push.withdrawn for push in ways[1].pushes].count("read") == 1)
    said = next(push for push in ways[1].pushes if push.withdrawn == "read")
    assert (said.message_id, said.name, said.presentation.sound) == (one, one, "")
    assert not [push for push in ways[0].pushes if push.withdrawn], "the phone on which it was read knows"
    (await door.citizen("wang").post("/v1/inbox/read", {"ids": [two]})).ok()
    await until(lambda: sum(push.withdrawn == "read" for one in ways for push in one.pushes) == 3)


async def test_receipts_of_a_provider_come_with_their_proof_and_are_told_by_way(
    door: Door, ways: list[InMemory]
) -> None:
    for number in range(4):
        await register(door, number, "ab", who=f"person-{number}")
    ways[0].says["a-00000001"] = [DEAD]
    one = str((await publish(door, await broadcast(door))).id)
    await until(lambda: len(reached(*ways)) == 4)
    now = door.platform.now().timestamp()
    lines = [
        f"arrived a-00000000 {one} {now + 3600}",
        f"opened a-00000002 {one} {now - 200_000_000}",
        f"shown a-00000000 {one} {now}",
        f"arrived b-00000001 {one} ",
        f"arrived a-00000003 {UUID(int=7)} {now}",
        f"arrived nobody {one} {now}",
        f"arrived a-00000003 no-message {now}",
        f"opened b-00000003 {one} 1e30",
    ]

    async def told(way: str, body: str, proof: str = "known") -> Any:
        headers = {"X-Proof": proof, "Content-Type": "text/plain"}
        return await door.anyone.call("POST", f"/v1/push/receipts/{way}?echostr=hello", data=body, headers=headers)

    forged = await told("a", "\n".join(lines), "made up")
    assert forged.status == 401
    assert (await told("nobody", "")).status == 404
    assert (await told("a", "what is this")).status == 400
    for body in (lines, lines[::-1], lines):
        for way in "ab":
            answer = await told(way, "\n".join(line for line in body if f" {way}-" in line or " nobody" in line))
            assert (answer.status, answer.body) == (200, b"hello")
    report = (await door.staff("p", "traffic:publisher").get(f"/v1/notices/{one}/report")).ok()
    by_way = {
        each["provider"]: tuple(each[name] for name in ("accepted", "arrived", "shown", "opened"))
        for each in report["providers"]
        if each["phones"]
    }
    assert by_way == {"a": (3, 2, 1, 1), "b": (1, 2, 0, 1)}
    receipts = await PhoneReceipt.all()
    published = (await Broadcast.get(id=one)).published_at or 0
    for receipt in receipts:
        assert receipt.received_at is not None
        assert published / 1000 - 1 <= receipt.received_at.timestamp() <= door.platform.now().timestamp()
