"""Columns that may be encrypted, and the database of a command."""

from banshi.builtin.audit.commands import database
from banshi.builtin.live.kept_rows import KeptRows
from banshi.foundation.database.bulk import Asked, fetch, insert, made, read
from banshi.foundation.database.opening import existing
from banshi.foundation.database.pulse import MAX_SLEEP_S, quoted
from banshi.foundation.database.store import Store
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
from banshi.kernel.http.pages import pages
from banshi.kernel.loading.cli_context import audited, configured, coroutine_command, unaudited
from banshi.kernel.tables.migrations._storage import HISTORY, QUEUE, Kept

__all__ = [
    "HISTORY",
    "MAX_SLEEP_S",
    "QUEUE",
    "Asked",
    "Kept",
    "KeptRows",
    "Personal",
    "PersonalId",
    "PersonalJSON",
    "PersonalLine",
    "PersonalText",
    "Store",
    "Widen",
    "as_read",
    "as_stored",
    "audited",
    "configured",
    "coroutine_command",
    "database",
    "existing",
    "fetch",
    "insert",
    "made",
    "pages",
    "quoted",
    "read",
    "unaudited",
]
