"""An answer too large for memory, written into a file when it is first asked for: a large city's has megabytes."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, NamedTuple

#: Bytes that are read at once.
PIECE_BYTES = 256 * 1024


class Spooled(NamedTuple):
    """The answer in a file that has no name and goes with the process."""

    file: BinaryIO
    #: Bytes.
    size: int
    etag: str

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it, for one reader; any number read at once."""
        for start in range(0, self.size, PIECE_BYTES):
            # From the system's memory as a rule, so a thread would cost more than it saves.
            yield os.pread(self.file.fileno(), min(PIECE_BYTES, self.size - start), start)


class SpooledAnswer:
    """An answer that is the same for everybody until the server stops, or until `PerRevision` makes another.

    Args:
        make: Its bytes in pieces. Called in a thread, when the answer is first asked for.
        folder: Where its file may be: the platform's `settings.data`.
    """

    def __init__(self, make: Callable[[], Iterable[bytes]], folder: Path) -> None:
        self._make = make
        self._folder = folder
        self._made: asyncio.Future[Spooled] | None = None

    async def get(self) -> Spooled:
        """The answer. Raises OSError where there is no room for it; who asks next has it tried again."""
        if self._made is None or (self._made.done() and self._made.exception() is not None):
            self._made = asyncio.ensure_future(asyncio.to_thread(self._write))
        # Shielded: a caller that leaves does not end it for the others.
        return await asyncio.shield(self._made)

    def close(self) -> None:
        """Close the file; readers under way fail."""
        if self._made is not None and self._made.done() and self._made.exception() is None:
            self._made.result().file.close()

    def _write(self) -> Spooled:
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed with the platform
        try:
            # A strong validator, as of every other answer.
            found, size = blake2b(digest_size=12), 0
            for piece in self._make():
                file.write(piece)
                found.update(piece)
                size += len(piece)
            file.flush()
        except BaseException:
            file.close()
            raise
        return Spooled(file, size, f'"{found.hexdigest()}"')
