"""QQ's sandbox as what judges a channel wants: phones, by contact, that write and are shown texts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from conversations import Content, File, Text
from qq.sandbox.people import Phone
from qq.sandbox.server import QqSandbox
from tests.channels.strangers.judge import Screens


class QqPhones(Screens):
    """What the bot has answered to each person, and in each group."""

    sandbox: QqSandbox

    def phone(self, contact: str) -> Phone:
        """By a name, or by the openid that the conversations know."""
        return self.sandbox.phone(contact)

    async def writes(self, phone: str, content: Content | str, key: str = "") -> None:
        """Three times; and again until it is taken."""
        match content:
            case File(fetch, _):
                await self.phone(phone).sends("image", await fetch())
            case Text(text) | str(text):
                told, deliveries = (
                    key or f"ROBOT1.0_{phone}-{len(self.sandbox.account.messages)}",
                    self.sandbox.callbacks.deliveries,
                )
                for _ in range(3):
                    await self.phone(phone).says(text, key=told)
                # Nothing has come between what has just been delivered and this line.
                while deliveries[-1].status != 200:
                    await asyncio.sleep(0.05)
                    await self.phone(phone).says(text, key=told)
            case _:
                raise AssertionError(content)


@asynccontextmanager
async def opened_qq() -> AsyncIterator[QqPhones]:
    async with QqSandbox("http://127.0.0.1:1/") as sandbox:
        yield QqPhones(sandbox)


def bot_of(sandbox: QqSandbox, **more: Any) -> dict[str, Any]:
    """The table of the sandbox's bot."""
    own = {"appid": sandbox.account.appid, "secret": sandbox.account.secret}
    where = {"base_url": sandbox.url, "token_url": f"{sandbox.url}/app/getAppAccessToken"}
    return {**own, **where, **more}
