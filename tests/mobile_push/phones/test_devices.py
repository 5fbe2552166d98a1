"""Phones: registered, listed, handed on, forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from banshi.testing import Door, Person, Reply, open_door
from mobile_push.delivery.phones import Phones
from mobile_push.delivery.service import PUSH
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Device
from tests.mobile_push.conftest import deliveries, hurry, outcomes, send
from tests.waiting import until

#: A registration token.
PHONE = "phone-0001"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here."""
    hurry(monkeypatch)


async def register(person: Person, token: str = PHONE, key: str | None = None, **changes: Any) -> Reply:
    document = {"provider": "fcm", "token": token, "platform": "android", **changes}
    return await person.post("/v1/devices", document, key=key)


async def devices(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await person.get("/v1/devices")).ok()["items"]
    return items


async def test_a_phone_is_registered_and_listed_and_its_token_is_never_shown(door: Door) -> None:
    wang = door.citizen("wang")
    reply = await register(wang, "secret-token", language="en", platform="harmony")
    device = reply.created()
    assert reply.headers["Location"] == device["links"]["self"] == f"/v1/devices/{device['id']}"
    assert (device["provider"], device["platform"], device["language"]) == ("fcm", "harmony", "en")
    listed = await wang.get("/v1/devices")
    assert listed.ok() == {"items": [device], "next": None}
    assert b"secret-token" not in reply.body + listed.body


async def test_a_phone_speaks_its_owners_language_unless_it_says_another(door: Door) -> None:
    wang = door.citizen("wang")
    document = {"provider": "fcm", "token": "phone-0001", "platform": "ios"}
    english = await wang.post("/v1/devices", document, headers={"Accept-Language": "en"})
    assert english.created()["language"] == "en"
    assert (await register(wang, "phone-0002")).created()["language"] == "zh-CN"


async def test_the_same_token_again_is_the_same_phone_with_what_is_new(door: Door) -> None:
    wang = door.citizen("wang")
    first = (await register(wang)).created()
    again = (await register(wang, language="en", platform="ios")).created()
    assert again["seen_at"] > first["seen_at"]
    assert again == {**first, "language": "en", "platform": "ios", "seen_at": again["seen_at"]}
    assert await devices(wang) == [again]


async def test_the_same_token_many_times_at_once_is_one_phone(door: Door) -> None:
    wang = door.citizen("wang")
    replies = await asyncio.gather(*(register(wang) for _ in range(20)))
    assert len({reply.created()["id"] for reply in replies}) == 1
    assert len(await devices(wang)) == 1


async def test_the_same_token_for_two_persons_at_once_has_one_owner(door: Door) -> None:
    people = [door.citizen("wang"), door.citizen("li")]
    replies = await asyncio.gather(*(register(people[turn % 2]) for turn in range(20)))
    assert {reply.status for reply in replies} == {201}
    assert sum([len(await devices(person)) for person in people]) == 1


async def test_who_takes_a_phone_over_gets_its_messages_and_its_former_owner_none(
    door: Door, sandbox: FcmSandbox
) -> None:
    wang, li = door.citizen("wang"), door.citizen("li")
    device = (await register(wang)).created()
    sandbox.behaviour.unavailable_share = 1.0
    await send(door, "wang")
    await until(lambda: sandbox.answers["UNAVAILABLE"] >= 1)
    (await register(li)).created()
    sandbox.behaviour.unavailable_share = 0.0
    assert await outcomes(door) == [("failed", "forgotten")]
    await send(door, "wang")
    his = await send(door, "li")
    await until(lambda: sandbox.received)
    await asyncio.sleep(0.2)
    assert [one.message["data"]["message_id"] for one in sandbox.received] == [his.id]
    assert await devices(wang) == []
    (await wang.delete(f"/v1/devices/{device['id']}")).problem(404, "not-found")


