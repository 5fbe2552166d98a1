"""The one way to write to the open database.

A request prepares a `Write` and awaits its commit. While one transaction is under way the next ones gather, and all of
them go into one: under load a sync to disk is shared by many requests, and a single request waits for nobody. What a
write changes is conditional, so no transaction holds a lock while Python thinks, and no plugin or provider is ever
awaited inside one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from banshi.foundation.database import bulk
from banshi.foundation.database.failover.fates import NotBegun, fails_all, is_locked, is_outage, problem_of
from banshi.foundation.database.failover.locked import GROUP_WAIT_MS, WARNED_WAIT_MS, Aside
from banshi.foundation.database.failover.readiness import Readiness
from banshi.foundation.database.pulse import Pulse
from banshi.foundation.database.replica import READING, Replica
from banshi.foundation.database.writes import Stale, Stamp, Waiting, Write, carry_out
from banshi.foundation.errors import Unavailable
from banshi.foundation.logs import place_of
from banshi.foundation.time.shared_clock import SharedClock

log = structlog.get_logger("banshi.store")

#: Writes that share one transaction at most: bounds how long the first of them waits.
MAX_GROUPED_WRITES = 256

#: Seconds that closing waits for what is still to be written.
DRAIN_TIMEOUT_S = 5.0

#: The database's own clock in milliseconds, by dialect: the one clock that all workers share.
CLOCK = {
    "sqlite": "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    # In brackets of its own it is asked once a statement, and not for each row.
    "postgres": "(SELECT CAST(extract(epoch from clock_timestamp()) * 1000 AS BIGINT))",
}

#: What a new counter is made of, by dialect: where somebody has locked its row, that is waited for for a second.
NEW_COUNTER = {
    "sqlite": "VALUES (?, 1)",
    "postgres": "SELECT $1, 1 FROM (SELECT set_config('lock_timeout', '1000', true) AS s) AS bound WHERE s <> ''",
}

#: Is told of which models rows have changed or come.
Listener = Callable[[frozenset[type[Model]]], None]


class Store:
    """The open database."""

    #: SQL that is true unless an operator, or a restore, holds what goes out (`banshi.kernel.outbox.pause`): whoever
    #: claims work that leads out asks for it.
    not_held = "NOT EXISTS (SELECT 1 FROM banshi_hold)"

    def __init__(self, context: TortoiseContext, connection: BaseDBAsyncClient, replica: Replica | None = None) -> None:
        self.context = context
        self._connection = connection
        #: A copy for what anybody may read, where there is one.
        self.replica = replica
        self.dialect = connection.capabilities.dialect
        #: SQL that lets two workers claim at once; SQLite has one writer anyway.
        self.skip_locked = "" if self.dialect == "sqlite" else "FOR UPDATE SKIP LOCKED"
        #: The present time, for moments that are written from here and by which others act.
        self.shared_clock = SharedClock()
        #: Wakes whoever waits for rows of other processes.
        self.pulse = Pulse(connection)
        #: Whether anything can be written now.
        self.readiness = Readiness(self._takes_writes)
        self._waiting: list[Waiting] = []
        self._group: list[Waiting] = []
        self._aside = Aside(self._carry_out, lambda: self.watch((0, 0.0, 1)))
        #: Hears of each group that was carried out: writes, seconds, and how many were refused for a lock.
        self.watch: Callable[[tuple[int, float, int]], object] = lambda _: None
        self._closing = False
        self._wake = asyncio.Event()
        self._listeners: list[Listener] = []
        #: Those that hear of other processes' transactions too, and what their tables are called.
        self._everywhere: list[Listener] = []
        self._stamps: dict[type[Model], Stamp] = {}
        self._models = {m._meta.db_table: m for app in (context.apps or {}).values() for m in app.values()}

    @property
    def connection(self) -> BaseDBAsyncClient:
        """The database for statements outside transactions; a replica of it where a route reads from that."""
        return READING.get() or self._connection

    @property
    def clock(self) -> str:
        """SQL for the database's time in milliseconds."""
        return CLOCK[self.dialect]

    def placeholders(self, count: int) -> list[str]:
        """Numbered marks for the values of a hand-written statement, which may each stand in it more than once."""
        return bulk.placeholders(self.dialect, count)

    def table(self, *columns: tuple[str, Sequence[Any]]) -> tuple[str, list[Any]]:
        """A query whose rows are these values, for a hand-written statement that has no others, and what goes with it.

        Each column is a type of PostgreSQL's with its values, texts or numbers. Its text is one for any number.
        """
        return bulk.table(self.dialect, *columns)

    def on_commit(self, listener: Listener, *, elsewhere: bool = True) -> None:
        """Call `listener` after each transaction with the models whose rows it changed or added.

        With `elsewhere` also after those of other processes, as far as signals tell of them
        (`banshi.kernel.runtime.signals`).
        """
        self._listeners.append(listener)
        if elsewhere:
            self._everywhere.append(listener)

    def on_rows(self, model: type[Model], wake: Callable[[], None], *, elsewhere: bool = True) -> None:
        """Call `wake` after each transaction that changed or added rows of `model`; `elsewhere` as in `on_commit`."""
        self.on_commit(lambda models: wake() if model in models else None, elsewhere=elsewhere)

    def before_insert(self, model: type[Model], stamp: Stamp) -> None:
        """Let `stamp` complete each new row of `model`, whoever wrote it, in the moment that it is written."""
        self._stamps[model] = stamp

    def committed_elsewhere(self, tables: Iterable[str]) -> None:
        """Another process has changed or added rows of these tables."""
        _call(self._everywhere, frozenset(self._models[table] for table in tables if table in self._models))

    async def commit(self, write: Write, *, first: bool = False) -> None:
        """Write all of it in one transaction, `first` before those that wait, and return when it is on disk.

        A caller that leaves before the transaction has begun has written nothing. Raises Stale where a condition
        failed, tortoise's IntegrityError where a unique key is taken, StorageFull where the disk has no room, Locked
        where somebody else has a row for long, Unavailable where the database does not answer; then nothing of it was
        written.
        """
        if self._closing:
            raise NotBegun(headers={"Retry-After": "5"})
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.insert(0 if first else len(self._waiting), Waiting(write, done))
        self._wake.set()
        # A caller that leaves ends its own future alone, and does not take back what others' transaction holds.
        await done

    async def milliseconds(self) -> int:
        """The database's own time, by which all processes go, in Unix milliseconds."""
        rows = await self._connection.execute_query_dict(f"SELECT {self.clock} AS now")
        return int(rows[0]["now"])

    async def time(self) -> float:
        """The same in seconds."""
        return await self.milliseconds() / 1000

    async def _takes_writes(self) -> bool:
        """Whether the server does, and a write that wants nothing gets through before those that wait."""
        takes: bool = await cast("Any", self._connection).takes_writes()
        if takes:
            await self.commit(Write(), first=True)
        return takes

    async def take_number(self, name: str) -> int:
        """The next number of the counter `name`. A number whose use fails is never given out again."""
        sql = (
            f"INSERT INTO banshi_counter (name, value) {NEW_COUNTER[self.dialect]} "  # nosec B608 - ours
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
                await bulk.gather(len(self._group))
                self._group, self._waiting = self._waiting[:MAX_GROUPED_WRITES], self._waiting[MAX_GROUPED_WRITES:]
                begun = time.monotonic()
                await self._carry_out(self._group, WARNED_WAIT_MS if self._aside.locked else GROUP_WAIT_MS)
                self.watch((len(self._group), time.monotonic() - begun, 0))
            if self._closing:
                if self._aside.task is not None:
                    await self._aside.task
                return

    async def close(self, writer: asyncio.Task[None]) -> None:
        """Let `writer` carry out what still waits, for `DRAIN_TIMEOUT_S` at most, and tell whoever is left over."""
        self._closing = True
        self._wake.set()
        aside = self._aside
        tasks = [writer] if aside.task is None else [writer, aside.task]
        try:
            await asyncio.wait([writer], timeout=DRAIN_TIMEOUT_S)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for one in (*self._waiting, *aside.waiting):
                one.settle(NotBegun(headers={"Retry-After": "5"}))
            for one in (*self._group, *filter(None, [aside.trying])):
                one.settle(Unavailable(headers={"Retry-After": "5"}))

    async def _carry_out(self, group: list[Waiting], wait_ms: int) -> None:
        group = [one for one in group if one.is_wanted()]
        if self._aside.locked:
            group = self._aside.sort_out(group)
        if not group:
            return
        try:
            failures = await self._transaction([one.write for one in group], wait_ms)
        except Exception as error:
            locked = is_locked(error) and not fails_all(error)
            if locked and len(group) == 1:
                self._aside.meet(group[0], error)
            elif len(group) == 1 or fails_all(error):
                for one in group:
                    one.settle(_told(error))
            else:
                # One of them spoiled the transaction: half by half, so that only the guilty one fails, and the others
                # don't pay for it with a transaction each.
                half = len(group) // 2
                for part in (group[:half], group[half:]):
                    await self._carry_out(part, min(wait_ms, WARNED_WAIT_MS) if locked else wait_ms)
            return
        written: set[type[Model]] = set()
        for one, failure in zip(group, failures, strict=True):
            one.settle(failure)
            if failure is None:
                written.update(map(type, one.write.rows))
                for update in one.write.updates:
                    written.add(update.model)
        # What a statement by hand does, its caller knows.
        if written:
            _call(self._listeners, frozenset(written))

    async def _transaction(self, writes: list[Write], wait_ms: int) -> list[Exception | None]:
        """All of `writes` in one transaction; the answer says which did not happen because it was stale."""
        return await carry_out(self._connection, writes, self._stamps, wait_ms)


def _call(listeners: Iterable[Listener], models: frozenset[type[Model]]) -> None:
    for listener in listeners:
        try:
            listener(models)
        except Exception as error:  # it only wakes somebody, and the next write must not wait for its mending
            log.error("a listener of the store failed", error=type(error).__name__, where=place_of(error))


def _told(error: Exception) -> Exception:
    """`error` in the words of the API where it is not the caller's own doing."""
    is_ours = is_outage(error) or isinstance(error, OSError | sqlite3.Error)
    if isinstance(error, Stale | IntegrityError) or not is_ours:
        return error
    told = problem_of(error)
    told.__cause__ = error
    return told
