"""Tortoise's fields for what is personal. In the tables they are columns like others, with sealed texts in them.

`PersonalText`, `PersonalLine` (up to so many characters) and `PersonalJSON` are read by their row and never looked up
by what they hold: no filter, order or LIKE finds anything by them. `PersonalId` is looked up: it names a person, and
equality, joins, unique keys and indexes work on it as it is stored. An empty text stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, Self

import orjson
import structlog
from tortoise import fields
from tortoise.context import get_current_context
from tortoise.fields.base import Field
from tortoise.migrations.operations import AlterField
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.models import Model
from tortoise.validators import MaxLengthValidator

from banshi.foundation import column_comments
from banshi.foundation.encryption import sealing
from banshi.foundation.encryption.ring import Ring
from banshi.foundation.encryption.row_plan import row_plan
from banshi.foundation.encryption.sealing import LITERAL, MARKS, SEALED, CannotOpen, sealed_look_up

log = structlog.get_logger("banshi.personal")

# No table is imported before this: the kernel's own hold personal data.
column_comments.take_over()

#: How a sealed value begins where the column holds JSON.
JSON_MARKS = tuple(f'"{mark}' for mark in MARKS)

#: What a value begins with that names nobody: counters of our own among people's.
OURS = "\x01"


def current_ring() -> Ring | None:
    """The keys of the database that this task works with; None where its columns are plain."""
    return getattr(get_current_context(), "ring", None)


class Sealing(Field[Any]):
    """What is common to them."""

    #: Whether it is looked up by what it holds.
    looked_up: ClassVar[bool] = False
    #: The class that it is in a migration: to the database it is nothing else.
    plain: ClassVar[type[Field[Any]]]
    #: What a value is bound to in place of its table and column, where statements move it between tables.
    family: str = ""
    #: The type of which a row keeps what is handed in as it is: `taken` marks it, reading takes the mark off again.
    as_it_is: ClassVar[type] = str

    @property
    def place(self) -> str:
        """The table and column of its values."""
        return f"{self.model._meta.db_table}.{self.source_field or self.model_field_name}"

    @property
    def bound(self) -> str:
        """What its values are bound to."""
        return self.family or self.place

    def sealed(self, text: str) -> str:
        """A text as it is stored."""
        if not text:
            return text
        ring = current_ring()
        if ring is None or (self.looked_up and (ring.live is None or text.startswith(OURS))):
            return LITERAL + text if text.startswith(MARKS) else text
        if self.looked_up:
            assert ring.live is not None  # noqa: S101 - asked above
            return sealed_look_up(ring, ring.live, self.bound, text)
        return sealing.sealed(ring, self.bound, text)

    def opened(self, text: str) -> str:
        """A stored text as it was written. Raises CannotOpen."""
        if text.startswith(LITERAL):
            return text[len(LITERAL) :]
        if text.startswith(SEALED):
            return sealing.opened(current_ring(), self.bound, self.place, text)
        return text

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        stored = super().to_db_value(value, instance)
        return self.sealed(stored) if isinstance(stored, str) else stored

    def to_python_value(self, value: Any) -> Any:
        return super().to_python_value(self.opened(value) if isinstance(value, str) else value)

    def taken(self, value: Any) -> Any:
        """A value that somebody outside may have written, so that it isn't taken for a stored one."""
        return LITERAL + value if isinstance(value, str) and value.startswith(MARKS) else value

    def handed_in(self, value: Any) -> Any:
        """The row's value of one that somebody outside may have written."""
        return self.to_python_value(self.taken(value))

    def describe(self, serializable: bool) -> dict[str, Any]:
        return {**super().describe(serializable), "field_type": self.plain.__name__}

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        _, arguments, named = super().deconstruct()
        for name in ("most", "family"):
            named.pop(name, None)
        if isinstance(self, fields.CharField):
            named["max_length"] = self.max_length
        return f"{self.plain.__module__}.{self.plain.__name__}", arguments, named


class PersonalText(Sealing, fields.TextField):  # type: ignore[misc]
    """A text of any length."""

    plain = fields.TextField

    def __init__(self, family: str = "", **kwargs: Any) -> None:
        self.family = family
        super().__init__(**kwargs)


class PersonalLine(Sealing, fields.CharField):  # type: ignore[type-arg]
    """A text of up to `most` characters; its column is as wide as that can be when it is sealed."""

    plain = fields.CharField

    def __init__(self, most: int, family: str = "", **kwargs: Any) -> None:
        self.most, self.family = most, family or type(self).family
        super().__init__(max_length=sealing.longest(most), **kwargs)
        self.validators.append(MaxLengthValidator(most))


