"""A row's values in its columns, and back: Tortoise asks five functions of each, and most values stay as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

from tortoise.fields import DatetimeField, JSONField
from tortoise.fields.base import Field
from tortoise.fields.data import JSON_LOADS
from tortoise.models import Model
from tortoise.validators import MaxLengthValidator

from banshi.foundation.encryption.fields import PersonalJSON, Sealing
from banshi.foundation.encryption.sealing import MARKS, CannotOpen

AnyModel = TypeVar("AnyModel", bound=Model)


class Cell(NamedTuple):
    """How a column's value is made of a field's."""

    #: A value of exactly this type goes as it is; None where each is asked about. A text is no longer than `longest`, a
    #: moment has its zone.
    kind: Any
    longest: float
    #: What makes it of that value, where it is sealed.
    sealed: Callable[[str], str] | None
    #: Whether None is NULL.
    null: bool
    #: The field's `to_db_value`, for every other.
    slowly: Callable[[Any, Any], Any]


def cell_of(field: Field[Any]) -> Cell:
    """How the values of a field are written, as its `to_db_value` would make them, which raises where one is wrong."""
    kind: Any = field.field_type
    longest, sealed = _longest(field), None
    if isinstance(field, Sealing) and type(field).to_db_value is Sealing.to_db_value and kind is str and longest:
        sealed = field.sealed
    elif type(field) is DatetimeField and not (field.auto_now or field.auto_now_add or field.validators):
        kind = datetime
    elif type(field).to_db_value is not Field.to_db_value or not longest or (kind is not str and field.validators):
        kind = None
    return Cell(kind, longest, sealed, stays_empty(field), field.to_db_value)


def written(cells: Iterable[Cell], values: Iterable[Any], row: Any) -> list[Any]:
    """The values of a row's fields as the database is given them."""
    line: list[Any] = []
    for (kind, longest, sealed, null, slowly), value in zip(cells, values, strict=True):
        if value is None and null:
            line.append(None)
        elif (
            type(value) is not kind
            or (kind is str and len(value) > longest)
            or (kind is datetime and value.tzinfo is None)
        ):
            line.append(slowly(value, row))
        else:
            line.append(value if sealed is None else sealed(value))
    return line


def stays_empty(field: Field[Any]) -> bool:
    """Whether its None is NULL. A field of somebody's own, and a moment of its own, may make something of it."""
    own = type(field).__module__.partition(".")[0] not in {"tortoise", "banshi"}
    of_now = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return field.null and not own and not of_now


def _longest(field: Field[Any]) -> float:
    """Characters that a text of the field may have at most; 0 where something else is asked of its values too."""
    lengths = [one.max_length for one in field.validators if type(one) is MaxLengthValidator]
    return min(lengths, default=math.inf) if len(lengths) == len(field.validators) else 0


@lru_cache(maxsize=1024)
def maker(model: type[AnyModel], columns: tuple[str, ...]) -> Callable[[Iterable[Any]], AnyModel]:
    """What makes a row of what a statement has read of these columns, as a query's `only` would give it.

    It raises CannotOpen, as Tortoise does. Tortoise looks up for each row anew what its columns are.
    """
    meta = model._meta
    names = [meta.fields_db_projection_reverse[column] for column in columns]
    readers = [(name, read) for name in names if (read := read_of(meta.fields_map[name])) is not None]
    generated = meta.db_pk_column not in meta.generated_db_fields
    state = {"_partial": len(names) < len(meta.db_fields), "_saved_in_db": True, "_custom_generated_pk": generated}

    def make(values: Iterable[Any]) -> AnyModel:
        one, found = model.__new__(model), dict(zip(names, values, strict=True))
        kept = one.__dict__
        kept.update(state)
        kept["_await_when_save"] = {}
        kept.update(found)
        try:
            for name, read in readers:
                kept[name] = read(kept[name])
        except CannotOpen:
            # Which says of what row that is.
            return model._init_from_db(**dict(zip(columns, found.values(), strict=True)))
        return one

    return make


def read_of(field: Field[Any]) -> Callable[[Any], Any] | None:
    """The field's `to_python_value`, asked for what isn't plainly right alone; None where all stays as it is."""
    slowly, kind = field.to_python_value, field.field_type
    if type(field).to_python_value is Field.to_python_value:
        return None if kind in {str, int, float, bytes} else lambda one: one if type(one) is kind else slowly(one)
    if isinstance(field, Sealing) and type(field).to_python_value is Sealing.to_python_value and kind is str:
        return lambda value: slowly(value) if value is None or value.startswith(MARKS) else value
    if type(field) in {JSONField, PersonalJSON} and field.decoder is JSON_LOADS and not isinstance(kind, type):  # type: ignore[attr-defined]
        # Sealed it is a text.
        return lambda value: JSON_LOADS(value) if type(value) is str and value[:1] in "{[" else slowly(value)
    return partial(_moment, slowly) if type(field) is DatetimeField else slowly


def _moment(slowly: Callable[[Any], Any], value: Any) -> Any:
    moment = datetime.fromisoformat(value) if type(value) is str else value
    return moment if type(moment) is datetime and moment.tzinfo is UTC else slowly(value)
