"""A whole tip through the real server, sent with all that gives people away; then everything is searched for it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from banshi.app import configure
from banshi.builtin.identity.development import development_token
from banshi.foundation.database.opening import open_store
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.settings import Settings
from banshi.testing import Person
from tests.journeys.running import configured, serving
from tests.readers.tables import rows_of
from tests.town.parts import UNNAMED, appeals
from tests.town.tips import TIPS
from tests.town.town import written
from tests.waiting import until

#: The address that the tip comes from, for the system too: all of 127.0.0.0/8 is this machine.
ADDRESS = "127.66.77.88"

#: What a phone, an app, a proxy and a camera say of somebody, each with a word of its own to look for.
HEADERS = {
    "User-Agent": "Trace-Agent/1.0 (TracePhone 15)",
    "X-Forwarded-For": "203.0.113.201",
    "X-Real-IP": "203.0.113.202",
    "Forwarded": "for=203.0.113.203",
    "CF-Connecting-IP": "203.0.113.204",
    "Cookie": "session=trace-cookie-4711",
    "Referer": "https://trace-referer.example/",
    "X-Request-ID": "trace-request-id",
    "Idempotency-Key": "trace-idempotency-key",
    "X-Device-ID": "trace-device-id",
    "traceparent": "00-7ace7ace7ace7ace7ace7ace7ace7ace-7ace7ace7ace7ace-01",
    "Accept-Language": "en;q=0.9, trace-LANGUAGE;q=0.1",
    "Content-Disposition": 'attachment; filename="trace-filename.jpg"',
}

MARKERS = (
    *("Trace-Agent", "TracePhone", "203.0.113.", ADDRESS, "7ace7ace", "TRACE-CAMERA"),
    *(
        f"trace-{one}"
        for one in ("cookie", "referer", "request", "idempotency", "device", "LANGUAGE", "filename", "token")
    ),
    # The seconds of a GPS position, as the file has them and as they read.
    *("\x00\x00\xd4\x2d\x00\x00\x04\xe2", "43.4536"),
)


def photo() -> bytes:
    """A photo that says where, with what and by whom it was taken."""
    data = Image.Exif()
    for tag in (0x010F, 0x0110, 0x013B, 0x8298, 0xA430):
        data[tag] = "TRACE-CAMERA"
    data.get_ifd(0x8825).update({1: "N", 2: (31.0, 28.0, 43.4536), 3: "E", 4: (104.0, 40.0, 43.4536)})
    out = BytesIO()
    Image.effect_noise((300, 200), 60).save(out, "JPEG", exif=data, comment=b"TRACE-CAMERA")
    return out.getvalue() + b"TRACE-CAMERA"


@dataclass
class Place:
    """A running server, what it has printed, and where it keeps things."""

    folder: Path
    url: str
    log: Path
    settings: Settings

    def staff(self, session: aiohttp.ClientSession, name: str) -> Person:
        token = development_token(self.settings, name, roles=["parks:reviewer", "works:reviewer"])
        return Person(session, self.url, token)


@asynccontextmanager
async def running(folder: Path, database: str, platform: str = "", plugins: str = "") -> AsyncIterator[Place]:
    """`banshi serve` in a process of its own, talkative, on its default port's stand-in.

    `platform` and `plugins` are further lines of its plugins.toml, of that table and at the end.
    """
    written(folder, appeals(UNNAMED))
    own = "".join(f'[plugins.{name}]\napi = 1\npath = "{name}"\n' for name in ("parks", "works"))
    own += '[plugins.mobile_push]\napi = 1\npackage = "mobile_push"\n'
    configured(folder, f'database = "{database}"\nlog_level = "debug"\n{platform}', own + plugins)
    async with serving(folder) as url:
        settings = read_configuration(folder / "plugins.toml").settings
        yield Place(folder, url, folder / "everything.log", settings)


async def everything(place: Place, database: str, ring: Path | None = None) -> dict[str, bytes]:
    """Every file that the server has, and every row of every table as text, by name.

    With an encrypted one's ring the rows are as they are stored; else what is sealed in them is opened.
    """
    data = {
        str(file.relative_to(place.folder)): file.read_bytes() for file in place.folder.rglob("*") if file.is_file()
    }
    async with open_store(database, configure(place.folder / "plugins.toml").tables, personal=ring) as store:
        listed = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        if store.dialect != "sqlite":
            listed = "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
        for row in await store.connection.execute_query_dict(listed):
            if ring is None:
                rows = await rows_of(store, row["name"])
            else:
                rows = await store.connection.execute_query_dict(f'SELECT * FROM "{row["name"]}"')  # noqa: S608
            data[row["name"]] = "\n".join(repr(dict(one)) for one in rows).encode()
    return data


def found_in(data: dict[str, bytes], words: Iterable[str]) -> set[tuple[str, str]]:
    """Where any of the words stands: as it is, in small letters, in hexadecimal digits, in base 64."""
    hits = set()
    for word in words:
        raw = word.encode("latin-1")
        ways = {raw, raw.lower(), raw.upper(), raw.hex().encode(), b64encode(raw)[: len(raw) // 3 * 4]}
        ways |= {hashlib.sha256(raw).hexdigest().encode(), hashlib.md5(raw).hexdigest().encode()}  # noqa: S324
        hits |= {(name, word) for name, content in data.items() if any(way in content for way in ways)}
    return hits


async def tip_and_return(place: Place, sender: Person, staff: Person, second: Person) -> list[str]:
    """The life of a tip with all its turns, and what goes wrong on the way; the codes that were shown."""

    async def uploaded() -> str:
        headers = {**HEADERS, "Content-Type": "image/jpeg"}
        reply = await sender.call("POST", "/v1/tips/pictures", data=photo(), headers=headers)
        return str(reply.created()["id"])

    async def sent(path: str, body: Any) -> Any:
        return await sender.post(path, body, headers=HEADERS)

    async def done(link: str, action: str, who: Person = staff, **body: Any) -> None:
        (await who.post(f"{link}/actions/{action}", body)).ok()

    first, other = [
        (await sent(TIPS, {"answers": {"text": "线索一条", "photo": await uploaded()}})).created() for _ in range(2)
    ]
    code = first["code"]
    links = {row["number"]: row["links"]["self"] for row in (await staff.get("/v1/worklist")).ok()["items"]}
    link, spare = links[first["tip"]["number"]], links[other["tip"]["number"]]

    async def acted(action: str, **body: Any) -> Any:
        return (await sent(f"/v1/tips/actions/{action}", {"code": code, **body})).ok()

    # What is refused must be forgotten too.
    wrong = code[:-1] + ("Y" if code[-1] == "X" else "X")
    (await sent("/v1/tips/read", {"code": wrong})).problem(422, "invalid-fields")
    (await sent("/v1/tips/read", {"code": code, "token": "trace-token"})).problem(422, "invalid-fields")
    (await sent("/v1/tips/actions/write", {"code": code, "details": {"text": ""}})).problem(422, "invalid-fields")
    (await sender.post(f"/v1/tips/read?code={code}", {"code": code}, headers=HEADERS)).problem(400, "invalid-parameter")
    bearing = {**HEADERS, "Authorization": "Bearer trace-token"}
    (await sender.post(TIPS, {"answers": {"text": "线索"}}, headers=bearing)).problem(400, "token-not-taken")
    (await sender.post("/v1/tips/read", {"code": code}, headers=bearing)).problem(400, "token-not-taken")
    broken = {**HEADERS, "Content-Type": "application/json"}
    data = f'{{"code": "{code}", "trace-broken'.encode()
    (await sender.call("POST", "/v1/tips/read", data=data, headers=broken)).problem(400, "malformed-body")
    await shouted(place.url, f"GET /v1/tips/{code} HTTP/1.1\r\nHost: trace-host\r\nbroken trace-line\r\n\r\n")

    await done(link, "return", reason="是哪里？")
    await acted("supplement", answers={"text": "在示例路", "photo": await uploaded()})
    await done(link, "forward", reason="归他们管", details={"department": "works", "unit": "west"})
    await done(link, "assign", details={})
    await done(link, "write", details={"text": "什么时候？"})
    await acted("write", details={"text": "昨天晚上", "attachments": [await uploaded()]})
    await done(spare, "merge", details={"into": first["tip"]["number"]})
    await done(link, "answer", details={"text": "正在核查。"})
    await acted("rate", details={"rating": 1, "text": "不够"})

    async def is_reopened() -> Any:
        return (await staff.get(link)).ok()["state"] == "reopened"

    await until(is_reopened)
    await done(link, "answer", second, details={"text": "已查明。"})
    read = (await sent("/v1/tips/read", {"code": code})).ok()
    assert (read["state"], len(read["details"]["answers"]), len(read["attachments"])) == ("closed", 2, 3)
    assert (await sent("/v1/tips/read", {"code": other["code"]})).ok()["state"] == "merged"
    return [code, other["code"]]


async def shouted(url: str, text: str) -> None:
    """Something that is no HTTP, from the same address."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(ADDRESS, 0))
    writer.write(text.encode())
    await reader.read(1000)
    writer.close()


