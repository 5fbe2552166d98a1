"""A platform whose pushes go to the FCM sandbox, and messages to send."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.auth.crypt import RSASigner
from tortoise.queryset import QuerySet

from banshi import Message
from banshi.foundation.retry import Retry
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.testing import Door, open_door
from mobile_push.delivery.service import deliver
from mobile_push.providers.provider import Push
from mobile_push.sandbox import FcmSandbox
from mobile_push.sandbox.tokens import TokenEndpoint
from mobile_push.tables.models import Chunk, Delivery, FanOut
from tests.places import TRAFFIC
from tests.waiting import WAIT_TIMEOUT_S, until

#: The traffic police, and what brings their messages to phones.
PLUGINS: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}

OpenPush = Callable[..., AbstractAsyncContextManager[Door]]


#: Pauses of seconds and minutes, as tests have time for.
HURRIED: dict[str, Any] = {
    "delivery.claims.delivery_job.RETRY": Retry(0.05, 0.2, spread=1.0),
    "delivery.claims.verdicts.DOUBT_S": 1.0,
    "delivery.claims.verdicts.FIRST_REST_S": 0.05,
    "delivery.courier.MAX_SLEEP_S": 0.05,
    "delivery.pace.REST": Retry(0.05, 0.2, spread=0.5),
}

#: A fan-out of a few hundred phones takes many chunks and steps of a walk.
SMALL = {
    "delivery.planner.MAX_PHONES_A_CHUNK": 16,
    "delivery.planner.MAX_PHONES_A_STEP": 40,
    "delivery.claims.chunks.MAX_PHONES_A_CHUNK": 16,
}


def whole(name: str) -> str:
    """A name of mobile_push's from below it; the platform's have theirs whole."""
    return name if name.startswith("banshi.") else f"mobile_push.{name}"


def hurry(monkeypatch: pytest.MonkeyPatch, more: Mapping[str, float] | None = None) -> None:
    """Let retries come quickly, and set what else a test file names."""
    for name, value in {**HURRIED, **(more or {})}.items():
        monkeypatch.setattr(whole(name), value)


def push(**changes: Any) -> Push:
    """A case's message on its way to a provider."""
    values: dict[str, Any] = {
        "message_id": "018f3c1e-7b7a-7c3a-9e5e-000000000001",
        "title": "您的申请有新进展",
        "body": "",
        "link": "/cases/1",
        "kind": "case",
        "ttl": 3600,
        "collapse_key": None,
        "priority": "high",
    }
    return Push(**values | changes)


class Clock:
    """The clock of some modules, which a test sets ahead."""

    ahead = 0.0

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
        for module in modules:
            monkeypatch.setattr(f"{whole(module)}.time", self)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def time(self) -> float:
        return time.time() + self.ahead


#: The one key of all sandboxes here: making one takes longer than most tests, and reading it, with all that OpenSSL
#: checks of it, a tenth of a second.
KEYS: list[Any] = []
RSASigner.from_string = lru_cache(RSASigner.from_string)  # type: ignore[method-assign]


@pytest.fixture
def one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of FCM's sandboxes have the same key."""
    make = TokenEndpoint.make_key

    async def made_once(endpoint: TokenEndpoint) -> None:
        if not KEYS:
            await make(endpoint)
            KEYS.extend(endpoint._keys)
        endpoint._keys = list(KEYS)

    monkeypatch.setattr(TokenEndpoint, "make_key", made_once)


