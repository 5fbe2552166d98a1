"""What is changed all the time has room for it in PostgreSQL, and tells few of its changes to an index (HOT)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.monitoring import outbox_rows
from banshi.foundation.database.opening import open_store
from banshi.kernel.outbox import outbox
from tests.banshi.foundation.database.postgres.queues import PUSH, Work, chunks, promises
from tests.harness.borrowed import connected

CHANGES = (
    "SELECT n_tup_upd AS changed, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE schemaname = $1 AND relname = $2"
)


async def told(postgres: str, table: str, work: Work, rows: int, *, end: bool) -> tuple[int, int]:
    """How many changes there were, and how many of them no index heard of."""
    given = (postgres.partition("schema=")[2].partition("&")[0], table)
    async with connected(postgres.partition("?")[0]) as connection, asyncio.timeout(30):
        # The schema may have been an earlier test's.
        before = await connection.fetchrow(CHANGES, *given)
        async with open_store(postgres, {"mobile_push": PUSH}) as store:
            doing = work(store, rows, rows)
            expected = await anext(doing)
            if end:
                expected = await anext(doing)
        # A connection counts what it did once it ends.
        while (row := await connection.fetchrow(CHANGES, *given))["changed"] < before["changed"] + expected:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return row["changed"] - before["changed"], row["hot"] - before["hot"]


BOTH = pytest.mark.parametrize(("table", "work"), [("banshi_outbox", promises), ("push_chunk", chunks)])


@BOTH
async def test_of_the_changes_of_a_row_only_the_last_is_told_to_an_index(postgres: str, table: str, work: Work) -> None:
    """That one takes it out of what is due."""
    changed, hot = await told(postgres, table, work, 4, end=True)
    assert hot == changed - 4


@BOTH
async def test_hundreds_that_come_together_have_room_to_be_claimed(postgres: str, table: str, work: Work) -> None:
    """Also where nothing that is dead can go, since somebody's transaction has been open since before."""
    changed, hot = await told(postgres, table, work, 400, end=False)
    assert hot / changed > 0.95


@pytest.mark.sqlite
async def test_sqlite_finds_what_is_not_over_by_an_index_that_has_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads a partial index for statements alone that say what the index is of, word for word."""
    sent: list[tuple[str, Any]] = []
    async with open_store(f"sqlite://{tmp_path / 'banshi.sqlite3'}", {}) as store:
        ask = store.connection.execute_query_dict

        async def noted(sql: str, values: Any = None) -> Any:
            sent.append((sql, values))
            return await ask(sql, values)

        async for _ in promises(store, 2, 1):
            break
        with monkeypatch.context() as patched:
            patched.setattr(store.connection, "execute_query_dict", noted)
            assert await outbox.counts(store) == {("intake", "due"): 2}
            assert await outbox.seconds_to_next(store, "intake") < 0  # type: ignore[operator]
            assert len(await outbox_rows.page(store, limit=5)) == 2
        for sql, values in sent:
            plan = str([row["detail"] for row in await ask(f"EXPLAIN QUERY PLAN {sql}", values)])
            assert "banshi_outbox_open" in plan
