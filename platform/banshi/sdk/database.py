"""Columns that may be encrypted, and the database of a command."""

from __future__ import annotations

from banshi.foundation.encryption.fields import (
    Personal,
    PersonalId,
    PersonalJSON,
    PersonalLine,
    PersonalText,
    Widen,
    as_read,
    as_stored,
)
from banshi.kinds.configured import configured, database

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
