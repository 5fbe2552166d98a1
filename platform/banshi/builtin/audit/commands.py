"""Which commands operators run: one entry each, sealed before anything is read or changed, with or without a server.

So it is here that a command opens the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from uuid_utils.compat import uuid7

from banshi.builtin.audit.chain import newest_seal, seal_some
from banshi.builtin.audit.key import AuditKey, audit_key
from banshi.builtin.audit.marks import command_mark
from banshi.builtin.audit.models import OperatorCommand
from banshi.foundation.database.opening import existing, open_store
from banshi.foundation.database.store import Store
from banshi.foundation.database.tables import Tables
from banshi.foundation.database.writes import Write
from banshi.kernel.http.pages import pages
from banshi.kernel.loading.cli_context import Trace, operator_of
from banshi.kernel.loading.configuration import make_folders
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import AUDIT_KEY_FILE, Settings
from banshi.kernel.runtime.permissions import tighten

#: Characters of what is kept of the options, and rows that are read at once.
MAX_ABOUT, ROWS_AT_ONCE = 200, 500


def whose_key(key: AuditKey, subject: str) -> str:
    """A person as entries have them: it says nothing without the audit's key, and is the same each time."""
    return key.digest(b"whose" + subject.encode()).hex()[:32] if subject else ""


async def note_command(
    store: Store, folder: Path, *, operator: str, command: str, about: str = "", subject: str = "", purpose: str = ""
) -> None:
    """Return once it is on disk, and sealed, that an operator runs a command.

    `folder` is the one of the keys. Raises OSError where the key is gone that has sealed what is there.
    """
    if not await asyncio.to_thread((folder / AUDIT_KEY_FILE).exists) and await newest_seal() is not None:
        told = "commands leave an entry that is sealed with it; bring it back from a backup of the keys folder"
        raise FileNotFoundError(2, told, str(folder / AUDIT_KEY_FILE))
    key, now = await asyncio.to_thread(audit_key, folder), datetime.now(UTC)
    columns: dict[str, Any] = {
        "id": uuid7(),
        "at": now,
        "operator": operator,
        "command": command[:64],
        "about": about[:MAX_ABOUT],
        "whose": whose_key(key, subject),
        "purpose": purpose,
    }
    await store.commit(Write(rows=[OperatorCommand(**columns, mark=command_mark(key, columns))]))
    await seal_some(store, key, now)


async def commands_since(moment: datetime, whose: str | None = None) -> AsyncIterator[OperatorCommand]:
    """What was run since then, the oldest first; about one person's key alone where it is given."""
    first = UUID(int=max(0, int((moment - timedelta(milliseconds=1)).timestamp() * 1000)) << 80)
    found = OperatorCommand.filter(id__gt=first)
    async for rows in pages(found.filter(whose=whose) if whose else found, "id", size=ROWS_AT_ONCE):
        for row in rows:
            yield row


async def leave_trace(settings: Settings, store: Store) -> None:
    """Write and seal the entry of the command that is being run, unless it is to leave none."""
    ctx = click.get_current_context(silent=True)
    trace = getattr(ctx.command.callback, "trace", Trace()) if ctx is not None else None
    if ctx is None or trace is None:
        return
    given, names, here = ctx.params, list[str](), ctx
    while here.parent is not None:
        names.insert(0, here.info_name or "")
        here = here.parent
    about = [f"{name}={_line(given[name])}" for name in trace.about if given.get(name) not in {None, "", ()}]
    await note_command(
        store,
        settings.keys_folder,
        operator=operator_of(ctx),
        command=" ".join(names),
        about=" ".join(about),
        subject=given.get(trace.whose) or "",
        purpose=given.get("purpose") or "",
    )


def _line(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@asynccontextmanager
async def database(registry: Registry) -> AsyncIterator[Store]:
    """The registry's database with all tables, open while the block runs; a server may have it open as well."""
    async with database_of(registry.configuration.settings, registry.tables) as store:
        yield store


@asynccontextmanager
async def database_of(settings: Settings, tables: Mapping[str, Tables]) -> AsyncIterator[Store]:
    """The same with Banshi's own tables and these. The command that opens it leaves a trace first."""
    make_folders(settings)
    migrate, personal = settings.migrate_at_start, settings.personal_keys
    async with open_store(settings.database_url, tables, migrate=migrate, personal=personal) as store:
        await asyncio.to_thread(tighten, settings)
        await leave_trace(settings, store)
        yield store


@asynccontextmanager
async def existing_database(registry: Registry) -> AsyncIterator[Store]:
    """The registry's database, which has to be there and at this version's schema. A trace is left as above."""
    settings = registry.configuration.settings
    async with existing(settings.database_url, registry.tables, personal=settings.personal_keys) as store:
        await leave_trace(settings, store)
        yield store
