"""A server's side of HTTP/2 (RFC 9113), as much of it as a provider of pushes needs, on one asyncio protocol.

It is quick enough to stand behind a benchmark, which no server from PyPI was.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from sandboxes.header_blocks import HeaderBlocks

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
REFUSED_STREAM, ENHANCE_YOUR_CALM = 7, 11
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4
#: Streams that one client may have open on one connection: FCM's figure.
STREAMS = 100
#: Bytes that a client may send before it has to wait for a WINDOW_UPDATE; those that it lets us send, unless it says
#: otherwise; and those that it takes in one frame.
WINDOW, CLIENTS_WINDOW, MAX_FRAME_BYTES = 1 << 20, 65_535, 1 << 14

#: The connection, the stream, headers by name, and the body.
Respond = Callable[["Connection", int, dict[str, str], bytes], None]


def frame(kind: int, flags: int, stream: int, payload: bytes | memoryview = b"") -> bytes:
    return struct.pack(">IBBI", len(payload), kind, flags, stream)[1:] + payload


@dataclass(slots=True)
class Stream:
    """A request under way."""

    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class Connection(asyncio.Protocol):
    """One client. `respond` is called for every whole request and answers it now or later with `answer`.

    Its first bytes tell whether it speaks HTTP/2, and not ALPN, which not every client offers; one that doesn't is
    handed over to the protocol that `otherwise` makes.
    """

    #: What aiohttp asks of a connection that it makes a request for.
    ssl_context = peername = sockname = None
    transport: asyncio.Transport

    def __init__(self, respond: Respond, otherwise: Callable[[], asyncio.BaseProtocol], most_bytes: int) -> None:
        """`most_bytes` of a request are taken."""
        self._respond, self._otherwise, self._most_bytes = respond, otherwise, most_bytes
        #: Work on answers, which ends with the connection.
        self.tasks: set[asyncio.Task[None]] = set()
        self._buffer = bytearray()
        self._greeted = False
        self._header_blocks = HeaderBlocks()
        self._unfinished = (0, 0, b"")
        self._received = 0
        self._streams: dict[int, Stream] = {}
        #: Streams that have an answer coming; the highest that had one; and the last that is taken, once it is over.
        self._open: set[int] = set()
        self._highest, self._last = 0, 1 << 31
        #: What the client lets us send: in all, on a stream at its beginning, and on a stream beside that.
        self._window, self._initial, self._room = CLIENTS_WINDOW, CLIENTS_WINDOW, dict[int, int]()
        #: Bodies that wait until they may go on.
        self._waiting: dict[int, memoryview] = {}
        self._out: list[bytes] = []
        self._batch = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self._open.clear()
        self._streams.clear()
        for task in self.tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        start = 0
        if not self._greeted:
            if not self._greet():
                return
            start = len(PREFACE)
        self._batch, end = True, len(buffer)
        while end - start >= 9:
            length = int.from_bytes(buffer[start : start + 3], "big")
            if end - start < 9 + length:
                break
            kind, flags, stream = struct.unpack_from(">BBI", buffer, start + 3)
            self._take(kind, flags, stream & 0x7FFFFFFF, bytes(buffer[start + 9 : start + 9 + length]))
            start += 9 + length
        del buffer[:start]
        self._batch = False
        self._flush()

    def _greet(self) -> bool:
        """Whether the client has said that it speaks HTTP/2."""
        said = bytes(self._buffer[: len(PREFACE)])
        if not PREFACE.startswith(said):
            other = cast("asyncio.Protocol", self._otherwise())
            self.transport.set_protocol(other)
            other.connection_made(self.transport)
            other.data_received(bytes(self._buffer))
            return False
        if len(said) == len(PREFACE):
            self._greeted = True
            settings = struct.pack(">HIHI", MAX_CONCURRENT_STREAMS, STREAMS, INITIAL_WINDOW_SIZE, WINDOW)
            wider = frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW - CLIENTS_WINDOW))
            self._out.append(frame(SETTINGS, 0, 0, settings) + wider)
        return self._greeted

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == DATA:
            self._data(flags, stream, payload)
        elif kind in (HEADERS, CONTINUATION):
            self._head(kind, flags, stream, payload)
        elif kind == SETTINGS and not flags & ACK:
            for name, value in struct.iter_unpack(">HI", payload):
                self._initial = value if name == INITIAL_WINDOW_SIZE else self._initial
            self._out.append(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self._out.append(frame(PING, ACK, 0, payload))
        elif kind == WINDOW_UPDATE:
            more = int.from_bytes(payload, "big") & 0x7FFFFFFF
            if not stream:
                self._window += more
            elif stream in self._waiting or stream in self._open or stream in self._streams:
                self._room[stream] = self._room.get(stream, 0) + more
            self._go_on()
        elif kind == RST_STREAM:
            self._forget(stream)

    def _forget(self, stream: int) -> None:
        self._open.discard(stream)
        for kept in (self._streams, self._waiting, self._room):
            kept.pop(stream, None)

    def _head(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == HEADERS:
            pad = payload[0] if flags & PADDED else 0
            payload = payload[(1 if flags & PADDED else 0) + (5 if flags & PRIORITY else 0) : len(payload) - pad]
            self._unfinished = (stream, flags & END_STREAM, b"")
        stream, ends, before = self._unfinished
        whole = before + payload
        if not flags & END_HEADERS:
            self._unfinished = (stream, ends, whole)
            return
        headers = self._header_blocks.read(whole)
        if stream > self._last:
            return
        if len(self._streams) + len(self._open) >= STREAMS:
            self._reset(stream, REFUSED_STREAM)
            return
        self._streams[stream] = Stream(headers)
        if ends:
            self._whole(stream)

    def _reset(self, stream: int, why: int) -> None:
        self._forget(stream)
        self._out.append(frame(RST_STREAM, 0, stream, struct.pack(">I", why)))

    def _data(self, flags: int, stream: int, payload: bytes) -> None:
        self._received += len(payload)
        if self._received > WINDOW // 2:
            self._out.append(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", self._received)))
            self._received = 0
        one = self._streams.get(stream)
        if one is None:
            return
        one.body += payload[1 : len(payload) - payload[0]] if flags & PADDED else payload
        if len(one.body) > self._most_bytes:
            self._reset(stream, ENHANCE_YOUR_CALM)
        elif flags & END_STREAM:
            self._whole(stream)

    def _whole(self, stream: int) -> None:
        one = self._streams.pop(stream)
        self._open.add(stream)
        self._highest = max(self._highest, stream)
        self._respond(self, stream, one.headers, bytes(one.body))

    def go_away(self) -> None:
        """Take no stream behind those that were asked, and end the connection once these are answered."""
        if self._last > self._highest:
            self._last = self._highest
            self._streams = {stream: one for stream, one in self._streams.items() if stream < self._last}
            self._out.append(frame(GOAWAY, 0, 0, struct.pack(">II", self._last, 0)))

    def answer(self, stream: int, head: bytes, body: bytes) -> None:
        """Answer a request with a header block and a body, unless the client has given it up."""
        if stream not in self._open:
            return
        self._open.discard(stream)
        size = len(body)
        if not size:
            # Without a frame of data, as Apple does: some clients take an empty one for a document.
            self._out.append(frame(HEADERS, END_HEADERS | END_STREAM, stream, head))
            self._room.pop(stream, None)
        elif size <= min(self._window, self._initial, MAX_FRAME_BYTES) and not self._waiting:
            self._window -= size
            self._room.pop(stream, None)
            self._out.append(frame(HEADERS, END_HEADERS, stream, head) + frame(DATA, END_STREAM, stream, body))
        else:
            self._out.append(frame(HEADERS, END_HEADERS, stream, head))
            self._waiting[stream] = memoryview(body)
            self._go_on()

    def _go_on(self) -> None:
        """Send as much of what waits as the client lets us."""
        for stream, body in [*self._waiting.items()]:
            room, rest = min(self._window, self._initial + self._room.get(stream, 0)), body
            while rest and room > 0:
                piece, rest = rest[: min(room, MAX_FRAME_BYTES)], rest[min(room, MAX_FRAME_BYTES) :]
                room -= len(piece)
                self._out.append(frame(DATA, 0 if rest else END_STREAM, stream, piece))
            self._window -= len(body) - len(rest)
            if rest:
                self._room[stream] = self._room.get(stream, 0) - (len(body) - len(rest))
                self._waiting[stream] = rest
            else:
                self._forget(stream)

    def flush(self) -> None:
        """Send what was answered."""
        if not self._batch:
            self._flush()

    def _flush(self) -> None:
        if self._out and not self.transport.is_closing():
            self.transport.write(b"".join(self._out))
        self._out.clear()
        if self._last < 1 << 31 and not (self._open or self._streams or self._waiting):
            self.transport.close()
