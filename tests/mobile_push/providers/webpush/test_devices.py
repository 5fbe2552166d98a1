"""Browsers from their registration to the message, through the whole platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from banshi.testing import Door, Reply, open_door
from mobile_push import banshi_checks
from mobile_push.delivery.service import PUSH
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.webpush import WebPushSettings
from mobile_push.providers.webpush.vapid import public_key, read_key, write_key
from mobile_push.sandbox.webpush.push_service import WebPushSandbox
from mobile_push.settings import PushSettings
from mobile_push.tables.models import Device
from tests.mobile_push.conftest import deliveries, hurry, none_of, outcomes, send
from tests.waiting import until


@pytest.fixture
async def server() -> AsyncIterator[WebPushSandbox]:
    async with WebPushSandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def web(tmp_path: Path, server: WebPushSandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """A platform that sends Web Push, to the sandbox as well."""
    hurry(monkeypatch)
    write_key(tmp_path / "vapid.pem")
    own = {
        "private_key_file": str(tmp_path / "vapid.pem"),
        "contact": "mailto:push@example.org",
        "loopback": True,
        "connections": 20,
    }
    settings = {"mobile_push": {"webpush": own}}
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings=settings) as door:
        yield door


async def key_of(door: Door) -> str:
    return str((await door.anyone.get("/v1/push/webpush-key")).ok()["application_server_key"])


async def register(door: Door, phone: Any, person: str = "wang", **changes: Any) -> Reply:
    document = {"provider": "webpush", "platform": "web", "subscription": phone, **changes}
    return await door.citizen(person).post("/v1/devices", {k: v for k, v in document.items() if v is not None})


async def test_a_browser_asks_for_the_key_subscribes_registers_and_gets_what_says_nothing_of_the_case(
    web: Door, server: WebPushSandbox
) -> None:
    phone = server.subscribe(await key_of(web))
    reply = await register(web, phone, language="en")
    assert reply.created()["provider"] == "webpush"
    assert phone["endpoint"].encode() not in reply.body
    message = await send(web)
    await until(lambda: server.received)
    pushed = server.received[0].message
    assert pushed == {
        "message_id": message.id,
        "kind": "case",
        "title": "You have a new message about your case",
        "body": "",
        "link": message.link,
        "tag": message.id,
        "channel": "cases",
        "level": "active",
        "sound": "default",
        "silent": False,
        "renotify": True,
    }
    assert await outcomes(web) == [("sent", "OK")]
    row = (await deliveries(web))[0]
    assert (row["provider"], row["provider_message"]) == ("webpush", f"{server.url}/message/1")


async def test_a_browser_that_has_unsubscribed_is_forgotten_and_its_owner_reads_on(
    web: Door, server: WebPushSandbox
) -> None:
    phone = server.subscribe(await key_of(web))
    (await register(web, phone)).created()
    server.unsubscribe(phone["endpoint"].rpartition("/")[2])
    await send(web)
    await until(lambda: none_of(Device.all()))
    assert len((await web.citizen("wang").get("/v1/inbox")).ok()["items"]) == 1


async def test_a_service_out_of_order_delays_a_message_and_loses_none(web: Door, server: WebPushSandbox) -> None:
    (await register(web, server.subscribe(await key_of(web)))).created()
    server.behaviour.unavailable_share = 1.0
    await send(web)
    await until(lambda: server.answers[503] >= 2)
    server.behaviour.unavailable_share = 0.0
    await until(lambda: len(server.received) == 1)


async def test_phones_whose_services_refuse_them_hold_up_nobody_else(web: Door, server: WebPushSandbox) -> None:
    """A run of failures rests a provider that is one service; here each phone may name a service of its own."""
    foreign = [server.subscribe("B" * 87) for _ in range(10)]
    for person in ("zhao", "qian", "sun"):
        for phone in foreign:
            (await register(web, {**phone, "endpoint": phone["endpoint"] + f"?{person}"}, person)).created()
        await send(web, person)
    await until(lambda: server.answers[404] + server.answers[403] >= 25)
    (await register(web, server.subscribe(await key_of(web)))).created()
    await send(web)
    await until(lambda: server.received, 3)
    assert web.platform[PUSH].couriers[0].pace.resting == 0.0


async def test_the_key_is_the_files_and_may_be_cached(web: Door, tmp_path: Path) -> None:
    reply = await web.anyone.get("/v1/push/webpush-key")
    assert reply.ok() == {"application_server_key": public_key(read_key(tmp_path / "vapid.pem"))}
    assert reply.headers["Cache-Control"] == "public, max-age=3600"
    again = await web.anyone.get("/v1/push/webpush-key", headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status == 304


async def test_where_web_push_is_not_set_up_there_is_no_key_and_no_registration(
    tmp_path: Path, server: WebPushSandbox
) -> None:
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}) as door:
        assert (await door.anyone.get("/v1/push/webpush-key")).ok() == {"application_server_key": None}
        problem = (await register(door, server.subscribe())).problem(422, "invalid-fields")
        assert [one["pointer"] for one in problem["problems"]] == ["/provider"]


async def test_the_same_browser_spelt_otherwise_is_the_same_phone_and_can_change_hands(
    web: Door, server: WebPushSandbox
) -> None:
    phone = server.subscribe(await key_of(web))
    padded = {**phone, "keys": {name: text + "=" * (-len(text) % 4) for name, text in phone["keys"].items()}}
    first, second = (await register(web, phone)).created(), (await register(web, padded)).created()
    assert first["id"] == second["id"]
    (await register(web, phone, "li")).created()
    assert (await web.citizen("wang").get("/v1/devices")).ok()["items"] == []


async def test_each_provider_takes_its_own_field_and_no_other(web: Door, server: WebPushSandbox) -> None:
    phone = server.subscribe()
    for changes, pointers in (
        ({"subscription": None}, {"/subscription"}),
        ({"subscription": None, "token": "phone-0001"}, {"/subscription", "/token"}),
        ({"token": "phone-0001"}, {"/token"}),
        ({"provider": "stream"}, {"/token", "/subscription"}),
        ({"provider": "stream", "token": "phone-0001"}, {"/subscription"}),
        ({"provider": "fcm"}, {"/provider"}),
    ):
        problem = (await register(web, phone, **changes)).problem(422, "invalid-fields")
        assert {one["pointer"] for one in problem["problems"]} == pointers, changes
    assert (await web.citizen("wang").get("/v1/devices")).ok()["items"] == []


async def test_a_subscription_that_cant_be_sent_to_is_refused_with_advice_and_registers_nothing(
    web: Door, server: WebPushSandbox
) -> None:
    phone = server.subscribe()
    keys = phone["keys"]
    for wrong in (
        "x",
        7,
        [],
        {},
        {**phone, "endpoint": "https://169.254.169.254/latest/meta-data/"},
        {**phone, "endpoint": "https://intranet/x"},
        {**phone, "endpoint": "http://push.example.org/x"},
        {**phone, "endpoint": "https://push.example.org/" + "x" * 3000},
        {**phone, "keys": {}},
        {**phone, "keys": {**keys, "auth": "AAAA"}},
        {**phone, "keys": {**keys, "p256dh": keys["p256dh"][:-2] + "AA"}},
        {**phone, "endpoint": None},
    ):
        problem = (await register(web, wrong)).problem(422, "invalid-fields")
        assert all(one["pointer"].startswith("/subscription") for one in problem["problems"]), (wrong, problem)
        assert all(one["detail"] for one in problem["problems"])
    assert (await web.citizen("wang").get("/v1/devices")).ok()["items"] == []


NO_DEPARTMENTS: Any = SimpleNamespace(departments={}, offered=lambda _: [])


def rules(**settings: Any) -> dict[str, bool]:
    return {one.rule: one.warning for one in banshi_checks(PushSettings(**settings), NO_DEPARTMENTS)}


def test_check_finds_a_key_that_is_missing_and_loopback_left_on(tmp_path: Path) -> None:
    file = tmp_path / "vapid.pem"
    web = WebPushSettings(private_key_file=file, contact="mailto:push@example.org")
    assert rules() == {"no-provider": True}
    assert rules(webpush=web) == {"webpush-key": False}
    finding = next(iter(banshi_checks(PushSettings(webpush=web), NO_DEPARTMENTS)))
    assert str(file) in str(finding)
    assert "banshi webpush-key" in str(finding)
    write_key(file)
    assert rules(webpush=web) == {}
    here = WebPushSettings(private_key_file=file, contact="mailto:push@example.org", loopback=True)
    assert rules(webpush=here) == {"webpush-loopback": True}
    assert rules(webpush=web, fcm=FcmSettings(tmp_path / "none.json")) == {"fcm-credentials": False}


def test_a_lease_that_a_send_could_outlive_is_refused() -> None:
    slow = WebPushSettings(private_key_file=Path("key.pem"), contact="mailto:push@example.org", timeout=30.0)
    with pytest.raises(ValueError, match="lease"):
        PushSettings(webpush=slow, lease=60.0)
