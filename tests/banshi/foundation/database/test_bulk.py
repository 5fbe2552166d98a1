"""Rows that go in one statement are what they would be one by one, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from tortoise.exceptions import ValidationError
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from banshi.builtin.passes.models import Counter
from banshi.foundation.database import bulk
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.tables import Tables
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.query.models import Batch

AT = "2026-11-26T01:02:03.456789+08:00"

#: What a text may be without being what its marks mean to an array, to JSON or to SQL.
TEXTS = ["", "王小明", 'a "b" {c}', "1,2", "back\\slash", "NULL", "it's", "$1", "行\n一"]


def case(**changes: Any) -> Case:
    values = {
        "id": uuid7(),
        "number": uuid4().hex[:20],
        "item": "zone-pass",
        "item_version": 1,
        "kind": "application",
        "department": "traffic",
        "state": "submitted",
        "person": "wang",
        "answers": {},
        "created_at": AT,
        "updated_at": AT,
    }
    return Case(**{**values, **changes})


def step(of: Case, **values: Any) -> Write:
    """The next step of a case, conditional on its version."""
    return Write([Update(Case, {"id": of.id, "version": of.version}, {"version": of.version + 1, **values})])


#: With a table whose keys the database makes.
TABLES = {"query": Tables(models="banshi.kinds.query.models", migrations="banshi.kinds.query.migrations")}


def batch(file: str, **more: Any) -> Batch:
    return Batch(register="plates", file=file, as_of=AT, started_at=AT, sample=True, key_id="1", **more)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The changes of cases that the database is sent."""
    from banshi.foundation.database.postgres import Translated
    from banshi.foundation.database.sqlite import Transaction

    seen: list[str] = []
    for client in (Translated, Transaction):
        for name in ("execute_query", "execute_query_dict"):
            whole = getattr(client, name)

            async def watched(self: Any, query: str, values: Any = None, whole: Any = whole) -> Any:
                seen.extend([query] if 'UPDATE "banshi_case"' in query else [])
                return await whole(self, query, values)

            monkeypatch.setattr(client, name, watched)
    return seen


async def test_rows_written_together_read_as_they_were_given(store: Store) -> None:
    given = [
        case(person_name=text, answers={"字": text, "空": None, "表": [1, 2.5, True]}, clock_allowed=number or None)
        for number, text in enumerate(TEXTS)
    ]
    await store.commit(Write(rows=given))
    found = await bulk.fetch(store.connection, Case, [row.id for row in given])
    assert [found[row.id].person_name for row in given] == TEXTS
    assert [found[row.id].answers for row in given] == [row.answers for row in given]
    assert [found[row.id].clock_allowed for row in given] == [None, *range(1, len(TEXTS))]
    one = await Case.get(id=given[1].id)
    assert dict(one) == dict(found[one.id])
    assert one.created_at.isoformat() == "2026-11-25T17:02:03.456789+00:00"


async def test_rows_of_which_some_leave_a_column_to_its_default_are_written_all_the_same(store: Store) -> None:
    given = [case(), case(mode="test"), case(), case(mode="team")]
    await store.commit(Write(rows=given))
    found = await bulk.fetch(store.connection, Case, [row.id for row in given])
    assert [found[row.id].mode for row in given] == ["live", "test", "live", "team"]


async def test_rows_whose_keys_the_database_makes_go_together_in_their_order(database: str) -> None:
    async with open_store(database, TABLES) as store:
        given = [batch(f"{number}.csv") for number in range(50)]
        statements = bulk.insertions(store.dialect, Batch, given) or []
        # A power of two on SQLite, for the sake of its plans: 32, 16 and 2.
        assert len(statements) == (3 if store.dialect == "sqlite" else 1)
        await store.commit(Write(rows=given))
        assert [one.file for one in await Batch.all().order_by("id")] == [one.file for one in given]
        await store.commit(Write(rows=[batch("kept.csv", id=7_000), batch("next.csv")]))
        assert (await Batch.get(file="kept.csv")).id == 7_000
        assert await Batch.filter(file="next.csv").count() == 1


async def test_a_text_that_is_too_long_is_refused_and_not_cut(store: Store) -> None:
    async with in_transaction() as connection:
        with pytest.raises(ValidationError):
            await bulk.insert(connection, Case, [case(), case(state="x" * 33)])


