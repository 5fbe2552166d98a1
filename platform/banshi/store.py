"""The database: opening it, and the one way to write to it.

A request prepares a `Write` and awaits its commit. While one transaction is under way the next ones gather, and all of
them go into one: under load a sync to disk is shared by many requests, and a single request waits for nobody. What a
write changes is conditional, so no transaction holds a lock while Python thinks, and no plugin or provider is ever
awaited inside one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import TortoiseContext, get_current_context, set_global_context
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError
from tortoise.models import Model
from tortoise.transactions import in_transaction

from banshi.contract import Tables
from banshi.errors import ConfigurationError, Finding, StorageFull, Unavailable
from banshi.logs import place_of
from banshi.upgrade import upgrade

log = structlog.get_logger("banshi.store")

#: Label of the kernel's own tables; a plugin's tables bear the plugin's name.
KERNEL = "banshi"

#: Writes that share one transaction at most: bounds how long the first of them waits.
GROUP = 256

#: Seconds that closing waits for what is still to be written.
DRAIN = 5.0

#: Tortoise's engine → ours, which survives a task that is cancelled in the middle of a transaction.
ENGINES = {"tortoise.backends.sqlite": "banshi.sqlite", "tortoise.backends.asyncpg": "banshi.postgres"}

#: The database's own clock in milliseconds, by dialect: the one clock that all workers share.
CLOCK = {
    "sqlite": "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    # In brackets of its own it is asked once a statement, and not for each row.
    "postgres": "(SELECT CAST(extract(epoch from clock_timestamp()) * 1000 AS BIGINT))",
}


class NotBegun(Unavailable):
    """The platform is shutting down; send the request again."""

    # Of another Unavailable nobody knows whether the database has the write after all. It was never given this one.


class Stale(Exception):
    """A row that the write was conditional on has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Update:
    """Set `values` in the rows that match `where`; the write fails as `Stale` unless exactly `rows` did."""

    model: type[Model]
    where: Mapping[str, Any]
    values: Mapping[str, Any]
    #: None: any number.
    rows: int | None = 1


@dataclass(slots=True)
class Write:
    """What one request wants written: all of it or nothing. The first update is the guard of the rest."""

    updates: Sequence[Update] = ()
    rows: Sequence[Model] = field(default_factory=list)


