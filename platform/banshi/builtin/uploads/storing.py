"""A file that code of this process has already, stored as an upload of somebody's is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from banshi.builtin.uploads import receiving
from banshi.builtin.uploads.quarantine import QUARANTINE
from banshi.builtin.uploads.room import coming, write_within
from banshi.builtin.uploads.routes import record, shown_name
from banshi.foundation.database.writes import Write
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment


async def store_file(platform: Platform, person: str, content: bytes, name: str) -> Attachment:
    """The row of the file, which is written. Raises UnsupportedMediaType, TooLarge and StorageFull."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    async with coming(platform, person, len(content)):
        state, folder = platform[QUARANTINE].entrance
        received = await receiving.receive(folder, chunks(), platform.settings.attachment_limit)
        row = received.row(person, platform.now(), shown_name(name))
        row.state = state
        await record(received.path(folder), write_within(platform, row, Write(rows=[row])))
    return row
