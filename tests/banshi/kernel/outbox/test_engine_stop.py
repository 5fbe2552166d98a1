"""The engine may stop, and a channel may hang, at any moment: rows are given back or recorded, never stuck."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as Metric

from banshi import Channel, Message, Platform
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import Unavailable
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.consumer import Consumer
from banshi.kernel.outbox.consumers import _channel
from banshi.kernel.outbox.outbox import Claimed
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import Door, open_door
from tests.places import TRAFFIC

WORK = "channel:test"


def message(door: Door, person: str) -> dict[str, Any]:
    moment = door.platform.now().isoformat()
    texts = {"zh-CN": "", "en": ""}
    known = {"id": person, "kind": "case", "person": person, "title": texts, "body": texts, "link": "/"}
    return {**known, "case_id": None, "created_at": moment}


async def promise(door: Door, *people: str) -> None:
    rows = [OutboxRow(consumer=WORK, topic="message", payload=message(door, one), dedup=one) for one in people]
    await door.platform.store.commit(Write(rows=list(rows)))


def consumer(door: Door, work: Callable[[Sequence[Claimed]], Awaitable[Mapping[str, Exception]]]) -> Consumer:
    settled = Metric("settled", "", ["consumer", "outcome"], registry=CollectorRegistry())
    return Consumer(door.platform, WORK, work, batch=10, settled=settled)


async def rows(door: Door) -> list[tuple[str, int, bool]]:
    """(state, tries, whether somebody has it) of every row."""
    now = time.time() * 1000
    found = await OutboxRow.filter(consumer=WORK).order_by("id")
    return [(row.state, row.tries, row.lease_until > now) for row in found]


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def nothing(_: Sequence[Claimed]) -> Mapping[str, Exception]:
    return {}


def slowly(function: Callable[..., Awaitable[Any]], begun: asyncio.Event) -> Callable[..., Awaitable[Any]]:
    """The same, taking a moment longer, in which the server stops."""

    async def slow(*arguments: Any, **options: Any) -> Any:
        answer = await function(*arguments, **options)
        begun.set()
        await asyncio.sleep(0.1)
        return answer

    return slow


async def test_what_is_being_claimed_while_the_server_stops_is_given_back(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    monkeypatch.setattr(outbox, "claim", slowly(outbox.claim, begun))
    await promise(bare_door, "a", "b")
    task = asyncio.create_task(consumer(bare_door, nothing).run())
    await begun.wait()
    await stopped(task)
    assert await rows(bare_door) == [("due", 0, False)] * 2


async def test_what_is_being_recorded_while_the_server_stops_is_recorded(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, begun = outbox.settle, asyncio.Event()

    async def slow(*arguments: Any) -> None:
        begun.set()
        await asyncio.sleep(0.1)
        await settle(*arguments)

    monkeypatch.setattr(outbox, "settle", slow)
    await promise(bare_door, "a", "b")
    task = asyncio.create_task(consumer(bare_door, nothing).run())
    await begun.wait()
    await stopped(task)
    assert [row[:2] for row in await rows(bare_door)] == [("done", 1)] * 2


@pytest.mark.parametrize("moment", ["claimed", "done", "recorded"])
async def test_a_server_stops_although_the_database_goes_away_in_that_moment(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    begun = asyncio.Event()

    async def away(*_: Any, **__: Any) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        raise OSError("the database is away")

    async def busy(_: Sequence[Claimed]) -> Mapping[str, Exception]:
        if moment == "done":
            begun.set()
            await asyncio.Event().wait()
        return {}

    await promise(bare_door, "a")
    with monkeypatch.context() as broken:
        broken.setattr(outbox, {"claimed": "claim", "done": "release", "recorded": "settle"}[moment], away)
        task = asyncio.create_task(consumer(bare_door, busy).run())
        await begun.wait()
        task.cancel()
        ended, _ = await asyncio.wait([task], timeout=1)
    await stopped(task)
    assert ended


@pytest.mark.parametrize("after", ["Fri, 27 Nov 2026 08:00:00 GMT", "soon", "nan", "inf", "-5", "1e300"])
async def test_whoever_is_away_until_nobody_knows_when_is_asked_again_after_a_while(
    bare_door: Door, after: str
) -> None:
    async def away(_: Sequence[Claimed]) -> Mapping[str, Exception]:
        raise Unavailable("The department is away.", headers={"Retry-After": after})

    await promise(bare_door, "a")
    task = asyncio.create_task(consumer(bare_door, away).run())
    async with asyncio.timeout(5):
        while not (await OutboxRow.get(consumer=WORK)).last_error:  # noqa: ASYNC110 - the row is what we wait for
            await asyncio.sleep(0.02)
    await stopped(task)
    wait = (await OutboxRow.get(consumer=WORK)).not_before - time.time() * 1000
    assert 0 < wait <= 66_000


async def test_a_channel_that_hangs_is_cut_off_with_its_lease_and_the_others_messages_go_on(tmp_path: Path) -> None:
    told: list[str] = []

    async def deliver(_: Platform, messages: Sequence[Message]) -> None:
        if any(one.person == "poison" for one in messages):
            await asyncio.Event().wait()
        told.extend(one.person for one in messages)

    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"outbox_lease": 0.3}) as door:
        await promise(door, "a", "poison", "b")
        own = consumer(door, _channel(door.platform, Channel(name="test", deliver=deliver)))
        task = asyncio.create_task(own.run())
        async with asyncio.timeout(30):
            while {"a", "b"} - set(told):  # noqa: ASYNC110 - the channel is what we wait for
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        await stopped(task)
        states = [state for state, _, _ in await rows(door)]
        assert states[1] == "due"
        assert await door.platform.store.take_number("pass") == 1, "and the database goes on"
