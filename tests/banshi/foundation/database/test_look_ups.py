"""Rows that are looked up together: each gets its own, of the moment in which it asked or later."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tortoise.exceptions import DBConnectionError

from banshi.foundation.database.bulk import MANY
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Write
from banshi.kernel.http.idempotency import SQL
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.look_ups import LookUps

AT = "2026-11-27T01:02:03+00:00"


def answer(identity: str) -> IdempotencyKey:
    return IdempotencyKey(
        id=identity, fingerprint=f"of {identity}", status=201, headers={}, body="{}", created_at=AT, person="wang"
    )


def counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that read stored answers."""
    seen: list[str] = []
    client = type(store.connection)
    whole = client.execute_query_dict

    async def watched(self: Any, query: str, values: Any = None) -> Any:
        seen.extend([query] if "FROM banshi_idempotency_key" in query else [])
        return await whole(self, query, values)

    monkeypatch.setattr(client, "execute_query_dict", watched)
    return seen


async def test_fifty_that_ask_at_once_are_answered_by_one_statement_each_with_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.commit(Write(rows=[answer(str(number)) for number in range(0, 50, 2)]))
    statements, answers = counted(store, monkeypatch), LookUps(store, SQL)
    found = await asyncio.gather(*(answers.find(str(number)) for number in range(50)))
    assert [row and row["fingerprint"] for row in found] == [
        None if number % 2 else f"of {number}" for number in range(50)
    ]
    assert len(statements) == 1


async def test_what_was_written_before_somebody_asks_is_found_however_many_ask_meanwhile(store: Store) -> None:
    """The read that is under way is too old for who comes now: they wait for the next one."""
    answers = LookUps(store, SQL)

    async def writes_then_asks(number: int) -> None:
        identity = f"key-{number}"
        assert await answers.find(identity) is None
        await store.commit(Write(rows=[answer(identity)]))
        row = await answers.find(identity)
        assert row is not None
        assert row["fingerprint"] == f"of {identity}"

    await asyncio.gather(*(writes_then_asks(number) for number in range(100)))


async def test_who_hangs_up_takes_the_answer_from_nobody(store: Store) -> None:
    await store.commit(Write(rows=[answer("one")]))
    answers = LookUps(store, SQL)
    waiting = [asyncio.ensure_future(answers.find("one")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert [row and row["status"] for row in await asyncio.gather(*waiting[1:])] == [201, 201]


async def test_where_many_ask_those_who_come_a_moment_later_are_in_the_same_statement(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements, answers = counted(store, monkeypatch), LookUps(store, SQL)
    monkeypatch.setattr("banshi.foundation.database.bulk.GATHER_S", 0.05)
    await asyncio.gather(*(answers.find(str(number)) for number in range(MANY)))
    first = asyncio.ensure_future(answers.find("first"))
    await asyncio.sleep(0.001)
    await asyncio.gather(first, *(answers.find(str(number)) for number in range(5)))
    assert len(statements) == 2


async def test_whoever_asks_alone_waits_for_nobody(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.commit(Write(rows=[answer("one")]))
    statements, answers = counted(store, monkeypatch), LookUps(store, SQL)
    monkeypatch.setattr("banshi.foundation.database.bulk.GATHER_S", 3600)
    async with asyncio.timeout(30):
        alone = [await answers.find("one") for _ in range(3)]
        few = await asyncio.gather(*(answers.find(str(number)) for number in range(MANY - 1)))
        after = await answers.find("one")
    assert [row and row["status"] for row in (*alone, after)] == [201] * 4
    assert few == [None] * (MANY - 1)
    assert len(statements) == 5


async def test_a_database_that_fails_is_told_to_each_and_asked_again_by_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.commit(Write(rows=[answer("one")]))
    answers = LookUps(store, SQL)

    async def gone(*_: Any) -> Any:
        raise DBConnectionError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(type(store.connection), "execute_query_dict", gone)
        told = await asyncio.gather(*(answers.find(one) for one in ("one", "two", "one")), return_exceptions=True)
        assert [type(one) for one in told] == [DBConnectionError] * 3
    row = await answers.find("one")
    assert row is not None
