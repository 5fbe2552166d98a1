"""A file that somebody has sent in a chat: what they are told where it can't be had from the provider."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from banshi import Problem, Unavailable
from banshi.kernel.loading.outside_systems import OutgoingRules
from banshi.sdk.outgoing import LOOPBACK, open_outgoing
from conversations import FileOver, FileTooLarge, fetched
from conversations.contents import MAX_FILE_BYTES


@pytest.mark.parametrize(
    ("status", "size", "problem"),
    [
        (200, MAX_FILE_BYTES, None),
        (200, MAX_FILE_BYTES + 1, FileTooLarge),
        (404, 10, FileOver),
        (503, 10, Unavailable),
        (None, 0, Unavailable),
    ],
)
async def test_a_file_that_is_too_large_is_said_to_be_and_one_that_comes_later_is_waited_for(
    status: int | None, size: int, problem: type[Problem] | None
) -> None:
    async def give(request: web.Request) -> web.Response:
        if status is None:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(body=bytes(size), status=status or 200)

    app = web.Application()
    app.router.add_get("/file", give)
    platform: Any = SimpleNamespace(settings=SimpleNamespace(outgoing=OutgoingRules(networks=LOOPBACK)))
    async with TestServer(app) as server, open_outgoing(platform) as outgoing:
        asked = fetched(outgoing, str(server.make_url("/file")), 20.0)
        if problem is None:
            assert len(await asked) == size
        else:
            with pytest.raises(problem):
                await asked
