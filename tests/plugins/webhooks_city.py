"""A city with webhooks for tests: a small department, clients, and receivers that aren't ours."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import standardwebhooks
from aiohttp import web
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from multidict import CIMultiDict

from banshi import Write
from banshi.sdk.events import Event, event_rows
from banshi.testing import Door, Person, open_door
from tests.places import ROOT
from tests.town.departments import department, item, write

PLUGINS = {name: ROOT / "plugins" / "integrations" / name for name in ("clients", "webhooks")}

#: Two departments with an item each, which is accepted at once and decided by staff.

LOOPBACK = {"outgoing": {"networks": ["127.0.0.0/8"]}}

#: Seconds that a condition may take.
CONDITION_TIMEOUT_S = 90.0


@asynccontextmanager
async def open_city(folder: Path, platform: Mapping[str, Any] | None = None, **settings: Any) -> AsyncIterator[Door]:
    """A platform with two departments, clients and webhooks that may go to this machine."""
    plugins = {**PLUGINS}
    for code in ("parks", "roads"):
        items = department(code, code, code) + item(f"{code}-permit", fields={"why": {"type": "string"}})
        plugins[code] = write(folder, items, name=code)
    given = {"webhooks": {"timeout": 2.0, **settings}}
    kernel = {**LOOPBACK, "address": "https://city.example", **(platform or {})}
    async with open_door(folder, plugins, settings=given, platform=kernel) as door:
        yield door


async def client(door: Door, *scopes: str, name: str = "bc_1", mode: str = "live") -> Person:
    """A program with these scopes."""
    models, tokens = (importlib.import_module(f"banshi_plugins.clients.{part}") for part in ("models", "tokens"))
    now = door.platform.now()
    one = models.ApiClient(id=name, name=name, contact="ops@example.com", mode=mode, created_at=now)
    one.scopes = list(scopes or ("webhooks",))
    row = models.ClientSecret(digest=tokens.digest_of(f"bcs_of-{name}"), client=name, created_at=now)
    await door.platform.store.commit(Write(rows=[one, row]))
    return await signed_in(door, name)


async def signed_in(door: Door, name: str = "bc_1") -> Person:
    """The program with a fresh token."""
    models, tokens = (importlib.import_module(f"banshi_plugins.clients.{part}") for part in ("models", "tokens"))
    one = await models.ApiClient.get(id=name)
    return door.bearing(await door.platform[tokens.TOKENS].give(one, f"bcs_of-{name}", one.scopes))


def part(name: str) -> Any:
    """A module of the plugin, as the platform has loaded it."""
    return importlib.import_module(f"banshi_plugins.webhooks.{name}")


def office(door: Door) -> Any:
    return door.platform[part("delivery.dispatcher").DISPATCHER]


async def until(condition: Callable[[], Any], what: str = "it") -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + CONDITION_TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        await asyncio.sleep(0.01)


async def happen(door: Door, subject: str, version: int, **more: Any) -> str:
    """An event of a case without the case; its id."""
    event = Event(
        id=f"{subject}-{version}",
        at=door.platform.now(),
        subject=subject,
        version=version,
        **{"type": "banshi.case.accept", "department": "parks", "item": "parks-permit", "data": {"n": version}, **more},
    )
    await door.platform.store.commit(Write(rows=event_rows(door.platform, event)))
    return event.id


@dataclass(frozen=True)
class Got:
    """One request that a receiver got."""

    headers: Mapping[str, str]
    body: bytes
    #: What it was answered with.
    status: int = 0

    def verified(self, secret: str) -> Any:
        """What is in it, once the standard's own library has found it good."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return standardwebhooks.Webhook(secret).verify(self.body, headers)

    @property
    def event(self) -> Any:
        """The event, as CloudEvents' own SDK reads it."""
        return from_http_event(HTTPMessage({name.lower(): text for name, text in self.headers.items()}, self.body))


@dataclass
class Receiver:
    """A receiver that isn't ours: it allows us to send, and answers what it is told to."""

    got: list[Got] = field(default_factory=list)
    asked: list[Mapping[str, str]] = field(default_factory=list)
    #: What OPTIONS is answered with; None refuses.
    allows: Mapping[str, str] | None = field(default_factory=lambda: {"WebHook-Allowed-Origin": "*"})
    #: From a request to status and headers.
    answer: Callable[[Got], tuple[int, Mapping[str, str]]] = lambda _: (200, {})
    url: str = ""

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.got]

    @property
    def taken(self) -> list[str]:
        """The ids of what it took, in order, the first time each."""
        return list(dict.fromkeys(one.headers["webhook-id"] for one in self.got if one.status < 300))

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "OPTIONS":
            self.asked.append(CIMultiDict(request.headers))
            return web.Response(status=405 if self.allows is None else 200, headers=self.allows or {})
        one = Got(CIMultiDict(request.headers), await request.read())
        status, headers = self.answer(one)
        self.got.append(replace(one, status=status))
        return web.Response(status=status, headers=headers)


@asynccontextmanager
async def receiving(**how: Any) -> AsyncIterator[Receiver]:
    """A receiver on this machine."""
    receiver = Receiver(**how)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def made(program: Person, receiver: Receiver | str, **wishes: Any) -> Any:
    """A webhook that is sent to; its document, with the secret."""
    url = receiver if isinstance(receiver, str) else receiver.url
    return (await program.post("/v1/webhooks", {"url": url, **wishes})).created()


@asynccontextmanager
async def subscribed(door: Door, **given: Any) -> AsyncIterator[tuple[Person, Receiver, Any]]:
    """A program, a receiver that answers as it is told, and a webhook of the program's that is sent to it."""
    program, how = await client(door), {name: given.pop(name) for name in ("answer", "allows") if name in given}
    async with receiving(**how) as receiver:
        yield program, receiver, await made(program, receiver, **given)


def idle(door: Door) -> bool:
    """Whether every request has its outcome: one that comes after the clock was turned waits from then on."""
    return not any(one._sending for one in office(door).receivers.values())


def later(door: Door, **time_: float) -> None:
    """Turn the clock on."""
    moment = door.platform.now() + timedelta(**time_)
    begun = time.monotonic()
    door.platform.now = lambda: moment + timedelta(seconds=time.monotonic() - begun)
    for one in office(door).receivers.values():
        one.wake.set()
