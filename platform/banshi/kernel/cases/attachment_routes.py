"""The attachments' face: a file comes in as multipart, and is read by its owner and by those who work on its case."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from tortoise.exceptions import IntegrityError
from tortoise.functions import Sum

from banshi.foundation.database.writes import Write
from banshi.foundation.errors import Hidden, MalformedBody, NotFound, StorageFull, TooLarge, UnsupportedMediaType
from banshi.kernel.cases import actors, attachments
from banshi.kernel.cases.representations import attachment_document
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment

ROUTES = Routes("attachments")

#: Name of the multipart field.
FIELD = "file"

#: Bytes read at once, and seconds that a slow client may take for one of them.
CHUNK_BYTES = 65_536
CHUNK_TIMEOUT_S = 15.0

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
    creates=True,
)
async def upload(call: Call) -> web.StreamResponse:
    """Upload a file for a form."""
    platform, person = call.platform, call.principal.subject
    _check_head(call.request)
    await _within_quota(platform, person)
    reader, part = await _file_part(call.request)
    name = shown_name(part.filename)
    received = await attachments.receive(
        platform.settings.attachments_folder, _chunks(reader, part), platform.settings.attachment_limit
    )
    try:
        stored = await call.once.begin(b"POST", b"/v1/attachments", received.sha256.encode(), name.encode())
    except BaseException:
        _file(platform, received.id).unlink(missing_ok=True)
        raise
    if stored is not None:
        _file(platform, received.id).unlink(missing_ok=True)
        return stored
    row = received.row(person, platform.now(), name)
    document = attachment_document(platform, row)
    location = {"Location": f"/v1/attachments/{row.id}"}
    await record(platform, Write(rows=[row, *call.once.receipt(document, headers=location)]))
    return reply(call, document, status=201, headers=location)


def _check_head(request: web.Request) -> None:
    if request.content_type != MULTIPART or "boundary" not in request.headers.get("Content-Type", ""):
        raise UnsupportedMediaType(f"Send {MULTIPART} with one field {FIELD!r}.", accepted=[MULTIPART])
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType("Send the body without Content-Encoding.")


async def record(platform: Platform, write: Write) -> None:
    """Write the attachment's row, or remove its file where it surely isn't written. Nobody knows after an outage."""
    # A task of its own: a caller who hangs up does not take the write back, so the file must not go either.
    await asyncio.shield(asyncio.create_task(_record(platform, write)))


async def _record(platform: Platform, write: Write) -> None:
    try:
        await platform.store.commit(write)
    except (IntegrityError, StorageFull):
        _file(platform, write.rows[0].pk).unlink(missing_ok=True)
        raise


def _file(platform: Platform, identity: uuid.UUID) -> Path:
    return platform.settings.attachments_folder / str(identity)


def shown_name(given: str | None) -> str:
    """The end of what the sender calls the file, for display only: without folders and what no table can store."""
    name = re.split(r"[/\\]", given or "")[-1]
    return "".join(filter(str.isprintable, name))[-200:]


@ROUTES.get("/v1/attachments/{id}", Audience.PERSON, {200: Answer("The file's bytes.", media_type="*/*")})
async def download(call: Call) -> web.StreamResponse:
    """Read a file."""
    row = await Attachment.get_or_none(id=call.path["id"])
    if row is None or not await _may_read(row, call.principal):
        raise (NotFound if row is None else Hidden)("There is no file of that id that you may read.")
    headers = {
        "Content-Type": row.media_type,
        # Never shown inside a page of ours, whatever it contains.
        "Content-Disposition": f'attachment; filename="{row.id}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }
    file = _file(call.platform, row.id)
    if not await asyncio.to_thread(file.is_file):
        raise NotFound("The file is not there any more.")
    return web.FileResponse(file, headers=headers)


async def _may_read(row: Attachment, reader: Principal) -> bool:
    if row.person == reader.subject and not reader.is_staff:
        return True
    try:
        return row.case_id is not None and await actors.find(row.case_id, actors.Actor(reader)) is not None
    except NotFound:
        return False


async def _within_quota(platform: Platform, person: str) -> None:
    rows = await Attachment.filter(person=person, case_id=None).annotate(total=Sum("size")).values("total")
    if rows and (rows[0]["total"] or 0) >= platform.settings.attachment_quota:
        raise TooLarge("You have uploaded much that no case uses; submit your application first, or wait a day.")


async def _file_part(request: web.Request) -> tuple[MultipartReader, BodyPartReader]:
    try:
        reader = await request.multipart()
        part = await asyncio.wait_for(reader.next(), CHUNK_TIMEOUT_S)
    except UNREADABLE:
        raise MalformedBody("The multipart body can't be read.") from None
    if not isinstance(part, BodyPartReader) or part.name != FIELD:
        raise MalformedBody(f"The first field of the multipart body has to be {FIELD!r}.")
    if part.headers.get("Content-Encoding") or part.headers.get("Content-Transfer-Encoding", "binary") != "binary":
        raise UnsupportedMediaType("Send the file as it is, without encoding.")
    return reader, part


async def _chunks(reader: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    """The file's bytes. aiohttp's own size limit does not bind a multipart body: the receiver counts."""
    try:
        # An empty chunk is no end: a body that breaks off has one too, and half a file must not pass for a whole one.
        while not part.at_eof():
            yield await asyncio.wait_for(part.read_chunk(CHUNK_BYTES), CHUNK_TIMEOUT_S)
        more = await asyncio.wait_for(reader.next(), CHUNK_TIMEOUT_S)
    except UNREADABLE:
        raise MalformedBody("The multipart body ends before its time.") from None
    if more is not None:
        raise MalformedBody(f"The multipart body has one field, {FIELD!r}, and no other.")
