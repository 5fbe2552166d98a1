"""Columns that may be encrypted, and the database of a command."""

from __future__ import annotations

from banshi.kinds.configured import configured, database
from banshi.personal.fields import (
    Personal,
    PersonalId,
    PersonalJSON,
    PersonalLine,
    PersonalText,
    Widen,
    as_read,
    as_stored,
)

__all__ = [
    "Personal",
    "PersonalId",
    "PersonalJSON",
    "PersonalLine",
    "PersonalText",
    "Widen",
    "as_read",
    "as_stored",
    "configured",
    "database",
]
