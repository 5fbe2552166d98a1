"""What Web Push costs the sender: whole sends of ours and of pywebpush.

A process of its own, on its own core. It reads a plan as JSON from standard input: {"sender", "folder", "url", "warm",
"count"}; and prints the rate and the cost of what counts, and where it was measured the event loop's "lag" (p99, ms).
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.sending.waves import answer, sent
from benchmarks.shared.figures import cost
from mobile_push.providers.provider import Outcome, Push
from mobile_push.providers.webpush import WebPushSettings, subscription
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
    more = {"contact": "mailto:push@example.org", "loopback": True, "ca_file": folder / "ca.pem"}
    return WebPushSettings(private_key_file=file, **more)


async def subscribed(plan: dict[str, Any], key: str) -> list[dict[str, Any]]:
    address = f"{plan['url']}/sandbox/webpush/subscriptions"
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

        return await sent(send, plan, AT_ONCE)


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

        return await sent(send, plan, AT_ONCE)


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
    answer({"mobile_push": ours, "pywebpush async": pywebpush_async, "pywebpush": pywebpush_blocking})
