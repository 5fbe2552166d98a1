"""What somebody else has locked in PostgreSQL holds up whoever wants it, for a moment, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from banshi.builtin.passes.models import Counter
from banshi.foundation.database.failover import readiness
from banshi.foundation.database.failover.fates import Locked, NotBegun
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Update, Write
from banshi.foundation.errors import Unavailable
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import open_door
from tests.places import TRAFFIC
from tests.readers.refusals import refused
from tests.servers.poolers import pooled
from tests.waiting import until

#: Seconds in which all of it is over on a machine that has much else to do.
PATIENCE_S = 45


#: Whether somebody waits for the table of promises.
IN_LINE = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'banshi_outbox'::regclass"


@pytest.fixture(params=["directly", "by PgBouncer"])
def address(request: pytest.FixtureRequest, postgres: str) -> Iterator[str]:
    """That of the database, or of a pooler in front of it, where no session is anybody's own."""
    if request.param == "directly":
        yield f"{postgres}&statement_timeout=30000"
        return
    with pooled(postgres) as pooler:
        yield f"{pooler}?statement_timeout=30000"


@pytest.fixture
async def store(address: str) -> AsyncIterator[Store]:
    async with open_store(address, {}) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def _in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE_S):
        yield


@asynccontextmanager
async def somebody(postgres: str, *statements: str) -> AsyncIterator[Any]:
    """Somebody with a transaction of their own, in which these statements were made."""
    server, _, query = postgres.partition("?")
    schema = dict(one.split("=") for one in query.split("&"))["schema"]
    connection = await asyncpg.connect(
        server.replace("asyncpg:", "postgres:", 1), server_settings={"search_path": schema}
    )
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
            yield connection
    finally:
        await connection.close()


def lock(name: str) -> str:
    return f"SELECT * FROM banshi_counter WHERE name = '{name}' FOR UPDATE"  # noqa: S608 - a name of these tests


def counted(*names: str) -> Write:
    return Write([Update(Counter, {"name": name}, {"value": 2}) for name in names])


def promised(name: str) -> Write:
    return Write(rows=[OutboxRow(consumer="test", topic="test", payload={}, dedup=name)])


async def all_of(store: Store, *writes: Write) -> list[BaseException | None]:
    return await asyncio.gather(*map(store.commit, writes), return_exceptions=True)


async def insisted(store: Store, write: Write) -> None:
    """As whoever is told to try again: a busy machine may hold two up for longer than they wait."""
    for _ in range(10):
        with suppress(Locked):
            return await store.commit(write)
    raise AssertionError("refused ten times")


async def have(store: Store, *names: str) -> None:
    await store.commit(Write(rows=[Counter(name=name, value=1) for name in names]))


async def value_of(name: str) -> int:
    return int((await Counter.get(name=name)).value)


async def test_a_locked_row_is_refused_to_whoever_wants_it_and_all_others_are_written(
    postgres: str, store: Store
) -> None:
    await have(store, "locked", *"abcdefgh")
    seen: list[tuple[int, float, int]] = []
    store.watch = seen.append
    async with somebody(postgres, lock("locked")):
        for _ in range(3):
            refused, *others = await all_of(store, counted("locked"), *map(counted, "abcdefgh"))
            assert isinstance(refused, Locked)
            assert int(refused.headers["Retry-After"]) > 0
            assert others == [None] * 8
            await store.readiness.require()
    assert sum(refused for _, _, refused in seen) == 3
    await store.commit(counted("locked"))
    assert await value_of("locked") == 2


async def test_of_hundreds_who_want_a_locked_row_each_is_refused_and_nobody_waits_for_their_number(
    postgres: str, store: Store
) -> None:
    """A slot that all of the city wants, and whose row a stopped process holds."""
    await have(store, "locked", *"abc")
    async with somebody(postgres, lock("locked")):
        results = await all_of(store, *[counted("locked")] * 400, *map(counted, "abc"))
    assert [type(one) for one in results] == [Locked] * 400 + [type(None)] * 3


async def test_whoever_waits_for_a_moment_for_a_lock_is_written(postgres: str, store: Store) -> None:
    await have(store, "locked")
    async with somebody(postgres, lock("locked")):
        waiting = asyncio.create_task(store.commit(counted("locked")))
        while not store._aside.waiting and not store._aside.trying:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.01)
    await waiting
    assert await value_of("locked") == 2


