"""A file that code of this process has already, stored as an upload of somebody's is, and shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from banshi.builtin.sentences import say
from banshi.builtin.uploads import receiving
from banshi.builtin.uploads.quarantine import QUARANTINE
from banshi.builtin.uploads.room import coming, write_within
from banshi.builtin.uploads.routes import CHUNK_TIMEOUT_S, file_response, record, shown_name
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import MalformedBody, NotFound
from banshi.kernel.contract.routes import Call
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

    return await _stored(platform, person, len(content), chunks(), name, known)


async def receive_file(call: Call, name: str) -> Attachment:
    """The row of the body of a call, as an upload of the caller's, which is written.

    Raises UnsupportedMediaType, TooLarge, StorageFull, and MalformedBody for a body that doesn't come.
    """
    limit = call.platform.settings.attachment_limit

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while chunk := await asyncio.wait_for(call.request.content.readany(), CHUNK_TIMEOUT_S):
                yield chunk
        except (TimeoutError, HttpProcessingError):
            raise MalformedBody(say("The file ends before its time.")) from None

    size = min(call.request.content_length or limit, limit)
    return await _stored(call.platform, call.principal.subject, size, chunks(), name, receiving.taken)


async def _stored(
    platform: Platform,
    person: str,
    size: int,
    chunks: AsyncIterator[bytes],
    name: str,
    known: Callable[[bytes], str | None],
) -> Attachment:
    async with coming(platform, person, size):
        state, folder = platform[QUARANTINE].entrance
        received = await receiving.receive(folder, chunks, platform.settings.attachment_limit, known=known)
        row = received.row(person, platform.now(), shown_name(name))
        row.state = state
        await record(received.path(folder), write_within(platform, row, Write(rows=[row])))
    return row


async def show_file(platform: Platform, identity: str) -> web.FileResponse:
    """The bytes of a stored file, for whoever the caller lets read it. Raises NotFound, FileHeld and FileRefused."""
    row = await Attachment.get_or_none(id=identity)
    if row is None:
        raise NotFound(say("The file is not there any more."))
    return await file_response(platform, row)


async def read_file(platform: Platform, identity: str) -> bytes:
    """The bytes of a stored file, to be sent on. Raises NotFound, FileHeld and FileRefused."""
    await show_file(platform, identity)
    return await asyncio.to_thread((platform.settings.attachments_folder / identity).read_bytes)
