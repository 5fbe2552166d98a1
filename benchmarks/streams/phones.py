"""Many phones on the stream, in a process of their own: opens them, and notes when each event reaches each of them.

Reads a command as JSON from each line of standard input and answers with a line of JSON; `crowd.py` has the other
end. A phone is a bare protocol that looks for an event's `id:` alone, so that ten thousand of them cost less than the
server that writes to them. Moments are those of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from array import array
from collections import Counter
from typing import Any

import uvloop

from benchmarks.peers.serving import may_open_files

#: Connections from one source address: the system has some 28,000 ports for them, and keeps one for a minute after its
#: connection has ended.
PER_ADDRESS = 2_500

#: Seconds after which a phone tries again.
RECONNECT_S = 2.0


class Phone(asyncio.Protocol):
    """One phone: remembers the last id that it got."""

    __slots__ = ("cursor", "number", "opened", "phones", "rest", "transport")

    def __init__(self, phones: Phones, number: int) -> None:
        self.phones = phones
        self.number = number
        self.rest = b""
        self.cursor = b""
        self.transport: Any = None
        self.opened: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.phones.request(self))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if self.rest:
            data = self.rest + data
        if self.opened is not None:
            # The head and the first line of the stream come together or in two pieces.
            if b"\n\n" not in data:
                self.rest = data
                return
            self._answered(data)
        start = 0
        while (end := data.find(b"\n\n", start)) >= 0:
            at = data.find(b"id: ", start, end)
            if at >= 0:
                self._got(data[at + 4 : data.index(b"\n", at)], now)
            start = end + 2
        self.rest = data[start:]

    def _answered(self, data: bytes) -> None:
        assert self.opened is not None
        self.phones.statuses[data[9:12].decode()] += 1
        if not self.opened.done():
            self.opened.set_result(None)
        self.opened = None

    def _got(self, cursor: bytes, now: float) -> None:
        own, common = order(self.cursor)
        new_own, new_common = order(cursor)
        # Each event is the next of one of the two logs.
        if (new_own > own) == (new_common > common) or new_own < own or new_common < common:
            self.phones.disorder += 1
        if new_common > common:
            self.phones.events[new_common][self.number] = now
        self.cursor = cursor

    def connection_lost(self, exc: Exception | None) -> None:
        self.phones.lost(self)
        if self.opened is not None and not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("the server closed the connection"))
            self.opened.exception()


def order(cursor: bytes) -> tuple[int, int]:
    """The numbers of the person's own log and of the common one."""
    own, _, common = cursor.partition(b".")
    return int(own or 0), int(common or 0)


class Events(dict[int, "array[float]"]):
    """When each broadcast, by its number in the common log, reached each phone; 0 where it hasn't."""

    def __init__(self, phones: Phones) -> None:
        self.phones = phones

    def __missing__(self, common: int) -> array[float]:
        self[common] = array("d", bytes(8 * self.phones.most))
        return self[common]


class Phones:
    """All phones of this process."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.host, self.port, self.tokens = plan["host"], plan["port"], plan["tokens"]
        self.most = len(self.tokens)
        self.open: dict[int, Phone] = {}
        #: What phones that have left had last, so that they go on behind it.
        self.cursors: dict[int, bytes] = {}
        self.statuses: Counter[str] = Counter()
        self.events = Events(self)
        self.disorder = 0
        self.cut = 0

    def request(self, phone: Phone) -> bytes:
        head = f"GET /v1/inbox/stream HTTP/1.1\r\nHost: {self.host}\r\nAccept: text/event-stream\r\n"
        head += f"Accept-Language: zh-CN,zh;q=0.9\r\nAuthorization: Bearer {self.tokens[phone.number]}\r\n"
        if phone.cursor:
            head += f"Last-Event-ID: {phone.cursor.decode()}\r\n"
        return head.encode() + b"\r\n"

    def lost(self, phone: Phone) -> None:
        if self.open.get(phone.number) is phone:
            self.cut += phone.opened is None
            self._forget(phone)

    def _forget(self, phone: Phone) -> None:
        del self.open[phone.number]
        if phone.cursor:
            self.cursors[phone.number] = phone.cursor

    async def connect(self, first: int, count: int, at_once: int, tries: int) -> dict[str, Any]:
        """Open the streams of phones; each counts as open when its first line has come."""
        began, failures, again = time.monotonic(), Counter[str](), 0
        gate = asyncio.Semaphore(at_once)
        self.statuses.clear()

        async def one(number: int) -> None:
            nonlocal again
            async with gate:
                for left in reversed(range(tries)):
                    try:
                        await self._connect(number)
                        break
                    except OSError as error:
                        if not left:
                            failures[str(error)] += 1
                            return
                        again += 1
                        await asyncio.sleep(RECONNECT_S)

        await asyncio.gather(*map(one, range(first, first + count)))
        # Ten thousand phones are no garbage, and looking through them again and again would delay what is measured.
        gc.collect()
        gc.freeze()
        return {
            "seconds": time.monotonic() - began,
            "statuses": self.statuses,
            "failures": failures,
            "again": again,
            "open": len(self.open),
        }

    async def _connect(self, number: int) -> None:
        """Open one stream. Raises OSError where it doesn't come about."""
        phone = Phone(self, number)
        phone.cursor = self.cursors.pop(number, b"")
        self.open[number] = phone
        source, opened = (f"127.1.{os.getpid() % 256}.{1 + number // PER_ADDRESS}", 0), phone.opened
        assert opened is not None
        try:
            await asyncio.get_running_loop().create_connection(lambda: phone, self.host, self.port, local_addr=source)
            await opened
        except OSError:
            if self.open.get(number) is phone:
                self._forget(phone)
            raise

    async def arrived(self, common: int, count: int, seconds: float) -> dict[str, Any]:
        """When the broadcast of that number reached each phone, once it has reached `count` of them."""
        deadline = time.monotonic() + seconds
        while True:
            found = [at for at in self.events[common] if at]
            if len(found) >= count or time.monotonic() > deadline:
                return {"at": sorted(found), "disorder": self.disorder, "cut": self.cut}
            await asyncio.sleep(0.05)

    async def leave(self, first: int, count: int) -> dict[str, Any]:
        """Close phones, as an app that is killed."""
        for number in range(first, first + count):
            if phone := self.open.get(number):
                self._forget(phone)
                phone.transport.abort()
        return {"open": len(self.open)}

    async def turn_deaf(self, first: int, count: int) -> dict[str, Any]:
        """Let phones read nothing more."""
        for number in range(first, first + count):
            self.open[number].transport.pause_reading()
        return {}


async def main() -> None:
    may_open_files()
    lines = asyncio.StreamReader(limit=2**26)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    phones = Phones(json.loads(await lines.readline()))
    print("ready", flush=True)
    while line := await lines.readline():
        command = json.loads(line)
        answer = await getattr(phones, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
