"""Every push service behind one address, and a page with the phones that they reach.

What a service has below /sandbox/ alone is here below its name: `PUT /sandbox/apns/faults`, `GET
/sandbox/fcm/messages`.
`GET /sandbox/phones` is what each phone shows, `POST /sandbox/clock` moves the time of all, and `/` is the page.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from mobile_push.sandbox import FcmSandbox
from mobile_push.sandbox.apns import ApnsSandbox
from mobile_push.sandbox.jpush.service import JPushSandbox
from mobile_push.sandbox.server import PushSandbox
from mobile_push.sandbox.webpush.push_service import WebPushSandbox
from sandboxes.faults import Faults
from sandboxes.http2 import Connection
from sandboxes.sandbox import Call, Control, Sandbox

PAGE = Path(__file__).with_name("phones.html")
#: Phones of one service that the page shows.
MAX_PHONES_SHOWN = 100


class PushServices(Sandbox[Faults]):
    """Four push services on this machine; each is a sandbox of its own, which has no address of its own.

    Example::

        async with PushServices(tls=context) as services:
            services.apns.behaviour.unregistered = {token: time.time()}
            …
            assert services.jpush.received[0].tokens == ("registration-id",)
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        to: str = "",
        tls: ssl.SSLContext | None = None,
        record: bool = True,
    ) -> None:
        """JPush's receipts go to `to`, where a push names no address."""
        super().__init__(Faults(), host, port, tls=tls, http2=True)
        self.fcm, self.webpush = FcmSandbox(record=record), WebPushSandbox(record=record)
        self.apns, self.jpush = ApnsSandbox(record=record), JPushSandbox(record=record)
        self.jpush.receipts.to = to
        self.services: dict[str, PushSandbox[Any, Any]] = {
            name: getattr(self, name) for name in ("fcm", "webpush", "apns", "jpush")
        }

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for service in self.services.values():
                await stack.enter_async_context(service.mounted())
            await super().__aenter__()
            stack.push_async_exit(super().__aexit__)
            self._stack = stack.pop_all()
        for service in self.services.values():
            service.host, service.port, service.tls, service.clock = self.host, self.port, self.tls, self.clock
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.__aexit__(*error)

    def calls(self) -> Mapping[str, Call]:
        return {path: service.serve for service in self.services.values() for path in service.calls()}

    def refused(self, code: int | str) -> web.StreamResponse:
        raise ValueError(f"codes: {code} is of one service; PUT /sandbox/{{{', '.join(self.services)}}}/faults")

    def respond(self, connection: Connection, stream: int, headers: dict[str, str], body: bytes) -> None:
        for service in self.services.values():
            if headers[":path"].startswith(service.paths):
                service.respond(connection, stream, headers, body)
                return
        super().respond(connection, stream, headers, body)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/":
            return web.Response(body=PAGE.read_bytes(), content_type="text/html", charset="utf-8")
        name, _, below = request.path.removeprefix("/sandbox/").partition("/")
        if below and name in self.services:
            return await self.services[name].control(request, f"{request.method} {below}")
        return await super().serve(request)

    def controls(self) -> Mapping[str, Control]:
        return {**super().controls(), "GET phones": lambda _: self._phones()}

    def _phones(self) -> list[dict[str, Any]]:
        return [
            {"service": name, "phone": phone, "shown": [one._asdict() for one in screen]}
            for name, service in self.services.items()
            for phone, screen in islice(service.screens().items(), MAX_PHONES_SHOWN)
        ]


async def serve(host: str, port: int, folder: Path, to: str) -> None:
    """Run all of them until cancelled, write their keys into `folder`, and print what to put into the settings."""
    async with PushServices(host, port, to=to) as services:
        print(f"Push services on {services.url} until Ctrl-C. Put what you want of this into plugins.toml:\n")
        for service in services.services.values():
            print(service.settings(folder))
        print(f"The phones: {services.url}/   faults: {services.url}/sandbox/apns/faults", flush=True)
        await asyncio.get_running_loop().create_future()
