"""Bad input of every kind: each gets a problem that says what to do, and nothing is lost, changed or left behind."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import json
import re
import resource
import struct
import time
import uuid
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from banshi.builtin.uploads import routes as attachments_face
from banshi.foundation.errors import MalformedRequest, Problem
from banshi.kernel.http import dispatch, malformed
from banshi.kernel.tables.cases import Case
from banshi.testing import TINY_PNG, Door, Person, Reply, open_door
from tests.places import TRAFFIC
from tests.readers.tables import names_of
from tests.town.zone_pass import FIRST_DAY, WITHOUT_FILES, answers_with

APPLY = "/v1/items/zone-pass/cases"
#: The last day of a pass that is longer than the traffic police give one.
TOO_LONG = (FIRST_DAY + timedelta(days=120)).isoformat()
UPLOAD = "/v1/attachments"
MIB = 1_048_576

together = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class World:
    """One platform for all the tests here, since none of them is to change anything."""

    door: Door
    wang: Person

    async def rows(self) -> dict[str, int]:
        """How many rows each table has, and files the attachments folder."""
        # Those of the days ahead, and of what was done before, are made beside all requests.
        tables = {*await names_of(self.door)} - {"appointment_slot", "banshi_audit_seal"}
        counting = (f"SELECT '{one}' AS name, COUNT(*) AS n FROM \"{one}\"" for one in tables)  # noqa: S608
        found = await self.door.platform.store.connection.execute_query_dict(" UNION ALL ".join(counting))
        folder = self.door.platform.settings.attachments_folder
        counts = {row["name"]: row["n"] for row in found}
        return {**counts, "files": len(list(folder.iterdir())) if folder.exists() else 0}

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Whatever happens in the block leaves every table and the folder of files as they were."""
        await self.door.settled()
        before = await self.rows()
        yield
        await self.door.settled()
        assert await self.rows() == before

    async def good(self, **changes: Any) -> dict[str, Any]:
        files = [(await self.wang.upload()).created()["id"] for _ in range(2)]
        return answers_with(files, **changes)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_door(tmp_path_factory.mktemp("bad-input"), {"traffic": TRAFFIC}) as door:
        yield World(door, door.citizen("wang", "王小明"))


#: Codes that a program may rely on.
CODES = {cls.code for cls in Problem.__subclasses__()} | {"action-not-permitted", "still-running"}


def problem(answer: Reply, status: int, code: str) -> dict[str, Any]:
    """The answer is a whole problem document with a sentence in it."""
    document: dict[str, Any] = answer.problem(status, code)
    assert document["status"] == status
    assert document["type"] == f"urn:banshi:problem:{code}"
    assert code in CODES
    assert len(document["detail"]) > 5
    assert document["detail"].rstrip().endswith((".", "。")), document["detail"]
    assert "Traceback" not in answer.body.decode()
    assert answer.headers["X-Request-ID"]
    return document


def pointers(answer: Reply) -> dict[str, str]:
    """JSON Pointer → code of every wrong field, each with a sentence."""
    document = problem(answer, 422, "invalid-fields")
    assert all(len(one["detail"]) > 3 for one in document["problems"])
    return {one["pointer"]: one["code"] for one in document["problems"]}


async def sent(world: World, data: bytes, media_type: str = "application/json", **headers: str) -> Reply:
    """An application whose body is exactly these bytes."""
    all_headers = {"Content-Type": media_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await world.wang.call("POST", APPLY, data=data, headers=all_headers)


async def raw(world: World, *parts: bytes, patience: float = 5.0, half_close: bool = False) -> tuple[int, bytes]:
    """Bytes on a bare connection, and what comes back: (status, whole answer); status 0 for a closed connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(world.door.url.rpartition(":")[2]))
    answer = b""
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)
        if half_close:
            writer.write_eof()
        async with asyncio.timeout(patience):
            while not whole(answer) and (chunk := await reader.read(65_536)):
                answer += chunk
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()
    return (int(answer.split(b" ", 2)[1]) if answer else 0), answer


def whole(answer: bytes) -> bool:
    """Whether an answer is there to its end: after a refusal the server may still listen for the rest of the body."""
    start, blank, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", start)
    return bool(blank and length and len(body) >= int(length[1]))


def head(world: World, path: str = APPLY, *lines: str, method: str = "POST") -> bytes:
    """The head of a request of wang's, but for its last empty line."""
    own = (f"{method} {path} HTTP/1.1", "Host: banshi", "Connection: close")
    return "\r\n".join([*own, f"Authorization: Bearer {world.wang.token}", *lines]).encode("latin-1") + b"\r\n"


# -- the form ------------------------------------------------------------------------------------------------------


@together
async def test_a_good_application_is_accepted_so_that_the_refusals_below_mean_something(world: World) -> None:
    (await world.wang.post(APPLY, {"answers": await world.good()})).created()


@together
async def test_every_field_that_is_wrong_is_named_in_one_answer(world: World) -> None:
    """… each with its JSON Pointer and a stable code; the envelope's fields too."""
    wrong = {
        "plate": "B12345",
        "vehicle_class": "tank",
        "zones": [],
        "hours": 9,
        "valid_from": "1.1.2099",
        "valid_until": None,
        "purpose": "x",
        "driver": {"name": "王", "phone": "138", "age": 7},
        "licence": "photo.png",
        "colour": "red",
    }
    async with world.unchanged():
        found = pointers(await world.wang.post(APPLY, {"answers": wrong, "renews": "last year's", "urgent": True}))
    assert found == {
        "/answers/plate": "format",
        "/answers/vehicle_class": "enum",
        "/answers/zones": "minItems",
        "/answers/hours": found["/answers/hours"],
        "/answers/valid_from": "format",
        "/answers/valid_until": "type",
        "/answers/purpose": "minLength",
        "/answers/driver/name": "minLength",
        "/answers/driver/phone": "format",
        "/answers/driver/age": "additionalProperties",
        "/answers/licence": "format",
        "/answers/registration": "required",
        "/answers/colour": "additionalProperties",
        "/renews": "format",
        "/urgent": "additionalProperties",
    }


@together
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/answers"),
        ({"answers": None}, "/answers"),
        ({"answers": []}, "/answers"),
        ({"answers": "all"}, "/answers"),
        ({"Answers": {}}, "/Answers"),
        ({"answers": {}, "answers ": {}}, "/answers "),
    ],
)
async def test_a_body_without_answers_says_so(world: World, body: dict[str, Any], pointer: str) -> None:
    async with world.unchanged():
        assert pointer in pointers(await world.wang.post(APPLY, body))


