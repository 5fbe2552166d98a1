"""Columns that may be encrypted, and the database of a command."""

from __future__ import annotations

from banshi.builtin.cli_context import configured, coroutine_command, database
from banshi.foundation.database.bulk import insert, made, pages
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
    "coroutine_command",
    "database",
    "insert",
    "made",
    "pages",
]
