"""The APNs provider over HTTP/2, against the sandbox, which checks what Apple's service checks."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.sdk.outgoing import SharedTokens
from banshi.testing import open_door
from mobile_push.checks import findings
from mobile_push.delivery.claims.delivery_job import may_have_arrived
from mobile_push.delivery.service import deliver
from mobile_push.doctor import examination
from mobile_push.providers.apns import signature
from mobile_push.providers.apns.answers import classify
from mobile_push.providers.apns.provider import MAX_PAYLOAD_BYTES, ApnsProvider
from mobile_push.providers.apns.settings import ApnsSettings
from mobile_push.providers.provider import Outcome, Receipt
from mobile_push.sandbox.apns import KEY_ID, TEAM_ID, TOPIC, ApnsSandbox
from mobile_push.settings import PushSettings
from tests.mobile_push.conftest import Clock, new_message, push
from tests.waiting import until


def token(number: int) -> str:
    """A device token of the length that Apple's have today."""
    return f"{number:064x}"


@pytest.fixture
async def apple(tls: tuple[ssl.SSLContext, Path]) -> AsyncIterator[ApnsSandbox]:
    tls[0].set_alpn_protocols(["h2"])
    async with ApnsSandbox(tls=tls[0]) as sandbox:
        yield sandbox


def written(apple: ApnsSandbox, folder: Path, tls: tuple[ssl.SSLContext, Path]) -> dict[str, str]:
    """The settings for it, as in plugins.toml."""
    ids = {"key_id": KEY_ID, "team_id": TEAM_ID, "topic": TOPIC}
    return {"key_file": str(apple.key_file(folder / "apns.p8")), **ids, "base_url": apple.url, "ca_file": str(tls[1])}


@pytest.fixture
def settings(apple: ApnsSandbox, tmp_path: Path, tls: tuple[ssl.SSLContext, Path]) -> ApnsSettings:
    given: dict[str, Any] = dict(written(apple, tmp_path, tls))
    given |= {name: Path(given[name]) for name in ("key_file", "ca_file")}
    return ApnsSettings(**given, at_once=100, timeout=5.0)


@pytest.fixture
async def apns(settings: ApnsSettings) -> AsyncIterator[ApnsProvider]:
    async with ApnsProvider(settings) as provider:
        yield provider


async def sent(apns: ApnsProvider, count: int, **changes: Any) -> list[Receipt]:
    one = push(**changes)
    return await asyncio.gather(*(apns.send(one, token(number)) for number in range(count)))


# -- what goes out -----------------------------------------------------------------------------------------------


async def test_an_accepted_message_says_all_that_apple_and_the_phone_need(
    apple: ApnsSandbox, apns: ApnsProvider
) -> None:
    before = time.time()
    one = push(body="请查看", collapse_key="case-1", ttl=90, thread="cases", badge=3)
    receipt = await apns.send(one, token(1))
    (got,) = apple.received
    headers = dict(got.headers)
    assert receipt == Receipt(Outcome.ACCEPTED, "OK", None, headers["apns-id"])
    assert before + 89 <= int(headers.pop("apns-expiration")) <= time.time() + 91
    assert headers.pop("authorization").startswith("bearer ey")
    assert {name: headers[name] for name in headers if name.startswith("apns-") and name != "apns-id"} == {
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-collapse-id": "case-1",
    }
    assert got.token == token(1)
    assert got.message == {
        "aps": {
            "alert": {"title": "您的申请有新进展", "body": "请查看"},
            "badge": 3,
            "interruption-level": "active",
            "sound": "default",
            "thread-id": "cases",
        },
        "message_id": one.message_id,
        "kind": "case",
        "link": "/cases/1",
    }


async def test_a_message_keeps_its_id_at_apple_when_it_is_tried_again_and_no_other_has_it(
    apple: ApnsSandbox, apns: ApnsProvider
) -> None:
    for one, phone in ((push(), 1), (push(), 1), (push(), 2), (push(withdrawn="recalled"), 1)):
        assert (await apns.send(one, token(phone))).outcome is Outcome.ACCEPTED
    first, again, other, recalled = (got.headers["apns-id"] for got in apple.received)
    assert first == again
    assert len({first, other, recalled}) == 3


async def test_what_was_read_on_another_phone_is_a_message_in_the_background(
    apple: ApnsSandbox, apns: ApnsProvider
) -> None:
    for badge in (None, 0):
        receipt = await apns.send(push(withdrawn="read", badge=badge, collapse_key="case-1"), token(1))
        assert receipt.outcome is Outcome.ACCEPTED
    silent, counted = apple.received
    assert silent.headers["apns-push-type"] == "background"
    assert silent.message["aps"] == {"content-available": 1}
    assert silent.message["tag"] == "case-1"
    assert counted.message["aps"] == {"content-available": 1, "badge": 0}


