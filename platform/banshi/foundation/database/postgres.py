"""PostgreSQL for Tortoise, with an outage under one name, and safe against a task that is cancelled in the middle.

asyncpg has a dozen names for a server that is restarting, full of connections or gone; Tortoise lets them through, and
its pool loses a connection for good when a task is cancelled while its transaction begins.
`banshi.foundation.database.store` names this module as the engine.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext, TransactionContextPooled
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError

from banshi.foundation.database.failover.away import Away
from banshi.foundation.database.failover.connecting import ASK_READ_ONLY, Servers
from banshi.foundation.database.failover.fates import Fate, fate_of

#: The first number that a server gives to what is made on it (`FirstNormalObjectId`).
FIRST_MADE_OID = 16_384

#: What servers have said, by the numbers that were asked for together.
TOLD: dict[frozenset[int], Any] = {}

#: In place of the statement that would have been asked: a named one, so that it takes nobody's place.
NOT_ASKED = SimpleNamespace(name="told before")


class Connection(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """A connection that knows what others have been told of PostgreSQL's own types.

    asyncpg asks the server about arrays of them anew on each connection: 4 to 25 ms before the first such statement. A
    type of PostgreSQL's own has one number on all servers.
    """

    async def _introspect_types(self, typeoids: Collection[int], limit: float) -> tuple[Any, Any]:
        asked = frozenset(typeoids)
        if asked in TOLD:
            return TOLD[asked], NOT_ASKED
        told, statement = await super()._introspect_types(typeoids, limit)
        if max(asked) < FIRST_MADE_OID:
            TOLD[asked] = told
        return told, statement


#: Seconds between two times that all connections are made anew at least: whoever fails meanwhile is part of the same.
EXPIRY_INTERVAL_S = 0.5

#: Seconds for which connections to a server that takes no writes are read from, until another one is looked for.
LOOK_AGAIN_S = 1.0

#: Milliseconds for which the writer's transaction may stay open without a statement. Nothing thinks inside one: it is
#: that of a process that was stopped or cut off, and its rows are locked against all others.
MAX_IDLE_MS = 5_000

#: What the server, the way to it, or asyncpg raises.
ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

# Connections that its pool can't make in advance, whoever needs one makes or fails with.
logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def translated(error: Exception) -> Exception:
    """What `error` is in Tortoise's words, so that nobody has to know asyncpg's; what it has no word for as it is."""
    fate = fate_of(error)
    if fate is Fate.AGAIN or isinstance(error, asyncpg.SyntaxOrAccessError | asyncpg.DataError):
        return OperationalError(error)
    if fate in {Fate.AWAY, Fate.RECONNECT, Fate.FULL}:
        return DBConnectionError(error)
    if fate is Fate.TAKEN:
        return IntegrityError(error)
    return TransactionManagementError(error) if isinstance(error, asyncpg.InvalidTransactionStateError) else error


class Translated(AsyncpgDBClient):
    """A connection whose outages are DBConnectionErrors."""

    #: What to raise in place of an error. Where connections lead astray, all of them are made anew.
    failed: Callable[[Exception], Exception]

    @translate_exceptions
    async def together(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[Sequence[Any]]:
        """Ask all of them, one after the other, on one connection; the rows that each gave."""
        async with self.acquire_connection() as connection:
            return [await connection.fetch(sql, *values) for sql, values in statements]

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await func(self, *args, **kwargs)
        except ERRORS as error:
            raise self.failed(error) from error


class Transaction(Translated, TransactionWrapper):
    """The connection inside a transaction."""

    def failed(self, error: Exception) -> Exception:
        parent: Any = self._parent
        told: Exception = parent.failed(error)
        return told

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Transaction(self))


class Writing(Transaction):
    """That of the store's writer: it waits for no lock for longer than `wait_ms`."""

    def __init__(self, parent: Client, wait_ms: int) -> None:
        super().__init__(parent)
        # In one message with the beginning: no other way costs nothing, and goes through a pooler.
        idle = f"SET LOCAL idle_in_transaction_session_timeout = {MAX_IDLE_MS}"
        self._begin = f"BEGIN; SET LOCAL lock_timeout = {wait_ms}; {idle}"

    async def begin(self) -> None:
        try:
            await self._connection.execute(self._begin)
        except ERRORS as error:
            raise self.failed(error) from error

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")
        self._finalized = True

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")
        self._finalized = True