class Store:
    """The open database."""

    def __init__(self, context: TortoiseContext, connection: BaseDBAsyncClient) -> None:
        self.context = context
        self.connection = connection
        self.dialect = connection.capabilities.dialect
        self._waiting: list[tuple[Write, asyncio.Future[None]]] = []
        self._group: list[tuple[Write, asyncio.Future[None]]] = []
        self._closing = False
        self._wake = asyncio.Event()
        self._listeners: list[Callable[[frozenset[type[Model]]], None]] = []

    @property
    def clock(self) -> str:
        """SQL for the database's time in milliseconds."""
        return CLOCK[self.dialect]

    @property
    def skip_locked(self) -> str:
        """SQL that lets two workers claim at once; SQLite has one writer anyway."""
        return "" if self.dialect == "sqlite" else "FOR UPDATE SKIP LOCKED"

    def placeholders(self, count: int) -> list[str]:
        """Marks for the values of a hand-written statement."""
        return ["?"] * count if self.dialect == "sqlite" else [f"${number + 1}" for number in range(count)]

    def on_commit(self, listener: Callable[[frozenset[type[Model]]], None]) -> None:
        """Call `listener` after each transaction with the models whose rows it changed or added."""
        self._listeners.append(listener)

    async def commit(self, write: Write) -> None:
        """Write all of it in one transaction and return when it is on disk.

        Raises Stale where a condition failed, tortoise's IntegrityError where a unique key is taken, StorageFull where
        the disk has no room, Unavailable where the database does not answer; then nothing of it was written.
        """
        if self._closing:
            raise NotBegun(headers={"Retry-After": "5"})
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((write, done))
        self._wake.set()
        # Shielded: a caller that leaves does not take back what others' transaction already holds.
        await asyncio.shield(done)

    async def take_number(self, name: str) -> int:
        """The next number of the counter `name`. A number whose use fails is never given out again."""
        mark = self.placeholders(1)[0]
        sql = (
            f"INSERT INTO banshi_counter (name, value) VALUES ({mark}, 1) "  # noqa: S608 - marks, not values
            "ON CONFLICT (name) DO UPDATE SET value = banshi_counter.value + 1 RETURNING value"
        )
        try:
            rows = await self.connection.execute_query_dict(sql, [name])
        except Exception as error:
            raise _told(error) from error
        return int(rows[0]["value"])

    async def run(self) -> None:
        """Carry out the waiting writes, group by group, until the store is closed."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                self._group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                await self._carry_out(self._group)
            if self._closing:
                return

    async def close(self, writer: asyncio.Task[None]) -> None:
        """Let `writer` carry out what still waits, for `DRAIN` seconds at most, and tell whoever is left over."""
        self._closing = True
        self._wake.set()
        try:
            await asyncio.wait([writer], timeout=DRAIN)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            for _, done in self._group:
                _settle(done, _shutting_down())
            for _, done in self._waiting:
                _settle(done, NotBegun(headers={"Retry-After": "5"}))

    async def _carry_out(self, group: list[tuple[Write, asyncio.Future[None]]]) -> None:
        try:
            failures = await self._transaction([write for write, _ in group])
        except Exception as error:
            if len(group) == 1 or self._is_outage(error):
                for _, done in group:
                    _settle(done, _told(error))
                return
            # One of them spoiled the transaction: half by half, so that only the guilty one fails, and the others don't
            # pay for it with a transaction each.
            half = len(group) // 2
            for part in (group[:half], group[half:]):
                await self._carry_out(part)
            return
        for (_, done), failure in zip(group, failures, strict=True):
            _settle(done, failure)
        written = frozenset(
            model
            for (write, _), failed in zip(group, failures, strict=True)
            if failed is None
            for model in (*map(type, write.rows), *(update.model for update in write.updates))
        )
        for listener in self._listeners:
            try:
                listener(written)
            except Exception as error:  # it only wakes somebody, and the next write must not wait for its mending
                log.error("a listener of the store failed", error=type(error).__name__, where=place_of(error))

    def _is_outage(self, error: Exception) -> bool:
        """Whether the database fails all alike: trying each write alone would only make each wait as long again."""
        if isinstance(error, IntegrityError):
            return False
        return isinstance(error, DBConnectionError | OSError | sqlite3.Error) or (
            self.dialect == "sqlite" and isinstance(error, OperationalError)
        )

    async def _transaction(self, writes: list[Write]) -> list[Exception | None]:
        """All of `writes` in one transaction; the answer says which did not happen because it was stale."""
        failures: list[Exception | None] = []
        rows: dict[type[Model], list[Model]] = {}
        async with in_transaction() as connection:
            for write in writes:
                failure = await _update(connection, write.updates)
                failures.append(failure)
                if failure is None:
                    for row in write.rows:
                        rows.setdefault(type(row), []).append(row)
            # Rows without a foreign key go first: what others refer to has to be there.
            for model in sorted(rows, key=lambda model: len(model._meta.fk_fields)):
                await model.bulk_create(rows[model], using_db=connection)
        return failures


async def _update(connection: BaseDBAsyncClient, updates: Sequence[Update]) -> Exception | None:
    for position, update in enumerate(updates):
        changed = await update.model.filter(**update.where).using_db(connection).update(**update.values)
        if update.rows is not None and changed != update.rows:
            if position or changed:
                # Something of this write is changed already: the whole transaction has to go.
                raise Stale(f"{update.model.__name__} {dict(update.where)}")
            return Stale(f"{update.model.__name__} {dict(update.where)}")
    return None


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
        done.exception()  # a caller that left must not be reported as "exception never retrieved"


def _told(error: Exception) -> Exception:
    """`error` in the words of the API where it is not the caller's own doing."""
    if isinstance(error, Stale | IntegrityError):
        return error
    cause = str(error)
    if "disk is full" in cause or "No space left" in cause:
        return StorageFull()
    if isinstance(error, OperationalError | DBConnectionError | OSError | sqlite3.Error):
        return Unavailable("The database does not answer; send the request again.", headers={"Retry-After": "5"})
    return error


def _shutting_down() -> Unavailable:
    return Unavailable("The platform is shutting down; send the request again.", headers={"Retry-After": "5"})


def orm_config(url: str, tables: Mapping[str, Tables]) -> dict[str, Any]:
    """Tortoise's configuration: the kernel's tables and each plugin's, as apps of one connection."""
    apps = {KERNEL: {"models": ["banshi.models"], "migrations": "banshi.migrations", "default_connection": "default"}}
    for plugin, one in tables.items():
        apps[plugin] = {"models": [one.models], "migrations": one.migrations, "default_connection": "default"}
    connection = expand_db_url(url)
    connection["engine"] = ENGINES.get(connection["engine"], connection["engine"])
    return {"connections": {"default": connection}, "apps": apps}


@asynccontextmanager
async def open_store(url: str, tables: Mapping[str, Tables]) -> AsyncIterator[Store]:
    """The database at `url`, migrated to the newest schema, with its writer running. Raises ConfigurationError."""
    config = orm_config(url, tables)
    async with TortoiseContext() as context:
        try:
            await context.init(config=config)
            if get_current_context() is context:
                _as_fallback(context)
            await upgrade(config["apps"])
        except (OperationalError, DBConnectionError, OSError, ImportError, sqlite3.Error) as error:
            # Without the address, which may hold a password.
            advice = f"mend platform.database or what it names; the database can't be opened: {error}"
            raise ConfigurationError([Finding("platform", "no-database", advice)]) from error
        store = Store(context, context.connections.get("default"))
        writer = asyncio.create_task(store.run(), name="banshi-store")
        try:
            yield store
        finally:
            await store.close(writer)


def _as_fallback(context: TortoiseContext) -> None:
    """Let tasks that were started elsewhere find this database, unless another one is open in this process."""
    import tortoise.context

    if tortoise.context._global_context is None:
        set_global_context(context)
