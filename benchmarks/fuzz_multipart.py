"""What a fuzzer tries on the upload of a file, and what has to hold whatever it comes up with.

An input is how the body comes (its first byte), the lengths in which it drips (the second), whether the header's
boundary is the usual one or the input's first line, and the body. It goes through the very functions that take a
citizen's upload, from aiohttp's reader to the file on disk, once whole and once in drips.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import random
import re
import shutil
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from banshi.builtin.uploads import receiving
from banshi.builtin.uploads import routes as door
from banshi.foundation.errors import Problem
from banshi.foundation.files.media_types import ACCEPTED
from banshi.kernel.http.dispatch import check_type
from banshi.testing import TINY_PNG

#: Of these modules it is counted what is reached.
MODULES = (
    "aiohttp.multipart",
    "banshi.builtin.uploads.receiving",
    "banshi.foundation.files.media_types",
    "banshi.builtin.uploads.routes",
)

#: Bytes of an input, and of a file, at most.
MAX_INPUT_BYTES, MAX_FILE_BYTES = 8_192, 2_048

BOUNDARY = "banshi"

#: What a form is written with.
WORDS = (
    b"\r\n--banshi",
    b"--banshi--\r\n",
    b"\r\n\r\n",
    b'Content-Disposition: form-data; name="file"',
    b'; filename="',
    b"; filename*=utf-8''%e7%8e%8b",
    b"; filename*0=",
    b"_charset_",
    b"Content-Length: ",
    b"Content-Type: multipart/mixed; boundary=",
    b"Content-Encoding: gzip",
    b"Content-Transfer-Encoding: quoted-printable",
)

#: A boundary that stands in its header as it is.
PLAIN = re.compile(r"[0-9A-Za-z'_-]+")

#: The line behind the headers: aiohttp lets it end as it likes.
BLANK = re.compile(rb"\n\r*\n\Z")

#: A first part that says in which charset others are, which nothing of ours asks. aiohttp takes as much of it as has
#: come, and refuses what is too long: so it depends on the drips whether such a body is malformed.
CHARSET, MALFORMED = b"_charset_", 400

#: Each so many inputs it is looked how much memory one takes: what aiohttp itself sets aside, and a few copies.
LOOK, ASIDE, COPIES = 64, 1 << 20, 24

#: What the reader may say of a body; all else would be a 500.
REFUSALS = frozenset({400, 413, 415})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload: a refusal's status, or the file and the name that is shown."""

    status: int
    content: bytes = b""
    name: str = ""


class Folder:
    """Where files go, in memory if there is such a place; nothing else is in the folder around it."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
        self.around = Path(tempfile.mkdtemp(prefix="banshi-fuzz-", dir=memory if memory.is_dir() else None))
        atexit.register(shutil.rmtree, self.around, ignore_errors=True)
        self.files = self.around / "attachments"
        self.files.mkdir()

    def taken(self) -> dict[str, bytes]:
        """The files that are there, which go; whatever is beside them is a fault."""
        assert [one.name for one in self.around.iterdir()] == ["attachments"]
        found = {one.name: one.read_bytes() for one in self.files.iterdir()}
        for name in found:
            (self.files / name).unlink()
        return found


class Connection(asyncio.Transport):
    """As much of one as a reader asks for."""

    def pause_reading(self) -> None:
        """What has been fed is there already."""

    def resume_reading(self) -> None:
        """The same."""


FOLDER = Folder()
RUNNER = asyncio.Runner()
TURNS = iter(range(1 << 62))


def run(data: bytes) -> None:
    """Try one input. Raises AssertionError where a promise is broken, and whatever nobody has promised to raise."""
    content_type, lengths, body = parts(data)
    chunks = [body] if body else []
    whole = RUNNER.run(upload(content_type, chunks))
    if next(TURNS) % LOOK == 0:
        # The second time, since the first may load what a process keeps, such as a refusal's sentences.
        tracemalloc.start()
        again = RUNNER.run(upload(content_type, chunks))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert again == whole
        assert peak < ASIDE + COPIES * len(body), f"{len(body)} bytes took {peak} bytes of memory"
    held(whole, content_type, body)
    drips = RUNNER.run(upload(content_type, list(dripped(body, lengths))))
    assert drips == whole or (CHARSET in body and MALFORMED in (drips.status, whole.status))


def parts(data: bytes) -> tuple[str, random.Random, bytes]:
    """The header, the lengths of drips, and the body."""
    how, seed, body = data[0] if data else 0, data[1] if len(data) > 1 else 0, data[2:]
    boundary = BOUNDARY
    if how % 2:
        line, _, body = body.partition(b"\n")
        # What a server's parser lets through in a header.
        boundary = "".join(filter(str.isprintable, line.decode("latin-1")))
    return f"multipart/form-data; boundary={boundary}", random.Random(seed), body


def dripped(body: bytes, lengths: random.Random) -> Iterator[bytes]:
    most = lengths.choice((1, 2, 7, 64, 500))
    at = 0
    while at < len(body):
        length = lengths.randint(1, most)
        yield body[at : at + length]
        at += length


def request_of(content_type: str, stream: StreamReader) -> web.BaseRequest:
    """A request as aiohttp's server hands one over."""
    raw = ((b"Host", b"localhost"), (b"Content-Type", content_type.encode()))
    headers = CIMultiDictProxy(CIMultiDict((name.decode(), value.decode()) for name, value in raw))
    message = RawRequestMessage(
        "POST", "/v1/attachments", HttpVersion11, headers, raw, False, None, False, True, URL("/v1/attachments")
    )
    protocol: Any = SimpleNamespace(
        max_field_size=8_190, max_headers=128, transport=None, ssl_context=None, peername=None, sockname=None
    )
    loop, task = asyncio.get_running_loop(), cast("asyncio.Task[None]", asyncio.current_task())
    return web.BaseRequest(message, stream, protocol, cast("Any", None), task, loop, client_max_size=262_144)


