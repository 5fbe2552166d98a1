"""A duty room on WeChat: a desk, its officer, and phones at the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from banshi.testing import Door, Person
from conversations.tables.models import Said
from tests.channels.desk.bureau import CITY, DESKS, ENQUIRIES, Clock, bureau, officer, waiting
from tests.channels.wechat.phones import NOBODY, account_at
from tests.waiting import until
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox
from wechat.sandbox.phone import Phone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = [{**DESKS[0], "hours": {day: ["0:00-23:59"] for day in DAYS}}]


@dataclass(slots=True)
class Duty:
    door: Door
    clock: Clock
    wechat: WeChatSandbox
    li: Person

    async def held(self, phone: Phone) -> str:
        """Somebody follows, writes, and comes to the desk, and the officer has them; the path of it."""
        await phone.follows()
        await phone.says("人工")
        place = f"{ENQUIRIES}/{(await waiting(self.li))[-1]['id']}"
        (await self.li.post(f"{place}/claim")).ok()
        return place


async def became(said: str, *states: str) -> Said:
    """The message, once it has one of these states."""

    async def is_there() -> bool:
        return await Said.filter(id=said, state__in=states).exists()

    await until(is_there)
    return await Said.get(id=said)


@asynccontextmanager
async def duty(folder: Path, database: str = "", **settings: Any) -> AsyncIterator[Duty]:
    async with WeChatSandbox(NOBODY, account=Account(Keys(), "safe")) as wechat:
        beside = {"wechat": ("wechat", {"accounts": {"bureau": account_at(wechat)}})}
        # WeChat's signatures are of now.
        now = datetime.now(CITY)
        async with bureau(folder, database, ALWAYS, beside=beside, at=now, **settings) as door:
            wechat.callbacks.to = f"{door.url}/v1/wechat/bureau"
            yield Duty(door, Clock(door, now), wechat, officer(door, "li"))


@asynccontextmanager
async def seated(folder: Path, **platform: Any) -> AsyncIterator[tuple[Door, WeChatSandbox, Phone]]:
    """A phone that is bound to the citizen wang, who waits for the officer."""
    async with duty(folder, platform=platform) as room:
        phone = room.wechat.phone("王小明")
        await phone.follows()
        digits = (await room.door.citizen("wang", "王小明").post("/v1/conversations/codes")).created()["digits"]
        for text in (digits, "1", "人工"):
            await phone.says(text)
        yield room.door, room.wechat, phone
