"""The attachments' face: a file comes in as multipart, and is read by its owner and by those who work on its case."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from tortoise.exceptions import IntegrityError

from banshi.builtin.sentences import say
from banshi.builtin.uploads import receiving
from banshi.builtin.uploads.fields import PARAMETERS, Field, field_of
from banshi.builtin.uploads.quarantine import QUARANTINE
from banshi.builtin.uploads.room import coming, write_within
from banshi.foundation.background import apart
from banshi.foundation.database.failover.fates import NotBegun
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import (
    Conflict,
    Hidden,
    MalformedBody,
    NotFound,
    Problem,
    StorageFull,
    TooLarge,
    UnsupportedMediaType,
)
from banshi.kernel.cases import actors
from banshi.kernel.cases.representations import attachment_document
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.ready import SANDBOX
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import HELD, REFUSED, Attachment

ROUTES = Routes("attachments")

#: Name of the multipart field.
FIELD = "file"

#: Bytes read at once, and seconds that a slow client may take for one of them.
CHUNK_BYTES = 65_536
CHUNK_TIMEOUT_S = 15.0

#: Seconds in which a file is mostly examined.
RETRY_AFTER_S = "5"


MULTIPART = "multipart/form-data"

#: Said in both ways: JSON Schema 2020-12's own, and the one that generators of clients take for a file.
FILE = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}

#: What aiohttp raises for a body that isn't what it says.
UNREADABLE = (ValueError, AssertionError, TimeoutError, RuntimeError, HttpProcessingError)


@ROUTES.post(
    "/v1/attachments",
    Audience.CITIZEN,
    {
        201: Answer(
            "It is stored.",
            ref("Attachment"),
            headers={"Location": "The attachment."},
            links=[Link("download", {"id": "$response.body#/id"})],
        ),
        507: Answer("There is no room."),
    },
    raw_body={MULTIPART: Record(**{FIELD: FILE})},
    parameters=PARAMETERS,
    creates=True,
)
async def upload(call: Call) -> web.StreamResponse:
    """Upload a file for a form.

    With `item` and `field` it is refused at once where that field takes no such file, and the answer says what the
    field is. Nothing ties the file to it: its id goes into the answers.
    """
    platform, person = call.platform, call.principal.subject
    _check_head(call.request)
    limit = platform.settings.attachment_limit
    field = field_of(call, limit)
    async with coming(platform, person, min(call.request.content_length or limit, limit)):
        return await _upload(call, limit, field)


async def _upload(call: Call, limit: int, field: Field | None) -> web.StreamResponse:
    platform = call.platform
    reader, part = await _file_part(call.request)
    name = shown_name(part.filename)
    state, folder = platform[QUARANTINE].entrance
    chunks = _chunks(reader, part)
    received = await receiving.receive(folder, field.checked(chunks) if field else chunks, limit)
    where = [field.item.code.encode(), field.pointer.encode()] if field else []
    try:
        stored = await call.once.begin(b"POST", b"/v1/attachments", received.sha256.encode(), name.encode(), *where)
    except BaseException:
        received.path(folder).unlink(missing_ok=True)
        raise
    if stored is not None:
        received.path(folder).unlink(missing_ok=True)
        return stored
    row = received.row(call.principal.subject, platform.now(), name)
    row.state = state
    document = attachment_document(platform, row) | (field.members(call.language) if field else {})
    location = {"Location": f"/v1/attachments/{row.id}"}
    rows = [row, *call.once.receipt(document, headers=location)]
    write = Write(rows=rows, caller=asyncio.current_task())
    await record(received.path(folder), write_within(platform, row, write))
    return reply(call, document, status=201, headers=location)


def _check_head(request: web.Request) -> None:
    if request.content_type != MULTIPART or "boundary" not in request.headers.get("Content-Type", ""):
        told = say("Send {multipart} with one field {field!r}.", multipart=MULTIPART, field=FIELD)
        raise UnsupportedMediaType(told, accepted=[MULTIPART])
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType(say("Send the body without Content-Encoding."))


async def record(file: Path, writing: Awaitable[None]) -> None:
    """Write the attachment's row, or remove its file where it surely isn't written. Nobody knows after an outage."""
    # A task of its own: a file whose row is being written must not go when the caller does.
    await apart(_record(file, writing))


async def _record(file: Path, writing: Awaitable[None]) -> None:
    try:
        await writing
    except (IntegrityError, StorageFull, TooLarge, NotBegun):
        await asyncio.to_thread(file.unlink, missing_ok=True)
        raise


def shown_name(given: str | None) -> str:
    """The end of what the sender calls the file, for display only: without folders and what no table can store."""
    name = re.split(r"[/\\]", given or "")[-1]
    return "".join(filter(str.isprintable, name))[-200:]


class FileHeld(Conflict, code="file-held", says=say):
    """The file is still being examined; open it in a few seconds."""


class FileRefused(Problem, status=410, code="file-refused", says=say):
    """Something harmful was found in the file, and it is gone; ask for another one, or upload it."""


@ROUTES.get(
    "/v1/attachments/{id}",
    Audience.PERSON,
    {
        200: Answer("The file's bytes.", media_type="*/*"),
        409: Answer("It is still being examined."),
        410: Answer("It was harmful and is gone."),
    },
)
async def download(call: Call) -> web.StreamResponse:
    """Read a file."""
    row = await Attachment.get_or_none(id=call.path["id"])
    if row is None or not await _may_read(row, call.principal):
        raise (NotFound if row is None else Hidden)(say("There is no such file that you may read."))
    return await file_response(call.platform, row)


async def file_response(platform: Platform, row: Attachment) -> web.FileResponse:
    """Its bytes, for whoever may read them. Raises FileHeld, FileRefused and NotFound."""
    headers = {
        "Content-Type": row.media_type,
        # Never shown inside a page of ours, whatever it contains.
        "Content-Disposition": f'attachment; filename="{row.id}"',
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "no-store",
    }
    if row.state == HELD:
        raise FileHeld(headers={"Retry-After": RETRY_AFTER_S})
    if row.state == REFUSED:
        raise FileRefused()
    file = platform.settings.attachments_folder / str(row.id)
    if not await asyncio.to_thread(file.is_file):
        raise NotFound(say("The file is not there any more."))
    return web.FileResponse(file, headers=headers)


async def _may_read(row: Attachment, reader: Principal) -> bool:
    if row.person == reader.subject and not reader.is_staff:
        return True
    try:
        return row.case_id is not None and await actors.find(row.case_id, actors.Actor(reader)) is not None
    except NotFound:
        return False


async def _file_part(request: web.Request) -> tuple[MultipartReader, BodyPartReader]:
    try:
        reader = await request.multipart()
        part = await asyncio.wait_for(reader.next(), CHUNK_TIMEOUT_S)
    except UNREADABLE:
        raise MalformedBody(say("The multipart body can't be read.")) from None
    if not isinstance(part, BodyPartReader) or part.name != FIELD:
        raise MalformedBody(say("The first field of the multipart body has to be {field!r}.", field=FIELD))
    if part.headers.get("Content-Encoding") or part.headers.get("Content-Transfer-Encoding", "binary") != "binary":
        raise UnsupportedMediaType(say("Send the file as it is, without encoding."))
    return reader, part


async def _chunks(reader: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    """The file's bytes. aiohttp's own size limit does not bind a multipart body: the receiver counts."""
    try:
        # An empty chunk is no end: a body that breaks off has one too, and half a file must not pass for a whole one.
        while not part.at_eof():
            yield await asyncio.wait_for(part.read_chunk(CHUNK_BYTES), CHUNK_TIMEOUT_S)
        more = await asyncio.wait_for(reader.next(), CHUNK_TIMEOUT_S)
    except UNREADABLE:
        raise MalformedBody(say("The multipart body ends before its time.")) from None
    if more is not None:
        raise MalformedBody(say("The multipart body has one field, {field!r}, and no other.", field=FIELD))
