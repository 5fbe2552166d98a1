"""The Web Push provider against the sandbox, and against servers that mean it ill, over sockets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import json
import logging
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mobile_push.providers.provider import Outcome, Receipt
from mobile_push.providers.webpush import WebPushSettings, subscription
from mobile_push.providers.webpush.answers import classify
from mobile_push.providers.webpush.encryption import MAX_PLAINTEXT_BYTES
from mobile_push.providers.webpush.provider import BROKEN_REST_S, MAX_REFUSALS, WebPushProvider, payload, topic
from mobile_push.providers.webpush.vapid import TOKEN_GOOD_FOR_S, write_key
from mobile_push.sandbox.webpush.push_service import WebPushBehaviour, WebPushSandbox
from tests.mobile_push.conftest import Clock, push
from tests.servers.fault_proxy import unanswered


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The provider's own clock."""
    return Clock(monkeypatch, "providers.provider", "providers.webpush.holds", "providers.webpush.vapid")


@pytest.fixture
async def sandbox() -> AsyncIterator[WebPushSandbox]:
    async with WebPushSandbox() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., WebPushSettings]:
    """`settings(timeout=0.3)`: a key of one's own, and this machine allowed."""
    file = tmp_path / "key.pem"
    write_key(file)

    def made(**changes: Any) -> WebPushSettings:
        values = {"contact": "mailto:push@example.org", "loopback": True, "timeout": 5.0, **changes}
        return WebPushSettings(private_key_file=file, **values)

    return made


@dataclass(frozen=True)
class Web:
    """A push service, and the provider that sends to its phones."""

    sandbox: WebPushSandbox
    provider: WebPushProvider

    def phone(self) -> str:
        """The token of a phone that has subscribed with the platform's key."""
        return subscription(self.sandbox.subscribe(self.provider.public_key), self.provider.settings)

    async def send(self, token: str | None = None, **changes: Any) -> Receipt:
        """One message, to a phone that is new where none is named."""
        return await self.provider.send(push(**changes), self.phone() if token is None else token)


@pytest.fixture
async def web(sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings]) -> AsyncIterator[Web]:
    async with WebPushProvider(settings()) as provider:
        yield Web(sandbox, provider)


def identity(token: str) -> str:
    return str(json.loads(token)["endpoint"]).rpartition("/")[2]


# -- what is sent ------------------------------------------------------------------------------------------------


async def test_an_accepted_message_arrives_readable_by_its_phone_alone_and_has_a_name(web: Web) -> None:
    token = web.phone()
    receipt = await web.send(token, body="请查看", ttl=90, collapse_key="case-1")
    assert receipt == Receipt(Outcome.ACCEPTED, "OK", None, f"{web.sandbox.url}/message/1")
    got = web.sandbox.received[0]
    assert got.subscription == identity(token)
    assert got.message == {
        "message_id": "018f3c1e-7b7a-7c3a-9e5e-000000000001",
        "kind": "case",
        "title": "您的申请有新进展",
        "body": "请查看",
        "link": "/cases/1",
        "tag": "case-1",
        "silent": False,
        "renotify": True,
        "level": "active",
        "sound": "default",
    }
    sent = {name: got.headers[name] for name in ("TTL", "Urgency", "Topic", "Content-Encoding", "Content-Type")}
    assert sent == {
        "TTL": "90",
        "Urgency": "high",
        "Topic": "case-1",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }
    assert "Cookie" not in got.headers


async def test_urgency_ttl_and_topic_are_kept_within_what_push_services_take(web: Web) -> None:
    for changes in (
        {"priority": "normal", "ttl": 10**9},
        {"ttl": -5},
        {"collapse_key": "通" * 40},
        {"collapse_key": "a" * 33},
        {"collapse_key": "a b"},
        {"collapse_key": ""},
    ):
        assert (await web.send(**changes)).outcome is Outcome.ACCEPTED, changes
    headers = [one.headers for one in web.sandbox.received]
    assert [one["TTL"] for one in headers[:2]] == ["2419200", "0"]
    assert headers[0]["Urgency"] == "normal"
    assert "Topic" not in headers[0]
    topics = [one["Topic"] for one in headers[2:]]
    assert len(set(topics)) == 4
    assert all(len(one) == 32 for one in topics)
    assert topic("通" * 40) == topics[0], "the same key replaces the same message"


