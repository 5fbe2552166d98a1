"""clamd, and what it says of a file: its protocol's VERSION and INSTREAM (https://docs.clamav.net, clamd(8))."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from banshi.sdk.operations import Deployment, Verdict

#: Bytes that are sent at once, and bytes that an answer has at most.
CHUNK_BYTES, MAX_ANSWER_BYTES = 65_536, 4_096


@dataclass(frozen=True, kw_only=True)
class ClamavSettings:
    """`[plugins.clamav.settings]`: where the daemon is."""

    #: Its LocalSocket, a path that begins with /; or "host:port", its TCPAddr and TCPSocket.
    address: str = "/run/clamav/clamd.ctl"
    #: Seconds that one file may take.
    timeout: float = 60.0

    def __post_init__(self) -> None:
        host, _, port = self.address.rpartition(":")
        if not self.address.startswith("/") and not (host and port.isascii() and port.isdigit() and int(port) < 65_536):
            raise ValueError(f'address {self.address!r} has to be the path of clamd\'s socket, or "host:port"')
        if not 0 < self.timeout <= 600:
            raise ValueError(f"timeout {self.timeout} has to be more than 0 and at most 600 seconds")


class Clamd:
    """Has files examined by one daemon, each in a connection of its own."""

    def __init__(self, settings: ClamavSettings) -> None:
        self._settings = settings

    async def scan(self, file: Path) -> str:
        """The name of what the daemon knows in the file, "" for nothing.

        Raises:
            FileNotFoundError: there is no such file.
            RuntimeError: the daemon gave no verdict; the text says what to do.
        """
        with file.open("rb") as stream:
            async with self._connected() as (reader, writer):
                # Read meanwhile: a daemon that has had enough answers before the end.
                answering = asyncio.create_task(_answer(reader))
                try:
                    await _send(stream, writer, answering)
                    answer = await answering
                finally:
                    answering.cancel()
        if answer == "stream: OK":
            return ""
        if answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        if "size limit" in answer:
            answer += ", so raise its StreamMaxLength above attachment_limit"
        raise RuntimeError(f"clamd gave no verdict: {answer or 'it ended the connection'}")

    async def version(self) -> str:
        """What the daemon is, with the version and day of its signatures. Raises as `scan` does."""
        async with self._connected() as (reader, writer):
            writer.write(b"zVERSION\0")
            return await _answer(reader)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        address = self._settings.address
        try:
            async with asyncio.timeout(self._settings.timeout):
                if address.startswith("/"):
                    reader, writer = await asyncio.open_unix_connection(address, limit=MAX_ANSWER_BYTES)
                else:
                    host, _, port = address.rpartition(":")
                    reader, writer = await asyncio.open_connection(host, int(port), limit=MAX_ANSWER_BYTES)
                try:
                    yield reader, writer
                finally:
                    writer.close()
        except (OSError, ValueError) as error:  # TimeoutError is one
            reason = str(error) or "not in time"
            raise RuntimeError(f"clamd at {address} does not answer ({reason}): start it, or mend address") from None


async def _send(stream: BinaryIO, writer: asyncio.StreamWriter, until: asyncio.Task[str]) -> None:
    writer.write(b"zINSTREAM\0")
    with suppress(ConnectionError, RuntimeError):  # uvloop's own word for a connection that was closed
        while not until.done() and (chunk := await asyncio.to_thread(stream.read, CHUNK_BYTES)):
            writer.write(struct.pack("!L", len(chunk)) + chunk)
            await writer.drain()
        writer.write(bytes(4))


async def _answer(reader: asyncio.StreamReader) -> str:
    try:
        answer = await reader.readuntil(b"\0")
    except asyncio.IncompleteReadError as error:
        answer = error.partial
    except asyncio.LimitOverrunError:
        raise ValueError(f"more than {MAX_ANSWER_BYTES} bytes of an answer") from None
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


async def examined(settings: ClamavSettings, _: Deployment) -> Sequence[Verdict]:
    """What `banshi doctor` says of the daemon."""
    try:
        version = await Clamd(settings).version()
    except RuntimeError as error:
        return [Verdict("clamav", "error", f"uploads wait and nobody can open them: {error}")]
    if not version.startswith("ClamAV"):
        return [Verdict("clamav", "error", f"what answers at {settings.address} is no clamd: mend address")]
    return [Verdict("clamav", "ok", version)]
