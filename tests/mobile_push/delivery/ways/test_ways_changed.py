"""Phones that change their addresses: whatever they had, and whatever is under way, each message reaches them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from banshi.testing import Door
from mobile_push.delivery.planner import Planner
from mobile_push.delivery.service import PUSH
from mobile_push.inbox.unread import unread
from mobile_push.phones import registration
from mobile_push.phones.upkeep import forget_absent
from mobile_push.tables.models import Address, Delivery, Device, FanOut
from tests.mobile_push.conftest import nothing_due, until_equal
from tests.mobile_push.delivery.fan_out import broadcast, publish
from tests.mobile_push.delivery.ways.in_memory import DEAD, OK, InMemory, phone, reached, register, sent
from tests.waiting import until


def at(provider: str, number: int = 1) -> dict[str, str]:
    return {"provider": provider, "token": f"{provider}-{number:0>8}"}


@pytest.mark.parametrize("how", ["POST", "PATCH"])
@pytest.mark.parametrize("old", ["stream", "a", "b"])
async def test_a_phone_is_woken_by_its_new_addresses_whichever_it_had_before(
    door: Door, ways: list[InMemory], old: str, how: str
) -> None:
    wang = door.citizen("wang")
    first = (await wang.post("/v1/devices", {**at(old), "platform": "android"})).created()
    if how == "POST":
        body = {**at("c"), "platform": "android", "addresses": [at(old)]}
        device = (await wang.post("/v1/devices", body)).created()
    else:
        device = (await wang.call("PATCH", first["links"]["self"], json={"addresses": [at("c")]})).ok()
    assert (device["id"], {*device["providers"]}) == (first["id"], {"c", old})
    one = await sent(door)
    alert = str((await publish(door, await broadcast(door, "alert"))).id)
    await until(lambda: len(reached(*ways)) == 2)
    await until(nothing_due)
    assert reached(*ways) == {(one, "00000001"): 1, (alert, "00000001"): 1}


async def test_a_stream_that_is_not_named_again_stays_when_another_address_takes_its_place(door: Door) -> None:
    wang = door.citizen("wang")
    first = (await wang.post("/v1/devices", {**at("stream"), "platform": "android"})).created()
    changed = await wang.call("PATCH", first["links"]["self"], json={"addresses": [at("a")]})
    assert changed.ok()["providers"] == ["a", "stream"]
    again = (await wang.post("/v1/devices", {**at("stream"), "platform": "android"})).created()
    assert (again["id"], again["providers"]) == (first["id"], ["a", "stream"])


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The providers over whose phones nobody walks."""
    shut: set[str] = set()
    real = Planner._phones

    async def phones(self: Planner, walk: Any, *rest: Any) -> Any:
        await until(lambda: walk.provider not in shut)
        return await real(self, walk, *rest)

    monkeypatch.setattr(Planner, "_phones", phones)
    return shut


@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("shut", ["a", "b", ""])
async def test_a_phone_that_changes_its_provider_while_a_broadcast_is_walked_is_walked_once(
    door: Door, ways: list[InMemory], gate: set[str], shut: str, old: str, new: str
) -> None:
    """Whether the walk over its former provider or the one over its new one has passed it."""
    first = await register(door, 1, old)
    gate |= {*shut}
    one = str((await publish(door, await broadcast(door, "alert"))).id)
    # One after the other: what comes behind one that is shut waits.
    await until_equal(FanOut.filter(state="done").count, {"a": 0, "b": 1, "": 3}[shut])
    path = first["links"]["self"]
    moved = (await door.citizen("wang").call("PATCH", path, json={"addresses": [at(new)]})).ok()
    assert moved["id"] == first["id"]
    body = phone(1, new, addresses=[])
    moved = (await door.citizen("wang").post("/v1/devices", body)).created()
    assert (moved["id"], moved["provider"], moved["providers"]) == (first["id"], new, [new])
    gate.clear()
    await until(lambda: reached(*ways) == {(one, "00000001"): 1})
    await until(nothing_due)
    assert reached(*ways) == {(one, "00000001"): 1}
    again = (await door.citizen("wang").post("/v1/devices", body)).created()
    assert again["providers"] == [new]
    assert (await Device.get()).provider == new, "between two walks its row has moved"
    two = str((await publish(door, await broadcast(door))).id)
    await until(lambda: ways["ab".index(new)].took[-1:] == [(two, f"{new}-00000001")])


