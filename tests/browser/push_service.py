"""A push service on loopback that a real browser is subscribed to.

The platform's side is RFC 8030 with VAPID (RFC 8292). The browser's side is the websocket protocol that Firefox speaks
with Mozilla's own service (hello, register, notification, ack, unregister).
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

#: The largest body that a push service has to take (RFC 8030 section 7.2), and the longest life of a VAPID token.
LARGEST, LONGEST_LIFE = 4096, 86_400


@dataclass
class Channel:
    """One subscription."""

    identity: str
    browser: str
    #: The public key that alone may send to it, in base64url.
    key: str
    #: What the browser has not acknowledged, by version.
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class PushService:
    """The running service."""

    url: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)
    #: Every push that was taken, and the versions that a browser has acknowledged, with its verdict.
    pushes: list[web.Request] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)

    @property
    def websocket(self) -> str:
        """What `dom.push.serverURL` has to be."""
        return self.url.replace("http:", "ws:") + "/"

    async def push(self, request: web.Request) -> web.Response:
        """RFC 8030 section 5: a message for a subscription."""
        channel = self.channels.get(request.match_info["channel"])
        if channel is None:
            return web.json_response({"reason": "there is no such subscription"}, status=410)
        body = await request.read()
        if len(body) > LARGEST:
            return web.json_response({"reason": "too large"}, status=413)
        if not request.headers.get("TTL", "").isdigit() or request.headers.get("Content-Encoding") != "aes128gcm":
            return web.json_response({"reason": "TTL and aes128gcm are needed"}, status=400)
        if reason := self._refusal(request.headers.get("Authorization", ""), channel):
            return web.json_response({"reason": reason}, status=403)
        version = uuid.uuid4().hex
        channel.waiting[version] = {
            "messageType": "notification",
            "channelID": channel.identity,
            "version": version,
            "data": base64.urlsafe_b64encode(body).decode().rstrip("="),
            "headers": {"encoding": "aes128gcm"},
        }
        self.pushes.append(request)
        await self._deliver(channel)
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{version}", "TTL": "0"})

    def _refusal(self, authorization: str, channel: Channel) -> str | None:
        """Why the sender is not the one that the browser subscribed to; None where it is."""
        scheme, _, rest = authorization.partition(" ")
        given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if scheme.lower() != "vapid" or given.get("k", "").rstrip("=") != channel.key:
            return "another key than the subscription's"
        point = base64.urlsafe_b64decode(channel.key + "==")
        halves = (base64.urlsafe_b64encode(half).decode().rstrip("=") for half in (point[1:33], point[33:]))
        key = ECKey.import_key({"kty": "EC", "crv": "P-256", **dict(zip("xy", halves, strict=True))})
        try:
            claims = jwt.decode(given.get("t", ""), key, algorithms=["ES256"]).claims
        except (JoseError, ValueError) as error:
            return f"the token is not signed with the key: {error}"
        left = claims.get("exp", 0) - time.time()
        if claims.get("aud") != self.url or not 0 < left <= LONGEST_LIFE or not claims.get("sub"):
            return f"aud, exp or sub is wrong: {claims}"
        return None

    async def _deliver(self, channel: Channel) -> None:
        socket = self.sockets.get(channel.browser)
        if socket is not None and not socket.closed:
            for notification in list(channel.waiting.values()):
                await socket.send_json(notification)

    async def browser(self, request: web.Request) -> web.WebSocketResponse:
        """A browser's connection, until it leaves."""
        # Browsers name this protocol of the websocket; without it in the answer they hang up.
        socket = web.WebSocketResponse(protocols=("push-notification",))
        await socket.prepare(request)
        name = ""
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            said = message.json()
            match said.get("messageType"):
                case "hello":
                    name = said.get("uaid") or uuid.uuid4().hex
                    self.sockets[name] = socket
                    await socket.send_json({**HELLO, "uaid": name})
                    for channel in self.channels.values():
                        if channel.browser == name:
                            await self._deliver(channel)
                case "register":
                    await socket.send_json(self._register(name, said))
                case "unregister":
                    self.channels.pop(said["channelID"], None)
                    await socket.send_json({"messageType": "unregister", "channelID": said["channelID"], "status": 200})
                case "ack":
                    for update in said["updates"]:
                        self.acknowledged[update["version"]] = update["code"]
                        if channel := self.channels.get(update["channelID"]):
                            channel.waiting.pop(update["version"], None)
                case None:
                    await socket.send_str("{}")  # its ping
        return socket

    def _register(self, browser: str, said: dict[str, Any]) -> dict[str, Any]:
        identity = said["channelID"]
        self.channels[identity] = Channel(identity, browser, said["key"].rstrip("="))
        endpoint = f"{self.url}/push/{identity}"
        return {"messageType": "register", "channelID": identity, "status": 200, "pushEndpoint": endpoint}


HELLO = {"messageType": "hello", "status": 200, "use_webpush": True, "broadcasts": {}}


@asynccontextmanager
async def open_push_service() -> AsyncIterator[PushService]:
    """A push service on a port of its own."""
    service = PushService()
    app = web.Application()
    app.add_routes([web.get("/", service.browser), web.post("/push/{channel}", service.push)])
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()