class PersonalId(PersonalLine):
    """Whom a row is about: a person's subject. One subject is the same sealed text in all tables."""

    looked_up = True
    family = "person"


class PersonalJSON(Sealing, fields.JSONField):  # type: ignore[misc, type-arg]
    """JSON as a whole; sealed it is one JSON string."""

    plain = fields.JSONField
    as_it_is = dict

    def sealed(self, text: str) -> str:
        ring = current_ring()
        if ring is None:
            return f'"{LITERAL}{text[1:]}' if text.startswith(JSON_MARKS) else text
        return f'"{sealing.sealed(ring, self.bound, text)}"'

    def opened(self, text: str) -> str:
        if text.startswith(JSON_MARKS):
            inner: str = orjson.loads(text)
            if inner.startswith(SEALED):
                return sealing.opened(current_ring(), self.bound, self.place, inner)
            return orjson.dumps(inner[len(LITERAL) :]).decode()
        return text

    def taken(self, value: Any) -> Any:
        return f'"{LITERAL}{value[1:]}' if isinstance(value, str) and value.startswith(JSON_MARKS) else value


@lru_cache(maxsize=256)
def personal_fields(model: type[Model]) -> Mapping[str, Sealing]:
    """The personal columns of a model, by their names."""
    return {name: one for name, one in model._meta.fields_map.items() if isinstance(one, Sealing)}


def attributes_of(model: type[Model], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The attributes of a new row; None where something else than its columns is given, such as another row.

    Raises ValueError for a column that is None and may not be.
    """
    plan = row_plan(model)
    made: dict[str, Any] = {
        "_partial": False,
        "_saved_in_db": False,
        "_custom_generated_pk": plan.generated_key in given,
        "_await_when_save": {},
        **plan.constant,
    }
    if not _read_into(made, model, given):
        return None
    for name, make in plan.made.items():
        if name not in made:
            made[name] = make()
    return made


def _read_into(row: dict[str, Any], model: type[Model], given: Mapping[str, Any]) -> bool:
    """Put what is handed in for a model's columns into a row's attributes; False where something else is given.

    Raises ValueError for a column that is None and may not be.
    """
    plan = row_plan(model)
    plain = plan.plain
    for name, value in given.items():
        kind = type(value)
        # Tortoise calculates in UTC what the platform's clock has in UTC already.
        if kind is plain.get(name) and (kind is not datetime or value.tzinfo is UTC):
            row[name] = value
            continue
        column = plan.columns.get(name)
        if column is None:
            return False
        if value is None and not column.null:
            raise ValueError(f"{name} is non nullable field, but null was passed")
        row[name] = column.read(value)
    return True


class Personal(Model):
    """What every model with such a column inherits from in place of `Model`.

    Tortoise makes a row in the same way of values that are read and of values that somebody hands in. Those go through
    here first: else whoever has a copy of the database could hand a sealed text in as their own and have it opened.
    """

    class Meta:
        abstract = True

    def __init__(self, **kwargs: Any) -> None:
        attributes = attributes_of(type(self), kwargs)
        if attributes is None:
            super().__init__(**kwargs)
        else:
            self.__dict__.update(attributes)

    def update_from_dict(self, data: dict[str, Any]) -> Self:
        read: dict[str, Any] = {}
        if not _read_into(read, type(self), data) or row_plan(type(self)).generated_key in data:
            return super().update_from_dict(data)
        self.__dict__.update(read)
        return self

    def _set_kwargs(self, kwargs: dict[str, Any]) -> set[str]:
        ours = personal_fields(type(self))
        taken = {name: ours[name].taken(value) if name in ours else value for name, value in kwargs.items()}
        return super()._set_kwargs(taken)

    @classmethod
    def _init_from_db(cls, **kwargs: Any) -> Any:
        try:
            return super()._init_from_db(**kwargs)
        except CannotOpen as error:
            row = error.of(kwargs.get(cls._meta.db_pk_column, "?"))
            log.error("a row can't be opened", place=row.place, why=str(row))
            raise row from None


def as_stored(model: type[Model], column: str, value: Any) -> Any:
    """A value as it stands in a model's column, for statements that are written by hand."""
    return model._meta.fields_map[column].to_db_value(value, model)


def as_read(model: type[Model], column: str, value: Any) -> Any:
    """What a hand-written statement has read from a model's column. Raises CannotOpen."""
    return model._meta.fields_map[column].to_python_value(value)


class Widen(AlterField):
    """A migration's step: a text's column gets wider, and whatever is in it stays as it is.

    SQLite holds no text to a length, so there is nothing to be done there: it would write the whole table anew.
    """

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is not None and state_editor.DIALECT != "sqlite":
            await super().database_forward(app_label, old_state, new_state, state_editor)