class Begin(TransactionContextPooled):
    """The transaction, as `async with` takes it."""

    client: Transaction

    async def __aenter__(self) -> Any:
        try:
            await self.ensure_connection()
            pool: Any = self.client._parent._pool
            self.client._connection = await pool.acquire()
        except ERRORS as error:
            raise self.client.failed(error) from error
        try:
            await self.client.begin()
        except BaseException:
            # The pool ends whatever transaction it finds open.
            await self._give_back()
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: Any, raised: Any, trace: Any) -> None:
        try:
            if not self.client._finalized:
                await (self.client.rollback() if kind else self.client.commit())
        except ERRORS as error:
            raise self.client.failed(error) from error
        finally:
            # First of all: a task that kept a dead connection as its own would fail with every statement from then on.
            get_connections().reset(self.token)
            await self._give_back()

    async def _give_back(self) -> None:
        """What was done is done, even if the connection breaks now: its pool then ends it and makes another."""
        if self.client._parent._pool is not None:
            with suppress(*ERRORS):
                await self.client._parent._pool.release(self.client._connection)


class Client(Translated):
    """The pool of connections of a process.

    `statement_timeout`, in milliseconds, is also how long a transaction may stay open without a statement: a process
    that was stopped in the middle of one would hold its rows against all others.
    """

    connection_class = Connection

    def __init__(
        self,
        *given: Any,
        statement_timeout: str | int | None = None,
        hosts: Sequence[tuple[str, int]] = (),
        writes: bool = True,
        **options: Any,
    ) -> None:
        """`hosts` are all of an address that names several; `writes` is False for a copy that is only read."""
        super().__init__(*given, **options)
        if statement_timeout is not None:
            self.server_settings["statement_timeout"] = str(statement_timeout)
            self.server_settings["idle_in_transaction_session_timeout"] = str(statement_timeout)
        #: Called once connections lead astray, for whoever has one beside the pool.
        self.when_astray: set[Callable[[], object]] = set()
        self.away = Away()
        self._servers = Servers(hosts)
        self._writes = writes
        self._expired_at = -EXPIRY_INTERVAL_S
        self._looking: asyncio.TimerHandle | None = None

    async def create_connection(self, with_db: bool) -> None:
        """Whatever keeps the pool from being made is an outage, or a setting that the address has wrong."""
        try:
            await super().create_connection(with_db)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, TypeError, ValueError) as error:
            raise DBConnectionError(error) from error

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        """The pool, without the question by which asyncpg cleans a session whenever one is given back.

        Nobody leaves anything in a session: no setting, no lock, no listener. What is open is rolled back all the same.
        """
        return await asyncpg.create_pool(None, reset=_nothing, connect=self.connect, **options)

    async def connect(self, *given: Any, **options: Any) -> asyncpg.Connection:
        """A new connection, as `asyncpg.connect` takes it: to the server that takes writes, where there is one.

        Where there is none it is read from, and in a moment another one is looked for.
        """
        connection, writes = await self._servers.connect(*given, **options)
        if self._writes and not writes and self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._expire)
        return connection

    async def takes_writes(self) -> bool:
        """Whether the server does; where it doesn't, another one is looked for."""
        rows = await self.execute_query_dict(f"{ASK_READ_ONLY} AS read_only")
        if read_only := bool(rows[0]["read_only"]):
            self._expire_once()
        return not read_only

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        result = await super()._translate_exceptions(func, *args, **kwargs)
        self.away.worked()
        return result

    def failed(self, error: Exception) -> Exception:
        if self._writes:  # of a copy that is away its reader says so
            self.away.failed(error)
        if fate_of(error) is Fate.RECONNECT:
            self._expire_once()
        return translated(error)

    def _expire_once(self) -> None:
        if time.monotonic() - self._expired_at >= EXPIRY_INTERVAL_S:
            self._expire()

    def _expire(self) -> None:
        """Have every connection made anew before it is used again, and tell whoever has one beside the pool."""
        self._looking = None
        self._expired_at = time.monotonic()
        if self._pool is not None:
            # What `expire_connections` does, for a moment in which nothing can be awaited.
            self._pool._generation += 1
        for tell in list(self.when_astray):
            tell()

    def _in_transaction(self) -> TransactionContext:
        return Begin(Transaction(self), self._pool_init_lock)

    def writing(self, wait_ms: int) -> TransactionContext:
        return Begin(Writing(self, wait_ms), self._pool_init_lock)


async def _nothing(connection: Any) -> None:
    """What a session that is given back needs."""


#: Where Tortoise looks.
client_class = Client