async def test_4096_bytes_go_out_and_4097_are_refused_here_as_is_what_is_no_text(
    apple: ApnsSandbox, apns: ApnsProvider
) -> None:
    empty = len(orjson.dumps(apns.preview(push(body="x"))))
    fits = push(body="x" * (MAX_PAYLOAD_BYTES - empty + 1))
    assert (await apns.send(fits, token(1))).outcome is Outcome.ACCEPTED
    assert await apns.send(fits._replace(body=f"{fits.body}x"), token(1)) == Receipt(Outcome.REJECTED, "too-large")
    assert await apns.send(push(title="\ud83d"), token(1)) == Receipt(Outcome.REJECTED, "not-text")
    assert len(apple.received) == 1


@pytest.mark.parametrize("address", ["", "../v1/x", "0" * 63 + "/", "g" * 64, "0" * 10_000, "会" * 64])
async def test_what_can_be_no_token_is_never_part_of_an_address(
    apple: ApnsSandbox, apns: ApnsProvider, address: str
) -> None:
    assert await apns.send(push(), address) == Receipt(Outcome.DEAD_TOKEN, "malformed-token")
    assert not apple.answers


# -- what comes back ---------------------------------------------------------------------------------------------

#: Apple, "Handling notification responses from APNs": every reason of its table, and what follows of it.
VERDICTS = {
    Outcome.DEAD_TOKEN: "BadDeviceToken DeviceTokenNotForTopic ExpiredToken Unregistered",
    Outcome.RETRY: "IdleTimeout InternalServerError ServiceUnavailable Shutdown",
    Outcome.SPENT: "TooManyRequests",
    Outcome.MISCONFIGURED: "BadCertificate BadCertificateEnvironment BadPath BadTopic Forbidden InvalidProviderToken "
    "MethodNotAllowed MissingProviderToken MissingTopic TooManyProviderTokenUpdates TopicDisallowed",
    Outcome.REJECTED: "BadCollapseId BadExpirationDate BadMessageId BadPriority DuplicateHeaders InvalidPushType "
    "MissingDeviceToken PayloadEmpty PayloadTooLarge",
}


@pytest.mark.parametrize(
    ("outcome", "reason"), [(outcome, reason) for outcome, all_of in VERDICTS.items() for reason in all_of.split()]
)
async def test_every_reason_of_apples_has_its_verdict(
    apple: ApnsSandbox, apns: ApnsProvider, outcome: Outcome, reason: str
) -> None:
    apple.behaviour.faults = {token(1): reason}
    receipt = await apns.send(push(), token(1))
    assert (receipt.outcome, receipt.code) == (outcome, reason)
    # Only this phone has had too much.
    assert (receipt.retry_after is not None) == receipt.phone_alone == (reason == "TooManyRequests")
    assert may_have_arrived(receipt) == (reason in ("IdleTimeout", "InternalServerError"))
    assert (await apns.send(push(), token(2))).outcome is Outcome.ACCEPTED


async def test_apple_says_since_when_a_token_is_dead_and_moments_that_cannot_be_are_none(
    apple: ApnsSandbox, apns: ApnsProvider
) -> None:
    apple.behaviour.unregistered = {token(1): 1_700_000_000.5}
    receipt = await apns.send(push(), token(1))
    assert receipt == Receipt(Outcome.DEAD_TOKEN, "Unregistered", dead_since=1_700_000_000.5)
    for moment in (0, -1, 10**18, "soon", None, True, 1.5e12):
        body = orjson.dumps({"reason": "Unregistered", "timestamp": moment})
        assert classify(410, {}, body) == Receipt(Outcome.DEAD_TOKEN, "Unregistered")


