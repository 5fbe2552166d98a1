"""An identity provider of our own making, a platform whose people come from it, and what becomes of their tokens."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from joserfc import jws
from joserfc.jwk import KeySet, RSAKey

from banshi.testing import Door, Reply, open_door
from tests.places import TRAFFIC
from tests.servers.ports import free_port

AUDIENCE = "banshi"
MINE = "/v1/cases"
WORK = "/v1/worklist"

RSA_KEYS = {name: RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("first", "second")}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """An identity provider of our own making, which misbehaves as a test says."""

    def __init__(self) -> None:
        self.keys: list[Any] = [RSA_KEYS["first"]]
        self.document: dict[str, Any] | None = None
        self.configuration: dict[str, Any] = {}
        self.fetched = 0
        self.status = 200
        self.redirect_to: str | None = None
        self.hanging = asyncio.Event()
        self.hanging.set()
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_get("/elsewhere", self._elsewhere)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port or free_port()).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _configuration(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.url, "jwks_uri": self.url + "/jwks", **self.configuration})

    async def _jwks(self, _: web.Request) -> web.Response:
        self.fetched += 1
        await self.hanging.wait()
        if self.redirect_to:
            return web.Response(status=302, headers={"Location": self.redirect_to})
        if self.status != 200:
            return web.Response(status=self.status)
        return web.json_response(self.document or KeySet(self.keys).as_dict(private=False))

    async def _elsewhere(self, _: web.Request) -> web.Response:
        return web.json_response(KeySet([RSA_KEYS["second"]]).as_dict(private=False))

    def token(self, key: Any = None, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good token, but for what a test changes; a claim that is None is left out."""
        now = int(time.time())
        key = key or self.keys[0]
        whole = {"iss": self.url, "aud": AUDIENCE, "sub": "wang", "iat": now, "exp": now + 600, **claims}
        head = {"alg": "RS256", "kid": key.kid, **(header or {})}
        left = {name: value for name, value in whole.items() if value is not None}
        return jws.serialize_compact({"typ": "JWT", **head}, json.dumps(left), key, algorithms=[head["alg"]])


@asynccontextmanager
async def started_issuer() -> AsyncIterator[Issuer]:
    one = Issuer()
    await one.start()
    try:
        yield one
    finally:
        one.hanging.set()
        await one.stop()


@asynccontextmanager
async def platform_of(tmp_path: Path, url: str, **identity: Any) -> AsyncIterator[Door]:
    table = {"issuer": url, "audience": AUDIENCE, **identity}
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"identity": table}) as opened:
        yield opened


async def ask(door: Door, token: str, path: str = MINE) -> Reply:
    return await door.bearing(token).get(path)


async def refused(door: Door, token: str, path: str = MINE) -> str:
    """The token is refused as RFC 6750 wants it: people are told to sign in, and developers, in `reason`, why."""
    answer = await door.bearing(token).get(path, headers={"Accept-Language": "en"})
    document = answer.problem(401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="banshi"')
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert token not in answer.body.decode() or len(token) < 4
    if "acr_values" in answer.headers["WWW-Authenticate"]:
        return str(document["detail"])
    assert document["detail"] == "Please sign in; if you had signed in, that has ended."
    return str(document["reason"])
