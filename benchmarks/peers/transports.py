"""One sender of `transport.py`: reads its plan as JSON from standard input and prints seconds and processor time."""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from senders import LINK, PROJECT, TITLE, TTL, message_id, token_of

from mobile_push.providers.fcm.payload import Encoder
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.provider import Outcome, Push

#: Messages under way.
AT_ONCE = 1000
Send = Callable[[Push, str], Awaitable[bool]]


def push(number: int) -> Push:
    return Push(message_id(number), TITLE, "", LINK, "case", TTL, None, "high")


async def measured(send: Send, plan: dict[str, Any], pushes: Sequence[Push]) -> dict[str, float]:
    """A first wave, then all: how long that took and what it cost this process, its threads included."""
    tokens = [token_of(number) for number in range(plan["count"])]
    result = {}
    for count in (plan["warm"], plan["count"]):
        left = iter(range(count))

        async def work(left: Any = left) -> None:
            for number in left:
                assert await send(pushes[number % len(pushes)], tokens[number])

        cpu, started = time.process_time(), time.perf_counter()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        result = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    return result


def settings(plan: dict[str, Any]) -> FcmSettings:
    folder = Path(plan["folder"])
    base = f"{plan['url']}/v1/projects"
    return FcmSettings(folder / "account.json", base_url=base, ca_file=folder / "ca.pem", at_once=AT_ONCE, timeout=60.0)


async def ours(plan: dict[str, Any]) -> dict[str, float]:
    pushes = [push(number) for number in range(plan["count"] if plan["sender"] == "many pushes" else 1)]
    async with FcmProvider(settings(plan)) as fcm:

        async def send(one: Push, token: str) -> bool:
            return (await fcm.send(one, token)).outcome is Outcome.ACCEPTED

        return await measured(send, plan, pushes)


def prepared(plan: dict[str, Any]) -> tuple[str, dict[str, str], Encoder]:
    """What the bare clients are given: the address, the headers with an access token, and our way to encode."""
    from mobile_push.providers.fcm.provider import open_project

    client, fetch = open_project(settings(plan))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {fetch()[0]}"}
    return f"{plan['url']}/v1/projects/{PROJECT}/messages:send", headers, Encoder(client.parse_payload)


async def pyreqwest(plan: dict[str, Any]) -> dict[str, float]:
    from pyreqwest.client import ClientBuilder

    url, headers, encoder = prepared(plan)
    authority = (Path(plan["folder"]) / "ca.pem").read_bytes()

    def client() -> Any:
        builder = ClientBuilder().http2(True).add_root_certificate_pem(authority).default_headers(headers).no_proxy()
        return builder.timeout(timedelta(seconds=60)).build()

    clients = [client() for _ in range(AT_ONCE // 100)]
    turn = 0

    async def send(one: Push, token: str) -> bool:
        nonlocal turn
        turn += 1
        body = encoder.to_token(one, token)
        response = await clients[turn % len(clients)].post(url).body_bytes(body).build().send()
        return b'"name"' in bytes(await response.bytes())

    return await measured(send, plan, [push(0)])


async def aiohttp(plan: dict[str, Any]) -> dict[str, float]:
    from aiohttp import ClientSession, DummyCookieJar, TCPConnector

    url, headers, encoder = prepared(plan)
    connector = TCPConnector(limit=500, ssl=ssl.create_default_context(cafile=Path(plan["folder"]) / "ca.pem"))
    async with ClientSession(connector=connector, headers=headers, cookie_jar=DummyCookieJar()) as session:

        async def send(one: Push, token: str) -> bool:
            async with session.post(url, data=encoder.to_token(one, token)) as response:
                return b'"name"' in await response.read()

        return await measured(send, plan, [push(0)])


SENDERS = {"one push": ours, "many pushes": ours, "pyreqwest": pyreqwest, "aiohttp": aiohttp}

if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    plan = json.load(sys.stdin)
    print(json.dumps(uvloop.run(SENDERS[plan["sender"]](plan))))
