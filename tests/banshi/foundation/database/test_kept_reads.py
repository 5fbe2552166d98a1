"""Statements that are made once read what Tortoise reads, and outlive whatever is done to their tables meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count, product
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tortoise.models import Model
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from banshi.builtin.cases.routes import TIMELINE
from banshi.foundation.database import bulk
from banshi.foundation.database.bulk import Asked
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.postgres import Translated
from banshi.foundation.database.sqlite import Turns
from banshi.foundation.database.writes import Write
from banshi.foundation.encryption.sealing import LITERAL, SEALED
from banshi.kernel.cases.representations import SUMMARY
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.testing import Door, open_door
from tests.conftest import good_answers
from tests.harness.borrowed import connected
from tests.harness.encrypted import ring_in
from tests.harness.memory.prepared import make_schema
from tests.places import TRAFFIC
from tests.tries import tries

AT = datetime(2026, 11, 26, 1, 2, 3, 456_789, UTC)

NUMBERS = count(1)

TEXTS = st.one_of(
    st.sampled_from(["", f"{SEALED}x", f"{LITERAL}x", '{"a"', "[1", "it's", "$1 ?1"]),
    st.text(st.characters(exclude_categories=["C"]), max_size=9),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))

#: Of every kind and in every state, also of a kind and in a state that no plugin has.
CASES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["application", "appeal", "appointment", "posting", "query", "gone"]),
        "state": st.sampled_from(["submitted", "accepted", "returned", "withdrawn", "closed", "leaving"]),
        "unit": st.sampled_from(["", "zone-office"]),
        "person": st.sampled_from(["wang", "李", "", f"{SEALED}x"]),
        "person_name": TEXTS,
        "answers": st.dictionaries(TEXTS, JSON, max_size=3),
        "reason": st.one_of(st.none(), st.fixed_dictionaries({"zh-CN": TEXTS, "en": TEXTS})),
        "clock_allowed": st.one_of(st.none(), st.integers(0, 60)),
        "clock_since": st.one_of(st.none(), st.dates(date(2000, 1, 1), date(2100, 1, 1))),
        "due_provisional": st.booleans(),
        "renews": st.one_of(st.none(), st.uuids()),
        "mode": st.sampled_from(["live", "test", "team"]),
        "created_at": MOMENTS,
        "updated_at": MOMENTS,
    }
)


def case(**values: Any) -> Case:
    of_all = {"item": "zone-pass", "item_version": 1, "kind": "application", "department": "traffic"}
    of_all |= {"state": "submitted", "person": "wang", "answers": {}, "created_at": AT, "updated_at": AT}
    return Case(**{**of_all, "id": uuid7(), "number": f"N{next(NUMBERS)}", **values})


def step(of: Case, version: int) -> CaseEvent:
    told = {"reason": of.reason, "details": {"fields": of.answers}, "actor": "citizen", "actor_id": of.person}
    return CaseEvent(case_id=of.id, version=version, at=AT, action="submit", state_before="", state=of.state, **told)


def columns(rows: Sequence[Model], names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What rows have, with the types."""
    return [
        {name: (type(value := getattr(row, name)), value) for name in names or row._meta.fields_db_projection}
        for row in rows
    ]


def made_at_random() -> list[dict[str, Any]]:
    """Cases, for a loop that is running already: each is made before one is looked at."""
    made: list[dict[str, Any]] = []

    @settings(max_examples=tries(80, 800), database=None)
    @given(CASES)
    def make(values: dict[str, Any]) -> None:
        made.append(values)

    make()
    return made


# -- what Tortoise reads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sealed", [False, True])
async def test_a_case_is_read_as_tortoise_reads_it_whatever_is_in_it(
    database: str, tmp_path: Path, sealed: bool
) -> None:
    async with open_store(database, {}, personal=ring_in(tmp_path) if sealed else None) as store:
        for values in made_at_random():
            row = case(**values)
            await store.commit(Write(rows=[row, step(row, 2), step(row, 1)]))
            whole, few, steps = await bulk.read(
                Asked(Case, {"id": row.id}),
                Asked(Case, {"id": str(row.id)}, only=SUMMARY),
                Asked(CaseEvent, {"case_id": row.id}, "version", only=TIMELINE),
            )
            by_tortoise = [await Case.get(id=row.id)]
            assert columns(whole) == columns(by_tortoise)
            assert columns(few, SUMMARY) == columns(by_tortoise, SUMMARY)
            assert not hasattr(few[0], "answers")
            in_order = await CaseEvent.filter(case_id=row.id).order_by("version")
            assert columns(steps, TIMELINE) == columns(in_order, TIMELINE)


async def test_rows_come_in_the_order_and_number_that_is_asked_for(database: str) -> None:
    async with open_store(database, {}) as store:
        rows = [case(person=f"citizen-{number % 3}", state=("submitted", "closed")[number % 2]) for number in range(30)]
        await store.commit(Write(rows=rows))
        middle = rows[15].id
        for where in ({"person": "citizen-1"}, {"person": "citizen-1", "state": "closed"}, {"person": "nobody"}):
            for more in ({}, {"id__lt": middle}, {"id__gt": middle}):
                for order, most in (("-id", 4), ("id", 0), ("-created_at", 1)):
                    (found,) = await bulk.read(Asked(Case, {**where, **more}, order, most))
                    wanted = Case.filter(**where, **more).order_by(order)
                    wanted = wanted.limit(most) if most else wanted
                    # Of those that are equal in its order, a database gives any.
                    assert len(found) == len(await wanted)
                    assert order == "-created_at" or found == await wanted


