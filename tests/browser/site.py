"""A web app and the platform on one origin, as a city's reverse proxy puts them there. Connections can be cut here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

from mobile_push.phones.reading.stream_tickets import BY_TICKET
from tests.places import ROOT

#: The app's page; its scripts are those that docs/api/messages.md shows, word for word.
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>A city's app</title>
<script type="module">
import { client } from "/api.js";
import { followInbox } from "/inbox.js";
import { subscribe } from "/push.js";

const api = client(async () => (await fetch("/token")).text());
const messages = [], errors = [];
window.app = {
  api, messages, subscribe,
  follow: () => followInbox(api, (message) => messages.push(message)),
};
</script>
"""

#: Headers of one connection, which are not passed on (RFC 9110 section 7.6.1); the lengths are reckoned anew.
OWN = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "content-length"})


def scripts() -> Iterator[tuple[str, str]]:
    """The scripts that docs/api/messages.md shows: name and text."""
    page = (ROOT / "docs" / "api" / "messages.md").read_text(encoding="utf-8")
    blocks = re.finditer(r'^```js title="([^"]+)"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL)
    return ((block[1], block[2]) for block in blocks)


@dataclass
class Site:
    """The running site."""

    #: Gives a token of the person who is signed in.
    token: Callable[[], str]
    session: aiohttp.ClientSession
    #: The platform's address; None while it is away.
    platform: str | None
    #: What the browser is told while the platform is away: nothing (its connection breaks), or a status.
    away: int | None = None
    url: str = ""
    #: What was asked for, what the platform answered, and each stream request's Last-Event-ID.
    paths: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    last_event_ids: list[str | None] = field(default_factory=list)
    _open: set[asyncio.Transport] = field(default_factory=set)

    def cut(self) -> None:
        """Cut every connection on which an answer is under way."""
        for transport in self._open:
            transport.abort()

    async def show_page(self, _: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def show_token(self, _: web.Request) -> web.Response:
        return web.Response(text=self.token())

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """What the platform answers, piece by piece."""
        self.paths.append(f"{request.method} {request.path}")
        if request.path == BY_TICKET:
            self.last_event_ids.append(request.headers.get("Last-Event-ID"))
        transport = request.transport
        assert transport is not None
        self._open.add(transport)
        try:
            return await self._answer(request)
        except (aiohttp.ClientError, ConnectionError):
            if self.away is not None and not request.writer.output_size:
                return web.Response(status=self.away)
            transport.abort()
            return web.Response()  # which nobody gets
        finally:
            self._open.discard(transport)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.platform is None:
            raise ConnectionError("the platform is away")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OWN}
        url = URL(self.platform + request.raw_path, encoded=True)
        body = await request.read()
        async with self.session.request(
            request.method, url, headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            self.statuses.append(answer.status)
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in OWN}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response


def _script(text: str) -> Callable[[web.Request], object]:
    async def show(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/javascript")

    return show


@asynccontextmanager
async def open_site(platform: str | None, token: Callable[[], str], client: Path | None = None) -> AsyncIterator[Site]:
    """A site on a port of its own in front of the platform; `client` is a folder of modules that it has as /client."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
        site = Site(token, session, platform)
        app = web.Application()
        app.add_routes([web.get("/", site.show_page), web.get("/token", site.show_token)])
        for name, text in scripts():
            app.router.add_get(f"/{name}", _script(text))
        if client is not None:
            app.router.add_static("/client", client)
        app.router.add_route("*", "/v1/{rest:.*}", site.pass_on)
        # A connection that is cut is what is tested here: no report of it.
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield site
        finally:
            site.cut()
            await runner.cleanup()
