"""Of all processes on one database one leads, another as soon as it is gone, and no two for longer than a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.leading.leader_election import LEADER, Leader, led
from banshi.sdk.events import SIGNALS
from banshi.testing import Door, open_door
from tests.places import TRAFFIC
from tests.waiting import until

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that a test has time for."""
    for name, value in {"LEASE_S": 1.0, "RENEWAL_INTERVAL_S": 0.1}.items():
        monkeypatch.setattr(f"banshi.builtin.leading.leader_election.{name}", value)


class Process:
    """A platform in a task of its own, that can be ended before those that began earlier."""

    def __init__(self, folder: Path, database: str) -> None:
        self._opened: asyncio.Future[Door] = asyncio.get_running_loop().create_future()
        self._end = asyncio.Event()
        self._task = asyncio.create_task(self._run(folder, database))

    async def _run(self, folder: Path, database: str) -> None:
        async with open_door(folder, {"traffic": TRAFFIC}, platform={"database": database}) as door:
            self._opened.set_result(door)
            await self._end.wait()

    async def door(self) -> Door:
        door = await asyncio.wait_for(self._opened, PATIENCE)
        await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), PATIENCE)
        return door

    async def aclose(self) -> None:
        self._end.set()
        await self._task


@pytest.fixture
async def opened(tmp_path: Path, postgres: str) -> AsyncIterator[Callable[[], Any]]:
    """`await opened()`: another platform on one database, and what ends it."""
    processes: list[Process] = []

    async def one_more() -> tuple[Door, Process]:
        processes.append(Process(tmp_path, postgres))
        return await processes[-1].door(), processes[-1]

    yield one_more
    for process in processes:
        await process.aclose()


def leads(door: Door) -> bool:
    return door.platform[LEADER].leads


async def test_one_leads_and_the_next_one_as_soon_as_it_stops(
    opened: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.leading.leader_election.LEASE_S", 600.0)
    first, end = await opened()
    await until(lambda: leads(first))
    second, _ = await opened()
    await asyncio.sleep(0.3)
    assert not leads(second)
    # The others look for the lease after an hour, or when they are told.
    monkeypatch.setattr("banshi.builtin.leading.leader_election.RENEWAL_INTERVAL_S", 3600.0)
    await asyncio.sleep(0.15)
    await end.aclose()
    await until(lambda: leads(second))


async def test_a_leader_that_is_killed_is_replaced_when_its_lease_ends(opened: Callable[[], Any]) -> None:
    first, _ = await opened()
    await until(lambda: leads(first))
    second, _ = await opened()
    dead: Leader = first.platform[LEADER]

    async def away() -> bool:
        raise ConnectionError

    dead._take = away  # type: ignore[method-assign]
    took = await until(lambda: leads(second))
    assert not leads(first), "it stands still for longer than its lease, and knows it"
    assert took < PATIENCE / 2


async def test_work_for_one_is_done_by_the_leader_alone_and_goes_over_with_the_lead(opened: Callable[[], Any]) -> None:
    (first, end), (second, _) = await opened(), await opened()
    doors = [first, second]
    done: list[Door] = []

    async def work(door: Door) -> None:
        done.append(door)

    tasks = [asyncio.create_task(led(door.platform, 0.02, partial(work, door), "failed")) for door in doors]
    try:
        await until(lambda: len(done) > 5)
        leader, other = (first, second) if leads(first) else (second, first)
        assert set(map(id, done)) == {id(leader)}
        if leader is first:
            await end.aclose()
            await until(lambda: done[-1] is other)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_work_under_way_is_cut_off_where_the_lead_is_lost(opened: Callable[[], Any]) -> None:
    door, _ = await opened()
    await until(lambda: leads(door))
    begun, cut = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cut.set()

    task = asyncio.create_task(led(door.platform, 3600, long, "failed"))
    await asyncio.wait_for(begun.wait(), PATIENCE)

    def lost() -> bool:
        # Whoever renews the lease at this moment takes it back.
        door.platform[LEADER].lead_until(0.0)
        return cut.is_set()

    await until(lost)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_lease_from_before_the_clock_was_set_back_is_taken(opened: Callable[[], Any]) -> None:
    door, end = await opened()
    await until(lambda: leads(door))
    await end.aclose()
    another, _ = await opened()
    clock = another.platform.store.clock
    sql = f"UPDATE banshi_lease SET holder = 'ghost', until = {clock} + 3600000"  # noqa: S608 - our own clock
    await another.platform.store.connection.execute_query(sql)
    another.platform[LEADER]._until = 0.0
    await until(lambda: leads(another))


async def test_the_one_process_on_sqlite_leads(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path / 'alone.sqlite3'}"
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": url}) as door:
        assert leads(door)
