"""The peer of webhooks: the leanest sender that one would write by hand with aiohttp.

One session, the same events as ours to the same receivers, signed by the same standard: no database, no retry, no
guard, and no order but that of one task a receiver. Reads a plan as JSON from its first argument: {"ports", "secret",
"rate", "seconds"}. Prints what it took as JSON. With a rate of 0 it goes as fast as it can.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import uvloop

from benchmarks.shared.figures import cost

STEPS = 10


def event(number: int, receiver: int) -> dict[str, Any]:
    """The same as ours, to the field."""
    case, version = f"{receiver:04}-{number // STEPS:08}", number % STEPS + 1
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "https://city.example/v1/cases",
        "type": "banshi.case.accept",
        "subject": case,
        "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
        "data": data_of(case, receiver, version),
    }


def data_of(case: str, receiver: int, version: int) -> dict[str, Any]:
    """What an event of a case says, and when it was committed."""
    place = {"department": "parks", "unit": "", "item": f"item-{receiver}", "kind": "application"}
    states = {"action": "accept", "state_before": "submitted", "state": "accepted", "version": version}
    return {"case": case, "number": f"20260101-{case}", **place, **states, "committed": time.monotonic()}


async def main() -> None:
    plan = json.loads(sys.argv[1])
    key = base64.b64decode(plan["secret"].removeprefix("whsec_"))
    ports, rate, seconds = plan["ports"], plan["rate"], plan["seconds"]

    async def post(session: aiohttp.ClientSession, port: int, one: dict[str, Any]) -> None:
        body = orjson.dumps(one)
        at = str(int(time.time()))
        digest = hmac.digest(key, f"{one['id']}.{at}.".encode() + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/cloudevents+json",
            "webhook-id": one["id"],
            "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }
        async with session.post(f"http://127.0.0.1:{port}/", data=body, headers=headers) as answer:
            await answer.read()

    async def feed(session: aiohttp.ClientSession, receiver: int, port: int) -> None:
        begun, number = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            await post(session, port, event(number, receiver))
            number += 1
            if rate:
                ahead = begun + number * len(ports) / rate - time.monotonic()
                await asyncio.sleep(max(0.0, ahead))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with cost() as took:
            await asyncio.gather(*(feed(session, number, port) for number, port in enumerate(ports)))
    print(json.dumps({"seconds": took.seconds, "cpu": took.cpu}))


if __name__ == "__main__":
    uvloop.run(main())