async def test_fifty_steps_of_fifty_cases_go_in_one_statement(store: Store, statements: list[str]) -> None:
    cases = [case() for _ in range(50)]
    await store.commit(Write(rows=cases))
    await asyncio.gather(*(store.commit(step(one, state=f"state-{n}", reason=None)) for n, one in enumerate(cases)))
    found = await bulk.fetch(store.connection, Case, [one.id for one in cases])
    assert [(found[one.id].state, found[one.id].version) for one in cases] == [(f"state-{n}", 2) for n in range(50)]
    assert len(statements) == 1


async def test_more_steps_than_one_statement_of_sqlite_takes_are_all_made(store: Store) -> None:
    cases = [case() for _ in range(bulk.MAX_CHANGED_ROWS + 3)]
    await store.commit(Write(rows=cases))
    changes = [({"id": one.id, "version": 1}, {"version": 2, "state": f"s-{n}"}) for n, one in enumerate(cases)]
    async with in_transaction() as connection:
        found = await bulk.update(connection, Case, (("id", "version"), ("version", "state")), changes)
        assert found == {one.id for one in cases}
        assert not await bulk.update(connection, Case, (("id", "version"), ("version", "state")), changes)
    rows = await bulk.fetch(store.connection, Case, [one.id for one in cases])
    assert [rows[one.id].state for one in cases] == [f"s-{n}" for n in range(len(cases))]


async def test_the_one_step_among_many_that_is_stale_fails_alone_with_all_of_its_rows(store: Store) -> None:
    cases = [case() for _ in range(20)]
    await store.commit(Write(rows=cases))
    await Case.filter(id=cases[7].id).update(version=9)
    writes = [step(one, state="accepted") for one in cases]
    for write, one in zip(writes, cases, strict=True):
        write.rows = [OutboxRow(consumer="test", topic="test", payload={}, dedup=str(one.id))]
    done = await asyncio.gather(*(store.commit(write) for write in writes), return_exceptions=True)
    assert [type(failure) for failure in done] == [type(None)] * 7 + [Stale] + [type(None)] * 12
    assert await Case.filter(state="accepted").count() == 19
    assert await OutboxRow.all().count() == 19


async def test_of_two_steps_of_one_case_at_once_the_second_goes_by_what_the_first_has_made(store: Store) -> None:
    one, other = case(), case()
    await store.commit(Write(rows=[one, other]))
    again = Write([Update(Case, {"id": one.id, "version": 2}, {"version": 3})])
    twice = Write([Update(Case, {"id": one.id, "version": 1}, {"version": 2})])
    done = await asyncio.gather(
        *(store.commit(write) for write in (step(one), step(other), again, twice)), return_exceptions=True
    )
    assert [type(failure) for failure in done] == [type(None), type(None), type(None), Stale]
    assert (await Case.get(id=one.id)).version == 3


async def test_steps_of_other_shapes_and_steps_that_count_stand_beside_each_other(store: Store) -> None:
    from tortoise.expressions import F

    cases = [case() for _ in range(4)]
    await store.commit(Write(rows=[*cases, Counter(name="n", value=1)]))
    writes = [
        step(cases[0], state="a"),
        step(cases[1], state="b"),
        step(cases[2], due_on="2027-01-01"),
        Write([Update(Counter, {"name": "n"}, {"value": F("value") + 1})]),
        Write([Update(Case, {"id": cases[3].id, "version__lt": 2}, {"state": "c"})]),
        Write([Update(Case, {"id__in": [cases[3].id], "version": 5}, {"state": "never"})]),
    ]
    done = await asyncio.gather(*(store.commit(write) for write in writes), return_exceptions=True)
    assert [type(failure) for failure in done] == [type(None)] * 5 + [Stale]
    assert await Case.filter(state__in=["a", "b", "c"]).count() == 3
    assert (await Counter.get(name="n")).value == 2


async def test_a_step_of_a_row_that_is_another_s_by_reference_asks_by_its_column(store: Store) -> None:
    one, other = case(), case()
    events = [
        CaseEvent(case_id=of.id, version=1, at=AT, action="submit", state_before="", state="submitted", actor="citizen")
        for of in (one, other)
    ]
    await store.commit(Write(rows=[one, other, *events]))
    writes = [Write([Update(CaseEvent, {"id": e.id, "case_id": e.case_id}, {"details": {"x": 1}})]) for e in events]
    await asyncio.gather(*(store.commit(write) for write in writes))
    assert [row.details for row in await CaseEvent.all()] == [{"x": 1}] * 2