@together
async def test_what_was_wrong_is_not_repeated(world: World) -> None:
    """A problem document may end up in a log or a screenshot: it quotes nothing that the citizen wrote."""
    wrong = await world.good(plate="川B-GEHEIM", purpose="x" * 500, driver={"name": "王小明明明" * 9, "phone": "0000"})
    answer = await world.wang.post(APPLY, {"answers": wrong})
    assert len(pointers(answer)) == 4
    for secret in ("GEHEIM", "xxxx", "王小明", "0000"):
        assert secret not in answer.body.decode()


@together
async def test_the_department_s_own_rules_name_their_fields_too(world: World) -> None:
    """Too long a time; all files that aren't there."""
    async with world.unchanged():
        files = {"licence": str(uuid.uuid4()), "registration": str(uuid.uuid4())}
        answers = {**WITHOUT_FILES, **files, "valid_until": TOO_LONG}
        found = pointers(await world.wang.post(APPLY, {"answers": answers}))
    assert found == {
        "/answers/licence": "attachment",
        "/answers/registration": "attachment",
        "/answers/valid_until": "too-long",
    }


#: What JSON Schema's `date` (RFC 3339) takes and no calendar of Python's knows.
@together
@pytest.mark.parametrize(
    "day",
    ["0000-01-01", "2099-02-30", "2099-13-01", "2099-1-1", "20990101", "2099-W01-1", "+2099-01-01", "２０９９-01-01"],
)
async def test_a_day_that_is_none_is_the_citizen_s_mistake_and_not_the_department_s(world: World, day: str) -> None:
    """422 at the field, never 502: ten of them must not look like a department that is down."""
    answers = await world.good(valid_from=day)
    for _ in range(2):
        assert pointers(await world.wang.post(APPLY, {"answers": answers})) == {"/answers/valid_from": "format"}


@together
async def test_a_pass_until_the_end_of_time_is_refused_at_its_fields(world: World) -> None:
    """The last days that a calendar knows; the day after them is none."""
    last = {"valid_from": "9999-12-01", "valid_until": "9999-12-31"}
    found = pointers(await world.wang.post(APPLY, {"answers": await world.good(**last)}))
    assert found == {"/answers/valid_from": "x-not-after", "/answers/valid_until": "x-not-after"}


@together
async def test_a_case_until_the_end_of_time_that_was_taken_before_can_be_refused_and_not_approved(world: World) -> None:
    case = (await world.wang.post(APPLY, {"answers": await world.good()})).created()
    await world.door.settled()
    last = {"valid_from": "9999-12-01", "valid_until": "9999-12-31"}
    await Case.filter(id=case["id"]).update(answers={**case["answers"], **last})
    staff = world.door.staff("li", "traffic:approver")
    assert [one["action"] for one in (await staff.get(f"/v1/cases/{case['id']}")).ok()["permitted_actions"]] == [
        "refuse"
    ]
    (await staff.post(f"/v1/cases/{case['id']}/actions/approve")).problem(409, "conflict")
    (await staff.post(f"/v1/cases/{case['id']}/actions/refuse", {"reason": "日期太远"})).ok()


@together
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/cases?colour=red", "colour"),
        ("/v1/items?q=1&Q=2", "Q"),
        ("/v1/cases?limit=0", "limit"),
        ("/v1/cases?limit=101", "limit"),
        ("/v1/cases?limit=-1", "limit"),
        ("/v1/cases?limit=", "limit"),
        ("/v1/cases?limit=2.0", "limit"),
        ("/v1/cases?limit=1e1", "limit"),
        ("/v1/cases?limit=%EF%BC%95", "limit"),
        ("/v1/cases?limit=99999999999999999999", "limit"),
        ("/v1/cases?limit=5&limit=6", "limit"),
        ("/v1/cases?limit[]=5", None),
        ("/v1/cases?state=" + "x" * 33, "state"),
        ("/v1/cases?state=%00", "state"),
        ("/v1/cases?cursor=!!", "cursor"),
        ("/v1/cases?cursor=", "cursor"),
        ("/v1/cases?cursor=" + "A" * 201, "cursor"),
        ("/v1/cases?cursor=%ED%A0%80", "cursor"),
        ("/v1/cases?cursor=bm90LWEtdXVpZA", "cursor"),
        ("/v1/cases?cursor=gICA", "cursor"),
        ("/v1/items?fully_online=yes", "fully_online"),
        ("/v1/items?fully_online=1", "fully_online"),
        ("/v1/items?department=moon", "department"),
        ("/v1/items?kind=x", "kind"),
        ("/v1/items?q=" + "x" * 101, "q"),
        ("/v1/items?q=" + "%E9%A9%BE" * 800, "q"),
        ("/v1/items?q=%00", "q"),
        ("/v1/items?q=pass&cursor=em9uZS1wYXNz", "cursor"),
        ("/healthz?x=1", "x"),
        ("/openapi.json?format=yaml", "format"),
        ("/v1/items?q=%B4%A8", "q"),
        ("/v1/items?limt=5", "limt"),
        ("/metrics?name[]=x", None),
    ],
)
async def test_a_parameter_that_is_unknown_or_wrong_is_named(world: World, path: str, name: str | None) -> None:
    """A misspelt one is found at once, instead of being passed over."""
    document = problem(await world.wang.get(path), 400, "invalid-parameter")
    assert document.get("parameter") == name


