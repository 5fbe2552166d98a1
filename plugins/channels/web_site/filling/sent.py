"""What a browser sends with a form: texts, and files where there are any."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from aiohttp import BodyPartReader
from aiohttp.http_exceptions import HttpProcessingError

from banshi import Problem
from banshi.sdk.http import read_body
from web_site.sentences import say
from web_site.session import refuse_elsewhere, refuse_others
from web_site.visit import MULTIPART, URLENCODED, Visit

#: Bytes of all texts, fields, files, and seconds that one part may take.
MAX_TEXT_BYTES, MAX_FIELDS, MAX_FILES, PART_TIMEOUT_S = 524_288, 1_000, 20, 60.0
CHUNK_BYTES = 65_536
#: How many of the largest files are taken in one go.
FILES_AT_ONCE = 3
NAME = re.compile(r'; *name="([^"]*)"')
UNREADABLE = (ValueError, AssertionError, TimeoutError, RuntimeError, HttpProcessingError)


class Unread(Problem, status=400, code="form-unread", says=say):
    """What was sent can't be read. Open the page again and send it once more."""


class TooLong(Problem, status=413, code="form-too-long", says=say):
    """This is more text than can be sent at once. Make it shorter."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that somebody has chosen in a field."""

    field: str
    name: str
    #: Its bytes; one more than is taken, where there are too many. None where those before it left no room.
    body: bytes | None


async def read_own(visit: Visit) -> None:
    """Read what whoever is signed in has sent from a page of ours. Raises what `read_sent` does, and SignedOut."""
    await read_sent(visit)
    refuse_others(visit.call, visit.session, visit.sent.get("token", ""))
    visit.person  # noqa: B018 - it raises


async def read_sent(visit: Visit, *, takes_files: bool = False) -> list[File]:
    """Read what a page of ours has sent into `visit.sent`; its files. Raises CrossSiteForm, Unread and TooLong."""
    request = visit.call.request
    refuse_elsewhere(visit.call)
    if request.content_type == URLENCODED:
        raw = await read_body(request, MAX_TEXT_BYTES, URLENCODED)
        try:
            pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError:
            raise Unread from None
        for name, text in pairs:
            _add(visit, name, text)
        visit.choose(visit.sent.get("show"))
        return []
    if (
        not takes_files
        or request.content_type != MULTIPART
        or "boundary" not in request.headers.get("Content-Type", "")
    ):
        raise Unread
    try:
        async with asyncio.timeout(PART_TIMEOUT_S * 5):
            files = await _parts(visit)
    except UNREADABLE:
        raise Unread from None
    visit.choose(visit.sent.get("show"))
    return files


async def _parts(visit: Visit) -> list[File]:
    files, size, limit = list[File](), 0, visit.call.platform.settings.attachment_limit
    room = FILES_AT_ONCE * limit
    reader = await visit.call.request.multipart()
    count = 0
    while (part := await reader.next()) is not None:
        count += 1
        if not isinstance(part, BodyPartReader) or count > MAX_FIELDS:
            raise Unread
        name = _name_of(part)
        if part.filename is None:
            body = await _read(part, MAX_TEXT_BYTES - size)
            size += len(body)
            if size > MAX_TEXT_BYTES:
                raise TooLong
            _add(visit, name, body.decode("utf-8", "replace"))
        elif body := await _read(part, min(limit, room)):
            is_room = len(body) <= room and len(files) < MAX_FILES
            files.append(File(name, _readable(part.filename), body if is_room else None))
            room -= len(body) if is_room else 0
    return files


def _name_of(part: BodyPartReader) -> str:
    """A part's field, as browsers write it (HTML, section 4.10.22.7). aiohttp leaves out the slash in front."""
    found = NAME.search(part.headers.get("Content-Disposition", ""))
    return re.sub("%(22|0D|0A)", lambda sign: unquote(sign[0]), _readable(found[1])) if found else ""


def _readable(text: str) -> str:
    """What stands in a header, without what is no UTF-8."""
    return text.encode(errors="replace").decode()


async def _read(part: BodyPartReader, most: int) -> bytes:
    """A part; of one that is too long a little more than is taken. The rest is read over."""
    body = bytearray()
    while chunk := await part.read_chunk(CHUNK_BYTES):
        if len(body) <= most:
            body += chunk
    return bytes(body[: most + 1])


def _add(visit: Visit, name: str, text: str) -> None:
    # Browsers end lines as the network does; NUL can be stored nowhere.
    visit.sent.add(name, text.replace("\r\n", "\n").replace("\0", ""))


def multipart_of(file: File, body: bytes) -> tuple[bytes, str]:
    """A file with these bytes as the API takes it, and the media type of that."""
    boundary = "banshi-site-" + "0" * 24
    while boundary.encode() in body:
        boundary += "1"
    name = file.name.replace('"', "%22").replace("\r", "").replace("\n", "")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    return head.encode() + body + f"\r\n--{boundary}--\r\n".encode(), f"{MULTIPART}; boundary={boundary}"
