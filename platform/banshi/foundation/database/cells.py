"""What a column is given of a row's value: Tortoise asks five functions of each, and most values stay as they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tortoise.fields import DatetimeField
from tortoise.fields.base import Field
from tortoise.validators import MaxLengthValidator

from banshi.foundation.encryption.fields import Sealing

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