async def test_the_same_push_to_the_same_phone_is_never_the_same_bytes(web: Web) -> None:
    token, one = web.phone(), push()
    receipts = await asyncio.gather(*(web.provider.send(one, token) for _ in range(20)))
    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    assert len({receipt.provider_message for receipt in receipts}) == len(web.sandbox.received) == 20


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": "b" * 3993}, "too-large"),
        ({"body": "长" * 1400}, "too-large"),
        ({"title": "\ud83d"}, "not-text"),
        ({"title": {1, 2}}, "not-text"),
        ({"collapse_key": "\ud83d"}, "not-text"),
    ],
)
async def test_what_can_never_be_sent_never_leaves(web: Web, changes: dict[str, Any], code: str) -> None:
    assert await web.send(**changes) == Receipt(Outcome.REJECTED, code)
    assert not web.sandbox.answers


async def test_the_largest_message_fits(web: Web) -> None:
    room = MAX_PLAINTEXT_BYTES - len(payload(push(title="")))
    assert (await web.send(title="", body="b" * room)).outcome is Outcome.ACCEPTED
    assert web.sandbox.received[0].headers["Content-Length"] == "4096"
    assert await web.send(title="", body="b" * (room + 1)) == Receipt(Outcome.REJECTED, "too-large")


@pytest.mark.parametrize("token", ["", "phone-1", "{}", "null", '{"endpoint":"https://push.example.org/x"}'])
async def test_a_token_that_is_no_subscription_is_refused_and_never_leaves(web: Web, token: str) -> None:
    assert await web.send(token) == Receipt(Outcome.REJECTED, "malformed-subscription")


async def test_a_key_that_is_no_point_on_the_curve_is_refused_and_never_leaves(web: Web) -> None:
    document = json.loads(web.phone())
    document["keys"]["p256dh"] = "B" + "_" * 86
    assert await web.provider.send(push(), json.dumps(document)) == Receipt(Outcome.REJECTED, "malformed-subscription")
    assert not web.sandbox.answers


# -- who sends ---------------------------------------------------------------------------------------------------


def claims(headers: dict[str, str]) -> dict[str, Any]:
    part = headers["Authorization"].removeprefix("vapid t=").split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


async def test_one_signature_serves_a_push_service_until_shortly_before_its_end(web: Web, clock: Clock) -> None:
    for _ in range(3):
        assert (await web.send()).outcome is Outcome.ACCEPTED
    clock.ahead = TOKEN_GOOD_FOR_S - 3700
    assert (await web.send()).outcome is Outcome.ACCEPTED
    signed = [one.headers["Authorization"] for one in web.sandbox.received]
    assert len(set(signed)) == 1
    claimed = claims(web.sandbox.received[0].headers)
    assert claimed["aud"] == web.sandbox.url
    assert claimed["sub"] == "mailto:push@example.org"
    assert 0 < claimed["exp"] - time.time() <= 24 * 3600
    clock.ahead = TOKEN_GOOD_FOR_S - 3500
    await web.send()
    assert web.sandbox.received[-1].headers["Authorization"] != signed[0]


async def test_a_clock_that_was_set_back_costs_no_message(web: Web, clock: Clock) -> None:
    clock.ahead = 11 * 3600
    assert (await web.send()).outcome is Outcome.ACCEPTED
    clock.ahead = 0
    assert (await web.send()).outcome is Outcome.ACCEPTED
    ends = [claims(one.headers)["exp"] for one in web.sandbox.received]
    assert ends[1] <= ends[0] - 10 * 3600


async def test_each_push_service_gets_a_signature_for_itself_alone(web: Web) -> None:
    async with WebPushSandbox() as other:
        token = subscription(other.subscribe(web.provider.public_key), web.provider.settings)
        assert (await web.send(token)).outcome is Outcome.ACCEPTED
        assert (await web.send()).outcome is Outcome.ACCEPTED
        assert claims(other.received[0].headers)["aud"] == other.url != web.sandbox.url
        assert claims(web.sandbox.received[0].headers)["aud"] == web.sandbox.url


