"""What Web Push costs the sender: encryption by itself, and whole sends of ours and of pywebpush.

A process of its own, on its own core. It reads a plan as JSON from standard input: {"sender", "folder", "url", "warm",
"count"}; and prints the rate and the cost of what counts, and where it was measured the event loop's "lag" (p99, ms).
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.sending.waves import answer, sent
from benchmarks.shared.figures import cost
from mobile_push.providers.provider import Outcome, Push
from mobile_push.providers.webpush import Subscription, WebPushSettings, subscription
from mobile_push.providers.webpush.encryption import Bench, encrypt
from mobile_push.providers.webpush.provider import WebPushProvider, payload
from mobile_push.providers.webpush.vapid import public_key, read_key, write_key

#: Sends under way at once; the default of `connections`.
AT_ONCE = 100
PHONES = 50
PUSH = Push(
    message_id="019abcde-0000-7000-8000-000000000000",
    title="您有一条新的办事消息",
    body="",
    link="/v1/cases/019abcde-0000-7000-8000-000000000000",
    kind="case",
    ttl=86_400,
    collapse_key=None,
    priority="high",
)


def settings(plan: dict[str, Any]) -> WebPushSettings:
    folder = Path(plan["folder"])
    file = folder / "vapid.pem"
    if not file.exists():
        write_key(file)
    ca = folder / "ca.pem" if plan["url"] else None
    return WebPushSettings(private_key_file=file, contact="mailto:push@example.org", loopback=True, ca_file=ca)


def phone() -> Subscription:
    point = (
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    return Subscription("https://push.example.org/push/x", point, os.urandom(16))


# -- encryption by itself --------------------------------------------------------------------------------------------


def by_http_ece(text: bytes, to: Subscription) -> bytes:
    """By the library that pywebpush takes, the runner-up of ours."""
    import http_ece

    key, salt = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    body: bytes = http_ece.encrypt(
        text, salt=salt, private_key=key, dh=to.p256dh, auth_secret=to.auth, rs=4096, version="aes128gcm"
    )
    return body


async def inline(plan: dict[str, Any], how: Callable[[bytes, Subscription], bytes]) -> dict[str, float]:
    to, text = phone(), payload(PUSH)

    async def send(_: int) -> None:
        how(text, to)
        await asyncio.sleep(0)

    return await sent(send, plan, AT_ONCE, lag=True)


async def a_hop_each(plan: dict[str, Any]) -> dict[str, float]:
    to, text, loop = phone(), payload(PUSH), asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        return await sent(lambda _: loop.run_in_executor(thread, encrypt, text, to), plan, AT_ONCE, lag=True)


async def bench(plan: dict[str, Any]) -> dict[str, float]:
    to, text, shared = phone(), payload(PUSH), Bench()
    try:
        return await sent(lambda _: shared.run(partial(encrypt, text, to)), plan, AT_ONCE, lag=True)
    finally:
        shared.close()


# -- whole sends -----------------------------------------------------------------------------------------------------


async def subscribed(plan: dict[str, Any], key: str) -> list[dict[str, Any]]:
    address = f"{plan['url']}/sandbox/subscriptions"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        phones = []
        for _ in range(PHONES):
            async with session.post(address, json={"applicationServerKey": key}) as answer:
                phones.append(await answer.json())
        return phones


async def ours(plan: dict[str, Any]) -> dict[str, float]:
    own = settings(plan)
    async with WebPushProvider(own) as provider:
        tokens = [subscription(one, own) for one in await subscribed(plan, provider.public_key)]

        async def send(number: int) -> None:
            receipt = await provider.send(PUSH, tokens[number % PHONES])
            assert receipt.outcome is Outcome.ACCEPTED, receipt

        return await sent(send, plan, AT_ONCE, lag=True)


def theirs(own: WebPushSettings) -> dict[str, Any]:
    """What pywebpush is told of each message."""
    vapid = {"vapid_private_key": str(own.private_key_file), "vapid_claims": {"sub": own.contact}}
    return {**vapid, "ttl": PUSH.ttl, "headers": {"Urgency": "high"}}


async def pywebpush_async(plan: dict[str, Any]) -> dict[str, float]:
    """`webpush_async` on one session, AT_ONCE at the same time."""
    from pywebpush import webpush_async

    own, text = settings(plan), payload(PUSH).decode()
    phones = await subscribed(plan, public_key(read_key(own.private_key_file)))
    trusted = ssl.create_default_context(cafile=str(own.ca_file))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:

        async def send(number: int) -> None:
            answer = await webpush_async(
                phones[number % PHONES],
                text,
                **theirs(own),
                timeout=aiohttp.ClientTimeout(total=10),  # type: ignore[arg-type]
                aiohttp_session=session,
            )
            assert not isinstance(answer, str)
            assert answer.status == 201

        return await sent(send, plan, AT_ONCE, lag=True)


def pywebpush_blocking(plan: dict[str, Any]) -> dict[str, float]:
    """`webpush` on one session, one message after the other."""
    import requests
    from pywebpush import webpush

    own, text = settings(plan), payload(PUSH).decode()
    phones = asyncio.run(subscribed(plan, public_key(read_key(own.private_key_file))))
    with requests.Session() as session:
        # Without it, a bundle that the environment names goes before `verify`.
        session.verify, session.trust_env = str(own.ca_file), False

        def wave(count: int) -> None:
            for number in range(count):
                answer = webpush(phones[number % PHONES], text, **theirs(own), requests_session=session)
                assert not isinstance(answer, str)
                assert answer.status_code == 201

        wave(plan["warm"])
        with cost() as took:
            wave(plan["count"])
        return took.of(plan["count"]) | {"lag": 0.0}


if __name__ == "__main__":
    answer(
        {
            "http_ece": partial(inline, how=by_http_ece),
            "by hand": partial(inline, how=encrypt),
            "a hop each": a_hop_each,
            "together": bench,
            "mobile_push": ours,
            "pywebpush async": pywebpush_async,
            "pywebpush": pywebpush_blocking,
        }
    )
