"""The look that each test's answers get: whatever the description of a route doesn't have fails that test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import open_door
from tests.harness import documented

PLUGIN = '''
from aiohttp import web

from banshi import Answer, Audience, hookimpl, reply
from banshi.sdk.documents import MOMENT, Record, optional
from banshi.sdk.http import Routes, ref

ROUTES = Routes("odd")
BODY = Record(at=MOMENT, item={"oneOf": [{"type": "null"}, ref("Reference")]}, note=optional({"type": "string"}))
ANSWERS = {
    "right": {"at": "2026-01-01T08:00:00+08:00", "item": None},
    "more": {"at": "2026-01-01T08:00:00+08:00", "item": {"code": "a", "title": "A"}, "note": "x"},
    "missing": {"item": None},
    "unknown": {"at": "2026-01-01T08:00:00+08:00", "item": None, "nots": "x"},
    "no-moment": {"at": "yesterday", "item": None},
    "inside": {"at": "2026-01-01T08:00:00+08:00", "item": {"code": 7, "title": "A"}},
}


@ROUTES.get("/v1/odd/{name}", Audience.ANYONE, {200: Answer("It.", BODY)})
async def show_odd(call):
    """Show it."""
    name = call.path["name"]
    if name == "nothing":
        return web.Response()
    if name == "page":
        return web.Response(text="<p>", content_type="text/html")
    return reply(call, ANSWERS[name])


@ROUTES.get("/v1/pictures/{name}", Audience.ANYONE, {200: Answer("It.", media_type="image/*")})
async def show_picture(call):
    """Show it."""
    return web.Response(body=b"x", content_type="image/png" if call.path["name"] == "right" else "text/plain")


@hookimpl
def banshi_routes():
    return ROUTES
'''

#: Path → what is told of it; nothing where the answer is as described.
TOLD = {
    "/v1/odd/right": "",
    "/v1/odd/more": "",
    "/v1/pictures/right": "",
    "/v1/odd/missing": 'GET /v1/odd/{name}: 200: /: "at" is a required property',
    "/v1/odd/unknown": "GET /v1/odd/{name}: 200: /: Additional properties are not allowed ('nots' was unexpected)",
    "/v1/odd/no-moment": 'GET /v1/odd/{name}: 200: /at: "yesterday" is not a "date-time"',
    "/v1/odd/inside": "GET /v1/odd/{name}: 200: /item: ",
    "/v1/odd/page": "GET /v1/odd/{name}: 200: text/html in place of application/json",
    "/v1/odd/nothing": "GET /v1/odd/{name}: 200: nothing in place of application/json",
    "/v1/pictures/wrong": "GET /v1/pictures/{name}: 200: text/plain in place of image/*",
}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    documented.UNDOCUMENTED.clear()


async def test_an_answer_that_its_description_does_not_have_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "__init__.py").write_text(PLUGIN, encoding="utf-8")
    plugins: Any = {"odd": tmp_path / "odd"}
    async with open_door(tmp_path, plugins) as door:
        for path, told in TOLD.items():
            for _ in range(2):
                assert (await door.anyone.get(path)).status == 200
                found = sorted(documented.UNDOCUMENTED)
                assert [one[: len(told)] for one in found] == ([told] if told else []), path
                documented.UNDOCUMENTED.clear()