async def test_a_phone_that_subscribed_with_another_key_is_kept_and_the_log_says_why_once(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = subscription(web.sandbox.subscribe("B" * 87), web.provider.settings)
    for _ in range(3):
        assert await web.send(foreign) == Receipt(Outcome.MISCONFIGURED, "HTTP_403")
    assert caplog.text.count("private_key_file") == 1
    assert identity(foreign) not in caplog.text, "an address is a secret"
    assert (await web.send()).outcome is Outcome.ACCEPTED


async def test_many_refusals_of_our_key_hold_up_nobody_else(web: Web) -> None:
    """Whoever registers phones of another key must not silence a push service for all."""
    for _ in range(3 * MAX_REFUSALS):
        foreign = subscription(web.sandbox.subscribe("B" * 87), web.provider.settings)
        assert (await web.send(foreign)).outcome is Outcome.MISCONFIGURED
    assert (await web.send()).outcome is Outcome.ACCEPTED


# -- what is answered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Outcome.REJECTED),
        (401, Outcome.MISCONFIGURED),
        (402, Outcome.REJECTED),
        (403, Outcome.MISCONFIGURED),
        (404, Outcome.DEAD_TOKEN),
        (405, Outcome.REJECTED),
        (406, Outcome.RETRY),
        (408, Outcome.RETRY),
        (410, Outcome.DEAD_TOKEN),
        (413, Outcome.REJECTED),
        (418, Outcome.REJECTED),
        (429, Outcome.RETRY),
        (500, Outcome.RETRY),
        (502, Outcome.RETRY),
        (503, Outcome.RETRY),
        (507, Outcome.RETRY),
        (599, Outcome.RETRY),
        (301, Outcome.REJECTED),
        (302, Outcome.REJECTED),
        (304, Outcome.REJECTED),
        (307, Outcome.REJECTED),
        (308, Outcome.REJECTED),
    ],
)
async def test_each_status_has_its_verdict_and_no_redirect_is_followed(web: Web, status: int, outcome: Outcome) -> None:
    token = web.phone()
    web.sandbox.behaviour.faults = {identity(token): status}
    receipt = await web.send(token)
    assert (receipt.outcome, receipt.code) == (outcome, f"HTTP_{status}")
    assert web.sandbox.answers == {status: 1}
    assert (await web.send()).outcome is Outcome.ACCEPTED


def test_every_2xx_is_an_acceptance() -> None:
    for status in (200, 201, 202, 204, 299):
        assert classify(status, {}) == Receipt(Outcome.ACCEPTED, "OK")


@pytest.mark.parametrize("location", ["", "x\x00y", "é", "x\ty"])
def test_a_location_that_cant_be_a_name_is_none(location: str) -> None:
    assert classify(201, {"Location": location}).provider_message is None
    assert len(classify(201, {"Location": "x" * 9000}).provider_message or "") == 255


async def test_a_subscription_that_has_ended_or_never_was_is_a_dead_token(web: Web) -> None:
    token = web.phone()
    web.sandbox.unsubscribe(identity(token))
    assert await web.send(token) == Receipt(Outcome.DEAD_TOKEN, "HTTP_410")
    unknown = token.replace(identity(token), "nobody")
    assert await web.send(unknown) == Receipt(Outcome.DEAD_TOKEN, "HTTP_404")


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        (7, 7.0, 7.0),
        ("0", 0.0, 0.0),
        ("99999999999", 3600.0, 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0, 3600.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, 0.0),
        ("soon", 60.0, 60.0),
        ("-5", 60.0, 60.0),
        ("1e9", 60.0, 60.0),
        ("9" * 4000, 3600.0, 3600.0),
        (None, 60.0, 60.0),
    ],
)
async def test_retry_after_is_told_however_it_is_written_and_junk_is_a_minute(
    web: Web, header: int | str | None, least: float, most: float
) -> None:
    web.sandbox.behaviour.quota_share, web.sandbox.behaviour.quota_retry_after = 1.0, header
    receipt = await web.send()
    assert (receipt.outcome, receipt.code) == (Outcome.RETRY, "HTTP_429")
    assert receipt.retry_after is not None
    assert least <= receipt.retry_after <= most


# -- who is left alone -------------------------------------------------------------------------------------------


async def test_a_refusal_is_about_one_phone_and_that_phone_is_asked_again_when_its_time_has_come(
    web: Web, clock: Clock
) -> None:
    """RFC 8030 section 8.4 limits a push resource, and UnifiedPush asks for limits by endpoint."""
    token = web.phone()
    web.sandbox.behaviour.quota_share, web.sandbox.behaviour.quota_retry_after = 1.0, 20
    assert (await web.send(token)).code == "HTTP_429"
    web.sandbox.behaviour.quota_share = 0.0
    held = await web.send(token)
    assert (held.outcome, held.code) == (Outcome.RETRY, "service-paused")
    assert 15 < (held.retry_after or 0) <= 20
    assert sum(web.sandbox.answers.values()) == 1, "nothing is sent before its time"
    assert (await web.send()).outcome is Outcome.ACCEPTED, "another phone of the same service"
    clock.ahead = 21
    assert (await web.send(token)).outcome is Outcome.ACCEPTED


