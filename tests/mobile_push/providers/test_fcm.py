"""The FCM provider against the sandbox, over sockets."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mobile_push.delivery.pace import Pace
from mobile_push.providers.fcm.answers import classify
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.provider import Outcome, Receipt, retry_after
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.lanes import Lane
from tests.mobile_push.conftest import Clock, push
from tests.waiting import lateness


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The provider's own clock."""
    return Clock(monkeypatch, "providers.fcm.payload", "providers.apple", "banshi.builtin.outgoing.access_token")


async def test_an_accepted_message_carries_title_link_id_and_both_platforms_options(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    before = time.time()
    receipt = await fcm.send(push(body="请查看", collapse_key="case-1", ttl=90), "phone-1")
    name = "projects/banshi-sandbox/messages/0:1"
    assert receipt == Receipt(Outcome.ACCEPTED, "OK", None, name)
    message = sandbox.received[0].message
    expires = int(message["apns"]["headers"].pop("apns-expiration"))
    assert before + 89 <= expires <= time.time() + 91
    assert message == {
        "token": "phone-1",
        "notification": {"title": "您的申请有新进展", "body": "请查看"},
        "data": {"message_id": "018f3c1e-7b7a-7c3a-9e5e-000000000001", "kind": "case", "link": "/cases/1"},
        "android": {
            "priority": "HIGH",
            "ttl": "90s",
            "collapse_key": "case-1",
            "notification": {"tag": "case-1", "notification_priority": "PRIORITY_DEFAULT", "sound": "default"},
        },
        "apns": {
            "headers": {"apns-push-type": "alert", "apns-priority": "10", "apns-collapse-id": "case-1"},
            "payload": {"aps": {"interruption-level": "active", "sound": "default"}},
        },
    }


async def test_a_ttl_beyond_four_weeks_and_a_long_collapse_key_are_brought_within_the_services_limits(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    receipt = await fcm.send(push(ttl=10**9, collapse_key="通" * 40, priority="normal"), "phone-1")
    assert receipt.outcome is Outcome.ACCEPTED
    message = sandbox.received[0].message
    assert message["android"]["ttl"] == "2419200s"
    assert len(message["apns"]["headers"]["apns-collapse-id"]) == 64
    assert message["apns"]["headers"]["apns-priority"] == "5"


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "wait"),
    [
        ("UNREGISTERED", Outcome.DEAD_TOKEN, "UNREGISTERED", None),
        ("INVALID_ARGUMENT", Outcome.REJECTED, "INVALID_ARGUMENT", None),
        ("SENDER_ID_MISMATCH", Outcome.MISCONFIGURED, "SENDER_ID_MISMATCH", None),
        ("THIRD_PARTY_AUTH_ERROR", Outcome.MISCONFIGURED, "THIRD_PARTY_AUTH_ERROR", None),
        ("PERMISSION_DENIED", Outcome.MISCONFIGURED, "PERMISSION_DENIED", None),
        ("NOT_FOUND", Outcome.MISCONFIGURED, "NOT_FOUND", None),
        ("QUOTA_EXCEEDED", Outcome.RETRY, "QUOTA_EXCEEDED", 60.0),
        ("UNAVAILABLE", Outcome.RETRY, "UNAVAILABLE", None),
        ("INTERNAL", Outcome.RETRY, "INTERNAL", None),
        ("BAD_GATEWAY", Outcome.RETRY, "HTTP_502", None),
        ("GATEWAY_TIMEOUT", Outcome.RETRY, "HTTP_504", None),
        ("LOGIN_PAGE", Outcome.RETRY, "unreadable-answer", None),
    ],
)
async def test_every_error_of_the_service_has_its_verdict(
    sandbox: FcmSandbox, fcm: FcmProvider, fault: str, outcome: Outcome, code: str, wait: float | None
) -> None:
    sandbox.behaviour.faults = {"phone-1": fault}
    assert await fcm.send(push(), "phone-1") == Receipt(outcome, code, wait)
    assert sandbox.token_requests == 1, "no error but an expired token is a reason to fetch another"
    assert (await fcm.send(push(), "phone-2")).outcome is Outcome.ACCEPTED