async def test_a_locked_table_is_refused_to_whoever_writes_to_it_and_others_write_elsewhere(
    postgres: str, store: Store
) -> None:
    """As a backup has it that takes tables as they are, or somebody who adds an index."""
    await have(store, "a", "b")
    async with somebody(postgres, "LOCK TABLE banshi_outbox IN SHARE MODE"):
        for number in range(2):
            refused = [promised(f"{number}-{name}") for name in "abcdef"]
            results = await all_of(store, *refused, counted("a"), counted("b"))
            assert [type(one) for one in results] == [Locked] * 6 + [type(None)] * 2
            await store.readiness.require()
    await store.commit(promised("0-a"))
    assert await OutboxRow.all().count() == 1


async def test_a_backup_holds_up_nobody_and_a_change_that_waits_for_it_those_alone_who_write_to_its_table(
    postgres: str, store: Store
) -> None:
    """pg_dump reads its tables to the end; whoever comes after a change that stands in line stands behind it."""
    await have(store, "a", "b")
    async with somebody(postgres, "LOCK TABLE banshi_outbox, banshi_counter IN ACCESS SHARE MODE") as backup:
        assert await all_of(store, promised("before"), counted("a")) == [None] * 2
        async with somebody(postgres) as changing:
            change = asyncio.create_task(changing.execute("LOCK TABLE banshi_outbox IN ACCESS EXCLUSIVE MODE"))
            await until(lambda: backup.fetchval(IN_LINE))
            refused, other = await all_of(store, promised("behind"), counted("b"))
            assert isinstance(refused, Locked)
            assert other is None
            change.cancel()
            await asyncio.gather(change, return_exceptions=True)
    await store.commit(promised("behind"))


async def test_what_the_writer_says_of_a_transaction_ends_with_it(store: Store) -> None:
    """Behind a pooler the session is somebody else's then."""
    await asyncio.gather(*(store.commit(promised(str(number))) for number in range(20)))
    shown = await asyncio.gather(*(store.connection.execute_query_dict("SHOW lock_timeout") for _ in range(20)))
    assert {row["lock_timeout"] for (row,) in shown} == {"0"}


async def test_a_pooler_that_was_not_told_of_the_limits_refuses_them_and_without_them_lets_in(postgres: str) -> None:
    with pooled(postgres, ignored="") as pooler:
        await refused(open_store(f"{pooler}?statement_timeout=30000", {}), "statement_timeout")
        async with open_store(pooler, {}) as store:
            await store.commit(promised("one"))


async def test_a_key_that_somebody_else_is_writing_is_waited_for_and_then_refused(postgres: str, store: Store) -> None:
    new = "INSERT INTO banshi_counter (name, value) VALUES ('new', 1)"
    async with somebody(postgres, new):
        refused, other = await all_of(store, Write(rows=[Counter(name="new", value=9)]), promised("other"))
        assert isinstance(refused, Locked)
        assert other is None
    with pytest.raises(IntegrityError):
        await store.commit(Write(rows=[Counter(name="new", value=9)]))


async def test_two_processes_each_of_which_holds_what_the_other_wants_both_go_on(address: str, store: Store) -> None:
    await have(store, "a", "b")
    async with open_store(address, {}) as other:
        for _ in range(10):
            ahead, back = counted("a", "b"), counted("b", "a")
            await asyncio.gather(*(insisted(*one) for one in [(store, ahead), (other, back)] * 8))
    assert [await value_of(name) for name in "ab"] == [2, 2]


