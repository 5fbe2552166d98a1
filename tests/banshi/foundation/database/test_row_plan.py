"""Rows of models with personal columns: made by a plan, and never other than Tortoise makes them."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tortoise.models import Model

from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.foundation.encryption.fields import Personal, attributes_of
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow
from tests.banshi.foundation.database.test_cells import VALUES as CELLS
from tests.conftest import sqlite_url
from tests.tries import tries

#: What somebody might hand in for a column, whatever its type.
VALUES = CELLS | st.uuids().map(str) | st.decimals(allow_nan=False, places=2, min_value=-10, max_value=10)


def made_by_tortoise(model: type[Model], given: dict[str, Any]) -> dict[str, Any]:
    row = model.__new__(model)
    Model.__init__(row, **given)
    return dict(row.__dict__)


def outcome(make: Any) -> Any:
    """The attributes of a row, or the type of what was raised."""
    try:
        return {name: value for name, value in make().items() if not callable(value)}
    except Exception as error:
        return type(error)


def personal_models() -> list[type[Model]]:
    found = [Personal]
    for model in found:
        found += model.__subclasses__()
    return [model for model in found[1:] if not model._meta.abstract]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(sqlite_url(tmp_path), {}) as opened:
        yield opened


async def test_a_row_is_what_tortoise_makes_of_the_same_values(store: Store) -> None:
    models = [model for model in personal_models() if model._meta.db_table.startswith("banshi_")]
    assert {Case, CaseEvent, OutboxRow, IdempotencyKey} <= set(models)

    @settings(max_examples=tries(150, 400))
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        model = data.draw(st.sampled_from(models))
        columns = sorted(model._meta.fields_db_projection)
        chosen = data.draw(st.lists(st.sampled_from(columns), unique=True))
        values = {name: data.draw(VALUES, label=name) for name in chosen}
        ours = outcome(lambda: attributes_of(model, values))
        theirs = outcome(lambda: made_by_tortoise(model, values))
        if isinstance(ours, dict) and isinstance(theirs, dict):
            # What nobody gave is made anew for each row: keys by chance, the time.
            by_chance = {n for n in ours.keys() - values.keys() if isinstance(ours[n], UUID | datetime)}
            ours = {name: value for name, value in ours.items() if name not in by_chance}
            theirs = {name: value for name, value in theirs.items() if name not in by_chance}
        assert ours == theirs

    holds()


async def test_a_row_is_changed_as_tortoise_changes_it(store: Store) -> None:
    models = [model for model in personal_models() if model._meta.db_table.startswith("banshi_")]

    @settings(max_examples=tries(150, 400))
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        model = data.draw(st.sampled_from(models))
        names = [*sorted(model._meta.fields_db_projection), "nonsense"]
        chosen = data.draw(st.lists(st.sampled_from(names), unique=True))
        values = {name: data.draw(VALUES, label=name) for name in chosen}
        row = model()
        ours, theirs = copy.copy(row), copy.copy(row)
        own = outcome(lambda: vars(ours.update_from_dict(values)))
        assert own == outcome(lambda: vars(Model.update_from_dict(theirs, values)))

    holds()


async def test_two_rows_share_no_default(store: Store) -> None:
    one, other = OutboxRow(consumer="a", topic="b", dedup="c"), OutboxRow(consumer="a", topic="b", dedup="d")
    assert one.id != other.id
    for name in one._meta.fields_db_projection:
        mine = getattr(one, name)
        if isinstance(mine, dict | list):
            assert mine is not getattr(other, name), name


async def test_what_is_no_column_is_left_to_tortoise(store: Store) -> None:
    case = Case(id=uuid4(), number="1", nonsense=1)
    assert not hasattr(case, "nonsense")
    assert attributes_of(Case, {"nonsense": 1}) is None


async def test_nothing_where_something_has_to_be_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="number is non nullable"):
        Case(number=None)
