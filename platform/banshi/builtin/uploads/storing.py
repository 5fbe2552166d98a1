"""A file that code of this process has already, stored as an upload of somebody's is, and shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from banshi.builtin.sentences import say
from banshi.builtin.uploads import receiving
from banshi.builtin.uploads.quarantine import QUARANTINE
from banshi.builtin.uploads.room import coming, write_within
from banshi.builtin.uploads.routes import record, shown, shown_name
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import NotFound
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment


async def store_file(
    platform: Platform, person: str, content: bytes, name: str, known: Callable[[bytes], str | None] = receiving.taken
) -> Attachment:
    """The row of the file, which is written.

    `known` says what its first bytes show, None for what isn't taken. What it takes beyond what citizens may upload is
    in no form's field: no case can be handed in with it.

    Raises UnsupportedMediaType, TooLarge and StorageFull.
    """

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    async with coming(platform, person, len(content)):
        state, folder = platform[QUARANTINE].entrance
        received = await receiving.receive(folder, chunks(), platform.settings.attachment_limit, known=known)
        row = received.row(person, platform.now(), shown_name(name))
        row.state = state
        await record(received.path(folder), write_within(platform, row, Write(rows=[row])))
    return row


async def show_file(platform: Platform, identity: str) -> web.FileResponse:
    """The bytes of a stored file, for whoever the caller lets read it. Raises NotFound, FileHeld and FileRefused."""
    row = await Attachment.get_or_none(id=identity)
    if row is None:
        raise NotFound(say("The file is not there any more."))
    return await shown(platform, row)