@pytest.mark.parametrize(
    ("status", "body", "receipt"),
    [
        (200, b"<html>sign in</html>", Receipt(Outcome.RETRY, "unreadable-answer")),
        (200, b'{"reason":"BadDeviceToken"}', Receipt(Outcome.DEAD_TOKEN, "BadDeviceToken")),
        (200, b'{"reason":"<script>"}', Receipt(Outcome.RETRY, "unreadable-answer")),
        (403, b"<html>no</html>", Receipt(Outcome.MISCONFIGURED, "HTTP_403")),
        (407, b"", Receipt(Outcome.MISCONFIGURED, "HTTP_407")),
        (410, b"<html>gone</html>", Receipt(Outcome.MISCONFIGURED, "HTTP_410")),
        (502, b"<html>", Receipt(Outcome.RETRY, "HTTP_502")),
        (503, b'{"reason":"SomethingNew"}', Receipt(Outcome.RETRY, "SomethingNew")),
        (400, b'{"reason":"SomethingNew"}', Receipt(Outcome.REJECTED, "SomethingNew")),
        (400, b"[1]", Receipt(Outcome.MISCONFIGURED, "HTTP_400")),
    ],
)
def test_what_is_not_apples_own_word_neither_takes_a_message_nor_forgets_a_token(
    status: int, body: bytes, receipt: Receipt
) -> None:
    assert classify(status, {"apns-id": "018f"}, body) == receipt


def test_a_200_that_does_not_name_the_message_is_none_of_apples() -> None:
    assert classify(200, {}, b"") == Receipt(Outcome.RETRY, "unreadable-answer")


async def test_a_goodbye_at_every_hundredth_message_loses_none_and_brings_none_twice(
    apple: ApnsSandbox, apns: ApnsProvider
) -> None:
    apple.behaviour.goaway = 100
    receipts = await sent(apns, 1000)
    assert Counter(one.outcome for one in receipts) == {Outcome.ACCEPTED: 1000}
    assert Counter(got.token for got in apple.received) == {token(number): 1 for number in range(1000)}


async def test_tokens_that_are_withdrawn_in_the_middle_are_named_and_all_others_get_theirs(
    apple: ApnsSandbox, apns: ApnsProvider
) -> None:
    apple.behaviour.latency = 0.02
    sending = asyncio.create_task(sent(apns, 600))
    await until(lambda: len(apple.received) > 200)
    gone = {token(number): 1_700_000_000.0 for number in range(550, 600)}
    apple.behaviour.unregistered = gone
    receipts = dict(zip(map(token, range(600)), await sending, strict=True))
    got = {one.token for one in apple.received}
    assert {phone for phone, receipt in receipts.items() if receipt.outcome is Outcome.ACCEPTED} == got
    dead = {phone for phone, receipt in receipts.items() if receipt.outcome is Outcome.DEAD_TOKEN}
    assert dead
    assert dead | got == receipts.keys()
    assert dead <= gone.keys()


# -- who sends ---------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which signatures are dated."""
    return Clock(monkeypatch, "providers.apns.signature")


async def test_all_messages_bear_one_signature(apple: ApnsSandbox, apns: ApnsProvider) -> None:
    await sent(apns, 50)
    await sent(apns, 50, kind="notice")
    assert len({got.headers["authorization"] for got in apple.received}) == 1


async def test_processes_of_one_database_share_a_signature_and_its_successor(
    apple: ApnsSandbox, settings: ApnsSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature, "GOOD_FOR_S", 4.0)
    monkeypatch.setattr(signature, "APART_S", 2.0)
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}) as door:
        own = [SharedTokens(door.platform) for _ in range(3)]
        async with (
            ApnsProvider(settings, own[0]) as one,
            ApnsProvider(settings, own[1]) as two,
            ApnsProvider(settings, own[2]) as three,
        ):
            ends = time.monotonic() + 5.0
            while time.monotonic() < ends:
                receipts = await asyncio.gather(*(apns.send(push(), token(1)) for apns in (one, two, three)))
                assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
                await asyncio.sleep(0.05)
    assert len({got.headers["authorization"] for got in apple.received}) == 2


async def test_a_signature_that_has_grown_old_is_made_anew_within_the_same_send(
    apple: ApnsSandbox, apns: ApnsProvider, clock: Clock
) -> None:
    clock.ahead = -3500
    assert (await apns.send(push(), token(1))).outcome is Outcome.ACCEPTED
    clock.ahead = 0
    later = time.time() + 200
    apple.clock = lambda: later  # type: ignore[assignment]
    assert (await apns.send(push(), token(2))).outcome is Outcome.ACCEPTED
    assert apple.answers == {"OK": 2, "ExpiredProviderToken": 1}


async def test_a_clock_that_is_wrong_makes_no_storm_of_signatures_and_forgets_nobody(
    apple: ApnsSandbox, apns: ApnsProvider, clock: Clock
) -> None:
    clock.ahead = -7200
    for _ in range(3):
        receipts = await sent(apns, 20)
        assert {receipt.outcome for receipt in receipts} <= {Outcome.MISCONFIGURED, Outcome.RETRY}
    assert len(apple._updates) == 1


