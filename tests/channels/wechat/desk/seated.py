"""Somebody at a phone, WeChat's sandbox, and a desk at which an officer sits at any hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from banshi.testing import Door, open_door
from desk.tables.models import DeskDay
from tests.channels.desk.bureau import DESKS
from tests.channels.wechat.phones import NOBODY, PETITIONS
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox
from wechat.sandbox.phone import Phone


@asynccontextmanager
async def seated(folder: Path, **platform: Any) -> AsyncIterator[tuple[Door, WeChatSandbox, Phone]]:
    """The phone is bound to the citizen wang, who waits for an officer."""
    async with WeChatSandbox(NOBODY, account=Account(Keys(), "safe")) as wechat:
        keys = wechat.account.keys
        own = {"appid": keys.appid, "secret": keys.secret, "token": keys.token, "aes_key": keys.aes_key}
        settings = {
            "wechat": {"accounts": {"bureau": {**own, "base_url": wechat.url}}},
            "conversations": {"desks": DESKS[:1]},
        }
        plugins: dict[str, Path | str] = {"petitions": PETITIONS, "conversations": "conversations", "wechat": "wechat"}
        async with open_door(folder, plugins, settings=settings, platform=platform) as door:
            wechat.callbacks.to = f"{door.url}/v1/wechat/bureau"
            for days in (0, 1):
                day = door.platform.today() + timedelta(days=days)
                await DeskDay.create(desk="reception", day=day, hours=["0:00-23:59"])
            phone = wechat.phone("王小明")
            await phone.follows()
            digits = (await door.citizen("wang", "王小明").post("/v1/conversations/codes")).created()["digits"]
            for text in (digits, "1", "人工"):
                await phone.says(text)
            yield door, wechat, phone