async def test_a_service_that_refuses_everybody_is_left_alone_and_all_others_go_on(web: Web, clock: Clock) -> None:
    web.sandbox.behaviour.quota_share, web.sandbox.behaviour.quota_retry_after = 1.0, 20
    for _ in range(MAX_REFUSALS):
        assert (await web.send()).code == "HTTP_429"
    for _ in range(50):
        held = await web.send()
        assert (held.outcome, held.code) == (Outcome.RETRY, "service-paused")
    assert web.sandbox.answers == {429: MAX_REFUSALS}
    async with WebPushSandbox() as other:
        token = subscription(other.subscribe(), web.provider.settings)
        assert (await web.send(token)).outcome is Outcome.ACCEPTED
    web.sandbox.behaviour.quota_share = 0.0
    clock.ahead = 21
    assert (await web.send()).outcome is Outcome.ACCEPTED


async def test_scattered_refusals_leave_a_service_in_use(web: Web) -> None:
    web.sandbox.behaviour.quota_share = 0.5
    for _ in range(4 * MAX_REFUSALS):
        await web.send()
    assert web.sandbox.answers == {429: 2 * MAX_REFUSALS, 201: 2 * MAX_REFUSALS}


async def test_a_service_that_hangs_costs_its_timeout_some_times_and_then_nothing(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings], clock: Clock
) -> None:
    async with WebPushProvider(settings(timeout=1.0)) as webpush:
        token = subscription(sandbox.subscribe(), webpush.settings)
        sandbox.behaviour.hang = True
        started = time.monotonic()
        receipts = await asyncio.gather(*(webpush.send(push(), token) for _ in range(MAX_REFUSALS)))
        assert set(receipts) == {Receipt(Outcome.RETRY, "timeout")}
        assert time.monotonic() - started < 3
        held = await webpush.send(push(), token)
        assert (held.code, 0 < (held.retry_after or 0) <= BROKEN_REST_S) == ("service-paused", True)
        sandbox.behaviour.hang = False
        clock.ahead = BROKEN_REST_S + 1
        assert (await webpush.send(push(), token)).outcome is Outcome.ACCEPTED


async def test_topics_that_no_phone_follows_do_not_silence_their_server(web: Web) -> None:
    """ntfy answers 507 for a UnifiedPush topic without a follower; anybody can register ten of those."""
    for _ in range(2 * MAX_REFUSALS):
        token = web.phone()
        web.sandbox.behaviour.faults = {identity(token): 507}
        assert (await web.send(token)).code == "HTTP_507"
    assert (await web.send()).outcome is Outcome.ACCEPTED


async def test_a_message_that_arrived_but_was_not_answered_is_tried_again_with_the_same_id(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings]
) -> None:
    async with WebPushProvider(settings(timeout=1.0)) as webpush:
        token = subscription(sandbox.subscribe(webpush.public_key), webpush.settings)
        sandbox.behaviour.answer_late = 30.0
        assert await webpush.send(push(), token) == Receipt(Outcome.RETRY, "timeout")
        sandbox.behaviour.answer_late = 0.0
        assert (await webpush.send(push(), token)).outcome is Outcome.ACCEPTED
    assert len({one.message["message_id"] for one in sandbox.received}) == 1
    assert len(sandbox.received) == 2


async def test_a_service_that_is_gone_means_later_and_a_closed_provider_raises_nothing(
    settings: Callable[..., WebPushSettings],
) -> None:
    async with WebPushProvider(settings()) as webpush:
        async with WebPushSandbox() as sandbox:
            token = subscription(sandbox.subscribe(), webpush.settings)
        assert await webpush.send(push(), token) == Receipt(Outcome.RETRY, "no-connection")
    for shut in (webpush, WebPushProvider(settings())):
        assert await shut.send(push(), token) == Receipt(Outcome.RETRY, "connection")


async def test_a_connection_that_is_never_made_means_later_and_that_nothing_was_sent(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings]
) -> None:
    with unanswered() as port:
        async with WebPushProvider(settings(timeout=1.0)) as webpush:
            token = json.dumps({**sandbox.subscribe(), "endpoint": f"http://127.0.0.1:{port}/push/x"})
            assert await webpush.send(push(), token) == Receipt(Outcome.RETRY, "no-connection")
            token = subscription(sandbox.subscribe(), webpush.settings)
            for fault, code in (({"hang": {"/push/"}}, "timeout"), ({"status": {"/push/": 500}}, "HTTP_500")):
                sandbox.behaviour = WebPushBehaviour(**fault)
                assert (await webpush.send(push(), token)).code == code
    assert not sandbox.received


