"""A bad network for tests and `benchmarks/chaos.py`: a proxy between a client and a real server, with its faults, and
ways in which a provider, or its token alone, can't be had at all.

```python
async with FaultProxy(to=server.port) as network:   # clients connect to network.port
    network.latency = 0.05
    network.reset()
```
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from tests.tries import tries

#: Closing a socket with this sends RST in place of FIN: what was under way is gone, and the other side hears of it.
AT_ONCE = struct.pack("ii", 1, 0)

#: Seconds; the whole minute with `BANSHI_TEST_LONG=1`.
OUTAGE_S = tries(2, 60)

#: What a sandbox does to the path of a token, and what becomes of the way to a provider.
FAULTS, WAYS = ("status", "garbage", "hang"), ("refused", "unanswered")

#: Connections that fill the queue of who wants to be taken: one is its length, and one waits in front of it.
WAITING = 3


@dataclass
class FaultProxy:
    """Carries bytes between its own port of this machine and a server's. Faults count from the next bytes on."""

    #: Port of the server.
    to: int
    #: Its own; 0 takes a free one.
    port: int = 0
    #: Seconds for which what comes is held back, each way.
    latency: float = 0.0
    #: Seconds between two bytes of what the server answers; 0 hands on whatever there is.
    drip: float = 0.0
    #: Whether new connections are reset at once, as if nobody listened.
    absent: bool = False
    #: Connections that were carried so far.
    carried: int = 0
    _speaks: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    #: Per connection the client's end and the server's.
    _open: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=set)
    #: Clients that were told that no more comes.
    _halves: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> FaultProxy:
        self._speaks.set()
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._speaks.set()
        for ends in list(self._open):
            for end in ends:
                end.transport.abort()
        await asyncio.gather(*self._tasks)

    @property
    def open(self) -> int:
        """Connections that are open."""
        return len(self._open)

    def fall_silent(self) -> None:
        """A black hole: connections are accepted and stay open, and nothing arrives on either side."""
        self._speaks.clear()

    def speak(self) -> None:
        """End of the black hole; what was held back arrives."""
        self._speaks.set()

    def reset(self) -> int:
        """Reset every connection to both sides, in the middle of whatever it carries; how many there were."""
        connections = list(self._open)
        for ends in connections:
            for end in ends:
                _reset(end)
        return len(connections)

    def half_close(self) -> int:
        """Tell every client that the server sends no more, and listen on; what the server still says is lost."""
        connections = list(self._open)
        for client, _ in connections:
            self._halves.add(client)
            with contextlib.suppress(OSError, RuntimeError):
                client.write_eof()
        return len(connections)

    def heal(self) -> None:
        """No fault any more, for what comes from now on."""
        self.latency = self.drip = 0.0
        self.absent = False
        self.speak()

    def _take(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        carrying = asyncio.create_task(self._carry(reader, client))
        self._tasks.add(carrying)
        carrying.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self.absent:
            return _reset(client)
        try:
            there, server = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            return _reset(client)
        self.carried += 1
        ends = (client, server)
        self._open.add(ends)
        try:
            await asyncio.gather(self._pump(reader, server), self._pump(there, client, answers=True))
        finally:
            self._open.discard(ends)
            self._halves.discard(client)
            for end in ends:
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        """One way, until its sender ends; then the receiver is told so, and the other way goes on."""
        with contextlib.suppress(OSError, RuntimeError):
            while data := await reader.read(65_536):
                await self._speaks.wait()
                if writer in self._halves:
                    continue
                if self.latency:
                    await asyncio.sleep(self.latency)
                if self.drip and answers:
                    await self._by_bytes(data, writer)
                else:
                    writer.write(data)
                    await writer.drain()
            await self._speaks.wait()
            writer.write_eof()
            return
        # One side is gone without a word: so is the other.
        writer.transport.abort()

    async def _by_bytes(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        for place in range(len(data)):
            if not self.drip:
                writer.write(data[place:])
                break
            writer.write(data[place : place + 1])
            await writer.drain()
            await asyncio.sleep(self.drip)
        await writer.drain()


def _reset(end: asyncio.StreamWriter) -> None:
    own = end.get_extra_info("socket")
    with contextlib.suppress(OSError):
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    end.transport.abort()


@contextlib.contextmanager
def unanswered(port: int = 0) -> Iterator[int]:
    """A port at which no SYN is answered, as behind a firewall; 0 takes one that is free."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(0)
        for _ in range(WAITING):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(listening.getsockname())
        yield listening.getsockname()[1]


@contextlib.asynccontextmanager
async def cut_off(network: FaultProxy, how: str) -> AsyncIterator[None]:
    """Meanwhile nobody listens there, or no SYN is answered."""
    await network.__aexit__()
    try:
        with unanswered(network.port) if how == "unanswered" else contextlib.nullcontext():
            yield
    finally:
        await network.__aenter__()