async def test_one_signature_that_apple_calls_old_by_mistake_stops_nothing_and_makes_no_other(
    apple: ApnsSandbox, settings: ApnsSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where processes share it, nor where one has it alone."""
    monkeypatch.setattr("banshi.builtin.outgoing.access_token.FAILURE_HOLDS_S", 0.2)
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}) as door:
        for shared in (SharedTokens(door.platform), None):
            apple.received.clear()
            async with ApnsProvider(settings, shared) as apns:
                assert (await apns.send(push(), token(1))).outcome is Outcome.ACCEPTED
                apple.behaviour.faults = {token(2): "ExpiredProviderToken"}
                assert (await apns.send(push(), token(2))).outcome is Outcome.RETRY

                async def goes_on(apns: ApnsProvider = apns) -> bool:
                    return (await apns.send(push(), token(3))).outcome is Outcome.ACCEPTED

                await until(goes_on)
            assert len({got.headers["authorization"] for got in apple.received}) == 1


async def test_another_teams_key_keeps_every_token_and_the_log_says_why_once(
    apple: ApnsSandbox, settings: ApnsSettings, caplog: pytest.LogCaptureFixture
) -> None:
    async with ApnsProvider(replace(settings, team_id="ANOTHERONE")) as apns:
        assert set(await sent(apns, 20)) == {Receipt(Outcome.MISCONFIGURED, "InvalidProviderToken")}
    assert caplog.text.count("APNs refuses us (InvalidProviderToken)") == 1


async def test_a_key_that_cannot_be_used_is_named_with_what_to_do(settings: ApnsSettings, tmp_path: Path) -> None:
    (tmp_path / "none.p8").write_text("no key")
    for file, word in (("none.p8", "is no private key"), ("missing.p8", "can't be read")):
        with pytest.raises(ValueError, match=f"{file} .*{word}.*download it at Apple"):
            async with ApnsProvider(replace(settings, key_file=tmp_path / file)):
                pass


# -- the settings, and the whole way -----------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a key's id in small letters": ({"key_id": "abcdefghij"}, "ten capital letters"),
    "a team's id that is too long": ({"team_id": "A" * 11}, "ten capital letters"),
    "a topic that is no bundle id": ({"topic": "my app"}, "bundle id"),
    "an address without TLS": ({"base_url": "http://api.push.apple.com"}, "https://"),
    "no message at once": ({"at_once": 0}, "at least 1"),
    "no time": ({"timeout": 0}, "seconds after which"),
    "a lease that is too short": ({"timeout": 20.0}, "lease has to be more than twice apns.timeout"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_setting_that_apple_would_not_understand_is_refused_at_the_start(
    apple: ApnsSandbox, tmp_path: Path, tls: tuple[ssl.SSLContext, Path], case: str
) -> None:
    changes, word = WRONG[case]
    given = {"apns": {**written(apple, tmp_path, tls), **changes}}
    with pytest.raises(ConfigurationError) as refused:
        async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings={"mobile_push": given}):
            pass
    assert word in str(refused.value)
    assert "apns" in str(refused.value)


async def test_a_phone_that_registers_for_apns_is_woken_by_apple(
    apple: ApnsSandbox, tmp_path: Path, tls: tuple[ssl.SSLContext, Path]
) -> None:
    given = {"mobile_push": {"apns": written(apple, tmp_path, tls)}}
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings=given) as door:
        phone = {"provider": "apns", "token": token(7), "platform": "ios"}
        (await door.citizen("wang").post("/v1/devices", phone)).created()
        await deliver(door.platform, [new_message("wang")])
        await until(lambda: [got.token for got in apple.received] == [token(7)])


async def test_the_doctor_reads_the_key_and_asks_apple_nothing(
    apple: ApnsSandbox, settings: ApnsSettings, tmp_path: Path
) -> None:
    deployment: Any = type("Deployment", (), {"online": True, "registry": None})()
    good = await examination(PushSettings(apns=settings))(deployment)
    assert [(one.check, one.state) for one in good if one.check == "apns"] == [("apns", "ok")]
    (tmp_path / "bad.p8").write_text("x")
    bad = await examination(PushSettings(apns=replace(settings, key_file=tmp_path / "bad.p8")))(deployment)
    assert [one.state for one in bad if one.check == "apns"] == ["error"]
    told = findings(
        "mobile_push",
        PushSettings(apns=replace(settings, key_file=tmp_path / "bad.p8")),
        SimpleNamespace(departments={}, offered=lambda _: []),
    )
    assert [one.rule for one in told] == ["apns-key", "apns-sandbox"]
    assert not apple.answers
