"""The database stays whole and usable whoever is cancelled or killed, and whenever."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction

from banshi.builtin.passes.models import Counter
from banshi.foundation.database.failover.fates import is_outage
from banshi.foundation.database.opening import connected, open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.upgrade import upgrade
from banshi.foundation.database.writes import Statement, Update, Write
from banshi.kernel.tables.outbox import OutboxRow

#: How often something is cancelled at a random moment.
ROUNDS = 300


def url(folder: Path) -> str:
    return f"sqlite://{folder / 'banshi.sqlite3'}?synchronous=OFF"


async def cancelled_at_random(rounds: int, begin: Callable[[], Awaitable[Any]]) -> int:
    """Start `begin()` and cancel it after at most 2 ms, again and again; how often it was in time to finish."""
    chance, finished = random.Random(7), 0
    for _ in range(rounds):
        task = asyncio.ensure_future(begin())
        await asyncio.sleep(chance.random() * 0.002)
        task.cancel()
        finished += not isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    return finished


async def test_a_transaction_that_is_cancelled_at_any_moment_never_keeps_the_database(tmp_path: Path) -> None:
    async with open_store(url(tmp_path), {}) as store, asyncio.timeout(60):

        async def begin() -> None:
            async with in_transaction():
                await store.take_number("pass")

        finished = await cancelled_at_random(ROUNDS, begin)
        assert await store.take_number("pass") > finished


async def test_a_group_of_statements_that_is_cancelled_leaves_no_transaction_open(tmp_path: Path) -> None:
    async with open_store(url(tmp_path), {}) as store, asyncio.timeout(60):
        await Counter.create(name="n", value=0)
        plus_one = "UPDATE banshi_counter SET value = value + ? WHERE name = 'n'"

        async def begin() -> None:
            await store.connection.execute_many(plus_one, [[1]] * 20)

        finished = await cancelled_at_random(ROUNDS, begin)
        assert not await is_in_transaction(store)
        row = await Counter.get(name="n")
        assert row.value % 20 == 0, "all of a group or nothing"
        assert row.value >= 20 * finished


async def test_what_goes_at_once_is_all_there_or_nothing_whenever_it_is_cancelled(tmp_path: Path) -> None:
    async with open_store(url(tmp_path), {}) as store, asyncio.timeout(60):
        client: Any = store.connection
        await Counter.create(name="n", value=0)
        plus_one = ("UPDATE banshi_counter SET value = value + ? WHERE name = 'n'", [1])
        finished = await cancelled_at_random(ROUNDS, lambda: client.at_once([plus_one] * 20))
        assert not await is_in_transaction(store)
        row = await Counter.get(name="n")
        assert row.value % 20 == 0
        assert row.value >= 20 * finished


async def test_of_what_goes_at_once_nothing_stays_where_a_part_is_refused(tmp_path: Path) -> None:
    async with open_store(url(tmp_path), {}) as store, asyncio.timeout(60):
        client: Any = store.connection
        named = "INSERT INTO banshi_counter (name, value) VALUES (?, 1)"
        with pytest.raises(IntegrityError, match="UNIQUE"):
            await client.at_once([(named, ["one"]), (named, ["two"]), (named, ["one"])])
        with pytest.raises(OperationalError, match="no such table"):
            await client.at_once([(named, ["one"]), ("DELETE FROM nowhere", [])])
        assert not await is_in_transaction(store)
        assert await Counter.all().count() == 0


async def test_what_goes_at_once_while_another_process_writes_is_an_outage_and_leaves_nothing_open(
    tmp_path: Path,
) -> None:
    async with open_store(f"{url(tmp_path)}&busy_timeout=1", {}) as store, asyncio.timeout(60):
        client: Any = store.connection
        named = ("INSERT INTO banshi_counter (name, value) VALUES ('n', 1) RETURNING value", [])
        with closing(sqlite3.connect(tmp_path / "banshi.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(OperationalError, match="locked") as refused:
                await client.at_once([named])
            assert is_outage(refused.value)
        assert not await is_in_transaction(store)
        assert await client.at_once([named]) == [[{"value": 1}]]


async def test_writes_of_which_none_asks_what_is_there_are_one_turn_of_the_connection_s_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = 0
    whole = aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, *given: Any, **more: Any) -> Any:
        nonlocal turns
        turns += 1
        return await whole(self, *given, **more)

    async with open_store(url(tmp_path), {}) as store:
        asked = Statement("SELECT COUNT(*) AS rows FROM banshi_outbox", [])
        monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
        await store.commit(Write(rows=[promise("one"), Counter(name="n", value=1)], statement=asked))
        assert (turns, asked.found) == (1, [{"rows": 1}])
        await store.commit(Write([Update(Counter, {"name": "n"}, {"value": 2})], [promise("two")]))
        assert turns > 2


def promise(dedup: str) -> OutboxRow:
    return OutboxRow(consumer="intake", topic="submitted", payload={}, dedup=dedup)


async def is_in_transaction(store: Store) -> bool:
    connection: Any = store.connection
    await store.connection.execute_query("SELECT 1")
    return bool(connection._connection.in_transaction)


async def test_a_start_that_is_killed_in_the_middle_of_the_migrations_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr("banshi.foundation.database.opening.upgrade", upgrade)
    with monkeypatch.context() as patch:
        patch.setattr(MigrationRecorder, "record_applied", killed)
        with pytest.raises(Killed):
            async with open_store(url(tmp_path), {}):
                pass
    async with open_store(url(tmp_path), {}) as store:
        assert await store.take_number("pass") == 1


async def test_a_file_that_is_no_database_is_refused_at_once_however_often_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "banshi.sqlite3").write_bytes(b"no database" * 1000)
    async with connected(url(tmp_path), {}) as (context, _), asyncio.timeout(10):
        connection = context.connections.get("default")
        for _ in range(3):
            with pytest.raises((sqlite3.DatabaseError, OperationalError), match="not a database"):
                await connection.execute_query("SELECT 1")


async def test_whoever_is_cancelled_while_waiting_for_the_database_takes_it_from_nobody(tmp_path: Path) -> None:
    async with open_store(url(tmp_path), {}) as store, asyncio.timeout(60):
        async with in_transaction():
            waiting = [asyncio.ensure_future(store.connection.execute_query("SELECT 1")) for _ in range(3)]
            await asyncio.sleep(0)
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            assert store._connection._lock.locked()  # type: ignore[attr-defined]
        await store.connection.execute_query("SELECT 1")
