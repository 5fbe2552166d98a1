"""How a new row of a model is made of what is handed in, worked out once a model: Tortoise does so for each row."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

from tortoise.fields import DatetimeField
from tortoise.fields.base import Field
from tortoise.models import Model


@dataclass(frozen=True, slots=True)
class Column:
    """How a column takes what is handed in for it."""

    #: Values of exactly this type are kept as they are, moments if they are in UTC; None where each is looked at.
    as_it_is: type | None
    #: Whether it may be empty.
    null: bool
    #: What makes the row's value of any other.
    read: Callable[[Any], Any]


class RowPlan:
    """The columns and defaults of a model."""

    __slots__ = ("columns", "constant", "generated_key", "made", "plain")

    def __init__(self, model: type[Model]) -> None:
        meta = model._meta
        self.columns = {name: _column(meta.fields_map[name]) for name in meta.fields_db_projection}
        #: The type of which a column keeps what it is given.
        self.plain = {name: one.as_it_is for name, one in self.columns.items()}
        defaults = {name: _default(meta.fields_map[name]) for name in meta.fields - meta.fetch_fields}
        #: Those that are the same in each row, and those that are made for it.
        self.constant = {name: one for name, one in defaults.items() if not callable(one)}
        self.made = {name: one for name, one in defaults.items() if callable(one)}
        self.generated_key = meta.pk_attr if meta.pk.generated else None


row_plan = lru_cache(maxsize=256)(RowPlan)


def _column(field: Field[Any]) -> Column:
    as_it_is = getattr(field, "as_it_is", None)
    if as_it_is is None and type(field).to_python_value is Field.to_python_value:
        as_it_is = field.field_type
    if type(field) is DatetimeField:
        as_it_is = datetime
    return Column(as_it_is, field.null, getattr(field, "handed_in", field.to_python_value))


def _default(field: Field[Any]) -> Any:
    """The default, or what makes it."""
    default = field.default
    if inspect.iscoroutinefunction(default):
        raise TypeError(f"{field.model_field_name}: a default that has to be awaited can't be had when a row is made")
    if callable(default):
        return default
    if default is None and field.has_db_default():
        return field.get_db_default_value
    if default is None or isinstance(default, int | float | str | bytes | date):
        return default
    return partial(deepcopy, default)