@together
async def test_a_cursor_of_another_list_is_refused_or_harmless(world: World) -> None:
    """Cursors are opaque; one that was tampered with never gives a 500."""
    staff = world.door.staff("li", "traffic:reviewer")
    nowhere = "01934f80-0000-7000-8000-000000000000"
    for place in (
        "zhang",
        "2026-01-01/x",
        "/x",
        f"2026-13-01/{nowhere}",
        f"/{nowhere}",
        nowhere,
        "2026-01-01/",
        "\0/\0",
    ):
        cursor = base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()
        problem(await staff.get(f"/v1/worklist?cursor={cursor}"), 400, "invalid-parameter")


@together
@pytest.mark.parametrize(
    "identity",
    [
        "1",
        "x" * 128,
        "x" * 5000,
        "00000000-0000-0000-0000-00000000000g",
        "0193a4b2c1d07e8f9a0b1c2d3e4f5a6b",
        "{0193a4b2-c1d0-7e8f-9a0b-1c2d3e4f5a6b}",
        "urn:uuid:0193a4b2-c1d0-7e8f-9a0b-1c2d3e4f5a6b",
        "%00",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5cwin.ini",
        "%ff%fe",
        "' OR 1=1 --",
        "0193a4b2-c1d0-7e8f-9a0b-1c2d3e4f5a6b%0A",
    ],
)
async def test_an_id_that_is_none_is_not_found(world: World, identity: str) -> None:
    """404 as for any id that isn't there."""
    for path in ("/v1/cases/{}", "/v1/attachments/{}", "/v1/cases/{}/pass.png", "/v1/cases/{}/scans"):
        answer = await world.wang.get(path.format(identity))
        problem(answer, 404, "not-found")
    answer = await world.wang.post(f"/v1/cases/{identity}/actions/withdraw")
    problem(answer, 404, "not-found")


@together
@pytest.mark.parametrize("action", ["APPROVE", "x" * 33, "approve%00", "-", "%E6%92%A4%E5%9B%9E", "a.b", "1"])
async def test_an_action_that_can_be_none_is_not_found(world: World, action: str) -> None:
    case = (await world.wang.post(APPLY, {"answers": await world.good()})).created()
    await world.door.settled()
    problem(await world.wang.post(f"/v1/cases/{case['id']}/actions/{action}"), 404, "not-found")


# -- JSON ----------------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"{}{}",
        b'{"answers": Infinity}',
        b'{"answers": -1e999}',
        b'{"answers": ' + b"9" * 5000 + b"}",
        b'{"answers": 01}',
        b'{"answers": "\xff\xfe"}',
        b'{"answers": "\\udc00\\ud800"}',
        b'{"answers": "\xed\xa0\x80"}',
        b'{"answers": "a\nb"}',
        "{}".encode("utf-16"),
        "{}".encode("utf-32"),
        b"null",
        b"7",
        b'"answers"',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        b'{"answers": {"purpose": "\\u0000"}}',
        b'{"answers": {"pur\\u0000pose": "x"}}',
        b'{"answers": {"plate": "a", "plate": "b"}}',
        b'{"answers": {"driver": {"name": "a", "n\\u0061me": "b"}}}',
    ],
    ids=range(23),
)
async def test_a_body_that_is_no_json_object_is_malformed(world: World, body: bytes) -> None:
    """Cut off, of another encoding, nested without end, ambiguous, or what no database stores: 400.

    Simpler ones, with the sentence of each: tests/contract/words/test_mistakes_of_callers.py.
    """
    async with world.unchanged():
        problem(await sent(world, body, Idempotency_Key=str(uuid.uuid4())), 400, "malformed-body")


@together
async def test_a_backslash_before_u0000_is_text(world: World) -> None:
    r"""The six characters \u0000 in a text are not the NUL character."""
    answers = await world.good(purpose="C:\\u0000 送货")
    assert (await world.wang.post(APPLY, {"answers": answers})).created()["answers"]["purpose"] == "C:\\u0000 送货"


@together
async def test_text_of_any_script_comes_back_as_it_was(world: World) -> None:
    """Emoji, rare characters, right-to-left marks, combining characters; however the JSON is written."""
    purpose = "𠮷野家 🚚 \u202eabc\u202c e\u0301 ẞ \x7f \u2028"
    answers = await world.good(purpose=purpose)
    for body in (
        json.dumps({"answers": answers}).encode(),
        json.dumps({"answers": await world.good(purpose=purpose)}, ensure_ascii=False, indent=2).encode(),
    ):
        assert (await sent(world, body)).created()["answers"]["purpose"] == purpose


@together
@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json5",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/problem+json",
        "*/*",
        ";;;",
        "application/json; charset*",
        "multipart/form-data; boundary=x; y*",
    ],
)
async def test_a_body_of_another_type_or_charset_is_not_read(world: World, media_type: str) -> None:
    async with world.unchanged():
        problem(await sent(world, b'{"answers": {}}', media_type), 415, "unsupported-media-type")


@together
@pytest.mark.parametrize("path", [APPLY, UPLOAD])
async def test_a_type_that_cannot_be_read_is_refused_where_no_body_came(world: World, path: str) -> None:
    request = head(world, path, "Content-Type: application/json; charset*", "Content-Length: 0") + b"\r\n"
    status, answer = await raw(world, request)
    assert status == 415, answer


@together
@pytest.mark.parametrize(
    "media_type",
    ["application/json", "APPLICATION/JSON", "application/json; charset=UTF-8", 'application/json;charset="utf-8"'],
)
async def test_the_ways_to_write_our_type_are_all_read(world: World, media_type: str) -> None:
    assert "/answers" in pointers(await sent(world, b"{}", media_type))


@together
@pytest.mark.parametrize("size", [262_145, MIB, 20 * MIB])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_refused_and_not_kept(world: World, size: int, chunked: bool) -> None:
    """… whether its length is told beforehand or not; the limit is in the answer."""
    body = b'{"answers": {"purpose": "' + b"x" * size + b'"}}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    async with world.unchanged():
        headers = {"Content-Type": "application/json"}
        answer = await world.wang.call("POST", APPLY, data=pieces() if chunked else body, headers=headers)
        assert problem(answer, 413, "too-large")["limit"] == 262_144


