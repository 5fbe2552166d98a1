"""The sandbox's push server: what browsers' services check, it checks; what they do, it does on demand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from mobile_push.commands import webpush_key
from mobile_push.providers.webpush import Subscription, WebPushSettings
from mobile_push.providers.webpush.encryption import encrypt
from mobile_push.providers.webpush.vapid import public_key, read_key
from mobile_push.sandbox.webpush.push_service import WebPushSandbox, serve_webpush

SETTINGS = WebPushSettings(private_key_file=Path("key.pem"), contact="mailto:push@example.org", loopback=True)
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
async def sandbox() -> AsyncIterator[WebPushSandbox]:
    async with WebPushSandbox() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def vapid(sandbox: WebPushSandbox, key: Any = KEY, **changes: Any) -> str:
    claimed = {"aud": sandbox.url, "exp": int(time.time()) + 3600, "sub": "mailto:push@example.org", **changes}
    return str(Vapid02(key).sign(claimed)["Authorization"])


async def post(
    client: aiohttp.ClientSession, document: dict[str, Any], body: bytes | None = None, **headers: str | None
) -> tuple[int, Any]:
    to = Subscription.read(document, SETTINGS)
    given = {"TTL": "60", "Content-Encoding": "aes128gcm"} | {name.replace("_", "-"): v for name, v in headers.items()}
    sent = {name: value for name, value in given.items() if value is not None}
    async with client.post(to.endpoint, data=encrypt(b"{}", to) if body is None else body, headers=sent) as response:
        answer = await response.read()
        return response.status, json.loads(answer)["message"] if answer else response.headers.copy()


async def test_a_good_request_is_created_with_its_place_and_the_time_for_which_it_is_kept(
    sandbox: WebPushSandbox, client: aiohttp.ClientSession
) -> None:
    status, headers = await post(client, sandbox.subscribe(), TTL="99999999")
    assert (status, headers["Location"], headers["TTL"]) == (201, f"{sandbox.url}/message/1", "2419200")


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"TTL": None}, "TTL"),
        ({"TTL": "-1"}, "TTL"),
        ({"TTL": "soon"}, "TTL"),
        ({"Urgency": "urgent"}, "Urgency"),
        ({"Topic": "a b"}, "Topic"),
        ({"Topic": "x" * 33}, "Topic"),
        ({"Content_Encoding": "aesgcm"}, "aes128gcm"),
        ({"Content_Encoding": None}, "aes128gcm"),
    ],
)
async def test_a_wrong_header_is_refused_by_name(
    sandbox: WebPushSandbox, client: aiohttp.ClientSession, headers: dict[str, str | None], word: str
) -> None:
    status, told = await post(client, sandbox.subscribe(), **headers)
    assert status == 400
    assert word in told
    assert not sandbox.received


async def test_a_body_that_is_too_long_empty_or_for_somebody_else_is_refused(
    sandbox: WebPushSandbox, client: aiohttp.ClientSession
) -> None:
    one, other = sandbox.subscribe(), sandbox.subscribe()
    assert (await post(client, one, b"x" * 4097))[0] == 413
    assert (await post(client, one, b"x" * 200_000))[0] == 413
    assert (await post(client, one, b""))[0] == 400
    status, told = await post(client, one, encrypt(b"{}", Subscription.read(other, SETTINGS)))
    assert status == 400
    assert "can't open it" in told


async def test_who_sends_is_checked_by_signature_audience_time_and_key(
    sandbox: WebPushSandbox, client: aiohttp.ClientSession
) -> None:
    phone = sandbox.subscribe(public_key(KEY))
    assert (await post(client, phone, Authorization=vapid(sandbox)))[0] == 201
    stranger = ec.generate_private_key(ec.SECP256R1())
    good = vapid(sandbox)
    now = int(time.time())
    refused = {
        "missing": None,
        "vapid t=": "WebPush abc",
        "signature": good.replace("k=" + public_key(KEY), "k=" + public_key(stranger)),
        "uncompressed": good.replace("k=" + public_key(KEY), "k=AAAA"),
        "aud": vapid(sandbox, aud="https://push.example.org"),
        "exp is in -": vapid(sandbox, exp=now - 10),
        "exp is in 8": vapid(sandbox, exp=now + 24 * 3600 + 60),
    }
    for word, header in refused.items():
        status, told = await post(client, phone, Authorization=header)
        assert (status, word in told) == (401, True), (word, told)
    status, told = await post(client, phone, Authorization=vapid(sandbox, stranger))
    assert (status, "not the key" in told) == (403, True)
    assert (await post(client, sandbox.subscribe(), Authorization=None))[0] == 201, "without a key anybody may send"
    assert len(sandbox.received) == 2


async def test_a_phone_that_is_off_gets_what_has_not_expired_and_the_last_of_each_topic(
    sandbox: WebPushSandbox, client: aiohttp.ClientSession
) -> None:
    document = sandbox.subscribe()
    to = Subscription.read(document, SETTINGS)
    sandbox.behaviour.offline = [to.endpoint.rpartition("/")[2]]
    for text, ttl, topic in (("a", "60", "t"), ("b", "60", "t"), ("c", "0", None), ("d", "1", None), ("e", "60", "u")):
        assert (await post(client, document, encrypt(text.encode(), to), TTL=ttl, Topic=topic))[0] == 201
    assert not sandbox.received
    await asyncio.sleep(1.1)
    sandbox.behaviour.offline = []
    assert [one.text for one in sandbox.received] == [b"b", b"e"]


async def test_an_app_subscribes_reads_and_unsubscribes_over_http(
    sandbox: WebPushSandbox, client: aiohttp.ClientSession
) -> None:
    async with client.post(f"{sandbox.url}/sandbox/subscriptions", json={"applicationServerKey": None}) as response:
        assert response.status == 201
        phone = await response.json()
    identity = phone["endpoint"].rpartition("/")[2]
    assert (await post(client, phone))[0] == 201
    async with client.get(f"{sandbox.url}/sandbox/messages", params={"subscription": identity}) as response:
        shown = await response.json()
    assert [(one["number"], one["text"]) for one in shown["messages"]] == [(1, "{}")]
    assert shown["answers"] == {"201": 1}
    for expected in (200, 404):
        async with client.delete(f"{sandbox.url}/sandbox/subscriptions/{identity}") as response:
            assert response.status == expected
    assert (await post(client, phone))[0] == 410


async def test_a_wrong_request_to_the_sandbox_itself_is_told_what_is_wrong(
    sandbox: WebPushSandbox, client: aiohttp.ClientSession
) -> None:
    for method, path, body, status in (
        ("POST", "/sandbox/subscriptions", b"{", 400),
        ("POST", "/sandbox/subscriptions", b"[]", 400),
        ("POST", "/sandbox/subscriptions", b'{"applicationServerKey":7}', 400),
        ("POST", "/sandbox/subscriptions", b'{"key":"x"}', 400),
        ("GET", "/sandbox/messages?after=x", b"", 400),
        ("PUT", "/sandbox/behaviour", b"{", 400),
        ("PUT", "/sandbox/behaviour", b"[]", 400),
        ("GET", "/nowhere", b"", 404),
        ("DELETE", "/sandbox/subscriptions/", b"", 404),
    ):
        async with client.request(method, sandbox.url + path, data=body) as response:
            assert response.status == status, (method, path, body)
            assert (await response.json())["detail"]


async def test_one_phone_or_all_fail_by_their_path(sandbox: WebPushSandbox, client: aiohttp.ClientSession) -> None:
    behaviour, first, second = f"{sandbox.url}/sandbox/behaviour", f"{sandbox.url}/push/a", f"{sandbox.url}/push/b"

    async def answer(fault: dict[str, Any], url: str) -> int:
        async with client.put(behaviour, json=fault) as response:
            assert response.status == 200, await response.text()
        try:
            async with asyncio.timeout(0.3), client.post(url) as response:
                return response.status
        except TimeoutError:
            return 0

    assert await answer({"status": {"/push/a": 500}}, first) == 500
    assert await answer({"status": {"/push/a": 500}}, second) == 404
    assert await answer({"garbage": ["/push/"]}, second) == 200
    assert await answer({"hang": ["/push/a"]}, first) == 0
    assert await answer({"hang": ["/push/a"]}, second) == 404
    assert sandbox.counted == {("/push/", what): 1 for what in (500, "garbage", "hang")}
    for wrong in ({"hang": ["/token"]}, {"status": {"/push/": 99}}, {"garbage": ["push/a"]}):
        async with client.put(behaviour, json=wrong) as response:
            assert response.status == 400
            assert next(iter(wrong)) in (await response.json())["detail"]


async def test_serve_prints_the_settings_that_send_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    task = asyncio.create_task(serve_webpush("127.0.0.1", 0))
    shown = ""
    while "messages?" not in shown:
        await asyncio.sleep(0.02)
        shown += capsys.readouterr().out
    assert "[plugins.mobile_push.settings.webpush]" in shown
    assert "loopback = true" in shown
    url = shown.split("Push server on ")[1].split()[0]
    async with aiohttp.ClientSession() as client, client.post(f"{url}/sandbox/subscriptions", data=b"") as response:
        assert response.status == 201
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# -- the key command ---------------------------------------------------------------------------------------------


def test_the_key_command_writes_a_private_file_once_and_prints_its_public_half(tmp_path: Path) -> None:
    file, runner = tmp_path / "vapid.pem", CliRunner()
    first = runner.invoke(webpush_key, [str(file)])
    assert first.exit_code == 0, first.output
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    key = first.stdout.strip()
    assert key == public_key(read_key(file))
    assert len(key) == 87
    assert "PRIVATE" not in first.output
    again = runner.invoke(webpush_key, [str(file)])
    assert (again.exit_code, again.stdout.strip(), file.read_bytes()) == (0, key, content)


def test_the_key_command_overwrites_nothing_and_says_why_it_cant(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a key")
    refused = CliRunner().invoke(webpush_key, [str(other)])
    assert refused.exit_code == 1
    assert "notes.txt is no private key" in refused.output
    assert other.read_text() == "not a key"
    nowhere = CliRunner().invoke(webpush_key, [str(tmp_path / "none" / "vapid.pem")])
    assert nowhere.exit_code == 1
    assert "can't be written" in nowhere.output
