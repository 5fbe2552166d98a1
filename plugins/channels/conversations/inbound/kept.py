"""Messages that couldn't be dealt with in the provider's time: on this machine's disk, sealed, until they are.

Once a provider has heard that we have it it never sends a message again, so it hears so only where the message lies
here. One that is taken twice, by two processes or after a crash, is one turn all the same.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog

from banshi import Platform
from banshi.sdk.operations import write_private
from banshi.sdk.outgoing import SEAL

log = structlog.get_logger("banshi.conversations")

#: Messages that are kept at once. More, and the provider has to send them again.
MAX_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """One of them: what its account is found by, and the message as it was decrypted."""

    account: str
    body: bytes
    file: Path


class Kept:
    """The folder of one channel's messages. Each file's name says when it was kept, and by which process."""

    def __init__(self, platform: Platform, channel: str) -> None:
        self._folder, self._seal, self._now = platform.settings.data / channel, platform[SEAL], platform.now
        self._own = secrets.token_hex(6)
        #: Locked for as long as this process lives.
        self._alive: IO[bytes] | None = None

    async def keep(self, account: str, body: bytes) -> KeptMessage | None:
        """Returns once it is on disk; None where it can't be kept."""
        digest = hashlib.blake2b(f"{account}\0".encode() + body, digest_size=16).hexdigest()
        name = f"{int(self._now().timestamp() * 1000):015}-{self._own}-{digest}.kept"
        one = KeptMessage(account, body, self._folder / name)
        try:
            return one if await asyncio.to_thread(self._write, one) else None
        except OSError as error:
            log.error("a message can't be kept: its provider has to send it again", error=type(error).__name__)
            return None

    async def left_behind(self, seconds: float) -> Sequence[KeptMessage]:
        """What processes have kept that live no more, or nobody knows who, so many seconds ago; the oldest first.

        What can't be read any more is named in the log, and left.
        """
        return await asyncio.to_thread(self._read, self._now().timestamp() - seconds)

    async def drop(self, one: KeptMessage) -> None:
        """Delete a message that was processed."""
        await asyncio.to_thread(one.file.unlink, missing_ok=True)

    async def close(self) -> None:
        """What is still here is left to others."""
        if self._alive is not None:
            await asyncio.to_thread(self._of(self._own).unlink, missing_ok=True)
            self._alive.close()

    def _of(self, process: str) -> Path:
        """The file that a process holds locked."""
        return self._folder / f"{process}.alive"

    def _write(self, one: KeptMessage) -> bool:
        if self._folder.is_dir() and sum(1 for _ in self._folder.glob("*.kept")) >= MAX_KEPT:
            log.error("no more messages are kept: their provider has to send them again", most=MAX_KEPT)
            return False
        if self._alive is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._alive = self._of(self._own).open("xb")
            with suppress(OSError):  # a disk may know no locks: then two take it up, and it is one turn all the same
                fcntl.flock(self._alive, fcntl.LOCK_EX)
        told = json.dumps([one.account, one.body.decode("utf-8", "surrogateescape")])
        write_private(one.file, self._seal.sealed(told).encode())
        return True

    def _lives(self, process: str) -> bool:
        """Whether a process holds its file; that of one which doesn't is removed."""
        try:
            with self._of(process).open("r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._of(process).unlink()
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def _read(self, before: float) -> Sequence[KeptMessage]:
        files, found = sorted(self._folder.glob("*.kept")), []
        living = {one.stem for one in self._folder.glob("*.alive") if self._lives(one.stem)}
        for file in files:
            try:
                _, *process = file.stem.split("-")[:2]
                if living & {*process} if process else file.stat().st_mtime > before:
                    continue
                account, body = json.loads(self._seal.opened(file.read_text()))
                found.append(KeptMessage(account, body.encode("utf-8", "surrogateescape"), file))
            except FileNotFoundError:
                continue
            except ValueError:
                log.error("a message that was kept can't be read: it was sealed with another key", file=file.name)
        return found
