"""Messages that couldn't be dealt with within WeChat's five seconds: on this machine's disk, sealed, until they are.

Once WeChat has our `success` it never sends a message again, so it gets one only where the message lies here. One that
is taken twice, by two processes or after a crash, is one turn all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from banshi import Platform
from banshi.sdk.operations import write_private
from banshi.sdk.outgoing import SEAL

log = structlog.get_logger("wechat.kept")

#: Messages that are kept at once. More, and WeChat has to send them again.
MAX_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """One of them: the account's name in the settings, and the message as it was decrypted."""

    account: str
    body: bytes
    file: Path


class Kept:
    """The folder of those messages."""

    def __init__(self, platform: Platform) -> None:
        self._folder, self._seal = platform.settings.data / "wechat", platform[SEAL]

    async def keep(self, account: str, body: bytes) -> KeptMessage | None:
        """Returns once it is on disk; None where it can't be kept."""
        name = hashlib.blake2b(f"{account}\0".encode() + body, digest_size=16).hexdigest()
        one = KeptMessage(account, body, self._folder / f"{name}.kept")
        try:
            return one if await asyncio.to_thread(self._write, one) else None
        except OSError as error:
            log.error("a message can't be kept: WeChat has to send it again", error=type(error).__name__)
            return None

    async def left_behind(self, seconds: float) -> Sequence[KeptMessage]:
        """What has lain there for so long; what can't be read any more is named in the log, and left."""
        return await asyncio.to_thread(self._read, time.time() - seconds)

    async def drop(self, one: KeptMessage) -> None:
        """It is dealt with."""
        await asyncio.to_thread(one.file.unlink, missing_ok=True)

    def _write(self, one: KeptMessage) -> bool:
        if self._folder.is_dir() and sum(1 for _ in self._folder.glob("*.kept")) >= MAX_KEPT:
            log.error("no more messages are kept: WeChat has to send them again", most=MAX_KEPT)
            return False
        told = json.dumps([one.account, one.body.decode("utf-8", "surrogateescape")])
        write_private(one.file, self._seal.sealed(told).encode())
        return True

    def _read(self, before: float) -> Sequence[KeptMessage]:
        found = []
        for file in sorted(self._folder.glob("*.kept")):
            try:
                if file.stat().st_mtime > before:
                    continue
                account, body = json.loads(self._seal.opened(file.read_text()))
                found.append(KeptMessage(account, body.encode("utf-8", "surrogateescape"), file))
            except FileNotFoundError:
                continue
            except ValueError:
                log.error("a message that was kept can't be read: it was sealed with another key", file=file.name)
        return found
