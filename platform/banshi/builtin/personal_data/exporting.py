"""All that is held about a person as one JSON document in a file, with their uploads as a ZIP.

It is read row by row while others write: whatever changes meanwhile is in it as it was before or as it is after.
"""

from __future__ import annotations

import asyncio
import base64
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from banshi.builtin.personal_data.holdings import DataSubject, PersonalTable
from banshi.builtin.personal_data.persons import holdings_of
from banshi.foundation.database.bulk import ROWS_PER_STATEMENT
from banshi.foundation.files.spooled import Spooled
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment

#: What the document is called within a ZIP.
DOCUMENT = "data.json"


async def export(platform: Platform, whom: DataSubject, *, zipped: bool = False) -> Spooled:
    """The document, or a ZIP with it and the person's files; whoever gets it closes its file."""
    file = await asyncio.to_thread(_temporary, platform.settings.data)
    try:
        async for piece in _pieces(platform, whom):
            await asyncio.to_thread(file.write, piece)
        if zipped:
            rows = await Attachment.filter(person=whom.subject).order_by("id").values_list("id", flat=True)
            folder = platform.settings.attachments_folder
            document, file = file, await asyncio.to_thread(_temporary, platform.settings.data)
            with document:
                await asyncio.to_thread(_zip, document, file, [folder / str(one) for one in rows])
        await asyncio.to_thread(file.flush)
        return Spooled(file, file.seek(0, 2), "")
    except BaseException:
        file.close()
        raise


def _temporary(folder: Path) -> BinaryIO:
    """A file that has no name and goes with whoever has it."""
    return cast("BinaryIO", tempfile.TemporaryFile(dir=folder))


async def _pieces(platform: Platform, whom: DataSubject) -> AsyncIterator[bytes]:
    yield b'{"subject":%s,"made_at":%s,"held":{' % (orjson.dumps(whom.subject), orjson.dumps(platform.now()))
    for number, (owner, holding) in enumerate(holdings_of(platform)):
        yield b"%s%s:{" % (b"," if number else b"", orjson.dumps(owner))
        for position, held in enumerate(holding.tables):
            yield b"%s%s:[" % (b"," if position else b"", orjson.dumps(held.model._meta.db_table))
            first = True
            keys = await held.find(platform, whom)
            for begin in range(0, len(keys), ROWS_PER_STATEMENT):
                async for row in _rows(held, whom, keys[begin : begin + ROWS_PER_STATEMENT]):
                    yield row if first else b"," + row
                    first = False
            yield b"]"
        yield b"}"
    yield b"}}\n"


async def _rows(held: PersonalTable, whom: DataSubject, keys: Sequence[Any]) -> AsyncIterator[bytes]:
    key = held.model._meta.pk_attr
    for row in await held.model.filter(pk__in=list(keys)).order_by(key).values():
        hidden = held.hidden(row, whom) if callable(held.hidden) else held.hidden
        for column, _, member in (one.partition(".") for one in hidden if "." in one):
            (row[column] or {}).pop(member, None)
        yield orjson.dumps({name: value for name, value in row.items() if name not in hidden}, default=_text)


def _text(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _zip(document: BinaryIO, target: BinaryIO, files: Sequence[Path]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
        document.seek(0)
        with bundle.open(DOCUMENT, "w", force_zip64=True) as entry:
            while piece := document.read(1 << 18):
                entry.write(piece)
        for file in files:
            try:
                bundle.write(file, f"attachments/{file.name}")
            except FileNotFoundError:
                continue  # it has just gone, or an operator has moved it
