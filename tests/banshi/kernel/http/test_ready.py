"""An answer that was made ready is, byte for byte but for the order of its headers, the one that aiohttp would make."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from banshi.kernel.contract.routes import Call
from banshi.kernel.http.ready import ReadyResponse, ready_answer
from banshi.kernel.http.responses import JSON, LANGUAGE_HEADERS, reply_bytes
from banshi.testing import Door

ITEM = "/v1/items/zone-pass"

#: Requests by what is uncommon in them. Where a connection stays open, the last one of a case closes it.
CLOSE = "GET /v1/nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
REQUESTS = {
    "plain": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
    "english": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nAccept-Language: en\r\n\r\n{CLOSE}",
    "a request id": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nX-Request-ID: of-mine.1\r\n\r\n{CLOSE}",
    "a wrong request id": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nX-Request-ID: a b\r\n\r\n{CLOSE}",
    "head": f"HEAD {ITEM} HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
    "closing": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "1.0": f"GET {ITEM} HTTP/1.0\r\nHost: a\r\n\r\n",
    "1.0, kept alive": f"GET {ITEM} HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n{CLOSE}",
    "pipelined": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\n\r\n" * 5 + CLOSE,
    "another tag": f'GET {ITEM} HTTP/1.1\r\nHost: a\r\nIf-None-Match: "x"\r\n\r\n{CLOSE}',
    "any tag": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n{CLOSE}",
    "expect": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n{CLOSE}",
    "a bad expect": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\nConnection: close\r\n\r\n",
    "a body": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Type: {JSON}\r\n\r\n{{}}{CLOSE}",
    "an unknown item": f"GET {ITEM}-x HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
    "a wrong parameter": f"GET {ITEM}?a=b HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
    "a wrong method": f"DELETE {ITEM} HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
}


async def answered(door: Door, request: str) -> bytes:
    where = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write(request.encode())
        async with asyncio.timeout(30):
            return await reader.read()
    finally:
        writer.close()


def parts(answer: bytes) -> list[Any]:
    """Status lines, headers in the order of their names, and bodies; without what is another each time."""
    text = re.sub(rb"Date: [^\r]+", b"Date: now", answer)
    text = re.sub(rb"X-Request-ID: [0-9a-f]{8}-[0-9a-f]+", b"X-Request-ID: ours", text)
    heads = text.split(b"\r\n\r\n")
    return [sorted(part.split(b"\r\n")) for part in heads]


def as_aiohttp_makes_it(call: Call, answer: Any) -> web.Response:
    return reply_bytes(call, answer.body, JSON, answer.headers["ETag"], LANGUAGE_HEADERS[call.language])


@pytest.mark.parametrize("request_text", REQUESTS.values(), ids=REQUESTS.keys())
async def test_the_same_bytes_are_sent_whether_or_not_they_were_made_ready(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch, request_text: str
) -> None:
    ready = await answered(bare_door, request_text)
    counted = (await bare_door.anyone.get("/metrics")).body.decode()
    with monkeypatch.context() as patched:
        patched.setattr("banshi.builtin.catalogue.routes.reply_ready", as_aiohttp_makes_it)
        ordinary = await answered(bare_door, request_text)
    assert parts(ready) == parts(ordinary)
    assert ready.startswith(b"HTTP/1.")
    again = (await bare_door.anyone.get("/metrics")).body.decode()
    shown = re.compile(r'^banshi_http_requests_total\{.*"show_item".*\} ([0-9.]+)$', re.MULTILINE)
    assert [2 * float(one) for one in shown.findall(counted)] == [float(one) for one in shown.findall(again)]


async def test_whoever_adds_a_header_to_a_ready_answer_has_it_sent(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from banshi.kernel.http.responses import reply_ready

    def with_header(call: Call, answer: Any) -> web.Response:
        reply = reply_ready(call, answer)
        reply.headers["X-More"] = "yes"
        reply.set_cookie("a", "b")
        return reply

    monkeypatch.setattr("banshi.builtin.catalogue.routes.reply_ready", with_header)
    reply = await bare_door.anyone.get(ITEM)
    assert reply.ok()["code"] == "zone-pass"
    assert (reply.headers["X-More"], reply.headers["Set-Cookie"][:4]) == ("yes", "a=b;")
    assert reply.headers["X-Request-ID"]


async def test_a_ready_answer_that_is_prepared_twice_is_sent_once(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = ReadyResponse.prepare

    async def twice(response: ReadyResponse, request: web.Request) -> None:
        await prepare(response, request)
        assert response.prepared
        await prepare(response, request)

    sent_once = await answered(bare_door, REQUESTS["pipelined"])
    monkeypatch.setattr(ReadyResponse, "prepare", twice)
    assert parts(await answered(bare_door, REQUESTS["pipelined"])) == parts(sent_once)


@pytest.mark.parametrize("text", ["a\r\nSet-Cookie: b", "a\nb", "a\0b", "\x7f"])
def test_a_header_that_would_end_its_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        ready_answer(b"", {"X-More": text})
    with pytest.raises(ValueError, match="control character"):
        ready_answer(b"", {text: "x"})
