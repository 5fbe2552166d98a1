"""A moment is one moment in whatever zone it is said, on both databases, in the kernel's tables and a plugin's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from iso8601 import parse_date
from tortoise.expressions import F, Q
from tortoise.fields import DatetimeField
from tortoise.fields.db_defaults import Now
from tortoise.functions import Coalesce, Count, Max, Min
from tortoise.transactions import in_transaction

from banshi.app import read_quickly
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.sqlite import spelled
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Stale, Update, Write
from tests.banshi.foundation.database.moments.moments import (
    ATTACHMENTS,
    BEFORE,
    CITY,
    CLOSURES,
    EIGHT,
    TABLES,
    WRITERS,
    ZONES,
    Table,
    Writer,
    by_sql,
    groups,
    moments,
    open_tables,
    read,
)
from tests.tries import tries


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with open_tables(database) as opened:
        yield opened


#: Each comparison of Tortoise's with one moment, and what Python says of it.
COMPARISONS: dict[str, Callable[[datetime, datetime], bool]] = {
    "": lambda a, b: a == b,
    "__not": lambda a, b: a != b,
    "__gt": lambda a, b: a > b,
    "__gte": lambda a, b: a >= b,
    "__lt": lambda a, b: a < b,
    "__lte": lambda a, b: a <= b,
}

#: Those of SQL.
IN_SQL = {"=": "", "<>": "__not", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}


def property_of_moments(test: Any) -> Any:
    """Of any moments, however they are written, on both databases, in the kernel's tables and in a plugin's."""
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    test = example(group=[EIGHT, EIGHT.astimezone(UTC), EIGHT - timedelta(hours=8)], table=ATTACHMENTS, write=by_sql)(
        test
    )
    test = given(group=groups(), table=st.sampled_from(TABLES), write=st.sampled_from(WRITERS))(test)
    return settings(max_examples=tries(25, 60), suppress_health_check=quiet)(test)


async def written(store: Store, table: Table, write: Writer, group: list[datetime]) -> tuple[datetime, list[datetime]]:
    """What is looked for, as it is said, and what then is in the table, in UTC."""
    sought, *ones = group
    await table.model.all().delete()
    await write(store, table, ones)
    # Python compares two of one zone, or of the hour that a zone has twice, by the clock on the wall.
    return sought, sorted(one.astimezone(UTC) for one in ones)


@property_of_moments
async def test_a_comparison_finds_the_rows_that_python_finds(
    store: Store, group: list[datetime], table: Table, write: Writer
) -> None:
    sought, there = await written(store, table, write, group)
    plain = sought.astimezone(UTC)
    for name, says in COMPARISONS.items():
        wanted = [one for one in there if says(one, plain)]
        assert await table.found(**{f"{table.at}{name}": sought}) == wanted, name
        assert await table.found(~Q(**{f"{table.at}{name}": sought})) == [one for one in there if one not in wanted]
        assert await table.model.filter(**{f"{table.at}{name}": sought}).exists() == bool(wanted)
        assert await table.model.filter(**{f"{table.at}{name}": sought}).count() == len(wanted)
    other = group[-1]
    both = {plain, other.astimezone(UTC)}
    assert await table.found(**{f"{table.at}__in": [sought, other]}) == [one for one in there if one in both]
    assert await table.found(**{f"{table.at}__not_in": [sought, other]}) == [one for one in there if one not in both]
    first, last = sorted([sought, other], key=lambda one: one.astimezone(UTC))
    between = [one for one in there if min(both) <= one <= max(both)]
    assert await table.found(**{f"{table.at}__range": (first, last)}) == between
    assert await table.found(Q(**{f"{table.at}__gte": first}), Q(**{f"{table.at}__lte": last})) == between


@property_of_moments
async def test_hand_written_sql_finds_the_rows_that_python_finds(
    store: Store, group: list[datetime], table: Table, write: Writer
) -> None:
    sought, there = await written(store, table, write, group)
    [mark] = store.placeholders(1)
    for sign, name in IN_SQL.items():
        sql = f"SELECT {table.at} FROM {table.name} WHERE {table.at} {sign} {mark} ORDER BY {table.at}"  # noqa: S608
        wanted = [one for one in there if COMPARISONS[name](one, sought.astimezone(UTC))]
        rows = await store.connection.execute_query_dict(sql, [sought])
        assert [read(row[table.at]) for row in rows] == wanted, sign
        _, rows = await store.connection.execute_query(sql, [sought])
        assert [read(row[table.at]) for row in rows] == wanted, sign
    first, last = sorted([sought, group[-1]], key=lambda one: one.astimezone(UTC))
    marks = store.placeholders(2)
    sql = f"SELECT COUNT(*) AS n FROM {table.name} WHERE {table.at} BETWEEN {marks[0]} AND {marks[1]}"  # noqa: S608
    rows = await store.connection.execute_query_dict(sql, [first, last])
    assert rows[0]["n"] == sum(first.astimezone(UTC) <= one <= last.astimezone(UTC) for one in there)


@property_of_moments
async def test_order_bounds_and_groups_are_those_of_time(
    store: Store, group: list[datetime], table: Table, write: Writer
) -> None:
    _, there = await written(store, table, write, group)
    for order, wanted in ((table.at, there), (f"-{table.at}", there[::-1])):
        assert [getattr(row, table.at) for row in await table.model.all().order_by(order)] == wanted
    bounds = await table.model.annotate(first=Min(table.at), last=Max(table.at)).values("first", "last")
    assert bounds == [{"first": there[0], "last": there[-1]}]
    rows = await store.connection.execute_query_dict(
        f"SELECT MIN({table.at}) AS first, MAX({table.at}) AS last FROM {table.name}"  # noqa: S608
    )
    assert (read(rows[0]["first"]), read(rows[0]["last"])) == (there[0], there[-1])
    times = await table.model.annotate(n=Count(table.model._meta.pk_attr)).group_by(table.at).values(table.at, "n")
    assert {row[table.at]: row["n"] for row in times} == {one: there.count(one) for one in there}
    assert sorted(await table.model.all().distinct().values_list(table.at, flat=True)) == sorted(set(there))


@property_of_moments
async def test_two_columns_are_compared_as_moments_and_a_guard_holds_in_any_zone(
    store: Store, group: list[datetime], table: Table, write: Writer
) -> None:
    sought, there = await written(store, table, write, group)
    plain = sought.astimezone(UTC)
    await table.model.all().update(**{table.then: sought})
    for name, says in COMPARISONS.items():
        if name != "__not":
            wanted = [one for one in there if says(one, plain)]
            assert await table.found(**{f"{table.at}{name}": F(table.then)}) == wanted, name
    either = await table.model.annotate(either=Coalesce(table.then, BEFORE)).filter(either=sought)
    assert len(either) == len(there)
    row = await table.model.all().order_by(table.at).first()
    assert row is not None
    another_zone = there[0].astimezone(CITY)
    guard = Update(table.model, {"pk": row.pk, table.at: another_zone}, {table.then: None})
    await store.commit(Write([guard]))
    late = {"pk": row.pk, table.at: another_zone + timedelta(microseconds=1)}
    with pytest.raises(Stale):
        await store.commit(Write([Update(table.model, late, {table.then: None})]))
    # Both in one transaction, where PostgreSQL takes guards together.
    await table.model.all().update(**{table.then: F(table.at)})
    assert await table.found(**{table.then: F(table.at)}) == there


#: Days on which clocks are put forward or back in some of the zones, and two on which they aren't.
DAYS = (
    date(2026, 10, 5),
    date(2026, 3, 8),
    date(2026, 4, 5),
    date(2026, 4, 24),
    date(2026, 10, 25),
    date(2026, 12, 31),
)


async def test_each_half_hour_is_in_its_day_in_every_zone(store: Store) -> None:
    wrong: list[str] = []
    for zone, day in product(ZONES, DAYS):
        first, last = (datetime.combine(one, time.min, zone) for one in (day, day + timedelta(days=1)))
        begins, ends = first.astimezone(UTC), last.astimezone(UTC)
        there = [begins + timedelta(minutes=30 * number) for number in range(-48, 100)]
        await CLOSURES.model.all().delete()
        await CLOSURES.model.bulk_create([CLOSURES.row(one) for one in there])
        found = await CLOSURES.found(closed_at__gte=first, closed_at__lt=last)
        if amiss := set(found) ^ {one for one in there if begins <= one < ends}:
            wrong.append(f"{zone} {day}: {len(amiss)} of {(ends - begins) // timedelta(minutes=30)}")
    assert not wrong, wrong


@given(moments(), moments())
def test_texts_of_moments_are_in_the_order_of_time(one: datetime, other: datetime) -> None:
    plain, second = one.astimezone(UTC), other.astimezone(UTC)
    assert (spelled(one) < spelled(other)) == (plain < second)
    assert (spelled(one) == spelled(other)) == (plain == second)
    assert datetime.fromisoformat(spelled(one)) == plain


async def test_a_moment_without_a_zone_is_one_of_utc_in_hand_written_sql_too(tmp_path: Path) -> None:
    async with open_store(f"sqlite://{tmp_path / 'a.sqlite3'}", {}) as store:
        row = (await store.connection.execute_query_dict("SELECT ? AS at", [datetime(2026, 10, 5)]))[0]
        assert row["at"] == "2026-10-05 00:00:00+00:00"


async def test_the_databases_own_time_is_spelled_like_any_other(store: Store) -> None:
    """A plugin's column that is filled by `db_default=Now()`."""
    default = Now().get_sql(dialect=store.dialect)
    kind = "TIMESTAMP" if store.dialect == "sqlite" else "TIMESTAMPTZ"
    async with in_transaction() as connection:
        await connection.execute_script(f"CREATE TEMP TABLE clocked (id INT, at {kind} DEFAULT {default})")
        for number in range(20):
            await connection.execute_query(f"INSERT INTO clocked (id) VALUES ({number})")  # noqa: S608
        rows = await connection.execute_query_dict(f"SELECT at, {store.clock} AS now FROM clocked")  # noqa: S608
    for row in rows:
        at = read(row["at"])
        assert abs(at.timestamp() - row["now"] / 1000) < 60
        assert row["at"] == (spelled(at) if store.dialect == "sqlite" else at)


