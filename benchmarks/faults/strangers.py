"""What strangers send: bombs, malformed files, requests that never come to their end, while others are served."""

from __future__ import annotations

import argparse
import asyncio
import gzip
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from banshi.builtin.passes.wire.cose import compact_text
from benchmarks.shared.figures import spread
from benchmarks.town.report import Report
from benchmarks.town.story import APPLY
from benchmarks.town.town import Town, reading, small_town
from tests.banshi.kinds.test_pictures import png

MIB = 1 << 20

#: Seconds after which a connection that gets nowhere is closed, and how much later a busy machine may be.
CLOSED_AFTER_S, LATE_S = 15.0, 5.0

#: MiB that the server may have grown by: what it needs for the largest bodies that it takes, many times over.
MAX_GROWTH_MIB = 64

#: Seconds for the slowest of a hundred reads of others meanwhile.
MAX_READ_S = 1.0


def multipart(content: bytes, name: str = "photo.png") -> bytes:
    start = f'--XX\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return start + content + b"\r\n--XX--\r\n"


#: Name → path, headers beside the token, body, and what it may be answered.
Bomb = tuple[str, dict[str, str], bytes, set[int]]

FORM = {"Content-Type": "multipart/form-data; boundary=XX"}
JSON = {"Content-Type": "application/json"}
UPLOAD, SCAN = "/v1/attachments", "/v1/passes/verify"


def all_bombs() -> dict[str, Bomb]:
    zipped, deflated = gzip.compress(bytes(100 * MIB), 9), zlib.compress(bytes(100 * MIB), 9)
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "x">{entities}]><alert>&e9;</alert>'.encode()
    cbor = compact_text(b"\xd2\x84" + b"\x9b" + b"\xff" * 8)
    deep = compact_text(b"\x81" * 500)
    return {
        "gzip": (APPLY, {**JSON, "Content-Encoding": "gzip"}, zipped, {415}),
        "deflated upload": (UPLOAD, {**FORM, "Content-Encoding": "deflate"}, deflated, {415}),
        "oversized body": (APPLY, JSON, b'{"answers": "' + b"x" * (8 * MIB) + b'"}', {413}),
        "oversized file": (UPLOAD, FORM, multipart(b"\x89PNG\r\n\x1a\n" + bytes(20 * MIB)), {413}),
        "deep JSON": (APPLY, JSON, b'{"answers":' + b"[" * 100_000 + b"]" * 100_000 + b"}", {400, 422}),
        "many parts": (UPLOAD, FORM, multipart(b"x")[:-6] * 5_000, {400, 415}),
        "half a form": (UPLOAD, FORM, multipart(png(1, 1, bytes(100)))[:-8], {400}),
        "no picture": (UPLOAD, FORM, multipart(b"MZ\x90\0" + bytes(1000)), {415, 422}),
        "path traversal": (UPLOAD, FORM, multipart(png(1, 1, bytes(100)), "../../../../etc/passwd"), {201}),
        "pixels": (UPLOAD, FORM, multipart(png(2**31 - 1, 2**31 - 1, bytes(100))), {201, 413, 422}),
        "CBOR length": (SCAN, JSON, f'{{"text": "{cbor}"}}'.encode(), {200}),
        "CBOR depth": (SCAN, JSON, f'{{"text": "{deep}"}}'.encode(), {200}),
        "XML entities": ("/v1/alerts", {"Content-Type": "application/cap+xml"}, xml, {400, 401, 403, 404, 415, 422}),
    }


async def sent(one: Town, name: str, bomb: Bomb) -> tuple[int, Any]:
    """Status, and the document; 0 where the connection was closed in mid-body."""
    path, headers, body, _ = bomb
    who = ("wang",) if path in {APPLY, UPLOAD} else ("chen", "traffic:officer", "traffic:publisher")
    try:
        async with one.session.post(one.urls[0] + path, headers={**one.bearer(*who), **headers}, data=body) as answer:
            return answer.status, await answer.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError):
        return 0, {"code": f"{name}: closed"}