@pytest.fixture
async def sandbox(one_key: None) -> AsyncIterator[FcmSandbox]:
    async with FcmSandbox() as server:
        yield server


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1, and the file of the authority that a client must trust."""
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("authority", "sandbox")]
    authority, server = (
        x509.CertificateBuilder(names[0], name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=key is keys[0], path_length=None), True)
        .add_extension(x509.KeyUsage(*(key is not keys[0], *[False] * 4, key is keys[0], *[False] * 3)), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), False)
        .sign(keys[0], hashes.SHA256())
        for name, key in zip(names, keys, strict=True)
    )
    pem, both = tmp_path / "ca.pem", tmp_path / "server.pem"
    pem.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    private = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + server.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, pem


@pytest.fixture
def open_push(tmp_path: Path, sandbox: FcmSandbox) -> OpenPush:
    """`open_push(ttl=…, fcm={"timeout": …})`: a platform on the sandbox; a second one shares its database.

    `database` is the address of another one.
    """

    def opened(
        *,
        fcm: dict[str, Any] | None = None,
        database: str = "",
        redis: str = "",
        duty: ProcessRole = EVERYTHING,
        **settings: Any,
    ) -> AbstractAsyncContextManager[Door]:
        key = sandbox.service_account_file(tmp_path / "key.json")
        urls = {"base_url": sandbox.base_url, "topics_url": sandbox.topics_url}
        own = {"service_account_file": str(key), **urls, "at_once": 20, **(fcm or {})}
        kernel: dict[str, Any] = {"database": database} if database else {}
        kernel |= {"redis": {"url": redis}} if redis else {}
        # What reaches all is published by one person here, where nothing is said of a second.
        alone = [] if "second_person" in settings else ["traffic"]
        push = {"mobile_push": {"fcm": own, "one_person": alone, **settings}}
        return open_door(tmp_path, PLUGINS, settings=push, platform=kernel, duty=duty)

    return opened


@pytest.fixture
async def door(open_push: OpenPush) -> AsyncIterator[Door]:
    """A platform with the traffic police, mobile_push, and the sandbox for FCM."""
    async with open_push() as opened:
        yield opened


def ahead(door: Door, **apart: float) -> None:
    """Set the platform's clock so far ahead of what it shows."""
    now = door.platform.now
    door.platform.now = lambda: now() + timedelta(**apart)  # type: ignore[method-assign]


def new_message(person: str = "wang", **changes: Any) -> Message:
    """A message to a person."""
    values: dict[str, Any] = {
        "id": str(uuid4()),
        "kind": "case",
        "person": person,
        "title": {"zh-CN": "禁区通行证：已批准", "en": "Vehicle pass: approved"},
        "body": {"zh-CN": "王小明，请查看", "en": "Wang Xiaoming, please look"},
        "link": "/v1/cases/01a20e51-b8d0-73bc-a1cc-8c2006b6a5e1",
        "case_id": None,
        "created_at": datetime.now(UTC),
    }
    return Message(**values | changes)


async def send(door: Door, person: str = "wang", **changes: Any) -> Message:
    """One message to a person, through the channel."""
    one = new_message(person, **changes)
    await deliver(door.platform, [one])
    return one


async def deliveries(door: Door) -> list[dict[str, Any]]:
    """The delivery rows, the oldest first."""
    rows = await door.platform.store.connection.execute_query_dict("SELECT * FROM push_delivery ORDER BY id")
    return [dict(row) for row in rows]


async def register(door: Door, token: str, person: str = "wang", **changes: Any) -> dict[str, Any]:
    """Somebody's phone at FCM."""
    document = {"provider": "fcm", "token": token, "platform": "android", **changes}
    device: dict[str, Any] = (await door.citizen(person).post("/v1/devices", document)).created()
    return device


def quiet_hours(door: Door) -> dict[str, Any]:
    """An hour before and after now, as a profile has them."""
    now = door.platform.now()
    minute = now.hour * 60 + now.minute
    return {"quiet_from": (minute - 60) % 1440, "quiet_until": (minute + 60) % 1440, "timezone": "UTC"}


async def metric(door: Door, line: str) -> float:
    """The value of the first metric whose line begins so, 0 where there is none."""
    text = (await door.anyone.get("/metrics")).body.decode()
    return next((float(one.split()[-1]) for one in text.splitlines() if one.startswith(line)), 0.0)


async def nothing_due() -> bool:
    """Nothing is to be walked or sent any more."""
    return await none_of(*(model.filter(state="due") for model in (FanOut, Chunk, Delivery)))


async def none_of(*queries: QuerySet[Any]) -> bool:
    """There is nothing that any of these finds."""
    return not any([await query.exists() for query in queries])


async def outcomes(door: Door) -> list[tuple[str, str]]:
    """(state, code) of every delivery, once none is due any more."""
    await until(lambda: none_of(Delivery.filter(state="due")))
    return [(row["state"], row["code"]) for row in await deliveries(door)]


async def until_equal(read: Callable[[], Awaitable[Any]], expected: Any, seconds: float = WAIT_TIMEOUT_S) -> None:
    """Wait until this is read; if it never is, say what is read in its place."""

    async def same() -> bool:
        return bool(await read() == expected)

    try:
        await until(same, seconds)
    except AssertionError:
        assert await read() == expected
        raise