@pytest.mark.parametrize("who", ["wang", "li", ""])
async def test_addresses_of_a_phone_that_a_server_of_the_version_before_has_deleted_are_free(
    door: Door, who: str
) -> None:
    """It deletes the phone alone: it knows of no other addresses."""
    first = await register(door, 1)
    await Device.filter(id=first["id"]).delete()
    assert await Address.all().count() == 2
    if who:
        again = await register(door, 1, who=who)
    else:
        again = (await door.anyone.post("/v1/devices/anonymous", phone(1))).created()["device"]
    assert again["providers"] == ["a", "b", "c"]
    assert {one.device_id for one in await Address.all()} == {(await Device.get()).id}
    other = await register(door, 2, "c", who=who or "wang")
    await Device.filter(id=again["id"]).delete()
    path = f"/v1/devices/{other['id']}"
    changed = await door.citizen(who or "wang").call("PATCH", path, json={"addresses": [at("a"), at("b")]})
    assert changed.ok()["providers"] == ["c", "a", "b"]


async def test_addresses_of_phones_that_are_gone_are_forgotten_within_a_day(door: Door) -> None:
    kept, gone = await register(door, 1, "ab"), await register(door, 2, "ab", who="li")
    await Device.filter(id=gone["id"]).delete()
    assert await forget_absent(door.platform, 270) == 0
    assert [str(one.device_id) for one in await Address.all()] == [kept["id"]]


@pytest.mark.parametrize("providers", ["ab", "a"])
async def test_an_address_that_is_dead_since_before_the_app_gave_it_is_asked_once_more(
    door: Door, ways: list[InMemory], providers: str
) -> None:
    await register(door, 1, providers)
    await register(door, 2, "a", who="li")
    await sent(door, "li")
    await until(lambda: ways[0].took)
    ways[0].says["a-00000001"] = [DEAD._replace(dead_since=1_000.0)]
    one = str((await publish(door, await broadcast(door, "alert"))).id)
    await until(nothing_due)
    asked = [token for _, token in ways[0].asked].count("a-00000001")
    assert asked == 2
    assert ways[1].took == ([(one, "b-00000001")] if providers == "ab" else [])
    ways[0].says["a-00000001"] = [OK]
    await register(door, 1, providers)
    three = await sent(door)
    await until(lambda: (three, "a-00000001") in ways[0].took)


async def test_of_two_who_give_one_address_at_the_same_moment_one_has_it(
    door: Door, ways: list[InMemory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One gives it alone, the other one beside another of their phone's."""
    looked, go = asyncio.Event(), asyncio.Event()
    real = registration.holders

    async def holders(given: Any, *rest: Any) -> Any:
        found = await real(given, *rest)
        if not rest and len(given) == 1 and not looked.is_set():
            looked.set()
            await go.wait()
        return found

    monkeypatch.setattr(registration, "holders", holders)
    alone = asyncio.create_task(register(door, 1, "b", who="li"))
    await looked.wait()
    await register(door, 1, "ab")
    go.set()
    await alone
    assert not await Address.filter(token_hash__in=[one.token_hash for one in await Device.all()]).exists()
    one = str((await publish(door, await broadcast(door))).id)
    await until(lambda: (one, "b-00000001") in ways[1].took)
    await until(nothing_due)
    assert reached(*ways) == {(one, "00000001"): 1}


async def test_of_many_who_give_the_same_addresses_at_once_each_address_is_one_phones(door: Door) -> None:
    people = [door.citizen(f"person-{number}") for number in range(8)]
    bodies = [phone(1, providers) for providers in ("b", "ab", "cb", "a", "c", "bc", "ba", "ca")]
    replies = await asyncio.gather(*(one.post("/v1/devices", body) for one, body in zip(people, bodies, strict=True)))
    assert {reply.status for reply in replies} <= {201, 409}
    devices, beside = await Device.all(), await Address.all()
    digests = [one.token_hash for one in devices] + [one.token_hash for one in beside]
    assert len({*digests}) == len(digests)
    assert {one.device_id for one in beside} <= {one.id for one in devices}


async def test_what_cannot_be_sent_in_time_is_given_back_untried(door: Door, ways: list[InMemory]) -> None:
    """A claim may take more than a provider sends before the lease ends."""
    await register(door, 1, "b")
    rows: Any = next(one for one in door.platform[PUSH].couriers if one.provider is ways[1])._sources[0]
    good, rows._good_for = rows._good_for, -1.0
    one = await sent(door)
    await until(Delivery.filter(attempts__gte=3).exists)
    rows._good_for = good
    await until(lambda: ways[1].took == [(one, "b-00000001")])
    await until(nothing_due)
    row = await Delivery.get()
    assert (row.attempts >= 3, row.tries) == (True, 1)


async def test_a_claim_whose_badges_cannot_be_counted_is_given_back_at_once(
    door: Door, ways: list[InMemory], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = unread
    failed: list[Any] = []

    async def failing(*given: Any) -> Any:
        if not failed:
            failed.append(given)
            raise ConnectionError
        return await real(*given)

    monkeypatch.setattr("mobile_push.delivery.claims.rows.unread", failing)
    await register(door, 1, "b")
    one = await sent(door)
    await until(lambda: ways[1].took == [(one, "b-00000001")])
    assert (len(failed), (await Delivery.get()).tries) == (1, 1)
