"""Calls to addresses that somebody outside gave us."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import standardwebhooks
import trustme
from hypothesis import given
from hypothesis import strategies as st

from banshi.builtin.outgoing import caller
from banshi.builtin.outgoing.signing import ID, SIGNATURE, TIMESTAMP
from banshi.kernel.loading.outside_systems import OutgoingRules
from banshi.kernel.loading.settings import Settings
from banshi.kernel.loading.typed_tables import SettingsError, typed
from banshi.sdk.outgoing import (
    LOOPBACK,
    CallFailed,
    NotSigned,
    Outgoing,
    is_unsent,
    key_of,
    new_secret,
    open_outgoing,
    signed,
    verified,
)
from tests.servers import hostile_server
from tests.servers.fault_proxy import unanswered

BODY = b'{"hello": "\xe4\xbd\xa0\xe5\xa5\xbd"}'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def opened(tmp_path: Path, authority: trustme.CA, **rules: Any) -> AsyncIterator[Outgoing]:
    """Calls that trust the authority and may go to this machine."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    settings = SimpleNamespace(outgoing=OutgoingRules(**{"networks": LOOPBACK, "ca_file": file} | rules))
    platform: Any = SimpleNamespace(settings=settings)
    async with open_outgoing(platform) as outgoing:
        yield outgoing


async def failure(outgoing: Outgoing, url: str, seconds: float = 5.0) -> str:
    with pytest.raises(CallFailed) as failed:
        await outgoing.call(url, body=BODY, headers={}, seconds=seconds, limit=65_536)
    return failed.value.code


@pytest.mark.parametrize(
    ("behaviour", "code", "seconds"),
    [
        (hostile_server.hangs, "timeout", 0.3),
        (hostile_server.drips, "timeout", 0.5),
        (hostile_server.sends_a_gibibyte, "too-long", 5.0),
        (hostile_server.has_endless_headers, "not-http", 5.0),
        (hostile_server.speaks_no_http, "not-http", 5.0),
        (hostile_server.hangs_up, "unreachable", 5.0),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_whatever_an_endpoint_does_its_call_ends_in_time_with_a_reason(
    behaviour: Any, code: str, seconds: float, tmp_path: Path, authority: trustme.CA
) -> None:
    async with opened(tmp_path, authority) as outgoing, hostile_server.serving(behaviour, authority) as url:
        begun = time.monotonic()
        assert await failure(outgoing, outgoing.checked(url), seconds) == code
        assert time.monotonic() - begun < seconds + 2


async def test_a_connection_that_is_never_made_is_told_apart_from_an_answer_that_never_comes(
    tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "CONNECT_TIMEOUT_S", 0.3)
    with unanswered() as port:
        async with opened(tmp_path, authority) as outgoing:
            assert await failure(outgoing, f"http://127.0.0.1:{port}/") == "unreachable"


def test_only_what_was_never_connected_was_certainly_not_sent() -> None:
    key: Any = SimpleNamespace(host="a", port=1, ssl=True, is_ssl=True)
    unsent = [
        aiohttp.ClientConnectorError(key, OSError(111, "refused")),
        aiohttp.ClientConnectorDNSError(key, OSError(-2, "no such name")),
        aiohttp.ClientConnectorCertificateError(key, ssl.CertificateError("expired")),
        aiohttp.ClientConnectorSSLError(key, OSError(1, "no TLS")),
        aiohttp.ConnectionTimeoutError("SYN"),
        aiohttp.ClientProxyConnectionError(key, OSError(111, "refused")),
    ]
    perhaps = [
        TimeoutError(),
        aiohttp.ServerDisconnectedError(),
        aiohttp.SocketTimeoutError(),
        aiohttp.ClientOSError(104, "reset"),
        aiohttp.ClientPayloadError(),
        ConnectionResetError(),
        ValueError(),
    ]
    assert [is_unsent(one) for one in (*unsent, *perhaps)] == [True] * len(unsent) + [False] * len(perhaps)


@pytest.mark.parametrize("expired", [True, False])
async def test_a_certificate_that_has_expired_or_is_of_an_unknown_authority_is_not_taken(
    tmp_path: Path, authority: trustme.CA, expired: bool
) -> None:
    signed_by = authority if expired else trustme.CA()
    serving = hostile_server.serving(hostile_server.answers_500, signed_by, expired=expired)
    async with opened(tmp_path, authority) as outgoing, serving as url:
        assert await failure(outgoing, url) == "certificate"


async def test_a_redirect_is_not_followed(tmp_path: Path, authority: trustme.CA) -> None:
    serving = hostile_server.serving(hostile_server.redirects_inside, authority)
    async with opened(tmp_path, authority) as outgoing, serving as url:
        answered = await outgoing.call(url, body=BODY, headers={}, seconds=5, limit=1024)
        assert (answered.status, answered.ok) == (307, False)


async def test_an_address_of_our_own_network_is_never_called(tmp_path: Path, authority: trustme.CA) -> None:
    asked: list[bytes] = []

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(1))

    only_ten = (IPv4Network("10.0.0.0/8"),)
    async with (
        opened(tmp_path, authority, networks=only_ten) as outgoing,
        hostile_server.serving(counted, authority) as url,
    ):
        # A name is looked at when the connection is made: it may lead elsewhere each time.
        assert outgoing.checked(url.replace("127.0.0.1", "localhost"))
        assert await failure(outgoing, url.replace("127.0.0.1", "localhost")) == "forbidden-address"
        assert await failure(outgoing, url) == "forbidden-address"
        assert asked == []
        assert outgoing.checked("https://10.1.2.3/banshi") == "https://10.1.2.3/banshi"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "parks.example",
        "http://parks.example/",
        "http://10.0.0.1/",
        "ftp://parks.example/",
        "https://",
        "https:///path",
        "https://user:secret@parks.example/",
        "https://parks.example/#part",
        "https://parks.example:0/",
        "https://parks.example:70000/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://192.168.1.1/",
        "https://127.1/",
        "https://8.8.8.8./",
        "https://parks..example/",
        "https://" + "a" * 64 + ".example/",
        "https://parks.example/a b",
        "https://公园.example/",
        "https://parks.example/\r\nHost: other",
        "https://parks.example/" + "a" * 2048,
        "javascript:alert(1)",
    ],
)
async def test_what_can_be_no_endpoint_is_told_so(address: str, tmp_path: Path, authority: trustme.CA) -> None:
    async with opened(tmp_path, authority, networks=()) as outgoing:
        with pytest.raises(ValueError, match=r"^(has to|leads to)"):
            outgoing.checked(address)


