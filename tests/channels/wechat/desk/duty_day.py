"""The people of a duty room's day: officers who serve whoever waits, and citizens at phones."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp

from banshi.kernel.runtime.running import Platform
from banshi.testing import Person, Reply
from conversations.outbound import courier
from tests.channels.desk.bureau import ENQUIRIES
from wechat.sandbox.phone import Phone

#: What a phone shows where nobody answers.
NO_SERVICE = "暂时无法提供服务"


def turned(seconds: float) -> None:
    """Called in a server's process: its clock is ahead, and what a killed one had on its way is taken up soon."""
    courier.LEASE_S = 2.0
    made = Platform.__post_init__

    def ahead(platform: Platform) -> None:
        made(platform)
        real = platform.now
        platform.now = lambda: real() + timedelta(seconds=seconds)

    Platform.__post_init__ = ahead  # type: ignore[method-assign]


@dataclass(slots=True)
class Officer:
    """Serves whoever waits. What was acknowledged is remembered, by the id that the desk gave it."""

    name: str
    person: Person
    chance: random.Random
    said: dict[str, str] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    count: int = 0

    async def does(self, method: str, path: str, body: Any = None, key: str = "") -> Reply:
        """Once the server answers; a repeat has the same key."""
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            try:
                reply = await self.person.call(method, path, json=body, headers=headers)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(0.1)
                continue
            if reply.status not in (429, 503):
                return reply
            await asyncio.sleep(0.1)

    async def works(self) -> None:
        while not self.over.is_set():
            rows = (await self.does("GET", f"{ENQUIRIES}?limit=20")).ok()["items"]
            held = (await self.does("GET", f"{ENQUIRIES}?state=held&limit=100")).ok()["items"]
            own = [one for one in held if one["officer"]["id"] == self.name]
            for one in [*own, *rows[:1]]:
                await self.serves(f"{ENQUIRIES}/{one['id']}")
            await asyncio.sleep(0.02)

    async def serves(self, place: str) -> None:
        """Claim, answer in two windows at once, wait for what becomes of it, and close; somebody may be quicker."""
        if (await self.does("POST", f"{place}/claim")).status != 200:
            return
        self.count += 1
        text = f"{self.name}的第{self.count}号答复。"
        key = f"{self.name}-{self.count}"
        twice = await asyncio.gather(*(self.does("POST", f"{place}/answers", {"text": text}, key) for _ in range(2)))
        for reply in twice:
            if reply.status == 201:
                self.said[reply.document["said"]] = text
        if self.chance.random() < 0.1:
            await self.does("POST", f"{place}/return")
            return
        for _ in range(20):
            shown = await self.does("GET", place)
            states = [one["state"] for one in shown.document.get("messages", ()) if one["id"] in self.said]
            if states and "waiting" not in states:
                break
            await asyncio.sleep(0.05)
        await self.does("POST", f"{place}/close")


@dataclass(slots=True)
class Citizen:
    """Somebody with a question, who comes by the menu or in words; of the former some never write the one word."""

    phone: Phone
    by_menu: bool
    is_silent: bool

    async def says(self, text: str) -> None:
        """Again, where nobody answered."""
        for _ in range(20):
            if not any(NO_SERVICE in one.text for one in await self.phone.says(text)):
                return
            await asyncio.sleep(0.2)

    async def asks(self) -> None:
        if not self.phone.me.follows:
            await self.phone.follows()
        if self.by_menu:
            while any(NO_SERVICE in one.text for one in await self.phone.taps("人工服务")):  # noqa: ASYNC110 - it is away
                await asyncio.sleep(0.2)
            if not self.is_silent:
                await self.says("请问晚上商店可以开着门营业吗？")
        else:
            await self.says("人工")
            await self.says("请问晚上商店可以开着门营业吗？")

    def has(self, text: str) -> int:
        """How often it is on the screen."""
        return sum(one.text.count(text) for one in self.phone.seen if one.via in ("reply", "service"))