async def test_a_send_that_is_cancelled_is_cancelled_and_the_next_goes_on(web: Web) -> None:
    web.sandbox.behaviour.latency = 30.0
    tasks = [asyncio.create_task(web.send()) for _ in range(3)]
    await asyncio.sleep(0.0005)
    tasks[0].cancel()
    await asyncio.sleep(0.2)
    for task in tasks[1:]:
        task.cancel()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task
    web.sandbox.behaviour.latency = 0.0
    assert (await web.send()).outcome is Outcome.ACCEPTED


# -- servers that mean it ill ------------------------------------------------------------------------------------

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def service(answer: Answering, sandbox: WebPushSandbox) -> AsyncIterator[str]:
    """The subscription of a push service that is ours to play."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
                await reader.readexactly(int(size[1]) if size else 0)
                await answer(reader, writer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0)
    async with server:
        document = sandbox.subscribe()
        port = server.sockets[0].getsockname()[1]
        yield json.dumps({**document, "endpoint": f"http://127.0.0.1:{port}/push/x"})


async def test_a_giant_answer_is_not_read_to_its_end_and_still_is_one(web: Web) -> None:
    sent = 0

    async def giant(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000000\r\n\r\n")
        while sent < 1_000_000_000:
            writer.write(b" " * 65536)
            sent += 65536
            await writer.drain()

    async with service(giant, web.sandbox) as token:
        assert (await web.send(token)).outcome is Outcome.ACCEPTED
    assert sent < 50_000_000


async def test_a_bomb_is_not_unpacked(web: Web) -> None:
    bomb = gzip.compress(bytes(10_000_000))

    async def packed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 410 Gone\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)

    async with service(packed, web.sandbox) as token:
        assert (await web.send(token)).outcome is Outcome.DEAD_TOKEN


async def test_an_answer_that_drips_costs_the_timeout_and_no_more(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings]
) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for letter in b"HTTP/1.1 201 Created\r\nX: " + b"y" * 1000:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with WebPushProvider(settings(timeout=0.4)) as webpush, service(drip, sandbox) as token:
        started = time.monotonic()
        assert await webpush.send(push(), token) == Receipt(Outcome.RETRY, "timeout")
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 banana OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: banana\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + b"\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    ],
)
async def test_an_answer_that_is_no_http_means_later(web: Web, answer: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with service(babble, web.sandbox) as token:
        assert await web.send(token) == Receipt(Outcome.RETRY, "connection")


async def test_a_cookie_is_not_kept(web: Web) -> None:
    heads = []

    async def baking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(writer.get_extra_info("peername"))
        writer.write(b"HTTP/1.1 201 Created\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    async with service(baking, web.sandbox) as token:
        for _ in range(3):
            assert (await web.send(token)).outcome is Outcome.ACCEPTED
        assert len(set(heads)) == 1, "one connection serves them all"
    assert web.provider._session is not None
    assert len(web.provider._session.cookie_jar) == 0


# -- where a name leads ------------------------------------------------------------------------------------------


async def test_a_name_that_leads_inside_is_not_connected_to_however_it_is_given(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def lookup(host: str, port: int, *rest: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", sandbox.port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    document = sandbox.subscribe()
    async with WebPushProvider(settings(loopback=False)) as webpush:
        for host in ("push.example.org", "rebound.example"):
            token = json.dumps({**document, "endpoint": f"https://{host}:{sandbox.port}/push/x"})
            assert await webpush.send(push(), token) == Receipt(Outcome.REJECTED, "forbidden-address")
        named = json.dumps({**document, "endpoint": f"http://127.0.0.1:{sandbox.port}/push/x"})
        assert await webpush.send(push(), named) == Receipt(Outcome.REJECTED, "forbidden-service")
    assert asked == ["push.example.org", "rebound.example"]
    assert not sandbox.answers


async def test_a_name_that_leads_elsewhere_at_its_second_look_up_is_checked_again(
    settings: Callable[..., WebPushSettings], sandbox: WebPushSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the address is checked in the moment in which it is connected to."""
    answers = ["192.0.2.1", "10.0.0.1", "127.0.0.1"]
    turns = iter(answers)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(turns), sandbox.port))]
    )
    token = json.dumps({**sandbox.subscribe(), "endpoint": f"https://push.example.org:{sandbox.port}/push/x"})
    async with WebPushProvider(settings(loopback=False)) as webpush:
        for _ in answers:
            assert await webpush.send(push(), token) == Receipt(Outcome.REJECTED, "forbidden-address")
            assert webpush._session is not None
            connector = webpush._session.connector
            assert isinstance(connector, aiohttp.TCPConnector)
            connector.clear_dns_cache()
    assert next(turns, None) is None
    assert not sandbox.answers


