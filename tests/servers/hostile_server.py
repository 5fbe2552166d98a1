"""Servers on this machine that behave as no integrator's should, over real TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import trustme

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

#: What "sends 1 GiB" sends.
GIBIBYTE = 1 << 30

MIB = b"x" * (1 << 20)


async def hangs(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Take the request and say nothing."""
    await reader.read()


async def answers_500(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


async def redirects_inside(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send the caller to a cloud's metadata address."""
    await request_of(reader)
    place = b"http://169.254.169.254/latest/meta-data/"
    writer.write(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n")


async def sends_a_gibibyte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {GIBIBYTE}\r\n\r\n".encode())
    for _ in range(GIBIBYTE // len(MIB)):
        writer.write(MIB)
        await writer.drain()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte of the answer now and then, for ever."""
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def speaks_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"220 mail.example ESMTP\r\n")


async def has_endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(64):
        writer.write(MIB)
        await writer.drain()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.transport.abort()


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """One whole request: its head and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


@asynccontextmanager
async def serving(answer: Answer, authority: trustme.CA, *, expired: bool = False) -> AsyncIterator[str]:
    """A TLS server on loopback that answers so; gives its address."""
    ends = datetime.now(UTC) - timedelta(days=1) if expired else None
    certificate = authority.issue_cert("127.0.0.1", "localhost", not_after=ends)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    open_ones: set[asyncio.Task[None]] = set()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await answer(reader, writer)
        finally:
            open_ones.discard(task)
            writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in open_ones:
            task.cancel()