@together
async def test_a_body_at_the_limit_is_read(world: World) -> None:
    body = b'{"answers": {"purpose": "' + b"x" * (262_144 - 28) + b'"}}'
    assert len(body) == 262_144
    assert "/answers/purpose" in pointers(await sent(world, body))


@cache
def bomb(encoding: str) -> bytes:
    """100 MiB of zeros as one stream, of which a hundredth is compressed a single time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    part, whole = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH), bytes(100 * MIB)
    head, tail = {
        "gzip": (gzip.compress(b"", mtime=0)[:10], struct.pack("<2I", zlib.crc32(whole), len(whole))),
        "deflate": (zlib.compress(b"", 9)[:2], struct.pack(">I", zlib.adler32(whole))),
    }[encoding]
    packed = head + 100 * part + packer.flush() + tail
    # Bit by bit: the test looks at what memory the process had at the most.
    unpacker, rest, size = zlib.decompressobj(zlib.MAX_WBITS | 32), packed, 0
    while not unpacker.eof:
        size += len(unpacker.decompress(rest, MIB))
        rest = unpacker.unconsumed_tail
    assert size == len(whole)
    assert len(packed) < MIB // 8
    return packed


@together
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-rot13", "GZIP"])
async def test_a_compressed_body_is_refused_before_it_expands(world: World, encoding: str) -> None:
    """100 MiB in 100 KB: neither memory nor time is spent on it."""
    sent_bytes = bomb("deflate" if encoding == "deflate" else "gzip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with world.unchanged():
        problem(await sent(world, sent_bytes, Content_Encoding=encoding), 415, "unsupported-media-type")
        form = {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": encoding}
        problem(await world.wang.call("POST", UPLOAD, data=sent_bytes, headers=form), 415, "unsupported-media-type")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB


@together
async def test_a_body_that_never_ends_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks without a last one, and a length that is not kept: the connection isn't held for good."""
    monkeypatch.setattr(dispatch, "BODY_TIMEOUT_S", 0.3)
    start = head(world, APPLY, "Content-Type: application/json")
    async with world.unchanged():
        for request in (
            (start + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",),
            (start + b"Content-Length: 1000\r\n\r\n{}",),
            (start + b"Content-Length: 1000\r\n\r\n",),
        ):
            status, answer = await raw(world, *request)
            assert status == 400
            assert b"malformed-body" in answer


@together
async def test_headers_that_never_end_are_given_up_and_a_quiet_connection_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slowloris: nothing at all, half a head, a head byte by byte, and a second one on a connection that was good."""
    monkeypatch.setattr(malformed, "HEAD_TIMEOUT_S", 0.4)
    port = int(world.door.url.rpartition(":")[2])
    good = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"

    async def slow(first: bytes, drip: bytes) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        begun = time.monotonic()
        try:
            writer.write(first)
            if first.startswith(good):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                writer.write(b"GET /v1/items HTTP/1.1\r\nX-Slow: ")
            while not reader.at_eof() and time.monotonic() - begun < 20:
                writer.write(drip)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(65_536), 0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()
        return time.monotonic() - begun

    kept, quiet = await asyncio.open_connection("127.0.0.1", port)
    quiet.write(good)
    assert (await kept.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    half = b"GET /v1/items HTTP/1.1\r\nHost: local"
    took = await asyncio.gather(slow(b"", b""), slow(half, b""), slow(half, b"x"), slow(good, b""), slow(good, b"x"))
    assert all(0.3 < seconds < 15 for seconds in took), took
    # Who has said nothing wrong since is still served, on the same connection.
    quiet.write(good)
    assert b"HTTP/1.1 200" in await asyncio.wait_for(kept.readuntil(b"\r\n\r\n"), 5)
    quiet.close()


@together
async def test_a_caller_who_hangs_up_in_mid_body_changes_nothing(world: World) -> None:
    start = head(world, APPLY, "Content-Type: application/json", "Idempotency-Key: hung-up")
    async with world.unchanged():
        for request in (
            start + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            start + b"Content-Length: 1000\r\n\r\n{}",
            start + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nZZ\r\n",
        ):
            assert (await raw(world, request, half_close=True))[0] in {0, 400}
    # The key is free again.
    assert "/answers" in pointers(await world.wang.post(APPLY, {}, key="hung-up"))


@together
@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 2", "Content-Length: 3"),
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: identity, chunked",),
        ("Content-Length: -1",),
        ("Content-Length: +2",),
        ("Content-Length: 0x2",),
        ("Transfer-Encoding : chunked",),
        ("X-Header: a\0b",),
        ("X-Long: " + "x" * 40_000,),
    ],
)
async def test_a_request_whose_end_is_unclear_is_not_looked_at(world: World, lines: tuple[str, ...]) -> None:
    """Request smuggling: refused by the parser, and the connection is closed."""
    async with world.unchanged():
        smuggled = b"\r\n{}GET /v1/cases HTTP/1.1\r\nHost: x\r\n\r\n"
        status, answer = await raw(world, head(world, APPLY, "Content-Type: application/json", *lines) + smuggled)
    assert status == 400
    assert len(re.findall(rb"(?m)^HTTP/1\.", answer)) == 1
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "malformed-request"
    assert world.wang.token is not None
    assert world.wang.token.encode() not in answer


@together
@pytest.mark.parametrize("part", ["path", "header"])
async def test_an_address_that_is_too_long_says_how_long_one_may_be_and_is_in_no_log(
    world: World, part: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "secret-of-mine" * 3_000
    path, header = (f"/v1/items?q={long}", "X-One: 1") if part == "path" else ("/v1/items", f"X-Long: {long}")
    status, answer = await raw(world, head(world, path, header, method="GET") + b"\r\n")
    top, _, body = answer.partition(b"\r\n\r\n")
    assert status == 400
    assert b"content-type: application/problem+json" in top.lower()
    assert "8190字节" in json.loads(body)["detail"]
    assert "secret-of-mine" not in caplog.text + "".join(capsys.readouterr())


@together
@pytest.mark.parametrize(
    ("asked", "language"),
    [("en", "en"), ("zh-CN", "zh-CN"), ("en;q=0.2, zh", "zh-CN"), (None, "zh-CN"), ("xx", "zh-CN")],
)
@pytest.mark.parametrize("pieces", [1, 3])
async def test_what_can_not_be_read_is_told_in_the_language_that_its_head_asks_for(
    world: World, asked: str | None, language: str, pieces: int
) -> None:
    """It was told in English alone: the parser had thrown the headers away."""
    lines = ("Accept-Language: " + asked,) if asked else ()
    request = head(world, APPLY, *lines, "X-Header: a\0b") + b"\r\n"
    size = len(request) // pieces + 1
    status, answer = await raw(world, *(request[at : at + size] for at in range(0, len(request), size)))
    top, _, body = answer.partition(b"\r\n\r\n")
    assert status == 400
    assert f"content-language: {language}".lower() in top.decode().lower()
    assert json.loads(body)["detail"] == MalformedRequest().texts[language]


# -- headers -------------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("order-4711", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("a\tb", False),
        ("<script>", False),
        ("%0d%0aSet-Cookie:x", False),
        ("ä", False),
        ("", False),
    ],
)
async def test_a_request_id_is_given_back_if_it_is_one(world: World, given: str, kept: bool) -> None:
    """… and otherwise replaced: nothing of a caller's gets into a header or a log line."""
    status, answer = await raw(world, head(world, "/healthz", f"X-Request-ID: {given}", method="GET") + b"\r\n")
    assert status == 200
    found = [line for line in answer.split(b"\r\n") if line.lower().startswith(b"x-request-id: ")]
    assert len(found) == 1
    assert (found[0].partition(b": ")[2].decode("latin-1") == given) == kept
    assert b"Set-Cookie" not in answer.partition(b"\r\n\r\n")[0]


@together
@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("de, en;q=0.5", "en"),
        ("zh-Hant-TW", "zh-CN"),
        ("en;q=0.1, zh;q=0.2", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("*", "zh-CN"),
        ("de", "zh-CN"),
        ("", "zh-CN"),
        (",,,;;;===", "zh-CN"),
        ("en;q=x", "zh-CN"),
        ("en;q=nan", "zh-CN"),
        ("en;level=1;q=0.5", "zh-CN"),
        ("x" * 8000, "zh-CN"),
        ("a," * 3000 + "en", "zh-CN"),
        ("\xff\xfe", "zh-CN"),
        ("../../etc/passwd", "zh-CN"),
    ],
)
async def test_a_malformed_language_is_passed_over(world: World, header: str, language: str) -> None:
    """What can't be read doesn't count; the default is Chinese."""
    request = head(world, "/v1/items", f"Accept-Language: {header}", method="GET") + b"\r\n"
    status, answer = await raw(world, request)
    assert status == 200
    assert f"Content-Language: {language}\r\n".encode() in answer


