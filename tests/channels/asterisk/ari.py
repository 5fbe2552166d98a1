"""A stand-in for Asterisk's REST Interface: events by WebSocket, channels and bridges, the published description.

Actions are answered 204, as Asterisk does. The description is asterisk/asterisk's own (rest-api/api-docs), from
`../shared/standards/asterisk-ari`, where that is.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from tests.places import ROOT

USER, PASSWORD = "banshi", "made-up"
DESCRIPTION = Path(os.environ.get("BANSHI_STANDARDS") or ROOT.parent / "shared" / "standards") / "asterisk-ari"


def now() -> str:
    """As Asterisk writes it: without a colon in the offset."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


@dataclass
class Ari:
    """One Asterisk; `url` is its HTTP server's."""

    url: str = ""
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    bridges: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Those that listen, and what they asked for.
    listeners: dict[web.WebSocketResponse, dict[str, str]] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)

    # -- what happens --------------------------------------------------------------------------------------------

    async def rings(self, identity: str, number: str = "", line: str = "9600110", name: str = "") -> None:
        """A channel comes to be: a caller's, or with `name` another."""
        own = {"id": identity, "name": name or f"PJSIP/trunk-{len(self.channels):08x}", "state": "Ring"}
        caller = {"caller": {"name": "", "number": number}, "connected": {"name": "", "number": ""}}
        place = {"context": "in", "exten": line, "priority": 1, "app_name": "", "app_data": ""}
        rest = {"protocol_id": "", "accountcode": "", "creationtime": now(), "language": "zh", "dialplan": place}
        self.channels[identity] = {**own, **caller, **rest}
        await self.tell("ChannelCreated", channel=self.channels[identity])

    async def moves(self, identity: str, state: str) -> None:
        self.channels[identity]["state"] = state
        await self.tell("ChannelStateChange", channel=self.channels[identity])

    async def meet(self, *together: str) -> None:
        """These are in one bridge, the last one having come last."""
        kind = {"technology": "simple_bridge", "bridge_type": "mixing", "bridge_class": "basic", "creator": "Dial"}
        bridge = {**kind, "id": f"b{len(self.bridges)}", "name": "", "channels": [*together], "creationtime": now()}
        self.bridges[str(bridge["id"])] = bridge
        await self.tell("ChannelEnteredBridge", bridge=bridge, channel=self.channels[together[-1]])

    async def ends(self, identity: str) -> None:
        channel = self.channels.pop(identity)
        for bridge in self.bridges.values():
            bridge["channels"] = [one for one in bridge["channels"] if one != identity]
        await self.tell("ChannelDestroyed", channel=channel, cause=16, cause_txt="Normal Clearing")

    async def tell(self, kind: str, **more: Any) -> None:
        for one, asked in list(self.listeners.items()):
            event = {"type": kind, "application": asked.get("app", ""), "timestamp": now(), "asterisk_id": "00:16:3e"}
            await one.send_str(json.dumps({**event, **more}))

    async def breaks(self) -> None:
        """Every connection ends."""
        for one in list(self.listeners):
            await one.close()

    # -- HTTP ----------------------------------------------------------------------------------------------------

    async def events(self, request: web.Request) -> web.StreamResponse:
        _admitted(request)
        socket = web.WebSocketResponse(protocols=["ari"])
        await socket.prepare(request)
        self.listeners[socket] = dict(request.query)
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            del self.listeners[socket]
        return socket

    async def there(self, request: web.Request) -> web.StreamResponse:
        _admitted(request)
        found: Any = getattr(self, request.match_info["what"])
        return web.json_response([*found.values()])

    async def one(self, request: web.Request) -> web.StreamResponse:
        _admitted(request)
        found = self.channels.get(request.match_info["id"])
        return web.json_response(found or {"message": "Channel not found"}, status=200 if found else 404)

    async def act(self, request: web.Request) -> web.StreamResponse:
        _admitted(request)
        identity, action = request.match_info["id"], request.match_info.get("action", "hangup")
        if identity not in self.channels:
            return web.json_response({"message": "Channel not found"}, status=404)
        self.actions.append(f"{action} {identity}")
        if action == "answer":
            await self.moves(identity, "Up")
        if action == "hangup":
            await self.ends(identity)
        return web.Response(status=204)

    async def description(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name != "resources":
            return web.json_response({**json.loads((DESCRIPTION / f"{name}.json").read_text()), **self._base})
        apis = [
            {"path": f"/api-docs/{one.stem}.{{format}}", "description": one.stem}
            for one in sorted(DESCRIPTION.glob("*.json"))
        ]
        return web.json_response({"apiVersion": "2.0.0", "swaggerVersion": "1.1", **self._base, "apis": apis})

    @property
    def _base(self) -> dict[str, str]:
        return {"basePath": f"{self.url}/ari"}


def _admitted(request: web.Request) -> None:
    basic = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if basic != request.headers.get("Authorization") and request.query.get("api_key") != f"{USER}:{PASSWORD}":
        raise web.HTTPUnauthorized


@asynccontextmanager
async def opened_ari(port: int = 0, ari: Ari | None = None) -> AsyncIterator[Ari]:
    """It listens on a port of its own; the same one again goes on with its calls."""
    own, app = ari or Ari(), web.Application()
    app.router.add_get("/ari/events", own.events)
    app.router.add_get("/ari/{what:channels|bridges}", own.there)
    app.router.add_get("/ari/channels/{id}", own.one)
    app.router.add_delete("/ari/channels/{id}", own.act)
    app.router.add_post("/ari/channels/{id}/{action}", own.act)
    app.router.add_get("/ari/api-docs/{name}.json", own.description)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    own.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield own
    finally:
        await own.breaks()
        await runner.cleanup()