async def test_within_a_transaction_its_own_rows_are_read(database: str) -> None:
    async with open_store(database, {}):
        row = case()
        async with in_transaction() as connection:
            await Case.bulk_create([row], using_db=connection)
            (found,) = await bulk.read(Asked(Case, {"id": row.id}))
            assert [one.number for one in found] == [row.number]
            await connection.rollback()
        (found,) = await bulk.read(Asked(Case, {"id": row.id}))
        assert not found


# -- over HTTP ----------------------------------------------------------------------------------------------------


async def handed_in(door: Door) -> dict[str, Any]:
    wang = door.citizen("wang")
    posted = await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)}, key=uuid4().hex)
    made: dict[str, Any] = posted.created()
    await door.settled()
    return made


async def read_all(door: Door, made: dict[str, Any]) -> list[Any]:
    """Whatever is read by statements that are made once."""
    wang, staff = door.citizen("wang"), door.staff("officer", "traffic:reviewer")
    shown = (await wang.get(made["links"]["self"])).ok()
    assert [one["action"] for one in shown["timeline"]] == ["submit", "accept"]
    assert len(shown["attachments"]) == 2
    lists = [
        (await reader.get(path)).ok()["items"]
        for path, reader in {"/v1/cases": wang, "/v1/inbox": wang, "/v1/worklist": staff}.items()
    ]
    assert [len(one) for one in lists] == [1, 1, 1]
    return [shown, *lists]


async def step_back(door: Door, made: dict[str, Any]) -> None:
    moved = await door.citizen("wang").post(f"{made['links']['self']}/actions/withdraw", {}, key=uuid4().hex)
    assert moved.ok()["state"] == "withdrawn"


PLUGINS: dict[str, Any] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The values of each turn of a database."""
    seen: list[list[str]] = []
    for client, name in product((Turns, Translated), ("together", "execute_query", "execute_query_dict")):
        whole = getattr(client, name)

        async def watched(self: Any, asked: Any, *values: Any, whole: Any = whole) -> Any:
            statements = [(asked, *values)] if isinstance(asked, str) else asked
            seen.append([str(value) for _, *given in statements for value in (*given, ())[0] or ()])
            return await whole(self, asked, *values)

        monkeypatch.setattr(client, name, watched)
    return seen


async def test_a_case_is_read_in_one_turn_of_the_database(
    tmp_path: Path, database: str, turns: list[list[str]]
) -> None:
    async with open_door(tmp_path, PLUGINS, platform={"database": database}) as door:
        made = await handed_in(door)
        turns.clear()
        (await door.citizen("wang").get(made["links"]["self"])).ok()
        about_it = [values for values in turns if made["id"] in values]
        assert about_it == [[made["id"], made["id"], made["id"], "1", made["id"]]]


async def test_of_a_case_that_one_may_not_see_nothing_is_opened(tmp_path: Path, database: str) -> None:
    given = {"database": database, "personal_keys": ring_in(tmp_path)}
    async with open_door(tmp_path, PLUGINS, platform=given) as door:
        made = await handed_in(door)
        mark = door.platform.store.placeholders(1)[0]
        for table, column in (("banshi_attachment", "name"), ("banshi_case_event", "reason")):
            sql = f'UPDATE "{table}" SET "{column}" = {mark}'  # noqa: S608 - our own names
            stored = f"{SEALED}00000000:AAAA"
            value = f'"{stored}"' if column == "reason" else stored
            await door.platform.store.connection.execute_query(sql, [value])
        path, none = made["links"]["self"], f"/v1/cases/{uuid7()}"
        assert (await door.citizen("wang").get(path)).status == 500
        for other in (door.citizen("li"), door.staff("elsewhere", "fire:reviewer")):
            strange, missing = await other.get(path), await other.get(none)
            assert (strange.status, strange.body) == (missing.status, missing.body)
            assert strange.status == 404


async def test_a_table_that_changes_under_statements_that_are_kept_is_no_error_to_anybody(
    tmp_path: Path, postgres_server: str
) -> None:
    async with connected(postgres_server) as connection:
        schema = await make_schema(connection, postgres_server)
        await connection.execute(f"SET search_path TO {schema}")
        given = {"database": f"{postgres_server}?schema={schema}", "pool": {"least": 1, "most": 1}}
        async with open_door(tmp_path, PLUGINS, platform=given) as door:
            made = await handed_in(door)
            before = [await read_all(door, made) for _ in range(2)]
            await change(connection)
            assert [await read_all(door, made)] * 2 == before
            await step_back(door, made)
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")


async def change(connection: Any) -> None:
    """Add columns and widen others, as a new version does; whoever keeps a statement is told so by PostgreSQL."""
    kept = await connection.prepare("SELECT unit FROM banshi_case")
    await kept.fetch()
    tables = {"banshi_case": "unit", "banshi_case_event": "action", "banshi_attachment": "media_type"}
    for table, column in {**tables, "push_inbox_message": "kind"}.items():
        await connection.execute(f'ALTER TABLE "{table}" ADD COLUMN later int NOT NULL DEFAULT 5')
        await connection.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE text')
    with pytest.raises(asyncpg.InvalidCachedStatementError):
        await kept.fetch()


async def test_nothing_rests_on_statements_that_a_connection_keeps(tmp_path: Path, postgres: str) -> None:
    """Such as behind a pooler that hands each transaction to another session, and is too old to keep them itself."""
    async with open_door(tmp_path, PLUGINS, platform={"database": f"{postgres}&statement_cache_size=0"}) as door:
        made = await handed_in(door)
        assert await read_all(door, made) == await read_all(door, made)
        await step_back(door, made)
