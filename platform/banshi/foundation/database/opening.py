"""Opening the database: its tables at this version's schema, and whose they are."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import TortoiseContext, get_current_context, set_global_context
from tortoise.exceptions import DBConnectionError, OperationalError

from banshi.default_plugins import MIGRATIONS, MODELS
from banshi.foundation.background import working
from banshi.foundation.database.failover.fates import Fate, fate_of
from banshi.foundation.database.replica import Replica
from banshi.foundation.database.store import Store
from banshi.foundation.database.tables import Tables
from banshi.foundation.database.upgrade import missing, too_old, upgrade
from banshi.foundation.encryption import look_ups
from banshi.foundation.encryption.ring import Ring
from banshi.foundation.encryption.sealing import Context
from banshi.foundation.findings import refused
from banshi.foundation.servers.addresses import hosts_of, names_several, with_first
from banshi.foundation.time.shared_clock import LOOK_INTERVAL_S

#: Label of Banshi's own tables; a plugin's tables bear the plugin's name.
KERNEL = "banshi"

#: Where PostgreSQL listens unless something else is said.
PORT = 5432

#: What Tortoise calls the connections of all tables.
DEFAULT = "default"

#: Tortoise's engine → ours, which survives a task that is cancelled in the middle of a transaction.
ENGINES = {
    "tortoise.backends.sqlite": "banshi.foundation.database.sqlite",
    "tortoise.backends.asyncpg": "banshi.foundation.database.postgres",
}


def orm_config(url: str, tables: Mapping[str, Tables]) -> dict[str, Any]:
    """Tortoise's configuration: Banshi's own tables and each plugin's, as apps of one connection."""
    apps = {KERNEL: {"models": list(MODELS), "migrations": MIGRATIONS, "default_connection": DEFAULT}}
    for plugin, one in tables.items():
        apps[plugin] = {"models": [one.models], "migrations": one.migrations, "default_connection": DEFAULT}
    return {"connections": {DEFAULT: connection_to(url)}, "apps": apps}


def connection_to(url: str) -> dict[str, Any]:
    """Engine and credentials, for Tortoise. An address may name several servers, of which it knows the first."""
    connection: dict[str, Any] = expand_db_url(with_first(url))
    connection["engine"] = ENGINES.get(connection["engine"], connection["engine"])
    if names_several(url):
        connection["credentials"]["hosts"] = [(host, port or PORT) for host, port in hosts_of(url)]
    return connection


@asynccontextmanager
async def open_store(
    url: str, tables: Mapping[str, Tables], *, migrate: bool = True, replica: str = "", personal: Path | None = None
) -> AsyncIterator[Store]:
    """The database at `url`, at the newest schema, with its writer running. Raises ConfigurationError.

    Without `migrate` a database that isn't there yet is refused, and nothing in it is changed. `replica` is the address
    of a copy, which may be away. `personal` is the ring of keys for personal columns; without, they are plain.
    """
    async with connected(url, tables, personal) as (context, apps):
        with told_as_setting():
            if migrate:
                await upgrade(apps)
            elif steps := await missing(apps):
                raise too_old(steps)
            models = look_ups.models_of(context.apps)
            await look_ups.fit(context.connections.get(DEFAULT), context.ring, models if tables else None)
        async with copied(replica) as copy:
            store = Store(context, context.connections.get(DEFAULT), copy)
            writer = asyncio.create_task(store.run(), name="banshi-store")
            try:
                await _keep_time(store)
                async with working("banshi-pulse", store.pulse.run):
                    yield store
            finally:
                await store.close(writer)


async def _keep_time(store: Store) -> None:
    """Have this process go by the database's clock. SQLite has none but this machine's."""
    if store.dialect != "sqlite":
        clock, pulse = store.shared_clock, store.pulse
        pulse.ask("the time", store.clock, lambda at: clock.hear(at / 1000, *pulse.took), LOOK_INTERVAL_S)
        await clock.look(store.time)


@asynccontextmanager
async def copied(url: str) -> AsyncIterator[Replica | None]:
    """The replica at that address, if there is one; it is connected to when it is first read."""
    if not url:
        yield None
        return
    connection = connection_to(url)
    # By itself: Tortoise would ask each transaction which of two databases it is for.
    engine = import_module(connection["engine"])
    client = engine.client_class(**connection["credentials"], connection_name=DEFAULT, writes=False)
    try:
        yield Replica(client)
    finally:
        await client.close()


@asynccontextmanager
async def existing(url: str, tables: Mapping[str, Tables], *, personal: Path | None = None) -> AsyncIterator[Store]:
    """The database at `url`, which has to be there and at this version's schema. Raises ConfigurationError."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        advice = f"there is no database at {file} yet: `banshi serve` makes it, `banshi restore` brings one back"
        raise refused("no-database", advice)
    async with open_store(url, tables, migrate=False, personal=personal) as store:
        yield store


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL, and for one that is in memory."""
    if not url.startswith("sqlite://"):
        return None
    name = str(expand_db_url(url)["credentials"]["file_path"])
    return None if name == ":memory:" else Path(name)


def schema_of(url: str) -> str:
    """The schema of PostgreSQL that a URL names; "" for the server's default."""
    return "" if url.startswith("sqlite://") else str(connection_to(url)["credentials"].get("schema") or "")


@asynccontextmanager
async def connected(
    url: str, tables: Mapping[str, Tables], personal: Path | None = None
) -> AsyncIterator[tuple[Context, dict[str, Any]]]:
    """The database at `url` as it is, and Tortoise's apps, for `banshi.foundation.database.upgrade`. Raises
    ConfigurationError."""
    config = orm_config(url, tables)
    context = Context(Ring(personal) if personal else None)
    async with context:
        with told_as_setting():
            await context.init(config=config)
        if get_current_context() is context:
            _as_fallback(context)
        yield context, config["apps"]


@contextmanager
def told_as_setting() -> Iterator[None]:
    """What can't be opened is a setting to mend: ConfigurationError, without the address, which may hold a password."""
    try:
        yield
    except (OperationalError, DBConnectionError, OSError, ImportError, sqlite3.Error) as error:
        advice = f"mend platform.database or what it names; the database can't be opened: {error}"
        if fate_of(error) is Fate.RECONNECT:
            advice = f"name the server that takes writes in platform.database, or wait until there is one: {error}"
        raise refused("no-database", advice) from error


def _as_fallback(context: TortoiseContext) -> None:
    """Let tasks that were started elsewhere find this database, unless another one is open in this process."""
    import tortoise.context

    if tortoise.context._global_context is None:
        set_global_context(context)