# -- files ---------------------------------------------------------------------------------------------------------

PART = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
END = b"\r\n--XX--\r\n"


async def uploaded(world: World, body: Any, media_type: str = "multipart/form-data; boundary=XX") -> Reply:
    return await world.wang.call("POST", UPLOAD, data=body, headers={"Content-Type": media_type})


@together
async def test_fifty_mebibytes_are_refused_at_the_limit(world: World) -> None:
    """413 as soon as the limit is passed; nothing stays on disk, and memory holds no more than a few chunks."""

    async def flood() -> AsyncIterator[bytes]:
        yield PART + b"\r\n" + TINY_PNG
        chunk = bytes(65_536)
        for _ in range(50 * MIB // len(chunk)):
            yield chunk
        yield END

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with world.unchanged():
        try:
            answer = await uploaded(world, flood())
        except aiohttp.ClientError:
            # The server need not read to the end before it hangs up.
            pass
        else:
            assert problem(answer, 413, "too-large")["limit"] == world.door.platform.settings.attachment_limit
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB


@together
async def test_the_sender_of_a_file_that_is_too_large_reads_why(world: World) -> None:
    """The answer arrives while the file is still coming."""
    limit = world.door.platform.settings.attachment_limit
    request = head(world, UPLOAD, "Content-Type: multipart/form-data; boundary=XX", f"Content-Length: {50 * MIB}")
    async with world.unchanged():
        status, answer = await raw(world, request + b"\r\n" + PART + b"\r\n" + TINY_PNG, bytes(limit), bytes(MIB))
    assert status == 413
    assert b'"code":"too-large"' in answer


@together
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"rubbish",
        b"--XX--\r\n",
        b"--YY\r\n\r\nabc\r\n--YY--\r\n",
        b"--XX\r\n\r\nabc\r\n--XX--\r\n",
        b'--XX\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n' + TINY_PNG + END,
        b'--XX\r\nContent-Disposition: attachment; filename="a.png"\r\n\r\n' + TINY_PNG + END,
        b'--XX\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n' + PART + b"\r\n" + TINY_PNG + END,
        PART + b"\r\n" + TINY_PNG + b"\r\n" + PART + b"\r\n" + TINY_PNG + END,
        PART + b"\r\n" + TINY_PNG + b"\r\n--XX\r\n",
        PART + b"\r\n" + TINY_PNG,
        PART + b"\r\n" + TINY_PNG + b"\r\n--X",
        PART + b"\r\n",
        PART,
        b"--XX\r\nContent-\xffDisposition\r\n\r\nabc" + END,
        b"--XX\r\n: x\r\n\r\nabc" + END,
        b"--XX\r\nX: " + b"a" * 20_000 + b"\r\n\r\nabc" + END,
        b"--XX\r\n" + b"X: y\r\n" * 50_000 + b"\r\nabc" + END,
        PART + b"Content-Type: multipart/mixed; boundary=YY\r\n\r\n--YY\r\n\r\nabc\r\n--YY--" + END,
        PART + b"Content-Type: multipart/mixed\r\n\r\nabc" + END,
        b"a" * 200_000,
    ],
    ids=range(21),
)
async def test_a_multipart_body_that_is_not_one_whole_file_is_malformed(world: World, body: bytes) -> None:
    """No field, another field, two fields, no end, half an end: nothing is stored, half a photo least of all."""
    async with world.unchanged():
        problem(await uploaded(world, body), 400, "malformed-body")


