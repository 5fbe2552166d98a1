"""The senders of `transport.py`: each reads its plan as JSON from standard input, and prints its rate and its cost."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.sending.population import LINK, TTL, message_id, token_of
from benchmarks.sending.senders import PROJECT, TITLE
from benchmarks.sending.waves import answer, sent
from benchmarks.shared.cities import fcm
from mobile_push.providers.fcm.payload import Encoder
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.provider import Outcome, Push

#: Messages under way.
AT_ONCE = 1000


def push(number: int) -> Push:
    return Push(message_id(number), TITLE, "", LINK, "case", TTL, None, "high")


def settings(plan: dict[str, Any]) -> FcmSettings:
    return FcmSettings(**fcm(Path(plan["folder"]), plan["url"], at_once=AT_ONCE, timeout=60.0))


async def ours(plan: dict[str, Any]) -> dict[str, float]:
    pushes = [push(number) for number in range(plan["count"] if plan["sender"] == "many pushes" else 1)]
    async with FcmProvider(settings(plan)) as google:

        async def send(number: int) -> None:
            receipt = await google.send(pushes[number % len(pushes)], token_of(number))
            assert receipt.outcome is Outcome.ACCEPTED

        return await sent(send, plan, AT_ONCE)


def prepared(plan: dict[str, Any]) -> tuple[str, dict[str, str], Callable[[int], bytes]]:
    """What the bare clients are given: the address, the headers with an access token, and our way to encode."""
    from mobile_push.providers.fcm.provider import open_project

    client, fetch = open_project(settings(plan))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {fetch()[0]}"}
    encoder, one = Encoder(client.parse_payload), push(0)
    url = f"{plan['url']}/v1/projects/{PROJECT}/messages:send"
    return url, headers, lambda number: encoder.to_token(one, token_of(number))


async def pyreqwest(plan: dict[str, Any]) -> dict[str, float]:
    from pyreqwest.client import ClientBuilder

    url, headers, body_of = prepared(plan)
    authority = (Path(plan["folder"]) / "ca.pem").read_bytes()

    def client() -> Any:
        builder = ClientBuilder().http2(True).add_root_certificate_pem(authority).default_headers(headers).no_proxy()
        return builder.timeout(timedelta(seconds=60)).build()

    clients = [client() for _ in range(AT_ONCE // 100)]

    async def send(number: int) -> None:
        response = await clients[number % len(clients)].post(url).body_bytes(body_of(number)).build().send()
        assert b'"name"' in bytes(await response.bytes())

    return await sent(send, plan, AT_ONCE)


async def aiohttp(plan: dict[str, Any]) -> dict[str, float]:
    from aiohttp import ClientSession, DummyCookieJar, TCPConnector

    url, headers, body_of = prepared(plan)
    connector = TCPConnector(limit=500, ssl=ssl.create_default_context(cafile=Path(plan["folder"]) / "ca.pem"))
    async with ClientSession(connector=connector, headers=headers, cookie_jar=DummyCookieJar()) as session:

        async def send(number: int) -> None:
            async with session.post(url, data=body_of(number)) as response:
                assert b'"name"' in await response.read()

        return await sent(send, plan, AT_ONCE)


if __name__ == "__main__":
    answer({"one push": ours, "many pushes": ours, "pyreqwest": pyreqwest, "aiohttp": aiohttp})