async def test_of_a_deadlock_that_postgresql_ends_nobody_hears(
    postgres: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mostly we give up before it sees one; where its `deadlock_timeout` is short, it is first."""
    await have(store, *"abcd")
    real, ended = store._transaction, [2]

    async def ends(writes: list[Write], wait_ms: int) -> Any:
        if ended[0] and any(update.where["name"] == "a" for write in writes for update in write.updates):
            ended[0] -= 1
            raise OperationalError(asyncpg.DeadlockDetectedError("deadlock detected"))
        return await real(writes, wait_ms)

    monkeypatch.setattr(store, "_transaction", ends)
    assert await all_of(store, *map(counted, "abcd")) == [None] * 4
    assert [await value_of(name) for name in "abcd"] == [2] * 4


async def test_a_row_that_is_locked_again_and_again_refuses_nobody_else(postgres: str, store: Store) -> None:
    await have(store, "locked", *"abcd")
    over = asyncio.Event()

    async def again() -> None:
        while not over.is_set():
            async with somebody(postgres, lock("locked")):
                await asyncio.sleep(0.4)
            await asyncio.sleep(0.05)

    async def insist(name: str) -> None:
        for _ in range(12):
            try:
                await store.commit(counted(name))
            except Locked:
                assert name == "locked"
            await asyncio.sleep(0.05)

    locking = asyncio.create_task(again())
    await asyncio.gather(*map(insist, ["locked", *"abcd"]))
    over.set()
    await locking


async def test_a_number_whose_counter_is_locked_is_refused_and_says_so(postgres: str, store: Store) -> None:
    assert [await store.take_number("case"), await store.take_number("case")] == [1, 2]
    async with somebody(postgres, lock("case")):
        with pytest.raises(Locked):
            await store.take_number("case")
    assert await store.take_number("case") == 3


async def test_what_waits_for_a_lock_while_the_store_closes_is_told_that_it_was_not_written(
    postgres: str, store: Store
) -> None:
    await have(store, "locked")
    async with somebody(postgres, lock("locked")):
        async with open_store(postgres, {}) as closing:
            writing = asyncio.create_task(closing.commit(counted("locked")))
            await asyncio.sleep(0)
        with pytest.raises(NotBegun):
            await writing


# On either database


@pytest.mark.sqlite
async def test_a_file_that_another_process_writes_to_is_refused_with_the_reason(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "banshi.sqlite3"
    async with open_store(f"sqlite://{file}?busy_timeout=100", {}) as store:
        other = sqlite3.connect(file, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Locked):
                await store.commit(promised("one"))
            with pytest.raises(Unavailable):
                await store.readiness.require()
            other.execute("ROLLBACK")
        finally:
            other.close()
        await store.readiness.require()
        await store.commit(promised("one"))


async def test_a_writer_that_stands_still_is_not_ready(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a synchronous standby that is gone: PostgreSQL confirms no commit, however long."""
    monkeypatch.setattr(readiness, "ANSWER_TIMEOUT_S", 0.3)
    async with open_store(database, {}) as store:
        monkeypatch.setattr(readiness, "ANSWER_TIMEOUT_S", 30)
        await store.readiness.require()
        monkeypatch.setattr(readiness, "ANSWER_TIMEOUT_S", 0.3)
        real, go = store._transaction, asyncio.Event()

        async def stands(*given: Any) -> Any:
            await go.wait()
            return await real(*given)

        monkeypatch.setattr(store, "_transaction", stands)
        writing = asyncio.create_task(store.commit(promised("one")))
        with pytest.raises(Unavailable, match="synchronous standby"):
            await store.readiness.require()
        go.set()
        await writing
        monkeypatch.setattr(readiness, "ANSWER_TIMEOUT_S", 30)
        await store.readiness.require()


async def test_what_its_caller_has_left_before_it_began_is_not_written(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(database, {}) as store:
        real, begun, go = store._transaction, asyncio.Event(), asyncio.Event()

        async def stands(*given: Any) -> Any:
            begun.set()
            await go.wait()
            return await real(*given)

        monkeypatch.setattr(store, "_transaction", stands)
        first = asyncio.create_task(store.commit(promised("first")))
        await begun.wait()
        left, stayed = (asyncio.create_task(store.commit(promised(name))) for name in ("left", "stayed"))
        caller = asyncio.create_task(asyncio.sleep(3600))
        for_caller = promised("for whom has left")
        for_caller.caller = caller
        apart = asyncio.create_task(store.commit(for_caller))
        await asyncio.sleep(0)
        for one in (first, left, caller):
            one.cancel()
        go.set()
        await stayed
        with pytest.raises(NotBegun):
            await apart
        assert set(await OutboxRow.all().values_list("dedup", flat=True)) == {"first", "stayed"}


async def test_the_metrics_have_each_group_of_writes_and_whom_a_lock_refused(postgres: str, tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": postgres}) as door:
        store = door.platform.store
        await have(store, "locked")
        async with somebody(postgres, lock("locked")):
            assert isinstance((await all_of(store, counted("locked")))[0], Locked)
        said = (await door.anyone.get("/metrics")).body.decode()
        assert "banshi_writes_locked_total 1.0" in said
        assert float(said.partition("banshi_written_group_writes_count ")[2].splitlines()[0]) > 1
        assert "banshi_written_group_seconds_bucket" in said