@together
@pytest.mark.parametrize(
    "media_type",
    [
        "multipart/form-data",
        "multipart/mixed; boundary=XX",
        "application/octet-stream",
        "image/png",
        "application/json",
        "",
    ],
)
async def test_a_file_that_does_not_come_as_a_form_is_not_read(world: World, media_type: str) -> None:
    async with world.unchanged():
        answer = await uploaded(world, PART + b"\r\n" + TINY_PNG + END, media_type)
        problem(answer, 415, "unsupported-media-type")


@together
@pytest.mark.parametrize("boundary", ["", '""', "a" * 200, '"a\xffb"', "YY"])
async def test_a_boundary_that_is_none_is_malformed(world: World, boundary: str) -> None:
    async with world.unchanged():
        answer = await uploaded(world, PART + b"\r\n" + TINY_PNG + END, f"multipart/form-data; boundary={boundary}")
        problem(answer, 400, "malformed-body")


@together
@pytest.mark.parametrize(
    "header",
    [
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Encoding: gzip",
        "Content-Encoding: x",
    ],
)
async def test_an_encoded_file_is_refused(world: World, header: str) -> None:
    """What is stored is what was sent; nothing is expanded."""
    async with world.unchanged():
        answer = await uploaded(world, PART + header.encode() + b"\r\n\r\n" + TINY_PNG + END)
        problem(answer, 415, "unsupported-media-type")


@together
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x7fELF" + bytes(200), "photo.jpg"),
        (b"#!/bin/sh\nrm -rf /\n", "a.pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "a.png"),
        (b"PK\x03\x04" + bytes(200), "a.docx"),
        (b"GIF89a" + b"<script>alert(1)</script>", "a.gif"),
        (b"\x00" * 20 + TINY_PNG, "a.png"),
        (b"\r\n" + TINY_PNG, "a.png"),
        (TINY_PNG[:7], "a.png"),
        (b"x", "a.png"),
    ],
)
async def test_a_file_is_what_its_bytes_are(world: World, content: bytes, name: str) -> None:
    """An exe called .png, a page, an archive, something hidden behind a photo's name, nothing at all: 415."""
    async with world.unchanged():
        document = problem(await world.wang.upload(content, name), 415, "unsupported-media-type")
        assert "image/png" in document["accepted"]


@together
async def test_a_polyglot_is_served_as_what_it_was_taken_for(world: World) -> None:
    """A photo that is a page too: it comes back as a download of that type, sandboxed and never sniffed."""
    polyglot = TINY_PNG + b"<html><script>alert(1)</script></html>"
    stored = (await world.wang.upload(polyglot, "a.html")).created()
    answer = await world.wang.get(stored["links"]["self"])
    assert answer.body == polyglot
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{stored["id"]}"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@together
@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam")
@pytest.mark.parametrize(
    ("parameter", "shown"),
    [
        (b'filename="../../../etc/passwd"', "passwd"),
        (b'filename="C:\\\\Users\\\\wang\\\\photo.png"', "photo.png"),
        (b'filename="/"', ""),
        (b'filename=""', ""),
        (b'filename="a\xff\xfe.png"', "a.png"),
        (b'filename="' + b"x" * 5000 + b'.png"', "x" * 196 + ".png"),
        (b'filename="a<b>&.png"', "a<b>&.png"),
        ('filename="驾驶证.png"'.encode(), "驾驶证.png"),
        (b"filename*=UTF-8''%E9%A9%BE.png", "驾.png"),
        (b"filename*=UTF-8''%00%0a..%2f%ed%a0%80.png", ""),
        (b"filename*=nonsense''%ff.png", ""),
        (b"x=y", ""),
    ],
)
async def test_a_file_s_name_is_for_display_only(world: World, parameter: bytes, shown: str) -> None:
    """No name leads out of the folder or breaks an answer; on disk the file bears the server's own name."""
    body = b'--XX\r\nContent-Disposition: form-data; name="file"; ' + parameter + b"\r\n\r\n" + TINY_PNG + END
    stored = (await uploaded(world, body)).created()
    assert stored["name"] == shown
    folder = world.door.platform.settings.attachments_folder
    assert (folder / stored["id"]).read_bytes() == TINY_PNG
    assert {path.name for path in folder.iterdir()} == {str(uuid.UUID(path.name)) for path in folder.iterdir()}


@together
async def test_a_file_that_stops_coming_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender is told, and nothing stays behind; the same when the sender hangs up."""
    monkeypatch.setattr(attachments_face, "CHUNK_TIMEOUT_S", 0.3)
    start = head(world, UPLOAD, "Content-Type: multipart/form-data; boundary=XX", "Content-Length: 100000")
    async with world.unchanged():
        for begun in (b"", PART, PART + b"\r\n", PART + b"\r\n" + TINY_PNG):
            status, answer = await raw(world, start + b"\r\n" + begun)
            assert status == 400, begun
            assert b"malformed-body" in answer
            assert (await raw(world, start + b"\r\n" + begun, half_close=True))[0] in {0, 400}


@together
async def test_a_file_that_is_gone_from_disk_is_not_found(world: World) -> None:
    """… with a problem like any other, rather than an empty answer."""
    stored = (await world.wang.upload()).created()
    (world.door.platform.settings.attachments_folder / stored["id"]).unlink()
    problem(await world.wang.get(stored["links"]["self"]), 404, "not-found")


@together
@pytest.mark.parametrize("step", ["sync", "sync_folder"])
async def test_a_disk_that_is_full_is_said_to_be(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """507; nothing is half-written."""
    import errno

    from banshi.foundation.files import durable_files

    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable_files, step, full)
    async with world.unchanged():
        problem(await world.wang.upload(), 507, "storage-full")


async def test_nobody_fills_the_disk_with_files_that_no_case_uses(tmp_path: Path) -> None:
    """413 with the way out; what a case uses doesn't count."""
    settings = {"attachment_quota": 3 * len(TINY_PNG)}
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform=settings) as door:
        world = World(door, door.citizen("wang"))
        (await world.wang.post(APPLY, {"answers": await world.good()})).created()
        for _ in range(3):
            (await world.wang.upload()).created()
        async with world.unchanged():
            problem(await world.wang.upload(), 413, "too-large")
        (await door.citizen("zhang").upload()).created()


