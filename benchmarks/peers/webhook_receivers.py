"""Receivers of webhooks: a port each, in one process, which notes what came, in which order, and how late.

It speaks HTTP/1.1 by hand, so that it costs less than any sender that it measures. Reads a plan as JSON from its first
argument: {"receivers": 100, "secret": "whsec_…", "every": 1, "hostile": false}. Prints its ports as JSON, and answers
`GET /report` on the first of them. Of all receivers every so many-th reads what came, the others count. Every hundredth
request's signature is verified with the library `standardwebhooks`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import standardwebhooks
import trustme
import uvloop

from tests.servers import hostile_server

OK = b"HTTP/1.1 204 No Content\r\n\r\n"

#: Requests between two whose signature is verified.
SAMPLE = 100


class Notes:
    """What one receiver got."""

    def __init__(self, hook: standardwebhooks.Webhook, reads: bool = True) -> None:
        self.hook = hook
        self.reads = reads
        self.requests = self.events = self.disordered = self.verified = self.refused = 0
        self.last: dict[str, int] = {}
        self.late: list[float] = []

    def take(self, head: bytes, body: bytes) -> None:
        now = time.monotonic()
        self.requests += 1
        if self.requests % SAMPLE == 1:
            self.verify(head, body)
        if not self.reads:
            self.events += body.count(b'"specversion"')
            return
        read = orjson.loads(body)
        for event in read if isinstance(read, list) else [read]:
            subject, version = event["subject"], event["data"]["version"]
            before = self.last.get(subject, 0)
            if version <= before:
                continue
            self.disordered += version != before + 1
            self.last[subject] = version
            self.events += 1
            self.late.append(now - event["data"]["committed"])

    def verify(self, head: bytes, body: bytes) -> None:
        lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        headers = {name.decode().lower(): value.strip().decode() for name, _, value in lines}
        try:
            self.hook.verify(body, headers)
            self.verified += 1
        except standardwebhooks.WebhookVerificationError:
            self.refused += 1


class Connection(asyncio.Protocol):
    """One connection of a sender's."""

    def __init__(self, notes: Notes, everybody: list[Notes]) -> None:
        self.notes = notes
        self.everybody = everybody
        self.pieces = bytearray()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.pieces += data
        while (end := self.pieces.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.pieces[:end])
            if head.startswith(b"GET"):
                self.report()
                return
            place = head.lower().find(b"content-length:") + 15
            length = int(head[place : head.find(b"\r", place) if head.find(b"\r", place) > 0 else None])
            if len(self.pieces) < end + 4 + length:
                return
            body = bytes(self.pieces[end + 4 : end + 4 + length])
            del self.pieces[: end + 4 + length]
            self.notes.take(head, body)
            self.transport.write(OK)

    def report(self) -> None:
        late = sorted(one for notes in self.everybody for one in notes.late)
        names = ("requests", "events", "disordered", "verified", "refused")
        told: dict[str, Any] = {name: sum(getattr(one, name) for one in self.everybody) for name in names}
        told["late"] = (
            {"median": late[len(late) // 2], "p99": late[len(late) * 99 // 100], "most": late[-1]} if late else {}
        )
        body = orjson.dumps(told)
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        for one in self.everybody:
            one.__init__(one.hook, one.reads)  # type: ignore[misc]
        self.transport.close()


async def main() -> None:
    plan = json.loads(sys.argv[1])
    loop = asyncio.get_running_loop()
    hook = standardwebhooks.Webhook(plan["secret"])
    everybody = [Notes(hook, not number % plan.get("every", 1)) for number in range(plan["receivers"])]
    told: dict[str, Any] = {"ports": [], "hostile": []}
    async with AsyncExitStack() as stack:
        for notes in everybody:
            server = await loop.create_server(lambda notes=notes: Connection(notes, everybody), "127.0.0.1", 0)
            told["ports"].append(server.sockets[0].getsockname()[1])
        if plan.get("hostile"):
            authority = trustme.CA()
            file = Path(tempfile.mkdtemp()) / "authority.pem"
            authority.cert_pem.write_to_path(str(file))
            told["authority"] = str(file)
            for behaviour in ("hangs", "answers_500", "redirects_inside", "answers_500", "sends_a_gibibyte"):
                expired = len(told["hostile"]) == 3
                serving = hostile_server.serving(getattr(hostile_server, behaviour), authority, expired=expired)
                told["hostile"].append(await stack.enter_async_context(serving))
        print(json.dumps(told), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
