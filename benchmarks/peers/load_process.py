"""The load: keeps connections open, sends the next request on each as soon as it is answered, and tells how it went.

A process of its own, on its own core. It reads a plan as JSON from standard input and prints a result as JSON. It
speaks HTTP/1.1 by hand, with one `bytes.find` per header that it needs, so that it costs less than any server that it
measures; `busy` says how much of its core it used, and a rate at which that comes near 1 is the load's own.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import uvloop


def requests(plan: dict[str, Any]) -> Iterator[bytes]:
    """The requests of a plan: `{key}` in it is new each time, `{token}` goes round, or comes `once`."""
    head, body = plan["head"], plan.get("body", "").encode()
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    if "{key}" not in head:
        yield from itertools.repeat(head.encode() + b"\r\n" + body)
    # Cut once into the parts around the token and the key, so that a request is one join.
    before, _, rest = head.partition("{token}")
    middle, _, after = rest.partition("{key}")
    tail = after.encode() + b"\r\n" + body
    parts = [f"{before}{token}{middle}{plan['keys']}-".encode() for token in plan["tokens"]]
    for number, part in zip(itertools.count(), parts if plan.get("once") else itertools.cycle(parts), strict=False):
        yield part + b"%d" % number + tail


class Load:
    """What all connections share."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.requests = requests(plan)
        self.statuses: Counter[bytes] = Counter()
        #: Seconds that each answer took, of those between `begin` and the end.
        self.took: list[float] = []
        self.begin = 0.0
        self.ending = False
        #: There is nothing left to ask for.
        self.spent = asyncio.Event()


class Connection(asyncio.Protocol):
    """One connection: one request under way at any time."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.sent = 0.0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if (request := next(self.load.requests, None)) is None:
            self.load.ending = True
            self.load.spent.set()
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        end = buffer.find(b"\r\n\r\n")
        at = buffer.find(b"\r\nContent-Length: ", 0, end + 2)
        if end < 0 or len(buffer) < end + 4 + int(buffer[at + 18 : buffer.index(b"\r\n", at + 18)]):
            self.buffer = buffer
            return
        self.buffer = b""
        load, now = self.load, time.perf_counter()
        load.statuses[buffer[9:12]] += 1
        if load.ending:
            self.transport.close()
            return
        if self.sent >= load.begin:
            load.took.append(now - self.sent)
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.load.ending and not self.closed.done():
            self.closed.set_exception(exc or ConnectionError("the server closed the connection"))
        elif not self.closed.done():
            self.closed.set_result(None)


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry a plan out: warm up, measure for so many seconds, let what is under way end."""
    load, loop = Load(plan), asyncio.get_running_loop()
    load.begin = time.perf_counter() + plan["warm_up"]
    place = plan["host"], plan["port"]
    made = [loop.create_connection(lambda: Connection(load), *place) for _ in range(plan["at_once"])]
    connections = [protocol for _, protocol in await asyncio.gather(*made)]
    await asyncio.sleep(max(0.0, load.begin - time.perf_counter()))
    cpu, started = time.process_time(), time.perf_counter()
    with suppress(TimeoutError):
        await asyncio.wait_for(load.spent.wait(), plan["seconds"])
    # A machine that others use may have answered nothing by then.
    while not load.took:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.05)
    took, seconds, used = sorted(load.took), time.perf_counter() - started, time.process_time() - cpu
    load.ending = True
    async with asyncio.timeout(30):
        await asyncio.gather(*(connection.closed for connection in connections))
    return {
        "per_second": len(took) / seconds,
        "p50": took[len(took) // 2] * 1000,
        "p99": took[len(took) * 99 // 100] * 1000,
        "busy": used / seconds,
        "all": sum(load.statuses.values()),
        "statuses": {status.decode(): count for status, count in load.statuses.items()},
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
