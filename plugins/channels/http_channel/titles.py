"""What people call the channels: in this process's memory, in step with the table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from banshi import Key, Platform, Texts
from banshi.sdk.database import MAX_SLEEP_S
from banshi.sdk.operations import looking_at, working
from conversations import OUTLETS
from http_channel.models import ChannelRow

#: What is another value once any process has changed a channel.
CHANGES = "SELECT COUNT(*) || '/' || COALESCE(CAST(MAX(updated_at) AS TEXT), '') FROM http_channel_channel"


class Titles(dict[str, Texts]):
    """By account."""

    async def look(self, _: Platform) -> None:
        self.update({row.account: row.title for row in await ChannelRow.all()})


TITLES: Key[Titles] = Key("http channels' titles")


@asynccontextmanager
async def open_titles(platform: Platform) -> AsyncIterator[Titles]:
    """Those that this plugin offers to the conversations."""
    titles = next(one.titles for _, one in platform.registry.offered(OUTLETS) if isinstance(one.titles, Titles))
    await titles.look(platform)
    changed = asyncio.Event()
    platform.store.pulse.changes("http channels", CHANGES, changed.set)
    async with working("http-channels", looking_at(platform, ChannelRow, MAX_SLEEP_S, titles.look, changed)):
        yield titles


def some_channel(platform: Platform) -> bool:
    """Whether there is one to tell anything by; what hasn't looked yet can't say that there is none."""
    titles = platform.get(TITLES)
    return titles is None or bool(titles)