async def upload(content_type: str, chunks: list[bytes]) -> Outcome:
    """What the platform makes of a body that comes in these chunks."""
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(Connection())
    stream = StreamReader(protocol, 2**16, loop=loop)
    coming = asyncio.create_task(come(stream, chunks))
    try:
        request = request_of(content_type, stream)
        check_type(cast("web.Request", request))
        door._check_head(cast("web.Request", request))
        reader, part = await door._file_part(cast("web.Request", request))
        name = door.shown_name(part.filename)
        received = await receiving.receive(FOLDER.files, door._chunks(reader, part), MAX_FILE_BYTES)
    except Problem as problem:
        return refused(problem)
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
    files = FOLDER.taken()
    assert list(files) == [str(received.id)]
    content = files[str(received.id)]
    assert received.size == len(content) <= MAX_FILE_BYTES
    assert received.sha256 == hashlib.sha256(content).hexdigest()
    assert received.media_type in ACCEPTED
    return Outcome(201, content, name)


def refused(problem: Problem) -> Outcome:
    """A refusal is one of those that are documented, and leaves nothing behind."""
    assert problem.status in REFUSALS, problem
    assert not FOLDER.taken()
    return Outcome(problem.status)


async def come(stream: StreamReader, chunks: list[bytes]) -> None:
    for chunk in chunks:
        stream.feed_data(chunk)
        await asyncio.sleep(0)
    stream.feed_eof()


def held(outcome: Outcome, content_type: str, body: bytes) -> None:
    """A file that was taken is what was sent, between a blank line and the boundary; its name leads nowhere."""
    if outcome.status != 201:
        return
    assert "/" not in outcome.name
    assert "\\" not in outcome.name
    assert len(outcome.name) <= 200
    assert outcome.name.isprintable()
    assert outcome.content in body, "the file is not what was sent"
    said = content_type.partition("boundary=")[2]
    if PLAIN.fullmatch(said):  # with quotes and further parameters it is another one
        places = [one.start() for one in re.finditer(b"(?=%b)" % re.escape(outcome.content), body)]
        assert any(stands(body, place, outcome.content, b"--" + said.encode()) for place in places), places


def stands(body: bytes, place: int, content: bytes, boundary: bytes) -> bool:
    """Whether that place in the body is a part's: it begins behind a blank line, and ends where the boundary comes."""
    before, after = body[:place], body[place + len(content) :]
    # A part may say how long it is; then its length counts.
    counted = b"content-length" in before.lower()
    ends = counted or b"\r\n" + boundary not in content
    return ends and bool(BLANK.search(before)) and after.lstrip(b"\r\n").startswith(boundary)


def seeds() -> Iterator[bytes]:
    """Where a fuzzer begins."""
    jpeg, pdf = b"\xff\xd8\xff\xe0" + bytes(40), b"%PDF-1.7\n" + b"x" * 60
    for number, content in enumerate((TINY_PNG, jpeg, pdf, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\n--bansh" * 9)):
        yield bytes([0, number]) + form(content)
        yield bytes([1, number]) + b"banshi\n" + form(content)
    yield b"\x00\x05" + form(TINY_PNG, field="other")
    yield b"\x00\x06" + form(TINY_PNG, more="Content-Transfer-Encoding: base64\r\n")
    yield b"\x00\x07" + form(TINY_PNG, more="Content-Encoding: deflate\r\n")
    yield b"\x00\x08" + form(TINY_PNG, more="Content-Length: 20\r\n")
    yield b"\x00\x09" + form(TINY_PNG, more="Content-Type: multipart/mixed; boundary=x\r\n")
    yield b"\x00\x0a" + form(TINY_PNG, name="\"; filename*=UTF-8''%2e%2e%2fetc%2fpasswd; x=\"")
    yield b"\x00\x0b" + form(pdf + b"x" * MAX_FILE_BYTES)
    yield b"\x00\x0c" + form(TINY_PNG).replace(b"--banshi--", b"--banshi") + form(jpeg)
    yield b"\x00\x0d" + form(TINY_PNG)[:-20]
    charset = b'--banshi\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\ngb18030\r\n'
    yield b"\x00\x0f" + charset + form(TINY_PNG, name="%cd%f5")
    for length in (len(TINY_PNG), len(TINY_PNG) - 1, len(TINY_PNG) + 40, 0, -1):
        yield b"\x00\x10" + form(TINY_PNG, more=f"Content-Length: {length}\r\n")
    yield b"\x00\x11" + form(TINY_PNG + b"x--banshi--")
    smuggled = TINY_PNG + b"\r\n--banshi--\r\n"
    yield b"\x00\x12" + form(smuggled, more=f"Content-Length: {len(smuggled)}\r\n")
    yield b"\x00\x0e" + form(TINY_PNG).replace(b"\r\n", b"\n")


def form(content: bytes, *, field: str = "file", name: str = "photo.png", more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n{more}\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