async def test_only_the_word_unregistered_forgets_a_token(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    sandbox.behaviour.unregistered = {"phone-1"}
    assert (await fcm.send(push(), "phone-1")).outcome is Outcome.DEAD_TOKEN
    for status in (400, 401, 403, 404, 410, 500, 503):
        for body in (b"", b"UNREGISTERED", b"[]", b'{"error":[]}', b'{"error":{"status":"NOT_FOUND","details":{}}}'):
            assert classify(status, {}, body).outcome is not Outcome.DEAD_TOKEN


def test_a_name_that_no_database_takes_as_text_is_left_out_and_the_message_counts_as_taken() -> None:
    for name, kept in (("projects/p/messages/1", "projects/p/messages/1"), ("a\0b", None), ("a\nb", None)):
        answer = classify(200, {}, orjson.dumps({"name": name}))
        assert answer == Receipt(Outcome.ACCEPTED, "OK", None, kept)


async def test_a_project_without_the_right_to_send_is_misconfigured_and_the_log_says_why(
    sandbox: FcmSandbox, fcm: FcmProvider, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.behaviour.wrong_project = True
    for _ in range(3):
        assert await fcm.send(push(), "phone-1") == Receipt(Outcome.MISCONFIGURED, "PERMISSION_DENIED")
    assert caplog.text.count("cloudmessaging.messages.create") == 1


async def test_a_project_id_in_the_settings_goes_before_the_key_files(
    sandbox: FcmSandbox, settings: FcmSettings
) -> None:
    other = FcmSettings(settings.service_account_file, project_id="another", base_url=sandbox.base_url)
    async with FcmProvider(other) as fcm:
        assert await fcm.send(push(), "phone-1") == Receipt(Outcome.MISCONFIGURED, "PERMISSION_DENIED")


@pytest.mark.parametrize(("share", "header"), [("quota", 7), ("unavailable", 7)])
async def test_retry_after_in_seconds_is_told(sandbox: FcmSandbox, fcm: FcmProvider, share: str, header: int) -> None:
    setattr(sandbox.behaviour, f"{share}_share", 1.0)
    setattr(sandbox.behaviour, f"{share}_retry_after", header)
    receipt = await fcm.send(push(), "phone-1")
    assert (receipt.outcome, receipt.retry_after) == (Outcome.RETRY, 7.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("99999999999", 3600.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:30 +0000", 30.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
        ("²", None),
    ],
)
def test_a_retry_after_is_held_against_the_servers_own_clock_and_kept_within_an_hour(
    header: str, seconds: float | None
) -> None:
    assert retry_after({"Retry-After": header, "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}) == seconds


async def test_scattered_refusals_pause_nothing_and_ten_in_a_row_pause_at_once(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    pace = Pace(fcm.per_second, fcm.at_once)

    async def sends(count: int) -> None:
        for _ in range(count):
            receipt = await fcm.send(push(), "phone-1")
            pace.under_way += 1
            pace.answered(Lane.CASE, receipt)

    sandbox.behaviour.quota_share = 0.5
    await sends(40)
    assert sandbox.answers["QUOTA_EXCEEDED"] == 20
    sandbox.behaviour.quota_share = 0.0
    await sends(1)
    sandbox.behaviour.quota_share, sandbox.behaviour.quota_retry_after = 1.0, 20
    await sends(9)
    assert pace.resting == 0
    await sends(1)
    assert 15 < pace.resting <= 20


async def test_a_server_that_is_gone_means_later(settings: FcmSettings, sandbox: FcmSandbox) -> None:
    gone = FcmSettings(
        settings.service_account_file, base_url="http://127.0.0.1:1/v1/projects", token_uri=f"{sandbox.url}/token"
    )
    async with FcmProvider(gone) as fcm:
        assert await fcm.send(push(), "phone-1") == Receipt(Outcome.RETRY, "no-connection")
    assert await fcm.send(push(), "phone-1") == Receipt(Outcome.RETRY, "connection"), "a closed provider raises nothing"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": "长" * 1400}, "too-large"),
        ({"title": None}, "not-text"),
        ({"link": 7}, "not-text"),
        ({"message_id": None}, "not-text"),
        ({"title": "\ud83d"}, "not-text"),
        ({"message_id": "\ud83d"}, "not-text"),
    ],
)
async def test_what_can_never_be_sent_never_leaves(
    sandbox: FcmSandbox, fcm: FcmProvider, changes: dict[str, Any], code: str
) -> None:
    for _ in range(2):
        assert await fcm.send(push(**changes), "phone-1") == Receipt(Outcome.REJECTED, code)
    assert not sandbox.answers
    assert sandbox.token_requests == 0


@pytest.mark.parametrize(("token", "code"), [("", "no-token"), ("\ud83d", "not-text"), (7, "not-text")])
async def test_what_is_no_address_never_leaves(sandbox: FcmSandbox, fcm: FcmProvider, token: Any, code: str) -> None:
    assert await fcm.send(push(), token) == Receipt(Outcome.REJECTED, code)
    assert not sandbox.answers


@pytest.mark.parametrize("title", ['"token":"the address"', "the address", '\\"token\\":"', "号码\u2028"])
async def test_one_push_to_many_phones_differs_in_the_address_alone(
    sandbox: FcmSandbox, fcm: FcmProvider, title: str
) -> None:
    tokens = ["phone-1", 'quoted "phone"', "the address", "手机\n", "x" * 4096]
    one = push(title=title, link=title)
    for token in tokens:
        assert (await fcm.send(one, token)).outcome is Outcome.ACCEPTED
    messages = [record.message for record in sandbox.received]
    assert [message.pop("token") for message in messages] == tokens
    assert all(message == messages[0] for message in messages)
    assert messages[0]["notification"]["title"] == messages[0]["data"]["link"] == title


async def test_a_push_that_goes_on_for_long_is_given_its_expiry_anew(
    sandbox: FcmSandbox, fcm: FcmProvider, clock: Clock
) -> None:
    one = push(ttl=60)
    await fcm.send(one, "phone-1")
    clock.ahead += 40
    await fcm.send(one, "phone-2")
    first, second = (int(r.message["apns"]["headers"]["apns-expiration"]) for r in sandbox.received)
    assert 40 <= second - first <= 42


async def test_hundreds_of_different_pushes_are_each_sent_as_they_are(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    for number in range(200):
        await fcm.send(push(title=f"title {number}"), "phone-1")
    assert [r.message["notification"]["title"] for r in sandbox.received] == [f"title {n}" for n in range(200)]


@pytest.mark.parametrize("collapse_key", [None, "case-1"])
async def test_messages_that_share_their_words_each_carry_their_own_id_and_link(
    sandbox: FcmSandbox, fcm: FcmProvider, collapse_key: str | None
) -> None:
    ids = ["018f3c1e-7b7a-7c3a-9e5e-000000000001", 'a "quoted" id', "编号", "i" * 65]
    for number, one in enumerate(ids):
        await fcm.send(push(message_id=one, link=f"/cases/{number}", collapse_key=collapse_key), f"phone-{number}")
    messages = [record.message for record in sandbox.received]
    assert [message["token"] for message in messages] == [f"phone-{number}" for number in range(len(ids))]
    assert [message["data"] for message in messages] == [
        {"message_id": one, "kind": "case", "link": f"/cases/{number}"} for number, one in enumerate(ids)
    ]
    assert [message["android"]["notification"]["tag"] for message in messages] == [collapse_key or one for one in ids]
    keys = [message["apns"]["headers"]["apns-collapse-id"] for message in messages]
    assert keys[:-1] == [collapse_key or one for one in ids[:-1]]
    assert len(keys[-1]) <= 64


async def test_the_limit_counts_what_the_phone_gets_and_not_the_address(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    receipt = await fcm.send(push(body="b" * 3800), "t" * 900)
    assert receipt.outcome is Outcome.ACCEPTED
    assert len(sandbox.received[0].raw) > 4096


async def test_fetching_a_token_does_not_hold_up_the_loop(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    sandbox.behaviour.latency = {"/token": 0.6}
    started = time.monotonic()
    async with lateness() as late:
        assert (await fcm.send(push(), "phone-1")).outcome is Outcome.ACCEPTED
    assert time.monotonic() - started >= 0.6
    assert len(late) > 20
    assert max(late) < 0.4


async def test_the_first_messages_share_one_token_request(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    receipts = await asyncio.gather(*(fcm.send(push(), f"phone-{n}") for n in range(50)))
    assert {r.outcome for r in receipts} == {Outcome.ACCEPTED}
    assert sandbox.token_requests == 1


async def test_an_expired_token_is_replaced_once_for_fifty_messages_and_all_arrive(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    for expiry in (1, 2):
        await fcm.send(push(), "phone-1")
        sandbox.tokens.expire()
        receipts = await asyncio.gather(*(fcm.send(push(), f"phone-{n}") for n in range(50)))
        assert {r.outcome for r in receipts} == {Outcome.ACCEPTED}
        assert sandbox.token_requests == 1 + expiry
    assert len(sandbox.received) == 102


@pytest.mark.parametrize("first", ["none yet", "refused"])
async def test_a_send_takes_no_longer_than_two_timeouts_however_slow_tokens_and_answers_are(
    sandbox: FcmSandbox, settings: FcmSettings, first: str
) -> None:
    """Other workers take over what is claimed once a send has to be over."""
    async with FcmProvider(replace(settings, timeout=3.0)) as fcm:
        assert fcm.longest_send == 6.0
        if first == "refused":
            await fcm.send(push(), "phone-1")
            sandbox.tokens.expire()
        sandbox.behaviour.latency = {"/": 1.8}
        started = time.monotonic()
        receipt = await fcm.send(push(), "phone-2")
        took = time.monotonic() - started
    if first == "none yet":
        # A send that a slow token leaves no time for would be given up while FCM takes it, and be sent twice.
        assert receipt.outcome is Outcome.ACCEPTED
    else:
        assert receipt == Receipt(Outcome.RETRY, "token-endpoint")
    # Two tokens and two sends would be 7.2 s. A busy machine wakes whoever waits half a second late.
    assert (3.5 if first == "none yet" else 2.9) < took < 6.9, took


async def test_a_late_refusal_of_the_old_token_does_not_throw_the_new_one_away(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    await fcm.send(push(), "phone-1")
    sandbox.behaviour.latency = 0.5
    slow = asyncio.create_task(fcm.send(push(), "phone-2"))
    await asyncio.sleep(0.2)
    sandbox.behaviour.latency = 0.0
    sandbox.tokens.expire()
    assert (await fcm.send(push(), "phone-3")).outcome is Outcome.ACCEPTED
    assert (await slow).outcome is Outcome.ACCEPTED
    assert sandbox.answers["UNAUTHENTICATED"] == 2
    assert sandbox.token_requests == 2


async def test_a_service_that_refuses_fresh_tokens_too_is_misconfigured_and_costs_one_more_token(
    sandbox: FcmSandbox, fcm: FcmProvider
) -> None:
    sandbox.behaviour.faults = {"phone-1": "ACCESS_TOKEN_EXPIRED"}
    for _ in range(5):
        assert await fcm.send(push(), "phone-1") == Receipt(Outcome.MISCONFIGURED, "UNAUTHENTICATED")
    assert sandbox.token_requests == 2
    assert sandbox.answers["UNAUTHENTICATED"] == 2


async def test_a_token_is_renewed_early_while_messages_go_on_with_the_old_one(
    sandbox: FcmSandbox, fcm: FcmProvider, clock: Clock
) -> None:
    await fcm.send(push(), "phone-1")
    sandbox.behaviour.latency = {"/token": 0.5}
    clock.ahead += 3600 - 290
    assert (await fcm.send(push(), "phone-1")).outcome is Outcome.ACCEPTED
    renewal = fcm._token._task
    assert renewal is not None, "the message did not wait for the next token"
    await asyncio.wait_for(asyncio.wait({renewal}), 10)
    clock.ahead += 600
    assert (await fcm.send(push(), "phone-1")).outcome is Outcome.ACCEPTED
    assert sandbox.token_requests == 2
    assert set(sandbox.answers) == {"OK"}


async def test_a_failed_early_renewal_leaves_the_old_token_in_use(
    sandbox: FcmSandbox, fcm: FcmProvider, clock: Clock
) -> None:
    await fcm.send(push(), "phone-1")
    sandbox.behaviour.cut = {"/token"}
    clock.ahead += 3600 - 290
    for _ in range(20):
        assert (await fcm.send(push(), "phone-1")).outcome is Outcome.ACCEPTED
        await asyncio.sleep(0.01)
    assert sandbox.token_requests == 2


async def test_a_dead_token_endpoint_means_later_and_is_not_hammered(
    sandbox: FcmSandbox, fcm: FcmProvider, clock: Clock
) -> None:
    sandbox.behaviour.cut = {"/token"}
    for _ in range(4):
        receipts = await asyncio.gather(*(fcm.send(push(), "phone-1") for _ in range(500)))
        assert set(receipts) == {Receipt(Outcome.RETRY, "token-endpoint")}
    assert sandbox.token_requests == 1
    sandbox.behaviour.cut = set()
    clock.ahead += 5
    assert (await fcm.send(push(), "phone-1")).outcome is Outcome.ACCEPTED


async def test_a_token_endpoint_that_hangs_means_later(sandbox: FcmSandbox, settings: FcmSettings) -> None:
    sandbox.behaviour.latency = {"/token": 2.0}
    quick = FcmSettings(settings.service_account_file, base_url=settings.base_url, timeout=1.0)
    async with FcmProvider(quick) as fcm:
        assert await fcm.send(push(), "phone-1") == Receipt(Outcome.RETRY, "token-endpoint")


async def test_a_redirect_of_the_token_endpoint_is_not_followed(sandbox: FcmSandbox, settings: FcmSettings) -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"{sandbox.url}/token"})

    app = web.Application()
    app.router.add_post("/token", elsewhere)
    async with TestServer(app) as server:
        led = replace(settings, token_uri=str(server.make_url("/token")))
        async with FcmProvider(led) as fcm:
            assert (await fcm.send(push(), "phone-1")).outcome is not Outcome.ACCEPTED
    assert sandbox.token_requests == 0


async def test_a_withdrawn_key_is_misconfigured(sandbox: FcmSandbox, fcm: FcmProvider) -> None:
    sandbox.behaviour.token_refused = True
    assert await fcm.send(push(), "phone-1") == Receipt(Outcome.MISCONFIGURED, "credentials")


async def test_an_answer_that_comes_in_pieces_is_read_to_its_end(settings: FcmSettings) -> None:
    body = b'{"name": "projects/banshi-sandbox/messages/0:7"}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 7):
            piece = body[start : start + 7]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.005)
        writer.write(b"0\r\n\r\n")

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/projects"
        async with FcmProvider(FcmSettings(settings.service_account_file, base_url=address)) as fcm:
            receipt = await fcm.send(push(), "phone-1")
    assert receipt == Receipt(Outcome.ACCEPTED, "OK", None, "projects/banshi-sandbox/messages/0:7")


async def test_a_proxy_that_is_no_address_is_named_without_its_password(
    settings: FcmSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://user:secret-word@[proxy")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    far = FcmSettings(settings.service_account_file, base_url="http://fcm.test/v1/projects")
    with pytest.raises(ValueError, match="http_proxy in the environment is no proxy's address") as caught:
        async with FcmProvider(far):
            pass
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (None, "can't be read"),
        (b"not json", "is not JSON"),
        (b"[]", "is not a service account's key"),
        (b'{"type":"authorized_user"}', "is not a service account's key"),
        (b'{"type":"service_account","client_email":"a"}', "lacks private_key, token_uri, project_id"),
        (
            orjson.dumps(dict.fromkeys(("client_email", "private_key", "token_uri", "project_id"), "x"))[:-1]
            + b',"type":"service_account"}',
            "private_key in",
        ),
    ],
)
async def test_a_key_file_that_cant_be_used_is_named_with_what_to_do(
    tmp_path: Path, content: bytes | None, advice: str
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=advice) as caught:
        async with FcmProvider(FcmSettings(path)):
            pass
    assert str(path) in str(caught.value)
    assert "download" in str(caught.value)


async def test_a_ca_file_that_cant_be_used_is_named(settings: FcmSettings, tmp_path: Path) -> None:
    with_ca = FcmSettings(settings.service_account_file, ca_file=tmp_path / "none.pem")
    with pytest.raises(ValueError, match=r"none\.pem"):
        async with FcmProvider(with_ca):
            pass


@pytest.mark.parametrize(
    "wrong", [{"at_once": 0}, {"timeout": 0.0}, {"base_url": "fcm.googleapis.com"}, {"topics_url": "iid"}]
)
def test_a_setting_that_cant_be_meant_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FcmSettings(Path("key.json"), **wrong)


def test_pyfcm_and_google_auth_are_not_imported_before_a_provider_opens() -> None:
    code = "import sys, mobile_push.providers.fcm.provider, mobile_push.sandbox;"
    code += " print({m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"pyfcm", "google", "requests"} & set(loaded.replace("'", "").strip("{}\n").split(", "))