async def test_a_phone_that_is_forgotten_gets_nothing_more_and_what_was_due_ends_as_failed(
    door: Door, sandbox: FcmSandbox
) -> None:
    wang = door.citizen("wang")
    gone, kept = [(await register(wang, token)).created() for token in ("phone-0001", "phone-0002")]
    sandbox.behaviour.unavailable_share = 1.0
    await send(door, "wang")
    await until(lambda: sandbox.answers["UNAVAILABLE"] >= 2)
    assert (await wang.delete(f"/v1/devices/{gone['id']}")).status == 204
    sandbox.behaviour.unavailable_share = 0.0
    await outcomes(door)
    await send(door, "wang")
    await until(lambda: len(sandbox.received) == 2)
    await outcomes(door)
    assert {one.token for one in sandbox.received} == {"phone-0002"}
    states = [(str(row["device_id"]), row["state"], row["code"]) for row in await deliveries(door)]
    assert sorted(states) == sorted(
        [(gone["id"], "failed", "forgotten"), (kept["id"], "sent", "OK"), (kept["id"], "sent", "OK")]
    )
    assert [device.token for device in await Device.all()] == ["phone-0002"]


async def test_a_phone_is_forgotten_once_and_by_its_owner_alone(door: Door) -> None:
    wang, path = door.citizen("wang"), (await register(door.citizen("wang"))).created()["links"]["self"]
    (await door.citizen("li").delete(path)).problem(404, "not-found")
    (await door.staff("wang", "traffic:approver").delete(path)).problem(403, "forbidden")
    (await door.anyone.delete(path)).problem(401, "unauthenticated")
    assert (await wang.delete(path)).status == 204
    (await wang.delete(path)).problem(404, "not-found")
    for wrong in ("1", "null", "..", "%00", "a" * 500, "018f3c1e-7b7a-7c3a-9e5e-00000000000g", "' OR 1=1 --"):
        (await wang.delete(f"/v1/devices/{wrong}")).problem(404, "not-found")


async def test_the_limit_of_phones_holds_however_many_register_at_once(open_push: Any) -> None:
    async with open_push(devices=3) as door:
        wang = door.citizen("wang")
        replies = await asyncio.gather(*(register(wang, f"phone-{number:04}") for number in range(20)))
        assert sorted(reply.status for reply in replies) == [201] * 3 + [409] * 17
        problem = next(reply for reply in replies if reply.status == 409).problem(409, "conflict")
        assert "已登记3台设备，请先移除一台" in problem["detail"]
        present = await devices(wang)
        assert len(present) == 3
        known = next(number for number in range(20) if replies[number].status == 201)
        assert (await register(wang, f"phone-{known:04}")).status == 201, "one that is known already is none more"
        (await register(door.citizen("li"), "phone-0099")).created()
        (await register(wang, "phone-0099")).problem(409, "conflict")
        await wang.delete(present[0]["links"]["self"])
        (await register(wang, "phone-0099")).created()


async def test_without_fcm_a_phone_is_told_what_is_set_up_here(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}) as door:
        wang = door.citizen("wang")
        problem = (await register(wang)).problem(422, "invalid-fields")
        assert problem["problems"] == [
            {"pointer": "/provider", "detail": "没有配置这种推送方式；可用的有：stream。", "code": "unavailable"}
        ]
        assert (await register(wang, "installation-1", provider="stream")).created()["provider"] == "stream"


async def test_a_key_registers_once_and_is_refused_for_another_phone(door: Door) -> None:
    wang = door.citizen("wang")
    replies = [await register(wang, key="k") for _ in range(2)]
    assert replies[0].created() == replies[1].created()
    assert replies[1].headers["Idempotency-Replayed"] == "true"
    (await register(wang, "phone-0002", key="k")).problem(422, "idempotency-key-reused")
    (await register(door.citizen("li"), "phone-0002", key="k")).created()
    assert len(await devices(wang)) == 1


async def test_a_key_that_is_used_many_times_at_once_registers_once(door: Door) -> None:
    wang = door.citizen("wang")
    replies = await asyncio.gather(*(register(wang, key="k") for _ in range(20)))
    created = [reply for reply in replies if reply.status == 201]
    assert len({reply.body for reply in created}) == 1
    for reply in replies:
        if reply not in created:
            reply.problem(409, "still-running")
    assert len(await devices(wang)) == 1


GOOD = {"provider": "fcm", "token": "phone-0001", "platform": "android"}