async def test_http_is_for_this_machine_alone_and_only_where_it_is_allowed(
    tmp_path: Path, authority: trustme.CA
) -> None:
    async with opened(tmp_path, authority) as outgoing:
        assert outgoing.checked("http://localhost:8000/banshi")
        with pytest.raises(ValueError, match="https"):
            outgoing.checked("http://parks.example/")
    async with opened(tmp_path, authority, networks=()) as outgoing:
        with pytest.raises(ValueError, match="https"):
            outgoing.checked("http://localhost:8000/banshi")


async def test_an_answer_comes_back_with_what_it_says_of_later(tmp_path: Path, authority: trustme.CA) -> None:
    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hostile_server.request_of(reader)
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}")

    async with opened(tmp_path, authority) as outgoing, hostile_server.serving(busy, authority) as url:
        answered = await outgoing.call(url, body=BODY, headers={"X-Some": "thing"}, seconds=5, limit=1024)
        assert (answered.status, answered.body, answered.retry_after(time.time())) == (503, b"{}", 7.0)
        assert 0 < answered.took < 5


def test_a_network_that_is_none_is_told_so_with_its_key() -> None:
    with pytest.raises(SettingsError, match=r"platform\.outgoing\.networks\.0"):
        typed(Settings, {"outgoing": {"networks": ["everywhere"]}}, where="platform")


# -- signatures ----------------------------------------------------------------------------------------------------


def test_what_we_sign_the_standards_own_library_verifies() -> None:
    old, new = new_secret(), new_secret()
    headers = signed([old, new], "msg_1", int(time.time()), BODY)
    for secret in (old, new):
        assert standardwebhooks.Webhook(secret).verify(BODY, headers) == {"hello": "你好"}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(new_secret()).verify(BODY, headers)


def test_what_the_standards_own_library_signs_we_verify() -> None:
    from datetime import UTC, datetime

    secret, now = new_secret(), datetime.now(UTC)
    signature = standardwebhooks.Webhook(secret).sign("msg_1", now, BODY.decode())
    headers = {ID: "msg_1", TIMESTAMP: str(int(now.timestamp())), SIGNATURE: signature}
    assert verified([new_secret(), secret], headers, BODY, time.time()) == "msg_1"


NOW = 1_800_000_000
SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({ID: "msg_2"}, "wrong-signature"),
        ({TIMESTAMP: str(NOW + 1)}, "wrong-signature"),
        ({ID: ""}, "not-signed"),
        ({ID: "a b"}, "not-signed"),
        ({ID: "a" * 129}, "not-signed"),
        ({TIMESTAMP: "now"}, "not-signed"),
        ({TIMESTAMP: "-1"}, "not-signed"),
        ({TIMESTAMP: "9" * 400}, "not-signed"),
        ({SIGNATURE: ""}, "not-signed"),
        ({SIGNATURE: "v1"}, "wrong-signature"),
        ({SIGNATURE: "v1,"}, "wrong-signature"),
        ({SIGNATURE: "v1,\ud83d\udd11 v1a,x , ,,"}, "wrong-signature"),
        ({SIGNATURE: "v1,AAAA " * 10_000}, "wrong-signature"),
    ],
)
def test_a_call_whose_headers_were_changed_is_refused(changes: dict[str, str], code: str) -> None:
    headers = signed([SECRET], "msg_1", NOW, BODY) | changes
    with pytest.raises(NotSigned) as refused:
        verified([SECRET], headers, BODY, NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(("ago", "taken"), [(299, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_a_call_is_taken_within_five_minutes(ago: int, taken: bool) -> None:
    headers = signed([SECRET], "msg_1", NOW - ago, BODY)
    if taken:
        assert verified([SECRET], headers, BODY, NOW) == "msg_1"
    else:
        with pytest.raises(NotSigned) as refused:
            verified([SECRET], headers, BODY, NOW)
        assert refused.value.code == "wrong-time"


@given(body=st.binary(max_size=200), place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_body_with_one_bit_changed_is_refused(body: bytes, place: int, bit: int) -> None:
    headers = signed([SECRET], "msg_1", NOW, body)
    changed = bytearray(body or b"\0")
    changed[place % len(changed)] ^= 1 << bit
    with pytest.raises(NotSigned):
        verified([SECRET], headers, bytes(changed), NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "whsec_AAAA", "secret", SECRET[6:], SECRET + SECRET[6:]])
def test_a_secret_that_is_none_is_told_so(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        key_of(secret)