#: As iso8601, Tortoise's own reader, gives them; nobody but SQL by hand writes any but the first.
SPELLINGS = (
    ("2026-09-01 10:00:00+00:00", datetime(2026, 9, 1, 10, tzinfo=UTC)),
    ("2026-09-01 10:00:00.120000+00:00", datetime(2026, 9, 1, 10, 0, 0, 120_000, tzinfo=UTC)),
    ("2026-09-01 10:00:00.123+00:00", datetime(2026, 9, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
    ("2026-09-01 18:00:00+08:00", datetime(2026, 9, 1, 10, tzinfo=UTC)),
    ("2026-09-01T10:00:00Z", datetime(2026, 9, 1, 10, tzinfo=UTC)),
    ("20260901T100000Z", datetime(2026, 9, 1, 10, tzinfo=UTC)),
    ("2026-09-01 10:00:00,5+00:00", datetime(2026, 9, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
)


@pytest.mark.parametrize(("text", "moment"), SPELLINGS, ids=[text for text, _ in SPELLINGS])
def test_a_moment_is_read_as_the_library_reads_it(text: str, moment: datetime) -> None:
    read_quickly()
    field = DatetimeField()
    assert field.to_python_value(text) == moment == parse_date(text)


@given(moment=moments())
def test_a_moment_is_read_as_it_was_written(moment: datetime) -> None:
    read_quickly()
    assert DatetimeField().to_python_value(spelled(moment)) == moment == parse_date(spelled(moment))


@pytest.mark.parametrize("text", ["", "soon", "10000-01-01 00:00:00", "2026-02-30"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    read_quickly()
    with pytest.raises(ValueError, match=r"(?i)isoformat|day is out of range"):
        DatetimeField().to_python_value(text)
