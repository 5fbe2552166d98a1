"""The API's description, written into a file when it is first asked for: a large city's has tens of megabytes."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, NamedTuple

from banshi.contract import Key

#: Bytes that are read at once.
PIECE = 256 * 1024


class Written(NamedTuple):
    """The description in a file that has no name and goes with the process."""

    file: BinaryIO
    #: Bytes.
    size: int
    etag: str

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it, for one reader; any number read at once."""
        for start in range(0, self.size, PIECE):
            # From the system's memory as a rule, so a thread would cost more than it saves.
            yield os.pread(self.file.fileno(), PIECE, start)


class Description:
    """The OpenAPI document, whole and for each department.

    Args:
        make: The JSON of all items or of one department's, in pieces; a large city's takes seconds.
        folder: Where the files may be.
    """

    def __init__(self, make: Callable[[str | None], Iterable[bytes]], folder: Path) -> None:
        self._make = make
        self._folder = folder
        self._made: dict[str | None, asyncio.Future[Written]] = {}

    async def get(self, department: str | None = None) -> Written:
        """The description, whole or of a department that there is.

        Raises OSError where there is no room for it; who asks next has it tried again.
        """
        made = self._made.get(department)
        if made is None or (made.done() and made.exception() is not None):
            made = self._made[department] = asyncio.ensure_future(asyncio.to_thread(self._write, department))
        # Shielded: a caller that leaves does not end it for the others.
        return await asyncio.shield(made)

    def close(self) -> None:
        """Close the files; readers under way fail."""
        for made in self._made.values():
            if made.done() and made.exception() is None:
                made.result().file.close()

    def _write(self, department: str | None) -> Written:
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed with the platform
        try:
            # A strong validator, as of every other answer.
            found, size = blake2b(digest_size=12), 0
            for piece in self._make(department):
                file.write(piece)
                found.update(piece)
                size += len(piece)
            file.flush()
        except BaseException:
            file.close()
            raise
        return Written(file, size, f'"{found.hexdigest()}"')


#: Set at assembly.
DESCRIPTION: Key[Description] = Key("openapi document")