@pytest.mark.timeout(120)
async def test_nothing_that_the_server_keeps_leads_back_to_whoever_sent_a_tip(tmp_path: Path, database: str) -> None:
    elsewhere = aiohttp.TCPConnector(local_addr=(ADDRESS, 0))
    async with (
        running(tmp_path, database) as place,
        aiohttp.ClientSession() as session,
        aiohttp.ClientSession(connector=elsewhere) as unnamed,
    ):
        staff, second = place.staff(session, "control-chen"), place.staff(session, "control-zhou")
        codes = await tip_and_return(place, Person(unnamed, place.url, None), staff, second)
        metrics = (await staff.get("/metrics")).body
    data = {**await everything(place, database), "/metrics": metrics}
    # What has to be there is there, so that what is not found isn't overlooked.
    tables = {name: text.decode() for name, text in data.items() if "." not in name and "/" not in name}
    assert "在示例路" in tables["banshi_case"]
    assert "昨天晚上" in tables["appeal_letter"]
    assert "control-chen" in tables["banshi_case_event"]
    assert tables["banshi_attachment"].count("image/jpeg") == 4
    assert sum(name.startswith("data/attachments/") for name in data) == 4
    assert b'"operation":"worklist"' in data["everything.log"]
    assert not re.search(rb'"operation":"(tip|read_tip|act_on_tip|upload_of_tip)"', data["everything.log"])
    assert b"banshi_http_requests" in metrics
    typed = [one.replace("-", "") for one in codes]
    pieces = [part for code in codes for part in (code[:9], code[10:19])]
    assert found_in(data, (*MARKERS, *codes, *typed, *pieces)) == set()
    for code in typed:
        kept = hashlib.sha256(b"banshi tip\0" + code.encode()).hexdigest()
        holders = {name for name in tables if kept in tables[name]}
        assert holders == {"appeal_tip_code"}


async def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A guard of the guard: each marker is found where it stands, in each way of writing it."""
    picture = photo()
    seconds = MARKERS[-2]
    assert found_in({"photo": picture}, ("TRACE-CAMERA", seconds)) == {("photo", "TRACE-CAMERA"), ("photo", seconds)}
    assert found_in({"row": repr(HEADERS).encode()}, ("trace-", "203.0.113.", "7ace7ace")) != set()
    for marker in MARKERS:
        raw = marker.encode("latin-1")
        for way in (raw, raw.hex().encode(), hashlib.sha256(raw).hexdigest().encode()):
            assert found_in({"x": b"..." + way + b"..."}, (marker,)) == {("x", marker)}
