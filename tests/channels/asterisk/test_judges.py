"""The stand-in for Asterisk, judged by two clients of ARI that aren't ours: the group `judges` has them.

`ari-client` takes it if actions answer 204; `asyncari` builds itself from the published description, which the stand-in
serves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.channels.asterisk.ari import DESCRIPTION, PASSWORD, USER, Ari, opened_ari
from tests.waiting import until

DONE = ["answer 1.1", "hangup 1.1"]


@asynccontextmanager
async def called() -> AsyncIterator[Ari]:
    """Once somebody listens, somebody calls."""
    async with opened_ari() as ari:

        async def call() -> None:
            await until(lambda: ari.listeners)
            await ari.rings("1.1", "13800000000")
            await ari.tell("StasisStart", args=[], channel=ari.channels["1.1"])

        task = asyncio.create_task(call())
        yield ari
        await task


async def test_ari_client_takes_it_for_asterisk() -> None:
    ari_client = pytest.importorskip("ari_client", reason="the group `judges` is not installed")
    async with called() as ari:
        parts = urlsplit(ari.url)
        client = ari_client.AriClient(parts.hostname, parts.port, USER, PASSWORD)
        heard: asyncio.Queue[Any] = asyncio.Queue()
        for one in ("on_stasis_start", "on_channel_state_change", "on_channel_destroyed"):
            getattr(client, one)(heard.put)
        await client.connect("hotline")
        started = await heard.get()
        assert (started.type, started.channel.id, started.channel.caller.number) == (
            "StasisStart",
            "1.1",
            "13800000000",
        )
        await client.ari.answer_channel("1.1")
        assert (await heard.get()).channel.state == "Up"
        assert [one.id for one in await client.ari.list_channels()] == ["1.1"]
        await client.ari.hangup_channel("1.1")
        assert (await heard.get()).cause == 16
        await client.disconnect()
        assert ari.actions == DONE


async def test_asyncari_builds_itself_from_the_published_description_and_takes_it_for_asterisk() -> None:
    asyncari = pytest.importorskip("asyncari", reason="the group `judges` is not installed")
    if not DESCRIPTION.is_dir():
        pytest.skip(f"the published description of ARI is not in {DESCRIPTION}; BANSHI_STANDARDS may name its folder")
    heard = []
    async with called() as ari, asyncari.connect(f"{ari.url}/", "hotline", USER, PASSWORD) as client:
        async for event in client:
            heard.append(event.type)
            if event.type == "StasisStart":
                await event.channel.answer()
            if event.type == "ChannelStateChange":
                await event.channel.hangup()
            if event.type == "ChannelDestroyed":
                break
        assert heard == ["ChannelCreated", "StasisStart", "ChannelStateChange", "ChannelDestroyed"]
        assert ari.actions == DONE
