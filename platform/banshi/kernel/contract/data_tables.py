"""What a class is whose fields are the keys of a table that somebody writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def data_table(cls: type[T]) -> type[T]:
    """Let a class be read from a table: as a frozen dataclass, and a key that is none of its fields is an error."""
    made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    made.__pydantic_config__ = {"extra": "forbid", "arbitrary_types_allowed": True}  # type: ignore[attr-defined]
    return made
