"""A department's system in the street: an endpoint as an integrator would write one, and the city that it joins."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import standardwebhooks
from aiohttp import web

from banshi.sdk.outgoing import new_secret
from banshi.testing import Door, Person, Reply, open_door
from tests.places import ROOT, TRAFFIC
from tests.town.programs import program_at

INTEGRATIONS = ROOT / "plugins" / "integrations"

PARKS = """
[department]
code = "parks"
title = { zh-CN = "园林局", en = "Parks Department" }
phone = "000-0000000"

[[units]]
code = "trees"
title = { zh-CN = "绿化科", en = "Trees" }
"""

#: Calls that this machine may get, as a developer's plugins.toml has it.
LOCAL = {"outgoing": {"networks": ["127.0.0.0/8"]}}


def texts(text: str) -> dict[str, str]:
    return {"zh-CN": text, "en": text}


def tree_item(code: str = "tree-felling", **changes: Any) -> dict[str, Any]:
    """An item as JSON, in the shape of items.toml."""
    return {
        "code": code,
        "kind": "application",
        "version": 1,
        "title": {"zh-CN": "砍伐城市树木审批", "en": "Permit to fell a city tree"},
        "summary": {"zh-CN": "申请砍伐城市树木。", "en": "Ask to fell a tree in the city."},
        "audience": ["person"],
        "unit": "trees",
        "result": {"kind": "answer", "title": {"zh-CN": "答复", "en": "Answer"}},
        "application": {},
        "keywords": {"en": ["lumberjack"], "zh-CN": ["砍树"]},
        "form": {
            "type": "object",
            "additionalProperties": False,
            "required": ["trees"],
            "properties": {
                "trees": {"type": "integer", "minimum": 1, "maximum": 20, "title": "棵数"},
                "photo": {"type": "string", "format": "uuid", "x-attachment": True, "title": "照片"},
            },
        },
        **changes,
    }


Handler = Callable[[dict[str, Any]], Any]


@dataclass
class Endpoint:
    """The integrator's server. It verifies with the standard's own library, as anybody would."""

    secret: str
    url: str = ""
    #: What it answers, by call: a value, or a function of the call's document; an int is a status without a body, bytes
    #: are all that comes back before the connection ends.
    answers: dict[str, Any] = field(default_factory=dict)
    #: What it was asked, in order.
    heard: list[dict[str, Any]] = field(default_factory=list)
    #: The webhook-ids of what it was asked, in the same order.
    identifiers: list[str] = field(default_factory=list)
    #: Lets anybody in.
    careless: bool = False
    refused: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            document = standardwebhooks.Webhook(self.secret).verify(raw, dict(request.headers))
        except standardwebhooks.WebhookVerificationError:
            self.refused += 1
            if not self.careless:
                return web.Response(status=401)
            document = json.loads(raw)
        self.heard.append(document)
        self.identifiers.append(request.headers["webhook-id"])
        default = {"challenge": document["challenge"]} if document["call"] == "challenge" else {}
        told = self.answers.get(document["call"], default)
        if callable(told):
            told = told(document)
        if asyncio.iscoroutine(told):
            told = await told
        if isinstance(told, bytes) and request.transport is not None:
            request.transport.write(told)
            request.transport.close()
            return web.Response()
        if isinstance(told, int) and not isinstance(told, bool):
            return web.Response(status=told)
        return web.json_response(told)

    def asked(self, call: str) -> list[dict[str, Any]]:
        """The documents of one call."""
        return [document for document in self.heard if document["call"] == call]


@asynccontextmanager
async def endpoint(**answers: Any) -> AsyncIterator[Endpoint]:
    """A running endpoint on loopback."""
    one = Endpoint(secret=new_secret(), answers=answers)
    app = web.Application()
    app.router.add_post("/banshi", one.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/banshi"
    try:
        yield one
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_city(
    folder: Path,
    *,
    platform: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    **more: Path,
) -> AsyncIterator[Door]:
    """A city with a department that has no items of its own, and with clients and services."""
    parks = folder / "parks"
    parks.mkdir(exist_ok=True)
    (parks / "items.toml").write_text(PARKS, encoding="utf-8")
    plugins = {
        "parks": parks,
        "traffic": TRAFFIC,
        "clients": INTEGRATIONS / "clients",
        "remote_services": INTEGRATIONS / "remote_services",
        "mobile_push": "mobile_push",
        **more,
    }
    async with open_door(folder, plugins, platform={**LOCAL, **(platform or {})}, settings=settings) as door:
        yield door


@dataclass
class Office:
    """The city, an integrator's program at its door, and that integrator's endpoint."""

    door: Door
    program: Person
    endpoint: Endpoint

    @property
    def boss(self) -> Person:
        """Who lets services speak for the department."""
        return self.door.staff("boss", "parks:administrator")

    def declaration(self, code: str = "parks-trees", **changes: Any) -> dict[str, Any]:
        return {
            "code": code,
            "department": "parks",
            "endpoint": self.endpoint.url,
            "secret": self.endpoint.secret,
            "items": [tree_item()],
            **changes,
        }

    async def register(self, code: str = "parks-trees", **changes: Any) -> Any:
        return (await self.program.post("/v1/services", self.declaration(code, **changes))).created()

    async def change(self, *items: Any, program: Person | None = None, **more: Any) -> Reply:
        """Hand in the service's next version: these items, or the first one's second version."""
        body = {"endpoint": self.endpoint.url, "items": items or [tree_item(version=2)], **more}
        return await (program or self.program).put("/v1/services/parks-trees", body)

    async def act(self, action: str, code: str = "parks-trees", **body: Any) -> Reply:
        return await self.program.post(f"/v1/services/{code}/actions/{action}", body)

    async def approve(self, code: str = "parks-trees") -> Any:
        """Prove the newest version and have it approved."""
        version = (await self.act("prove", code)).ok()["version"]
        return (await self.boss.post(f"/v1/service-approvals/{version['id']}/actions/approve")).ok()

    async def run(self, code: str = "parks-trees", **changes: Any) -> Any:
        """A service that runs."""
        await self.register(code, **changes)
        return await self.approve(code)

    async def version_of(self, code: str = "parks-trees") -> str:
        return str((await self.program.get(f"/v1/services/{code}")).ok()["version"]["id"])

    async def answered(
        self,
        case: str,
        action: str,
        *,
        code: str = "parks-trees",
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> Reply:
        """A later answer, signed with the standard's own library."""
        raw = json.dumps({"case": case, "action": action, **body})
        told = {**sign(self.endpoint.secret, raw), **(headers or {}), "Content-Type": "application/json"}
        return await self.door.anyone.call("POST", f"/v1/services/{code}/answers", data=raw.encode(), headers=told)


def sign(secret: str, raw: str, identifier: str = "", ago: float = 0) -> dict[str, str]:
    """The headers of a call, as an integrator's library makes them."""
    at, identifier = time.time() - ago, identifier or f"msg_{time.monotonic_ns()}"
    signature = standardwebhooks.Webhook(secret).sign(identifier, datetime.fromtimestamp(at, UTC), raw)
    return {"webhook-id": identifier, "webhook-timestamp": str(int(at)), "webhook-signature": signature}


@asynccontextmanager
async def open_office(folder: Path, **settings: Any) -> AsyncIterator[Office]:
    async with open_city(folder, **settings) as door, endpoint() as one:
        yield Office(door, await program_at(door), one)


async def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """What `condition` gives, once that is something."""
    ends = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {seconds} seconds")
        await asyncio.sleep(0.02)
