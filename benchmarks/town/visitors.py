"""Everybody of a city over HTTP: citizens who come once, officers who stay, and what they were answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banshi.builtin.identity.development import development_token
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from banshi.testing import Person, Reply

#: Seconds until what is done after the answer is seen, and between two looks.
STEP_TIMEOUT_S, LOOK_S = 30.0, 0.1

#: Officers, and what each of them may do.
OFFICERS, DEPARTMENTS, ROLES = 40, ("traffic", "petitions"), ("reviewer", "approver", "clerk", "publisher")


class Unexpected(Exception):
    """An answer that should not be."""


class Taken(Exception):
    """Somebody else was quicker; that is nobody's fault."""


@dataclass(slots=True)
class Told:
    """What became of all visits."""

    #: Visits and requests by what they were, and milliseconds that the answers took.
    visits: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    #: What should not have been, in words: the first of them are shown.
    wrong: list[str] = field(default_factory=list)


class Caller(Person):
    """Somebody who counts what is answered. Each method of `Person` ends here."""

    town: People

    async def call(self, method: str, path: str, **rest: Any) -> Reply:
        begun = time.perf_counter()
        reply = await super().call(method, path, **rest)
        self.town.told.took.append((time.perf_counter() - begun) * 1000)
        self.town.told.requests[f"{method} {_pattern(path)}"] += 1
        if reply.status == 409 and reply.document["code"] == "slot-full":
            raise Taken
        if reply.status not in (200, 201, 204):
            self.town.told.wrong.append(f"{method} {path}: {reply.status} {reply.body[:200]!r}")
            raise Unexpected
        return reply


def _pattern(path: str) -> str:
    """An address without what is only this one's."""
    parts = path.partition("?")[0].split("/")
    fixed = {"v1", "items", "cases", "inbox", "devices", "attachments", "appointments", "holds", "actions"}
    parts = [part if part in fixed or not any(char.isdigit() for char in part[2:]) else "…" for part in parts]
    return "/".join(parts)


class People:
    """Everybody: citizens who come once, and officers who stay."""

    def __init__(self, session: aiohttp.ClientSession, url: str, registry: Registry, settings: Settings) -> None:
        self.session, self.url, self.registry, self._settings = session, url, registry, settings
        self.told, self._number = Told(), 0
        #: So that whoever comes in a second run is somebody else.
        self._run = f"{time.time_ns():x}"
        roles = [f"{department}:{name}" for department in DEPARTMENTS for name in ROLES]
        self._officers = [
            self._caller(development_token(settings, f"officer-{number}", roles=roles)) for number in range(OFFICERS)
        ]
        self.anyone = self._caller(None)

    def _caller(self, token: str | None) -> Caller:
        caller = Caller(self.session, self.url, token)
        caller.town = self
        return caller

    def officer(self, chance: random.Random) -> Caller:
        return chance.choice(self._officers)

    def citizen(self, resident_id: str = "") -> tuple[Caller, str]:
        """Somebody new, and what they are called."""
        self._number += 1
        name = f"visitor-{self._run}-{self._number}"
        return self.called(name, resident_id), name

    def called(self, name: str, resident_id: str = "", roles: Sequence[str] = ()) -> Caller:
        """Somebody of that name."""
        token = development_token(self._settings, name, name="王小明", resident_id=resident_id, roles=roles)
        return self._caller(token)

    def items(self, kind: str) -> list[Item]:
        return [item for item in self.registry.items.values() if item.kind == kind]

    async def until(self, caller: Caller, path: str, state: str) -> None:
        """Wait until the case is in that state: what follows of a step comes after its answer."""
        deadline = time.monotonic() + STEP_TIMEOUT_S
        while (found := (await caller.get(path)).document["state"]) != state:
            if time.monotonic() > deadline:
                self.told.wrong.append(f"{path} is {found} and never became {state}")
                raise Unexpected
            await asyncio.sleep(LOOK_S)
