"""Files that citizens hand in: streamed to disk, counted while they come, known by what their bytes are.

The name on disk is ours; the client's name and media type are only shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from uuid_utils.compat import uuid7

from banshi.builtin.sentences import say
from banshi.builtin.uploads.points import READ, refuse_too_many_points
from banshi.foundation.errors import TooLarge, UnsupportedMediaType
from banshi.foundation.files import durable_files
from banshi.foundation.files.media_types import ACCEPTED, HEAD_BYTES, sniff
from banshi.kernel.tables.attachments import Attachment

NOT_TAKEN = say("Files of this type are not taken. Send a PDF, or a picture such as a JPEG or PNG.")


#: How the sound of a voice message begins: both AMR formats (RFC 4867, section 5), and Speex in Ogg (RFC 5574).
SOUNDS = (
    ("audio/amr", re.compile(rb"#!AMR\n")),
    ("audio/amr-wb", re.compile(rb"#!AMR-WB\n")),
    ("audio/ogg", re.compile(rb"OggS\x00\x02.{20}\x01.Speex   ", re.DOTALL)),
)


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has come in whole and lies under its final name."""

    id: uuid.UUID
    media_type: str
    size: int
    sha256: str

    def path(self, folder: Path) -> Path:
        """Where it lies in the folder that it was received into."""
        return folder / str(self.id)

    def row(self, person: str, at: datetime, name: str = "") -> Attachment:
        """Its row, not yet written."""
        return Attachment(person=person, name=name, created_at=at, **asdict(self))


def taken(head: bytes) -> str | None:
    """The media type that a file's first bytes show, where citizens may upload it."""
    media_type = sniff(head)
    return media_type if media_type in ACCEPTED else None


def sound_in(head: bytes) -> str | None:
    """The media type of a voice message, by its first bytes; None for anything else."""
    return next((media_type for media_type, begins in SOUNDS if begins.match(head)), None)


async def receive(
    folder: Path,
    chunks: AsyncIterator[bytes],
    limit: int,
    *,
    identity: uuid.UUID | None = None,
    known: Callable[[bytes], str | None] = taken,
) -> Received:
    """Stream a file to disk, under a new id unless one is given; `known` says what its first bytes show.

    Raises TooLarge as soon as the limit is passed, and for a picture of too many points, UnsupportedMediaType, and
    OSError, as for a disk that is full.

    Nothing is left behind where it raises. A crash leaves only a `.part` file, which `clear_parts` removes.
    """
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    identity = identity or uuid7()
    part, whole = folder / f"{identity}.part", folder / str(identity)
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with durable_files.held_part(part) as stream:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    told = say("This file is too large: send at most {mb:.3g} MB.", mb=limit / 1e6)
                    raise TooLarge(told, limit=limit)
                head += chunk[: HEAD_BYTES - len(head)]
                digest.update(chunk)
                await asyncio.to_thread(stream.write, chunk)
            media_type = known(head)
            if media_type is None:
                raise UnsupportedMediaType(NOT_TAKEN, accepted=list(ACCEPTED))
            await asyncio.to_thread(durable_files.sync, stream)
            if media_type in READ:
                await asyncio.to_thread(refuse_too_many_points, part)
            await asyncio.to_thread(durable_files.rename, part, whole)
    except BaseException:
        # In this order: a thread that nobody waits for may be giving it its name.
        part.unlink(missing_ok=True)
        whole.unlink(missing_ok=True)
        raise
    return Received(identity, media_type, size, digest.hexdigest())
