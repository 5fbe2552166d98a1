"""A new row's values reach the database as Tortoise would write them, whichever way is the shorter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tortoise import fields
from tortoise.exceptions import ValidationError
from tortoise.fields.base import Field
from tortoise.validators import MinValueValidator, RegexValidator

from banshi.foundation.database.cells import cell_of, read_of, stays_empty, written
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.sqlite import spelled
from banshi.foundation.database.store import Store
from banshi.foundation.database.tables import Tables
from banshi.foundation.encryption.fields import PersonalLine
from banshi.foundation.encryption.look_ups import models_of
from banshi.foundation.encryption.sealing import LITERAL, MARKS
from tests.conftest import sqlite_url
from tests.tries import tries

#: Beside the kernel's and the built-ins'.
TABLES = {
    name: Tables(models=f"{place}.models", migrations=f"{place}.migrations")
    for name, place in (("query", "banshi.kinds.query"), ("mobile_push", "mobile_push.tables"))
}

ZONES = [UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")]

#: What a row may have in a column, and what it may not.
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.integers(0, 600).map(lambda length: "长" * length),
    st.sampled_from([f"{mark}x" for mark in MARKS] + [LITERAL, f'"{LITERAL}"', '{"a": 1}', "[]", "{", "2026-11-25"]),
    st.binary(max_size=4),
    st.uuids(),
    st.datetimes(timezones=st.sampled_from(ZONES)),
    st.dates(),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.lists(st.integers(), max_size=2),
)


def only_noon(value: datetime) -> None:
    if value.hour != 12:
        raise ValidationError("noon alone")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(sqlite_url(tmp_path), TABLES) as opened:
        yield opened


def columns_of(store: Store) -> list[tuple[str, Field[Any]]]:
    """Every column of every table."""
    return [
        (f"{model._meta.db_table}.{name}", model._meta.fields_map[name])
        for model in models_of(store.context.apps)
        for name in model._meta.fields_db_projection
    ]


def writes(field: Field[Any]) -> Any:
    """How one value of it is written."""
    return lambda value, row: written([cell_of(field)], [value], row)[0]


def outcome(write: Any, value: Any) -> Any:
    """What the database is given, with its type, or what was raised."""
    try:
        written = write(value, None)
    except Exception as error:
        return type(error), str(error)
    return type(written), written


async def test_a_value_is_written_as_tortoise_writes_it_in_every_column_of_every_table(store: Store) -> None:
    columns = columns_of(store)
    assert len({type(field) for _, field in columns}) > 10

    @settings(max_examples=tries(600, 5000))
    @given(st.sampled_from(columns), VALUES)
    def holds(column: tuple[str, Field[Any]], value: Any) -> None:
        _, field = column
        assert outcome(writes(field), value) == outcome(field.to_db_value, value)

    holds()


async def test_what_was_written_is_read_as_tortoise_reads_it_from_every_column_of_every_table(store: Store) -> None:
    readers = [(field, read) for _, field in columns_of(store) if (read := read_of(field)) is not None]
    assert len({type(field) for field, _ in readers}) > 8

    @settings(max_examples=tries(600, 5000))
    @given(st.sampled_from(readers), VALUES)
    def holds(reader: tuple[Field[Any], Any], value: Any) -> None:
        field, read = reader
        try:
            stored = field.to_db_value(value, None)  # type: ignore[arg-type]
        except Exception:
            return
        # As PostgreSQL gives it back, and as SQLite does.
        moment = isinstance(stored, datetime)
        for kept in {stored.astimezone(UTC), spelled(stored)} if moment else {repr(stored): stored}.values():
            assert once(read, kept) == once(field.to_python_value, kept)

    holds()


def once(read: Any, value: Any) -> Any:
    """What is made of a value, with its type, or what kind of error was raised."""
    try:
        made = read(value)
    except Exception as error:
        return type(error)
    return type(made), made


async def test_nothing_stays_nothing_where_tortoise_says_so_too(store: Store) -> None:
    empty = [field for _, field in columns_of(store) if stays_empty(field)]
    assert len(empty) > 20
    assert {outcome(field.to_db_value, None) for field in empty} == {(type(None), None)}


@pytest.mark.parametrize("own", [{"auto_now": True}, {"auto_now_add": True}])
def test_a_moment_that_a_column_makes_itself_is_left_to_it(own: dict[str, bool]) -> None:
    field: Any = fields.DatetimeField(null=True, **own)
    assert not stays_empty(field)
    assert cell_of(field).kind is None


@pytest.mark.parametrize("plain", [fields.CharField, PersonalLine])
def test_a_field_of_a_department_s_own_is_asked_for_each_value(plain: Any) -> None:
    class Upper(plain):  # type: ignore[misc]
        def to_db_value(self, value: Any, instance: Any) -> Any:  # noqa: ARG002
            return "NOTHING" if value is None else value.upper()

    field: Any = Upper(8, null=True)
    assert not stays_empty(field)
    assert written([cell_of(field)], ["abc"], None) == ["ABC"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.CharField(8, validators=[RegexValidator("^[a-z]+$", 0)]), "A"),
        (fields.IntField(validators=[MinValueValidator(5)]), 4),
        (fields.DatetimeField(validators=[only_noon]), datetime(2026, 11, 29, 11, tzinfo=UTC)),
    ],
)
def test_a_field_s_own_validators_are_asked(field: Any, value: Any) -> None:
    field.model_field_name = "it"
    with pytest.raises(ValidationError, match="it: "):
        writes(field)(value, None)


def test_a_moment_without_a_zone_is_warned_of_as_before() -> None:
    field: Any = fields.DatetimeField()
    field.model_field_name = "at"
    naive = datetime(2026, 11, 29)
    with pytest.warns(RuntimeWarning, match="naive"):
        stored = writes(field)(naive, None)
    with pytest.warns(RuntimeWarning, match="naive"):
        assert stored == field.to_db_value(naive, None)