async def bombs(folder: Path, length: argparse.Namespace) -> Report:
    report = Report("compressed, oversized, deep, endless and malformed bodies and files, four at a time")
    told = Counter[tuple[str, int]]()
    async with small_town(folder) as one:
        async with reading(one.urls[0]) as others:
            await asyncio.sleep(0.3)
            before = one.server.memory("VmHWM")
            for _ in range(max(1, length.kills // 2)):
                given = all_bombs()
                names = list(given)
                for start in range(0, len(names), 4):
                    part = names[start : start + 4]
                    answers = await asyncio.gather(*(sent(one, name, given[name]) for name in part))
                    for name, (status, document) in zip(part, answers, strict=True):
                        told[name, status] += 1
                        report.injected += 1
                        # A body that is far too large may be cut off before its sender has read why.
                        may = given[name][3] | ({0} if "oversized" in name else set())
                        report.promise(status in may, f"{name}: {status} {document}")
                        if given[name][0] == SCAN and status == 200:
                            report.promise(document["verdict"] != "valid", f"{name}: {document}")
            grown = one.server.memory("VmHWM") - before
        others.tell(report, MAX_READ_S)
        kept = sorted(file.name for file in (folder / "data" / "attachments").iterdir())
        stored = sum(count for (_, status), count in told.items() if status == 201)
    report.say("answers", ", ".join(f"{name} {status}" for name, status in sorted(told)))
    report.say("MiB that the server has grown by", f"{grown:.0f}")
    report.promise(grown <= MAX_GROWTH_MIB, f"the server grew by {grown:.0f} MiB")
    report.lost = abs(len(kept) - stored)
    report.promise(len(kept) == stored and not any("passwd" in one for one in kept), f"left behind: {kept}")
    return report


async def slowloris(folder: Path, length: argparse.Namespace) -> Report:
    """Connections that say nothing, half a head, a head byte by byte, a body and a file byte by byte."""
    each = 20 * length.kills
    report = Report(f"{5 * each} connections of five kinds that never come to the end of a request")
    async with small_town(folder) as one:
        port, bearer = one.server.port, one.bearer("wang")["Authorization"]
        head = f"POST {{}} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nContent-Length: 100000\r\n"
        kinds: dict[str, tuple[bytes, bytes]] = {
            "nothing": (b"", b""),
            "half a head": (b"GET /v1/items HTTP/1.1\r\nHost: lo", b""),
            "a head by bytes": (b"GET /v1/items HTTP/1.1\r\nX-Slow: ", b"x"),
            "a body by bytes": (f"{head.format(APPLY)}Content-Type: application/json\r\n\r\n".encode(), b" "),
            "a file by bytes": (f"{head.format(UPLOAD)}Content-Type: {FORM['Content-Type']}\r\n\r\n".encode(), b"-"),
        }
        async with reading(one.urls[0]) as others:
            closed = await asyncio.gather(*(slow(port, *kind, each) for kind in kinds.values()))
        for name, took in zip(kinds, closed, strict=True):
            report.injected += each
            report.recovery += took
            report.say(f"{name}: seconds until it was closed, min / median / max", spread(took))
            report.promise(max(took) <= CLOSED_AFTER_S + LATE_S, f"{name} was held for {max(took):.0f} s")
        others.tell(report, MAX_READ_S)
    return report


async def slow(port: int, first: bytes, drip: bytes, count: int) -> Sequence[float]:
    """Seconds until each of so many connections was closed, or told why it is going to be."""

    async def held() -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        begun = time.monotonic()
        with suppress(OSError):
            writer.write(first)
            while time.monotonic() < begun + 3 * CLOSED_AFTER_S:
                with suppress(TimeoutError):
                    # What is told before the end is the end: a problem that says how long was waited.
                    await asyncio.wait_for(reader.read(65_536), 0.5)
                    break
                writer.write(drip)
        writer.close()
        return time.monotonic() - begun

    return await asyncio.gather(*(held() for _ in range(count)))