@together
async def test_a_form_names_only_unused_files_of_its_own_person(world: World) -> None:
    """Somebody else's, one that another case has, one that doesn't exist: 422 with the field's pointer."""
    strange = (await world.door.citizen("zhang").upload()).created()["id"]
    used = (await world.wang.post(APPLY, {"answers": await world.good()})).created()["attachments"][0]["id"]
    answers = await world.good()
    async with world.unchanged():
        for identity in (strange, used, str(uuid.uuid4()), used.upper()):
            found = pointers(await world.wang.post(APPLY, {"answers": {**answers, "licence": identity}}))
            assert found == {"/answers/licence": "attachment"}
            both = {**answers, "licence": identity, "registration": identity}
            found = pointers(await world.wang.post(APPLY, {"answers": both}))
            assert found == {"/answers/licence": "attachment", "/answers/registration": "attachment"}
    (await world.wang.post(APPLY, {"answers": answers})).created()


@together
async def test_two_submissions_of_one_file_at_once_make_one_case(world: World) -> None:
    """… and the loser is told; no file is tied to a case that doesn't exist."""
    for _ in range(5):
        answers = await world.good()
        twice = [{"answers": answers}, {"answers": {**answers, "registration": (await world.good())["registration"]}}]
        both = await asyncio.gather(*(world.wang.post(APPLY, body) for body in twice))
        better, worse = sorted(answer.status for answer in both)
        assert better == 201
        assert worse in {409, 422}
        await world.door.settled()
    orphans = await world.door.platform.store.connection.execute_query_dict(
        "SELECT COUNT(*) AS n FROM banshi_attachment WHERE case_id IS NOT NULL AND case_id NOT IN "
        "(SELECT id FROM banshi_case)"
    )
    assert orphans[0]["n"] == 0


# -- Idempotency-Key -----------------------------------------------------------------------------------------------


@together
async def test_the_same_key_and_body_make_one_case(world: World) -> None:
    """Every repetition gets the first answer, to the letter."""
    body = {"answers": await world.good()}
    first = await world.wang.post(APPLY, body, key="once")
    first.created()
    async with world.unchanged():
        for _ in range(3):
            again = await world.wang.post(APPLY, body, key="once")
            assert (again.status, again.body) == (201, first.body)
            assert again.headers["Location"] == first.headers["Location"]
            assert again.headers["Idempotency-Replayed"] == "true"
            assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert "Idempotency-Replayed" not in first.headers


@together
async def test_the_same_key_with_another_body_or_address_is_refused(world: World) -> None:
    answers = await world.good()
    case = (await world.wang.post(APPLY, {"answers": answers}, key="reused")).created()
    await world.door.settled()
    async with world.unchanged():
        other = await world.wang.post(APPLY, {"answers": {**answers, "purpose": "别的事"}}, key="reused")
        problem(other, 422, "idempotency-key-reused")
        elsewhere = await world.wang.post(f"/v1/cases/{case['id']}/actions/withdraw", key="reused")
        problem(elsewhere, 422, "idempotency-key-reused")
        problem(await world.wang.upload(key="reused"), 422, "idempotency-key-reused")


@together
async def test_a_key_whose_request_failed_is_free_again(world: World) -> None:
    """What failed is not remembered: the mended request goes through under the same key."""
    answers = await world.good()
    pointers(await world.wang.post(APPLY, {"answers": {**answers, "plate": "?"}}, key="mended"))
    (await world.wang.post(APPLY, {"answers": answers}, key="mended")).created()


@together
async def test_somebody_else_s_key_is_not_mine(world: World) -> None:
    """The same key and even the same body of another person is another request."""
    first = (await world.wang.upload(key="shared")).created()
    second = (await world.door.citizen("zhang").upload(key="shared")).created()
    assert first["id"] != second["id"]


@together
async def test_a_request_that_still_runs_is_not_begun_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """409 with Retry-After while the first is under way; then the stored answer. One case."""
    handler = world.door.platform.registry.items["zone-pass"].handler
    real, going, go = handler.validate, asyncio.Event(), asyncio.Event()

    async def slow(submission: Any) -> Any:
        going.set()
        await go.wait()
        return await real(submission)

    monkeypatch.setattr(handler, "validate", slow)
    body = {"answers": await world.good()}
    before = (await world.rows())["banshi_case"]
    first = asyncio.create_task(world.wang.post(APPLY, body, key="running"))
    await going.wait()
    for _ in range(3):
        answer = await world.wang.post(APPLY, body, key="running")
        problem(answer, 409, "still-running")
        assert int(answer.headers["Retry-After"]) > 0
    go.set()
    case = (await first).created()
    assert (await world.wang.post(APPLY, body, key="running")).created()["id"] == case["id"]
    assert (await world.rows())["banshi_case"] == before + 1


@together
async def test_twenty_at_once_with_one_key_make_one_case(world: World) -> None:
    body = {"answers": await world.good()}
    before = (await world.rows())["banshi_case"]
    answers = await asyncio.gather(*(world.wang.post(APPLY, body, key="twenty") for _ in range(20)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.document["id"] for answer in answers if answer.status == 201}) == 1
    assert (await world.rows())["banshi_case"] == before + 1


@together
async def test_a_file_is_stored_once_under_one_key(world: World) -> None:
    """The second upload gets the first one's id, and its bytes are not kept twice."""
    first = await world.wang.upload(key="file")
    first.created()
    async with world.unchanged():
        for _ in range(3):
            assert (await world.wang.upload(key="file")).body == first.body
        problem(await world.wang.upload(TINY_PNG + b"other", key="file"), 422, "idempotency-key-reused")


