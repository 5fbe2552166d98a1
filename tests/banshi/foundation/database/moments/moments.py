"""Moments in any zone, tables to keep them in, and every way of writing them there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from tortoise.expressions import Case as Choice
from tortoise.expressions import F, Q, Value, When
from tortoise.models import Model

from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Update, Write
from tests.harness.memory.prepared import all_tables

CITY = ZoneInfo("Asia/Shanghai")

#: Whole, half and quarter hours, before and behind UTC, with and without summer time; one that jumps at midnight.
ZONES: tuple[tzinfo, ...] = (
    UTC,
    CITY,
    *map(ZoneInfo, ("Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "America/St_Johns", "Australia/Lord_Howe")),
    *map(ZoneInfo, ("Europe/London", "Pacific/Apia", "Pacific/Marquesas", "Atlantic/Azores", "Africa/Cairo")),
    timezone(timedelta(hours=-12)),
    timezone(timedelta(hours=14)),
    timezone(timedelta(hours=5, minutes=53, seconds=28)),
)

EIGHT = datetime(2026, 10, 5, 8, tzinfo=CITY)


@st.composite
def moments(draw: st.DrawFn, around: datetime | None = None) -> datetime:
    """Any moment in any zone, or one near another: the same, a microsecond beside it, up to a day and a half away."""
    zone = draw(st.sampled_from(ZONES))
    if around is None:
        at = draw(st.datetimes(datetime(1000, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)))
        return at.replace(microsecond=draw(st.sampled_from([0, 0, 1, 999_999, at.microsecond]))).astimezone(zone)
    beside = st.sampled_from([0, 0, 1, -1, 999_999, 1_000_000, -1_000_000, 500_000])
    away = draw(st.integers(-36, 36).map(lambda hours: hours * 3_600_000_000) | beside)
    return (around.astimezone(UTC) + timedelta(microseconds=away)).astimezone(zone)


@st.composite
def groups(draw: st.DrawFn) -> list[datetime]:
    """What is looked for, and then what is stored."""
    sought = draw(moments())
    return [sought, *draw(st.lists(moments(sought), min_size=1, max_size=4))]


class Table:
    """A table with a moment, and with a second one that may be missing."""

    model: type[Model]

    def __init__(self, name: str, at: str, then: str, values: Callable[[], Mapping[str, Any]]) -> None:
        self.name, self.at, self.then, self.values = name, at, then, values

    def row(self, at: datetime) -> Model:
        return self.model(**{**self.values(), self.at: at})

    async def found(self, *conditions: Q, **asked: Any) -> list[datetime]:
        rows = await self.model.filter(*conditions, **asked)
        return sorted(getattr(row, self.at) for row in rows)


NUMBERS = count(1)

ATTACHMENTS = Table(
    "banshi_attachment",
    "created_at",
    "accepted_at",
    lambda: {"person": "wang", "media_type": "image/png", "size": 1, "sha256": ""},
)
CLOSURES = Table(
    "traffic_zone_closure",
    "closed_at",
    "passes_revoked_at",
    lambda: {"zone": f"{next(NUMBERS):x}", "reason": "", "closed_by": ""},
)
TABLES = (ATTACHMENTS, CLOSURES)


@asynccontextmanager
async def open_tables(url: str) -> AsyncIterator[Store]:
    """A database with the tables of every plugin, those of `TABLES` among them."""
    async with open_store(url, all_tables()) as store:
        for table in TABLES:
            table.model = store._models[table.name]
        yield store


# -- ways of writing a moment ----------------------------------------------------------------------------------------

#: Writes rows of a table, one for each moment.
Writer = Callable[[Store, Table, Sequence[datetime]], Awaitable[None]]

#: What stands in a row before a way of writing changes it.
BEFORE = datetime(2001, 1, 1, tzinfo=UTC)


async def by_create(_: Store, table: Table, ones: Sequence[datetime]) -> None:
    for one in ones:
        await table.row(one).save()


async def by_attribute(_: Store, table: Table, ones: Sequence[datetime]) -> None:
    for one in ones:
        row = table.row(BEFORE)
        setattr(row, table.at, one)
        await row.save()


async def by_bulk_create(_: Store, table: Table, ones: Sequence[datetime]) -> None:
    rows = [table.row(BEFORE) for _ in ones]
    for row, one in zip(rows, ones, strict=True):
        setattr(row, table.at, one)
    await table.model.bulk_create(rows)


async def by_bulk_update(store: Store, table: Table, ones: Sequence[datetime]) -> None:
    await by_create(store, table, [BEFORE] * len(ones))
    rows = await table.model.all()
    for row, one in zip(rows, ones, strict=True):
        setattr(row, table.at, one)
    await table.model.bulk_update(rows, [table.at])


async def by_commit(store: Store, table: Table, ones: Sequence[datetime]) -> None:
    rows = [table.row(BEFORE) for _ in ones]
    for row, one in zip(rows, ones, strict=True):
        setattr(row, table.at, one)
    await store.commit(Write(rows=rows))


async def by_update(store: Store, table: Table, ones: Sequence[datetime]) -> None:
    await by_create(store, table, [BEFORE] * len(ones))
    for row, one in zip(await table.model.all(), ones, strict=True):
        await store.commit(Write([Update(table.model, {"pk": row.pk, table.at: BEFORE}, {table.at: one})]))


async def by_case(store: Store, table: Table, ones: Sequence[datetime]) -> None:
    await by_create(store, table, [BEFORE] * len(ones))
    for row, one in zip(await table.model.all(), ones, strict=True):
        choice: Any = Choice(When(pk=row.pk, then=Value(one)), default=F(table.at))
        await table.model.filter(pk=row.pk).update(**{table.at: choice})


async def by_sql(store: Store, table: Table, ones: Sequence[datetime]) -> None:
    await by_create(store, table, [BEFORE] * len(ones))
    for row, one in zip(await table.model.all(), ones, strict=True):
        await store.connection.execute_query(changing(store, table), [one, key(store, row)])


async def by_many(store: Store, table: Table, ones: Sequence[datetime]) -> None:
    await by_create(store, table, [BEFORE] * len(ones))
    rows = await table.model.all()
    values = [[one, key(store, row)] for row, one in zip(rows, ones, strict=True)]
    await store.connection.execute_many(changing(store, table), values)


def changing(store: Store, table: Table) -> str:
    at, identity = store.placeholders(2)
    return f"UPDATE {table.name} SET {table.at} = {at} WHERE {table.model._meta.db_pk_column} = {identity}"  # noqa: S608


def key(store: Store, row: Model) -> Any:
    return str(row.pk) if isinstance(row.pk, UUID) and store.dialect == "sqlite" else row.pk


WRITERS: tuple[Writer, ...] = (
    by_create,
    by_attribute,
    by_bulk_create,
    by_bulk_update,
    by_commit,
    by_update,
    by_case,
    by_sql,
    by_many,
)


def read(value: Any) -> datetime:
    """What a statement gives, on either database."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert at.utcoffset() is not None
    return at.astimezone(UTC)
