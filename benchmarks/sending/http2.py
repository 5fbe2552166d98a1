"""A server's side of HTTP/2 (RFC 9113), as much of it as a provider of pushes needs, on one asyncio protocol.

It is here because no server from PyPI answered quickly enough to be beside the point. Header blocks are decoded by
`hpack`, which is right but slow, so a block is decoded once as long as the connection's table stays the same.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
REFUSED_STREAM, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 7, 3, 4
#: Streams that one client may have open on one connection: FCM's figure.
STREAMS = 100
#: Bytes that a client may send before it has to wait for a WINDOW_UPDATE.
WINDOW = 1 << 20

#: Headers by name, and the body.
Respond = Callable[["Connection", int, dict[str, str], bytes], None]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">IBBI", len(payload), kind, flags, stream)[1:] + payload


def integer(value: int, bits: int) -> bytes:
    """RFC 7541 section 5.1, without the bits before the prefix."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    value, done = value - most, bytearray([most])
    while value >= 128:
        done.append(value % 128 + 128)
        value //= 128
    return bytes([*done, value])


def block(status: int, headers: dict[str, str]) -> bytes:
    """A header block that leaves the client's table alone, so that it can be made ahead of time."""
    fields = [(":status", str(status)), *headers.items()]
    texts = ((name.lower().encode(), value.encode()) for name, value in fields)
    return b"".join(b"\0" + b"".join(integer(len(text), 7) + text for text in pair) for pair in texts)


@dataclass(slots=True)
class Stream:
    """A request under way."""

    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class Connection(asyncio.Protocol):
    """One client. `respond` is called for every whole request and answers it now or later with `answer`."""

    def __init__(self, respond: Respond, otherwise: Callable[[], asyncio.BaseProtocol]) -> None:
        self._respond = respond
        self._otherwise = otherwise
        self._buffer = bytearray()
        self._greeted = False
        self._decoder = Decoder()
        self._blocks: dict[bytes, dict[str, str]] = {}
        self._unfinished = (0, 0, b"")
        self._received = 0
        self._streams: dict[int, Stream] = {}
        #: Streams that have an answer coming.
        self._open: set[int] = set()
        self._window = 65_535
        self._waiting: deque[tuple[int, bytes, bytes]] = deque()
        self._out: list[bytes] = []
        self._batch = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            other = self._otherwise()
            self._transport.set_protocol(other)
            other.connection_made(transport)
            return
        settings = struct.pack(">HIHI", MAX_CONCURRENT_STREAMS, STREAMS, INITIAL_WINDOW_SIZE, WINDOW)
        self._transport.write(
            frame(SETTINGS, 0, 0, settings) + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW - 65_535))
        )

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self._open.clear()
        self._streams.clear()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        start = 0
        if not self._greeted:
            if len(buffer) < len(PREFACE):
                return
            if not buffer.startswith(PREFACE):
                self._transport.abort()
                return
            self._greeted, start = True, len(PREFACE)
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

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == DATA:
            self._data(flags, stream, payload)
        elif kind in (HEADERS, CONTINUATION):
            self._head(kind, flags, stream, payload)
        elif kind == SETTINGS and not flags & ACK:
            self._out.append(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self._out.append(frame(PING, ACK, 0, payload))
        elif kind == WINDOW_UPDATE and not stream:
            self._window += int.from_bytes(payload, "big") & 0x7FFFFFFF
            while self._waiting and len(self._waiting[0][2]) <= self._window:
                self._write(*self._waiting.popleft())
        elif kind == RST_STREAM:
            self._streams.pop(stream, None)
            self._open.discard(stream)

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
        headers = self._decoded(whole)
        if len(self._streams) + len(self._open) >= STREAMS:
            self._out.append(frame(RST_STREAM, 0, stream, struct.pack(">I", REFUSED_STREAM)))
            return
        self._streams[stream] = Stream(headers)
        if ends:
            self._whole(stream)

    def _decoded(self, whole: bytes) -> dict[str, str]:
        found = self._blocks.get(whole)
        if found is None:
            table: Any = self._decoder.header_table
            before = (len(table.dynamic_entries), table.maxsize, *table.dynamic_entries)
            found = {str(name): str(value) for name, value in self._decoder.decode(whole)}
            if before != (len(table.dynamic_entries), table.maxsize, *table.dynamic_entries):
                self._blocks.clear()
            else:
                self._blocks[whole] = found
        return found

    def _data(self, flags: int, stream: int, payload: bytes) -> None:
        self._received += len(payload)
        if self._received > WINDOW // 2:
            self._out.append(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", self._received)))
            self._received = 0
        one = self._streams.get(stream)
        if one is None:
            return
        one.body += payload[1 : len(payload) - payload[0]] if flags & PADDED else payload
        if flags & END_STREAM:
            self._whole(stream)

    def _whole(self, stream: int) -> None:
        one = self._streams.pop(stream)
        self._open.add(stream)
        self._respond(self, stream, one.headers, bytes(one.body))

    def answer(self, stream: int, head: bytes, body: bytes) -> None:
        """Answer a request with a header block and a body, unless the client has given it up."""
        if stream not in self._open:
            return
        self._open.discard(stream)
        if len(body) > self._window or self._waiting:
            self._waiting.append((stream, head, body))
            return
        self._write(stream, head, body)

    def _write(self, stream: int, head: bytes, body: bytes) -> None:
        self._window -= len(body)
        self._out.append(frame(HEADERS, END_HEADERS, stream, head) + frame(DATA, END_STREAM, stream, body))

    def flush(self) -> None:
        """Send what was answered."""
        if not self._batch:
            self._flush()

    def _flush(self) -> None:
        if self._out and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()