#: A body → the pointers that it is told.
WRONG_BODIES: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({}, {"/provider", "/platform"}),
    ({**GOOD, "provider": "apns"}, {"/provider"}),
    ({**GOOD, "provider": ["fcm"]}, {"/provider"}),
    ({**GOOD, "platform": "symbian", "language": "fr"}, {"/platform", "/language"}),
    ({**GOOD, "person": "li", "id": "1"}, {"/person", "/id"}),
    ({key: value for key, value in GOOD.items() if key != "token"}, {"/token"}),
    *(
        ({**GOOD, "token": token}, {"/token"})
        for token in (
            None,
            7,
            {"$ne": ""},
            "",
            "short",
            "phone\n0001",
            "phone-0001\n",
            "phone-0001\r\nX-Injected: 1",
            "phone 0001",
            "手机令牌手机令牌",
            "phone-0001\u2028",
            "t" * 4097,
        )
    ),
)


async def test_a_wrong_registration_is_told_every_wrong_field_and_registers_nothing(
    door: Door, sandbox: FcmSandbox
) -> None:
    wang = door.citizen("wang")
    for body, pointers in WRONG_BODIES:
        problem = (await wang.post("/v1/devices", body)).problem(422, "invalid-fields")
        assert {one["pointer"] for one in problem["problems"]} == pointers, body
    (await wang.post("/v1/devices", {**GOOD, "token": "t" * 300_000})).problem(413, "too-large")
    (await wang.post("/v1/devices", [GOOD])).problem(400, "malformed-body")
    (await wang.call("POST", "/v1/devices", data=b"{")).problem(415, "unsupported-media-type")
    json = {"Content-Type": "application/json"}
    for raw in (b"{", b"\xff\xfe", b'{"token":"\xd8\x00"}', b'{"token":"phone\\u00000001"}', b"[" * 5000, b""):
        (await wang.call("POST", "/v1/devices", data=raw, headers=json)).problem(400, "malformed-body")
    for key in ("", "k" * 129, "schlüssel"):
        given = key.encode().decode("latin-1")
        (await wang.post("/v1/devices", GOOD, headers={"Idempotency-Key": given})).problem(400, "invalid-parameter")
    (await wang.post("/v1/devices?token=x", GOOD)).problem(400, "invalid-parameter")
    (await wang.get("/v1/devices?person=li")).problem(400, "invalid-parameter")
    (await door.anyone.post("/v1/devices", GOOD)).problem(401, "unauthenticated")
    (await door.staff("li", "traffic:approver").post("/v1/devices", GOOD)).problem(403, "forbidden")
    (await door.staff("li", "traffic:approver").get("/v1/devices")).problem(403, "forbidden")
    assert await devices(wang) == []


async def test_the_longest_token_that_is_taken_arrives_whole(door: Door, sandbox: FcmSandbox) -> None:
    token = "".join(chr(33 + number % 94) for number in range(4096))
    (await register(door.citizen("wang"), token)).created()
    await send(door, "wang")
    await until(lambda: sandbox.received)
    assert sandbox.received[0].token == token


@pytest.mark.parametrize(("people", "topics"), [(2, False), (3, True)])
async def test_people_who_pass_their_phones_tokens_round_at_one_moment_all_get_an_answer(
    open_push: Any, postgres: str, people: int, topics: bool
) -> None:
    """Each takes the phone of another, who takes theirs: PostgreSQL ends one of two that wait for each other."""
    async with open_push(database=postgres, fcm={"topics": topics}, notices_a_day=5) as door:
        owners = [door.citizen(f"p{number}") for number in range(people)]
        counted = Phones(door.platform, "fcm", door.platform[PUSH].settings)
        for turn in range(20):
            tokens = [f"phone-{turn}-{number}" for number in range(people)]
            phones = [(await register(owner, token)).created() for owner, token in zip(owners, tokens, strict=True)]
            ids = [UUID(phone["id"]).bytes for phone in phones]
            *replies, _, _ = await asyncio.gather(
                *(
                    owner.call("PATCH", phone["links"]["self"], json={"token": tokens[place - 1]})
                    for place, (owner, phone) in enumerate(zip(owners, phones, strict=True))
                ),
                # Notices that were sent to these phones are counted meanwhile.
                *(counted.count(ids[::step]) for step in (1, -1)),
            )
            statuses = sorted(reply.status for reply in replies)
            # Whoever has an address is the phone: one whose phone was taken over before they came has it no more.
            assert set(statuses) <= {200, 404}, [reply.body for reply in replies]
            assert 200 in statuses
            there = [one["id"] for owner in owners for one in await devices(owner)]
            assert len(there) == statuses.count(200)
            await Device.filter(id__in=there).delete()