@together
@pytest.mark.parametrize("key", [" ", "schlüssel", "鍵", "a\tb"])
async def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    async with world.unchanged():
        line = f"Idempotency-Key: {key}".encode().decode("latin-1")
        request = head(world, APPLY, "Content-Type: application/json", "Content-Length: 2", line) + b"\r\n{}"
        status, answer = await raw(world, request)
    assert status == 400
    assert b'"parameter":"Idempotency-Key"' in answer


@together
@pytest.mark.parametrize(
    "key", ["a", "a" * 128, "0193a4b2-c1d0-7e8f-9a0b-1c2d3e4f5a6b", '"quoted"', "!~", "../x", "a;b,c"]
)
async def test_a_key_of_visible_characters_is_one(world: World, key: str) -> None:
    assert "/answers" in pointers(await world.wang.post(APPLY, {}, key=key))


# -- actions -------------------------------------------------------------------------------------------------------


async def returned_case(world: World) -> dict[str, Any]:
    """A case that waits for wang's corrections."""
    case: dict[str, Any] = (await world.wang.post(APPLY, {"answers": await world.good()})).created()
    await world.door.settled()
    staff = world.door.staff("li", "traffic:reviewer")
    (await staff.post(f"/v1/cases/{case['id']}/actions/return", {"reason": "请补正"})).ok()
    return case


@together
async def test_an_action_that_is_not_in_the_table_says_which_are(world: World) -> None:
    case = await returned_case(world)
    async with world.unchanged():
        for action in ("approve", "accept", "recommend", "close", "explode"):
            answer = await world.wang.post(f"/v1/cases/{case['id']}/actions/{action}", {"reason": "请"})
            document = problem(answer, 409, "action-not-permitted")
            assert document["permitted_actions"] == ["supplement", "withdraw"]
            assert document["state"] == "returned"


@together
@pytest.mark.parametrize("reason", [None, "", " ", "\u3000\n", "x" * 1001, 7, ["x"]])
async def test_a_reason_that_is_missing_or_empty_is_asked_for(world: World, reason: Any) -> None:
    """The citizen has to read why."""
    case = (await world.wang.post(APPLY, {"answers": await world.good()})).created()
    await world.door.settled()
    staff = world.door.staff("li", "traffic:reviewer")
    body = {} if reason is None else {"reason": reason}
    async with world.unchanged():
        for action in ("return", "suspend"):
            assert "/reason" in pointers(await staff.post(f"/v1/cases/{case['id']}/actions/{action}", body))


@together
async def test_answers_go_with_supplement_alone(world: World) -> None:
    case = await returned_case(world)
    path, good = f"/v1/cases/{case['id']}/actions", case["answers"]
    async with world.unchanged():
        assert pointers(await world.wang.post(f"{path}/withdraw", {"answers": good})) == {"/answers": "unexpected"}
        assert pointers(await world.wang.post(f"{path}/supplement", {})) == {"/answers": "required"}
        assert pointers(await world.wang.post(f"{path}/supplement", {"answers": []})) == {"/answers": "type"}
        wrong = {**good, "plate": "?", "licence": str(uuid.uuid4()), "colour": 1}
        found = pointers(await world.wang.post(f"{path}/supplement", {"answers": wrong}))
        assert found == {"/answers/plate": "format", "/answers/colour": "additionalProperties"}
        gone = {**good, "licence": str(uuid.uuid4()), "valid_until": TOO_LONG}
        found = pointers(await world.wang.post(f"{path}/supplement", {"answers": gone}))
        assert found == {"/answers/licence": "attachment", "/answers/valid_until": "too-long"}
    (await world.wang.post(f"{path}/supplement", {"answers": good})).ok()


@together
async def test_a_body_of_an_action_is_held_to_its_form(world: World) -> None:
    case = await returned_case(world)
    path = f"/v1/cases/{case['id']}/actions/withdraw"
    async with world.unchanged():
        assert pointers(await world.wang.post(path, {"Reason": "x"})) == {"/Reason": "additionalProperties"}
        problem(await world.wang.call("POST", path), 415, "unsupported-media-type")
        problem(await world.wang.call("POST", path, data=b"x" * 300_000, headers=JSON_TYPE), 413, "too-large")


JSON_TYPE = {"Content-Type": "application/json"}


# -- passes --------------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("text", ["", "x", "HC1:" + "A" * 4000, "6BF+70790T9WJWG.FKY*4GO0", "🚚", "%%%", "A" * 4096])
async def test_anything_else_than_a_pass_is_told_apart(world: World, text: str) -> None:
    """An officer scans whatever there is: each scan is answered, none breaks."""
    verdict = (await world.door.officer("p007", "traffic").post("/v1/passes/verify", {"text": text})).ok()
    assert verdict["verdict"] not in {"valid", ""}
    assert verdict["claims"] == []


@together
@pytest.mark.parametrize(
    "body", [{}, {"text": 7}, {"text": "x" * 4097}, {"text": "x", "place": "x" * 201}, {"tekst": ""}]
)
async def test_a_scan_that_is_none_is_refused(world: World, body: dict[str, Any]) -> None:
    async with world.unchanged():
        pointers(await world.door.officer("p007", "traffic").post("/v1/passes/verify", body))


# -- unknown addresses ---------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v2/items",
        "/v1/items/",
        "//v1/items",
        "/v1/items/nothing",
        "/v1/items/zone%2Fpass",
        "/.git/config",
    ],
)
async def test_an_unknown_address_is_a_problem_too(world: World, path: str) -> None:
    problem(await world.door.anyone.get(path), 404, "not-found")


@together
async def test_an_item_that_cannot_be_applied_for_is_not_found(world: World) -> None:
    async with world.unchanged():
        for code in ("nothing", "traffic", "zone-pass2", "ZONE-PASS"):
            problem(await world.wang.post(f"/v1/items/{code}/cases", {"answers": {}}), 404, "not-found")
