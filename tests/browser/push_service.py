"""A push service on loopback that a real browser is subscribed to.

The platform's side is RFC 8030 with VAPID (RFC 8292). The browser's side is the websocket protocol that Firefox speaks
with Mozilla's own service (hello, register, notification, ack, unregister).
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from mobile_push.sandbox.webpush.checks import Refusal, wrong_header, wrong_sender

HELLO = {"messageType": "hello", "status": 200, "use_webpush": True, "broadcasts": {}}


@dataclass
class Channel:
    """One subscription."""

    identity: str
    browser: str
    #: The public key that alone may send to it, in base64url.
    application_server_key: str
    #: What it was given.
    bodies: list[bytes] = field(default_factory=list)
    #: What the browser has not acknowledged, by version.
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class PushService:
    """The running service."""

    url: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)
    #: Why messages were not taken, and browsers' verdicts on the others by version.
    refusals: list[Refusal] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=dict)

    async def push(self, request: web.Request) -> web.Response:
        """RFC 8030 section 5: a message for a subscription."""
        channel = self.channels.get(request.match_info["channel"])
        if channel is None:
            return web.json_response({"reason": "there is no such subscription"}, status=410)
        body = await request.read()
        refusal = wrong_header(request.headers, body)
        refusal = refusal or wrong_sender(request.headers.get("Authorization"), channel, self.url)
        if refusal:
            self.refusals.append(refusal)
            return web.json_response({"reason": refusal.detail}, status=refusal.status)
        version = await self._take(channel, body)
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{version}", "TTL": "0"})

    async def repeat(self) -> None:
        """Give every browser again, as messages of their own, what it was given."""
        for channel in self.channels.values():
            for body in list(channel.bodies):
                await self._take(channel, body)

    async def _take(self, channel: Channel, body: bytes) -> str:
        version = uuid.uuid4().hex
        channel.bodies.append(body)
        channel.waiting[version] = {
            "messageType": "notification",
            "channelID": channel.identity,
            "version": version,
            "data": base64.urlsafe_b64encode(body).rstrip(b"=").decode(),
            "headers": {"encoding": "aes128gcm"},
        }
        await self._send(channel, [channel.waiting[version]])
        return version

    async def _send(self, channel: Channel, notifications: Iterable[dict[str, Any]]) -> None:
        socket = self.sockets.get(channel.browser)
        if socket is not None and not socket.closed:
            for notification in notifications:
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
                            await self._send(channel, list(channel.waiting.values()))
                case "register":
                    await socket.send_json(self._register(name, said))
                case "unregister":
                    self.channels.pop(said["channelID"], None)
                    await socket.send_json({"messageType": "unregister", "channelID": said["channelID"], "status": 200})
                case "ack":
                    for update in said["updates"]:
                        self.verdicts[update["version"]] = update["code"]
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


@asynccontextmanager
async def open_push_service(port: int) -> AsyncIterator[PushService]:
    """A push service on that port of this machine."""
    service = PushService()
    app = web.Application()
    app.add_routes([web.get("/", service.browser), web.post("/push/{channel}", service.push)])
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    service.url = f"http://127.0.0.1:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()
