"""The database stays whole and usable whoever is cancelled or killed, and whenever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tortoise.migrations.recorder import MigrationRecorder

from banshi.models import Counter
from banshi.store import Store, open_store
from banshi.testing import Door, Reply

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
        finished = await cancelled_at_random(ROUNDS, lambda: store.take_number("pass"))
        assert await store.take_number("pass") > finished


async def test_a_group_of_statements_that_is_cancelled_leaves_no_transaction_open(tmp_path: Path) -> None:
    async with open_store(url(tmp_path), {}) as store, asyncio.timeout(60):
        await Counter.create(name="n", value=0)
        plus_one = "UPDATE banshi_counter SET value = value + ? WHERE name = 'n'"

        async def begin() -> None:
            await store.connection.execute_many(plus_one, [[1]] * 20)

        finished = await cancelled_at_random(ROUNDS, begin)
        assert not await in_transaction(store)
        row = await Counter.get(name="n")
        assert row.value % 20 == 0, "all of a group or nothing"
        assert row.value >= 20 * finished


async def in_transaction(store: Store) -> bool:
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

    with monkeypatch.context() as patch:
        patch.setattr(MigrationRecorder, "record_applied", killed)
        with pytest.raises(Killed):
            async with open_store(url(tmp_path), {}):
                pass
    async with open_store(url(tmp_path), {}) as store:
        assert await store.take_number("pass") == 1


async def test_who_hangs_up_at_any_moment_harms_nobody_and_may_try_again_at_once(bare_door: Door, answers: Any) -> None:
    wang, staff = bare_door.citizen("wang"), bare_door.staff("li", "traffic:reviewer", "traffic:approver")
    chance = random.Random(3)
    for number in range(30):
        document = {"answers": await answers(wang)}
        case = await insisting(chance, partial(wang.post, "/v1/items/zone-pass/cases", document, key=f"s-{number}"))
        await bare_door.settled()
        await insisting(chance, partial(staff.post, f"/v1/cases/{case['id']}/actions/approve", key=f"a-{number}"))
    assert len((await wang.get("/v1/cases?limit=100")).ok()["items"]) == 30


async def insisting(chance: random.Random, call: Callable[[], Awaitable[Reply]]) -> Any:
    """Call, hang up within 10 ms, and call again at once until there is an answer."""
    task = asyncio.ensure_future(call())
    await asyncio.sleep(chance.random() * 0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5):
        while (answer := await call()).document.get("code") == "still-running":
            pass
    assert answer.status in {200, 201}, answer
    return answer.document
