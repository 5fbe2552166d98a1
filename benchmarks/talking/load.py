"""The load on conversations, in a process of its own: people who go through the form again and again.

It is told a plan as a line of JSON, says `ready` once everybody is known, and after another line goes on for so many
seconds and tells how it went. With a `rate` so many messages a second are written whether or not they are answered, and
a time is counted from when a message was due; without, everybody writes as soon as they are answered.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop

from benchmarks.talking.script import GREETING, SCRIPT


class Load:
    """What all people share."""

    def __init__(self, plan: dict[str, Any], session: aiohttp.ClientSession) -> None:
        self.plan, self.session = plan, session
        self.keys = itertools.count()
        #: Seconds that each answer took, and how many there were with those before it counted.
        self.took: list[float] = []
        self.all = 0
        self.begin = self.end = 0.0

    async def write(self, contact: str, text: str, part: str, due: float) -> None:
        """One message, and its answer, which has to have that part."""
        body = {"key": f"{contact}-{next(self.keys)}", "contact": contact, "text": text}
        async with self.session.post(f"{self.plan['url']}/v1/benchmark/messages", json=body) as answer:
            said = await answer.text()
            if answer.status != 200 or part not in json.loads(said)["text"]:
                raise RuntimeError(f"{text!r} is answered {answer.status} {said}")
        self.all += 1
        if due >= self.begin:
            self.took.append(time.perf_counter() - due)

    async def known(self, contact: str) -> None:
        await self.write(contact, *GREETING, 0.0)
        async with self.session.post(f"{self.plan['url']}/v1/benchmark/people", json={"contact": contact}) as answer:
            answer.raise_for_status()

    async def person(self, contact: str, number: int) -> None:
        """Write until the end; at a rate, each at their moments."""
        rate, people = self.plan["rate"], self.plan["people"]
        due = time.perf_counter() + (number / rate if rate else 0.0)
        for text, part in itertools.cycle(SCRIPT):
            if rate:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            else:
                due = time.perf_counter()
            if due >= self.end:
                return
            await self.write(contact, text.format(contact=contact), part, due)
            due += people / rate if rate else 0.0


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    people = [f"{plan['name']}-{number}" for number in range(plan["people"])]
    timeout = aiohttp.ClientTimeout(60)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        load = Load(plan, session)
        for start in range(0, len(people), 16):
            await asyncio.gather(*(load.known(one) for one in people[start : start + 16]))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        load.all, load.took = 0, []
        load.begin = time.perf_counter() + plan["warm_up"]
        load.end = load.begin + plan["seconds"]
        used = time.process_time()
        await asyncio.gather(*(load.person(one, number) for number, one in enumerate(people)))
    took, whole = sorted(load.took), plan["warm_up"] + plan["seconds"]
    return {
        "per_second": len(took) / plan["seconds"],
        "p50": took[len(took) // 2] * 1000,
        "p99": took[len(took) * 99 // 100] * 1000,
        "busy": (time.process_time() - used) / whole,
        "all": load.all,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.loads(sys.stdin.readline())))), flush=True)
