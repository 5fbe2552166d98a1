"""Phones at FCM, APNs and JPush, a third each, by the real providers against the sandbox: every one is reached once."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from banshi import testing
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.testing import Door, open_door
from mobile_push.sandbox.apns import KEY_ID, TEAM_ID, TOPIC
from mobile_push.sandbox.jpush.receipts import APP_KEY, MASTER_SECRET, basic
from mobile_push.sandbox.together import PushServices
from mobile_push.tables.models import Address, Chunk, Device
from tests.mobile_push.conftest import PLUGINS, TRAFFIC, until_equal
from tests.mobile_push.delivery.fan_out import broadcast, publish
from tests.processes import commands
from tests.waiting import until

PHONES = 3000 if os.environ.get("BANSHI_TEST_LONG") else 90
#: Seconds that a broadcast may take until every phone has it.
PATIENCE_S = 60.0

#: A phone's address at each service, by its number.
ADDRESS: dict[str, Callable[[int], str]] = {
    "apns": lambda number: f"{number:064x}",
    "jpush": lambda number: f"jpush-{number:0>12}",
    "fcm": lambda number: f"fcm-{number:0>12}",
}
#: The services that a phone has an address at, the first of which it is reached by: a third of the phones each.
THIRDS = (("apns", "jpush", "fcm"), ("jpush", "fcm"), ("fcm",))

Open = Callable[..., AbstractAsyncContextManager[Door]]


@pytest.fixture
async def services(one_key: None) -> AsyncIterator[PushServices]:
    async with PushServices() as one:
        yield one


@pytest.fixture
def opened(tmp_path: Path, services: PushServices) -> Open:
    """A platform on the sandbox; another one on the same database, once it has ended."""
    account = services.fcm.service_account_file(tmp_path / "fcm.json")
    keys = {"key_file": str(services.apns.key_file(tmp_path / "apns.p8")), "key_id": KEY_ID, "team_id": TEAM_ID}
    ways = {
        "fcm": {
            "service_account_file": str(account),
            "base_url": services.fcm.base_url,
            "at_once": 20,
            "topics_url": services.fcm.topics_url,
            "timeout": 5.0,
        },
        "apns": {**keys, "topic": TOPIC, "base_url": services.url, "timeout": 5.0},
        "jpush": {
            "app_key": APP_KEY,
            "master_secret": MASTER_SECRET,
            "base_url": services.url,
            "vip": True,
            "timeout": 5.0,
        },
        "ways": {kind: ["apns", "jpush", "fcm"] for kind in ("notice", "alert", "case")},
    }

    def one(duty: ProcessRole = EVERYTHING, **more: Any) -> AbstractAsyncContextManager[Door]:
        own = {"one_person": ["traffic"], **ways, **more}
        write_configuration(tmp_path, own)
        return open_door(tmp_path, PLUGINS, settings={"mobile_push": own}, duty=duty)

    return one


def write_configuration(folder: Path, push: dict[str, Any]) -> None:
    """The same for a server in a process of its own."""
    data = folder / "data"
    lines = [f'[platform]\ndata = "{data}"\ndatabase = "{testing.database_in(data)}"']
    lines += [
        f'[plugins.traffic]\napi = 1\npath = "{TRAFFIC}"',
        '[plugins.mobile_push]\napi = 1\npackage = "mobile_push"',
    ]
    tables = {"": {}, **{f".{name}": told for name, told in push.items() if isinstance(told, dict)}}
    tables[""] = {name: told for name, told in push.items() if not isinstance(told, dict)}
    for name, told in tables.items():
        lines.append(f"[plugins.mobile_push.settings{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    (folder / "plugins.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


async def register(door: Door, numbers: Iterable[int], of: Callable[[int], Iterable[str]]) -> None:
    async def one(number: int) -> None:
        first, *others = [{"provider": name, "token": ADDRESS[name](number)} for name in of(number)]
        document = {**first, "platform": "android", "addresses": others}
        (await door.citizen(f"person-{number}").post("/v1/devices", document)).created()

    left = iter(numbers)

    async def some() -> None:
        for number in left:
            await one(number)

    await asyncio.gather(*(some() for _ in range(8)))


def third(number: int) -> tuple[str, ...]:
    return THIRDS[number % 3]


def got_by(services: PushServices, message: str, name: str) -> Counter[int]:
    """Phone → how often it got that message by that service."""
    found: Counter[int] = Counter()
    if name == "fcm":
        found.update(
            int(one.token[4:]) for one in services.fcm.received if one.message["data"]["message_id"] == message
        )
    elif name == "apns":
        found.update(int(one.token, 16) for one in services.apns.received if one.message["message_id"] == message)
    else:
        for one in services.jpush.received:
            if one.message["notification"]["android"]["extras"]["message_id"] == message:
                found.update(int(token[6:]) for token in one.tokens)
    return found


def got(services: PushServices, message: str) -> Counter[int]:
    """The same by whichever service."""
    return sum((got_by(services, message, name) for name in ADDRESS), Counter[int]())


async def all_got(services: PushServices, message: str, phones: set[int]) -> None:
    """Until all of these have it, and nobody else. Twice has it at most one in a hundred, each named by the report: an
    answer that comes too late on a busy machine is a lost one."""

    def have() -> bool:
        return got(services, message).keys() >= phones

    try:
        await until(have, PATIENCE_S)
    except AssertionError:
        lost = sorted(phones - got(services, message).keys())
        raise AssertionError(f"lost: {len(lost)}, such as {lost[:5]}") from None
    await asyncio.sleep(0.5)
    found = got(services, message)
    assert found.keys() == phones
    more = found.total() - len(phones)
    assert more <= -(-len(phones) // 100)

    async def are_named() -> bool:
        return sum(await Chunk.filter(broadcast_id=message).values_list("twice", flat=True)) >= more

    await until(are_named, PATIENCE_S)


async def kept() -> set[str]:
    """Every address that is still kept."""
    own = {one.token for one in await Device.all() if one.token}
    return own | {one.token for one in await Address.all()}


async def only_kept(expected: set[str]) -> None:
    """Until these addresses are kept, and no others."""
    await until_equal(kept, expected, PATIENCE_S)


def all_of(numbers: Iterable[int], of: Callable[[int], Iterable[str]] = third) -> set[str]:
    return {ADDRESS[name](number) for number in numbers for name in of(number)}


async def test_with_a_spent_quota_lost_answers_dead_and_illegal_addresses_and_connections_that_go_away(
    opened: Open, services: PushServices
) -> None:
    """A notice to all: exactly one way each, 0 lost, and nobody is forgotten but whose address is dead."""
    phones = range(PHONES)
    async with opened() as door:
        await register(door, phones, third)
        dead = {ADDRESS["apns"](number) for number in phones[0::30]}
        illegal = {ADDRESS["jpush"](number) for number in phones[1::30]}
        gone = set(phones[2::30])
        services.apns.behaviour.unregistered = dict.fromkeys(dead, time.time() + 5)
        services.apns.behaviour.goaway = 100 if PHONES > 1000 else 10
        services.jpush.behaviour.illegal = illegal
        services.jpush.behaviour.a_day = {"0": PHONES // 4}
        services.jpush.behaviour.lose_answer, services.jpush.behaviour.every = {"/v3/push"}, {"/v3/push": 3}
        services.fcm.behaviour.unregistered = {ADDRESS["fcm"](number) for number in gone}
        services.fcm.behaviour.unavailable_share = 0.1
        one = await publish(door, await broadcast(door))
        await all_got(services, str(one.id), {*phones} - gone)
        # What is called dead is believed once its service has accepted something after it.
        for _ in range(2):
            two = await publish(door, await broadcast(door, "alert"))
            await all_got(services, str(two.id), {*phones} - gone)
        await only_kept(all_of({*phones} - gone) - dead - illegal)
        report = (await door.staff("p", "traffic:publisher").get(f"/v1/notices/{one.id}/report")).ok()
        assert report["total"]["accepted"] == PHONES - len(gone)


async def test_a_wrong_key_forgets_nobody_and_costs_nothing_but_time(opened: Open, services: PushServices) -> None:
    phones = range(60)
    async with opened() as door:
        await register(door, phones, lambda number: THIRDS[0][:1] if number % 2 else ("jpush",))
        before = await kept()
        right, services.apns._key = services.apns._key, ec.generate_private_key(ec.SECP256R1())
        services.jpush.behaviour.codes = {"/v3/push": 1004}
        one = await publish(door, await broadcast(door, "alert"))
        await until(lambda: services.apns.answers["InvalidProviderToken"] >= 5, PATIENCE_S)
        await until(lambda: services.jpush.counted["/v3/push", 1004] >= 1, PATIENCE_S)
        assert await kept() == before
        services.apns._key = right
        services.jpush.behaviour.codes = {}
        await all_got(services, str(one.id), {*phones})
        assert await kept() == before


async def test_a_phone_that_is_withdrawn_while_its_batch_is_on_its_way_stays_so_and_the_others_are_reached(
    opened: Open, services: PushServices
) -> None:
    phones = range(20)
    async with opened() as door:
        await register(door, phones, lambda _: ("jpush",))
        services.jpush.behaviour.latency = {"/v3/push": 1.0}
        services.jpush.behaviour.illegal = {ADDRESS["jpush"](7)}
        one = await publish(door, await broadcast(door))
        await asyncio.sleep(0.5)
        (mine,) = (await door.citizen("person-3").get("/v1/devices")).ok()["items"]
        assert (await door.citizen("person-3").call("DELETE", mine["links"]["self"])).status == 204
        await until(lambda: got(services, str(one.id)).keys() >= {*phones} - {3, 7}, PATIENCE_S)

        await asyncio.sleep(0.5)
        assert await kept() | {ADDRESS["jpush"](7)} == all_of({*phones} - {3}, lambda _: ("jpush",))
        assert set(got(services, str(one.id)).values()) == {1}


async def test_what_is_ended_between_two_ways_goes_on_by_the_second_and_by_no_other(
    opened: Open, services: PushServices
) -> None:
    """The first way's word is known, the second's never came: whoever takes over asks the second alone."""
    phones = range(12)
    async with opened() as door:
        await register(door, phones, lambda number: ("apns", "jpush") if number else ("apns",))
        services.apns.behaviour.unregistered = {ADDRESS["apns"](number): time.time() + 5 for number in phones[1:]}
        services.jpush.behaviour.hang = {"/v3/push"}
        one = await publish(door, await broadcast(door))
        await until(lambda: services.jpush.counted["/v3/push", "hang"] >= 1, PATIENCE_S)
    services.jpush.behaviour.hang = False
    asked = services.apns.answers["Unregistered"]
    async with opened():
        await all_got(services, str(one.id), {*phones})
    assert services.apns.answers["Unregistered"] <= asked + len(phones)


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_server_that_is_killed_between_two_ways_again_and_again_loses_nobody_and_takes_no_third(
    opened: Open, services: PushServices, tmp_path: Path
) -> None:
    """What had no answer when it was killed may come once more, by the same way and by no other."""
    phones = range(PHONES)
    async with opened(ProcessRole(lanes=frozenset()), lease=11) as door:
        await register(door, phones, third)
        dead = {ADDRESS["apns"](number) for number in phones[0::6]}
        services.apns.behaviour.unregistered = dict.fromkeys(dead, time.time() + 5)
        one = await publish(door, await broadcast(door))
        assert not got(services, str(one.id))
    services.jpush.behaviour.hang = {"/v3/push"}

    def have_hung(times: int) -> Callable[[], bool]:
        return lambda: services.jpush.counted["/v3/push", "hang"] >= times

    for kills in (1, 2):
        server = commands.begin(tmp_path, "serve", "--port", "0")
        try:
            await until(have_hung(kills), PATIENCE_S)
        finally:
            server.close()
    services.jpush.behaviour.hang = False
    async with opened(lease=11):
        await until(lambda: got(services, str(one.id)).keys() >= {*phones}, PATIENCE_S)
        await asyncio.sleep(0.5)
    by = {name: set(got_by(services, str(one.id), name)) for name in ADDRESS}
    assert sum(len(found) for found in by.values()) == PHONES, "each by one way"
    assert by["apns"] == {number for number in phones[0::3] if ADDRESS["apns"](number) not in dead}
    assert max(got(services, str(one.id)).values()) <= 3


async def test_receipts_twice_out_of_order_forged_and_of_nothing_count_as_what_they_are(
    opened: Open, services: PushServices
) -> None:
    phones = range(6)
    async with opened() as door:
        await register(door, phones, lambda _: ("jpush",))
        services.jpush.receipts.to = to = f"{door.url}/v1/push/receipts/jpush"
        services.jpush.behaviour.lose_answers, services.jpush.behaviour.late_repeats = 1, True
        one = await publish(door, await broadcast(door))
        await all_got(services, str(one.id), {*phones})
        await services.jpush.told()
        services.jpush.opened(ADDRESS["jpush"](2))
        await services.jpush.told()
        await services.jpush.receipts.send_late()
        row = {"msg_id": "1", "registration_id": ADDRESS["jpush"](1), "type": 2, "time": int(time.time() * 1000)}
        forged = [{**row, "params": {"message_id": str(one.id)}}]
        unknown = [{**row, "params": {"message_id": "019abcde-0000-7000-8000-000000000000"}}, {"type": "x"}]
        old = [{**row, "type": 1, "time": 1_577_836_800_000, "params": {"message_id": str(one.id)}}]
        async with aiohttp.ClientSession() as session:
            for proof, rows, status in ((basic("x"), forged, 401), (basic(), unknown, 200), (basic(), old, 200)):
                async with session.post(to, json=rows, headers={"Authorization": proof}) as answer:
                    assert answer.status == status

        async def counted() -> Any:
            report = await door.staff("p", "traffic:publisher").get(f"/v1/notices/{one.id}/report")
            (jpush,) = [each for each in report.ok()["providers"] if each["provider"] == "jpush"]
            return [jpush.get(name, 0) for name in ("accepted", "arrived", "opened")]

        await until_equal(counted, [6, 6, 1], PATIENCE_S)