async def test_what_is_not_there_is_left_out(store: Store) -> None:
    assert await bulk.fetch(store.connection, Case, []) == {}
    there = [case() for _ in range(300)]
    await store.commit(Write(rows=there))
    asked = [one.id for one in there] + [uuid4() for _ in range(300)]
    assert set(await bulk.fetch(store.connection, Case, asked)) == {one.id for one in there}


async def test_rows_of_some_columns_read_as_a_query_for_these_gives_them(store: Store) -> None:
    reason = {"zh-CN": "请补充", "en": "Add it"}
    await store.commit(Write(rows=[case(reason=reason), case(clock_allowed=5, state="accepted")]))
    names = ["id", "number", "state", "reason", "clock_allowed", "urgency", "created_at"]
    rows = await store.connection.execute_query_dict(f"SELECT {', '.join(names)} FROM banshi_case ORDER BY id")  # noqa: S608
    expected = await Case.all().order_by("id").only(*names)
    made = bulk.made(Case, rows)
    assert [[getattr(one, name) for name in names] for one in made] == [
        [getattr(one, name) for name in names] for one in expected
    ]
    assert [one.reason for one in made if one.reason] == [reason]
    with pytest.raises(AttributeError):
        made[0].answers  # noqa: B018
    assert bulk.made(Case, []) == []


async def test_a_table_of_values_has_them_as_they_are(store: Store) -> None:
    listed, given = store.table(("varchar", TEXTS), ("bigint", list(range(len(TEXTS)))))
    sql = f"WITH t(a, b) AS ({listed}) SELECT a, b FROM t ORDER BY b"  # noqa: S608 - marks, not values
    rows = await store.connection.execute_query_dict(sql, given)
    assert [(row["a"], row["b"]) for row in rows] == [(text, number) for number, text in enumerate(TEXTS)]


async def test_a_session_that_comes_back_in_the_middle_of_a_transaction_is_rolled_back(postgres: str) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # asyncpg says so there
    async with open_store(postgres, {}) as store:
        pool: Any = store.connection._pool  # type: ignore[attr-defined]
        async with pool.acquire() as session:
            await session.execute("BEGIN")
            await session.execute("INSERT INTO banshi_counter VALUES ('left', 1)")
        for _ in range(20):
            async with pool.acquire() as session:
                assert not session.is_in_transaction()
        assert not await Counter.filter(name="left").exists()


async def test_a_row_is_one_row_however_its_key_is_written(store: Store) -> None:
    """As a UUID, as text, in capitals: of two that are conditional on one version one wins, with all of its rows."""
    one, other = case(), case()
    capitals = str(one.id) if store.dialect == "sqlite" else str(one.id).upper()  # SQLite's are texts
    await store.commit(Write(rows=[one, other]))
    writes = [
        Write([Update(Case, {"id": capitals, "version": 1}, {"version": 2})], [promise("capitals")]),
        Write([Update(Case, {"id": other.id, "version": 1}, {"version": 2})], [promise("uuid")]),
        Write([Update(Case, {"id": str(other.id), "version": 1}, {"version": 2})], [promise("text")]),
    ]
    done = await asyncio.gather(*(store.commit(write) for write in writes), return_exceptions=True)
    assert [type(failure) for failure in done] == [type(None), type(None), Stale]
    assert {row.dedup for row in await OutboxRow.all()} == {"capitals", "uuid"}


def promise(name: str) -> OutboxRow:
    return OutboxRow(consumer="test", topic="test", payload={}, dedup=name)


def test_a_model_whose_rows_arrays_can_not_carry_is_written_row_by_row() -> None:
    from tortoise import fields
    from tortoise.contrib.postgres.fields import ArrayField
    from tortoise.models import Model

    class Listing(Model):
        id = fields.UUIDField(primary_key=True)
        numbers: Any = ArrayField()

    class Counted(Model):
        id = fields.BigIntField(primary_key=True)

    assert bulk.shape(Listing, {"id": 1}, {"numbers": [2]}) is None
    assert bulk.shape(Counted, {"id": 1}, {"id": 2}) is None
    assert bulk.shape(Case, {"id": 1}, {"version": 2}) is not None