async def test_of_a_names_addresses_those_inside_are_passed_over(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, web.sandbox.port))
        for address in ("10.0.0.1", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: inside)
    token = json.dumps({**web.sandbox.subscribe(), "endpoint": f"http://localhost:{web.sandbox.port}/push/x"})
    assert (await web.send(token)).code == "HTTP_404"
    assert web.sandbox.answers == {404: 1}


async def test_a_name_that_does_not_exist_means_later(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*rest: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    token = json.dumps({**sandbox.subscribe(), "endpoint": "https://nowhere.example/push/x"})
    async with WebPushProvider(settings()) as webpush:
        assert await webpush.send(push(), token) == Receipt(Outcome.RETRY, "no-connection")


async def test_a_name_server_that_never_answers_costs_the_timeout_and_holds_up_nobody_elses_look_ups(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def slow(host: str, *rest: Any) -> Any:
        if host.endswith(".example"):
            time.sleep(1.5)
        return real(host, *rest)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    async with WebPushProvider(settings(timeout=0.3)) as webpush:
        document = sandbox.subscribe()
        tokens = [json.dumps({**document, "endpoint": f"https://n{n}.example/push/x"}) for n in range(12)]
        sending = asyncio.gather(*(webpush.send(push(), token) for token in tokens))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
        assert time.monotonic() - started < 1.0
        assert set(await sending) == {Receipt(Outcome.RETRY, "no-connection")}


async def test_a_proxy_that_the_settings_name_carries_the_messages(
    sandbox: WebPushSandbox, settings: Callable[..., WebPushSettings]
) -> None:
    asked = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode().split()[:2])
        writer.write(b"HTTP/1.1 502 Away\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        behind = settings(proxy=address, hosts=frozenset({"push.example.org"}), loopback=False)
        async with WebPushProvider(behind) as webpush:
            token = json.dumps({**sandbox.subscribe(), "endpoint": "https://push.example.org/push/x"})
            assert await webpush.send(push(), token) == Receipt(Outcome.RETRY, "no-connection")
            other = json.dumps({**sandbox.subscribe(), "endpoint": "https://intranet.example/push/x"})
            assert await webpush.send(push(), other) == Receipt(Outcome.REJECTED, "forbidden-service")
    assert asked == [["CONNECT", "push.example.org:443"]]


async def test_no_proxy_of_the_environment_is_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await web.send()).outcome is Outcome.ACCEPTED


# -- opening -----------------------------------------------------------------------------------------------------


def rsa() -> str:
    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (None, "can't be read"),
        (str, "no private key"),
        ("not a key".title, "no private key"),
        (rsa, "another kind than P-256"),
    ],
)
async def test_a_key_file_that_cant_be_used_is_named_with_what_to_do_and_never_made_up(
    tmp_path: Path, content: Callable[[], str] | None, advice: str
) -> None:
    file = tmp_path / "vapid.pem"
    if content is not None:
        file.write_text(content())
    with pytest.raises(ValueError, match=advice) as caught:
        async with WebPushProvider(WebPushSettings(private_key_file=file, contact="mailto:push@example.org")):
            pass
    assert str(file) in str(caught.value)
    assert "banshi webpush-key" in str(caught.value)
    assert file.exists() == (content is not None)


async def test_a_ca_file_that_cant_be_used_is_named(settings: Callable[..., WebPushSettings], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.pem"):
        async with WebPushProvider(settings(ca_file=tmp_path / "none.pem")):
            pass


async def test_the_libraries_own_log_says_nothing_of_a_phone(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = web.phone()
    await web.send(token, title="secret-title")
    web.sandbox.behaviour.faults = {identity(token): 403}
    await web.send(token, title="secret-title")
    assert identity(token) not in caplog.text
    assert "secret-title" not in caplog.text


def test_what_signs_is_not_imported_for_the_settings() -> None:
    code = "import sys, mobile_push.providers.webpush; print({m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'py_vapid'" not in loaded
