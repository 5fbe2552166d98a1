"""Every statement of a hot path goes by an index, on PostgreSQL with some ten thousand rows of a made-up city.

`benchmarks/seed.py` is the long form, with ten million phones and five million cases.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import pytest

from banshi.builtin.monitoring import outbox_rows
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.kernel.outbox import outbox
from banshi.testing import Door
from benchmarks import seed_city, seed_plans
from benchmarks.seed_plans import Statement
from tests.conftest import good_answers
from tests.waiting import until

#: Of tables with more rows than LARGE a page is no more than a few; nobody sorts or throws away more than MANY.
CASES, PHONES, LARGE, MANY = 12_000, 24_000, 3_000, 1_500


@pytest.fixture
async def schema(postgres: str) -> AsyncIterator[tuple[str, Any]]:
    """The name of the schema, and a connection in it."""
    name = postgres.partition("schema=")[2].partition("&")[0]
    url = postgres.partition("?")[0].replace("asyncpg:", "postgres:", 1)
    connection = await asyncpg.connect(url, server_settings={"search_path": name})
    yield name, connection
    await connection.close()


async def test_every_statement_on_a_hot_path_goes_by_an_index(
    postgres: str, schema: tuple[str, Any], open_push: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[str, Statement] = {}

    async def listened(connection: Any) -> None:
        connection.add_query_logger(lambda logged: seed_plans.note(sent, logged))

    async with open_push(database=postgres) as door:
        registry = door.platform.registry
    name, connection = schema
    url = postgres.partition("?")[0].replace("asyncpg:", "postgres:", 1)
    quiet = {"schema": name, "say": lambda _: None}
    # So few cases have to be open for long, so that many wait.
    monkeypatch.setattr(seed_city, "OPEN_DAYS", 100.0)
    await seed_city.write_city(url, registry, devices=PHONES, cases=CASES, **quiet)
    monkeypatch.setattr(asyncpg, "create_pool", partial(asyncpg.create_pool, init=listened))
    async with open_push(database=postgres) as door:
        await everything(door)
    tables = await seed_plans.large_tables(connection, LARGE)
    assert {"banshi_case", "banshi_case_event", "push_device", "push_inbox_message", "push_delivery"} <= tables.keys()
    plans = await seed_plans.plans(connection, list(sent.values()), tables, MANY)
    assert len(plans) > 20
    assert {name for plan in plans for name in plan.ways} >= tables.keys() - {"push_profile", "push_receipt"}
    assert [(plan.statement.text, plan.wrong) for plan in plans if plan.wrong] == []


async def everything(door: Door) -> None:
    """What a day's people, staff, sweeps and operators ask."""
    for number in (1, 2, 3):
        citizen = door.citizen(f"citizen-{number}")
        for path in ("/v1/cases", "/v1/cases?state=closed", "/v1/inbox", "/v1/inbox/unread", "/v1/devices"):
            (await citizen.get(path)).ok()
    visitor = door.citizen("citizen-5")
    (await visitor.post("/v1/devices", {"provider": "fcm", "token": "phone-of-5", "platform": "android"})).created()
    case = (await visitor.post("/v1/items/zone-pass/cases", {"answers": await good_answers(visitor)})).created()

    async def reached(state: str) -> bool:
        return bool((await visitor.get(case["links"]["self"])).ok()["state"] == state)

    await until(lambda: reached("accepted"))
    staff = door.staff("li", "traffic:reviewer", "traffic:approver")
    page = (await staff.get("/v1/worklist?limit=20")).ok()
    while page["next"]:
        page = (await staff.get(f"/v1/worklist?limit=100&cursor={page['next']}")).ok()
    (await staff.post(f"{case['links']['self']}/actions/approve")).ok()
    await until(lambda: reached("approved"))
    (await visitor.post("/v1/inbox/read", {"through": 1})).ok()
    (await door.anyone.get("/metrics")).body  # noqa: B018 - it is asked for
    await tidy(door.platform)
    store = door.platform.store
    for standing in ("", "parked", "waiting"):
        await outbox_rows.page(store, standing=standing, limit=20)
    await outbox_rows.retry_parked(store, "nobody")
    await outbox.counts(store)


async def test_a_statement_that_goes_through_or_sorts_a_large_table_is_found(schema: tuple[str, Any]) -> None:
    _, connection = schema
    await connection.execute("CREATE TABLE heap AS SELECT n AS id, n % 7 AS kind FROM generate_series(1, 20000) AS n")
    await connection.execute("CREATE INDEX heap_id ON heap (id); ANALYZE heap")
    tables = await seed_plans.large_tables(connection, LARGE)
    assert tables == {"heap": 20_000}

    async def wrong(text: str, *values: Any) -> list[str]:
        return (await seed_plans.plan_of(connection, Statement(text, values), tables, MANY)).wrong

    assert await wrong("SELECT * FROM heap WHERE id = $1", 7) == []
    assert await wrong("SELECT * FROM heap WHERE kind = $1", 7) == ["goes through all 20,000 rows of heap"]
    assert any("sorts" in one for one in await wrong("SELECT id FROM heap ORDER BY kind LIMIT 3"))
    thrown = await wrong("SELECT id FROM heap WHERE kind + id < $1 AND id > $2 ORDER BY id LIMIT 3", 3, 0)
    assert any("away" in one for one in thrown)
    # Nothing of what is looked at happens.
    assert await wrong("DELETE FROM heap WHERE id = $1", 7) == []
    assert await connection.fetchval("SELECT count(*) FROM heap WHERE id = 7") == 1


async def test_values_of_every_sort_are_written_as_sql(schema: tuple[str, Any]) -> None:
    _, connection = schema
    given = {
        "text": ("it's", "a \\ b"),
        "bytea": (b"\x00'\xff",),
        "timestamptz": (datetime(2026, 11, 2, 8, tzinfo=UTC),),
        "int8": (7,),
        "_text": (["a", 'b"c', "d,e", "\\", None],),
        "_float8": ([1.5, None],),
        "bool": (True, None),
    }
    for kind, values in given.items():
        for value in values:
            assert await connection.fetchval(f"SELECT {seed_plans.literal(value, kind)}") == value
