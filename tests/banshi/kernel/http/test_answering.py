"""A request is answered without aiohttp's middlewares, and nobody can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from banshi.app import application
from banshi.kernel.http.middleware import answering, envelope
from banshi.kernel.runtime.running import Platform
from banshi.testing import Door, open_door
from tests.banshi.kernel.http.test_ready import CLOSE, ITEM, REQUESTS, answered, parts
from tests.places import TRAFFIC
from tests.town.api_world import metrics_of

#: Requests whose way to a handler, or past all of them, is another.
FURTHER = {
    "an unknown path": f"POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}{CLOSE}",
    "no path": f"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
    "expect, an unknown path": f"GET /nothing HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n{CLOSE}",
    "a bad expect, an unknown path": f"GET /nothing HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\n\r\n{CLOSE}",
    "a bad expect, kept alive": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\n\r\n{CLOSE}",
    "an empty expect": f"GET {ITEM} HTTP/1.1\r\nHost: a\r\nExpect:\r\n\r\n{CLOSE}",
    "no token": f"GET /v1/cases HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
    "a parameter that is none": f"GET /v1/items/a%0A HTTP/1.1\r\nHost: a\r\n\r\n{CLOSE}",
    "what can't be read": "NONSENSE\r\n\r\n",
}


def by_middleware(platform: Platform, app: web.Application) -> Any:
    """aiohttp's own way: a middleware around each request."""
    app.middlewares.append(web.middleware(envelope(platform)))
    return app._handle


async def seen(door: Door) -> tuple[dict[str, Any], dict[Any, float]]:
    """The answers to all requests, and how many the metrics then tell of."""
    answers = {name: parts(await answered(door, request)) for name, request in (REQUESTS | FURTHER).items()}
    counts = {sample: value for sample, value in (await metrics_of(door)).items() if "requests_total" in sample[0]}
    return answers, counts


async def test_every_request_is_answered_and_counted_as_by_a_middleware(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for way in (answering, by_middleware):
        monkeypatch.setattr("banshi.app.answering", way)
        async with open_door(tmp_path / way.__name__, {"traffic": TRAFFIC}) as door:
            told.append(await seen(door))
    (answers, counts), by_aiohttp = told
    assert (answers, counts) == by_aiohttp
    assert any("100 Continue" in str(answers[name]) for name in ("expect", "expect, an unknown path"))
    assert "417" in str(answers["a bad expect, an unknown path"])
    assert counts


async def test_a_path_is_tried_before_those_below_it(bare_door: Door) -> None:
    """aiohttp goes through the patterns of a prefix in turn: whoever is asked most often stands behind nobody."""
    paths = [resource.canonical for resource in application(bare_door.platform).router.resources()]
    assert paths == sorted(paths, key=lambda path: path.count("/"))
    assert next(path for path in paths if path.startswith("/v1/items/{code}")) == "/v1/items/{code}"
