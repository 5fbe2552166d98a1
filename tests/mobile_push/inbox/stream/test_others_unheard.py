"""Two processes that don't hear each other, as on one SQLite file: no notice is skipped, and the forgotten leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from banshi.sdk.events import SIGNALS
from banshi.testing import Door, open_door
from mobile_push.inbox import standings
from tests.mobile_push.conftest import PLUGINS
from tests.mobile_push.inbox.stream.test_others import follow_roads, following, publish, streams
from tests.mobile_push.inbox.stream.test_stream import Phone
from tests.waiting import until

#: Seconds within which what the other process has done is found out.
LOOKED_S = 20.0


@pytest.fixture
async def two(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Door, Door]]:
    """Two platforms on one database, between which no signal comes."""
    monkeypatch.setattr("banshi.foundation.database.pulse.INTERVAL_S", 0.1)
    topics = {"roads": {"zh-CN": "道路", "en": "Roads"}}
    settings = {"mobile_push": {"topics": topics, "one_person": ["traffic"]}}
    async with AsyncExitStack() as stack:
        doors = []
        for _ in range(2):
            opening = open_door(tmp_path, PLUGINS, settings=settings, platform={"database": database})
            doors.append(await stack.enter_async_context(opening))
            signals: Any = doors[-1].platform[SIGNALS]
            signals._heeding.clear()
            signals._missed.clear()
            if signals._carrier.longest:
                await signals.connected.wait()
                signals.connected.clear()
        yield doors[0], doors[1]


async def test_a_stream_is_told_the_notice_that_its_person_has_wished_for_at_another_process(
    two: tuple[Door, Door],
) -> None:
    here, there = two
    async with following(there, "wang") as phone:
        await follow_roads(here, "wang")
        await publish(here, {"topics": ["roads"]})
        await publish(here, {"everyone": True})
        await until(lambda: len(phone.messages) == 2, LOOKED_S)
        assert [one["cursor"] for one in phone.messages] == ["0.1", "0.2"]


async def test_wishes_that_can_t_be_looked_up_keep_a_notice_back_and_lose_it_for_nobody(
    two: tuple[Door, Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two
    async with following(there, "wang") as phone:
        await follow_roads(here, "wang")
        real, tries = standings.standings, []

        async def away(*given: Any) -> Any:
            tries.append(given)
            if len(tries) == 1:
                raise OperationalError("gone")
            return await real(*given)

        monkeypatch.setattr(standings, "standings", away)
        await publish(here, {"topics": ["roads"]})
        await until(lambda: phone.messages, LOOKED_S)
        assert len(tries) > 1


async def test_whoever_is_forgotten_at_one_process_has_no_stream_at_another_and_others_keep_theirs(
    two: tuple[Door, Door],
) -> None:
    here, there = two
    wang = Phone(there, "wang")
    task = asyncio.create_task(wang.follow())
    await follow_roads(here, "li")
    async with following(there, "li"):
        await until(lambda: streams(there, "wang"), LOOKED_S)
        left = streams(there, "wang")
        assert (await here.citizen("wang").delete("/v1/me/push")).status == 204
        await until(lambda: left[0].ending, LOOKED_S)
        assert not any(stream.ending for stream in streams(there, "li"))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
