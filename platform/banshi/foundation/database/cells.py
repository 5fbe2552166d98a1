"""A row's values in its columns, and back: Tortoise asks five functions of each, and most values stay as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, TypeVar

from tortoise.fields import DatetimeField, JSONField
from tortoise.fields.base import Field
from tortoise.fields.data import JSON_LOADS
from tortoise.models import Model
from tortoise.validators import MaxLengthValidator

from banshi.foundation.encryption.fields import PersonalJSON, Sealing
from banshi.foundation.encryption.sealing import MARKS, CannotOpen

AnyModel = TypeVar("AnyModel", bound=Model)

#: `(value, row) -> what the database is given`.
Writer = Callable[[Any, Any], Any]


def write_of(field: Field[Any]) -> Writer:
    """The field's `to_db_value`, which is asked for what isn't plainly right alone. It raises as that does."""
    slowly, kind, longest = field.to_db_value, field.field_type, _longest(field)
    if isinstance(field, Sealing) and type(field).to_db_value is Sealing.to_db_value and kind is str and longest:
        sealed = field.sealed
        return lambda value, row: sealed(value) if type(value) is str and len(value) <= longest else slowly(value, row)
    if type(field) is DatetimeField and not (field.auto_now or field.auto_now_add or field.validators):
        return lambda value, row: value if type(value) is datetime and value.tzinfo is not None else slowly(value, row)
    if type(field).to_db_value is not Field.to_db_value or not longest:
        return slowly
    if kind is str:
        return lambda value, row: value if type(value) is str and len(value) <= longest else slowly(value, row)
    return slowly if field.validators else lambda value, row: value if type(value) is kind else slowly(value, row)


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
