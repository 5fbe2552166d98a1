"""PostgreSQL for Tortoise, with an outage under one name, and safe against a task that is cancelled in the middle.

asyncpg has a dozen names for a server that is restarting, full of connections or gone; Tortoise lets them through, and
its pool loses a connection for good when a task is cancelled while its transaction begins. `banshi.store` names this
module as the engine.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, OperationalError

#: The server, or the way to it, can't do this now. What a statement says wrongly is none of these.
OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalClientError,
    OSError,
)


def outage(error: Exception) -> Exception:
    """`error` as Tortoise's own where it is an outage, a deadlock or a schema that isn't there; any other as it is."""
    if isinstance(error, asyncpg.TransactionRollbackError | asyncpg.InvalidSchemaNameError):
        return OperationalError(error)
    # asyncpg says that a connection is closed in the family in which it also says that an argument is wrong.
    if isinstance(error, OUTAGES) or (isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)):
        return DBConnectionError(error)
    return error


class Translated(AsyncpgDBClient):
    """A connection whose outages are DBConnectionErrors."""

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._translate_exceptions(func, *args, **kwargs)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise outage(error) from error


class Transaction(Translated, TransactionWrapper):
    """The connection inside a transaction."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Transaction(self))


class Begin(TransactionContextPooled):
    """The transaction, as `async with` takes it."""

    async def __aenter__(self) -> Any:
        try:
            await self.ensure_connection()
            self.client._connection = await self.client._parent._pool.acquire()
        except Exception as error:
            raise outage(error) from error
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
        except Exception as error:
            raise outage(error) from error
        finally:
            # First of all: a task that kept a dead connection as its own would fail with every statement from then on.
            get_connections().reset(self.token)
            await self._give_back()

    async def _give_back(self) -> None:
        """What was done is done, even if the connection breaks now: its pool then ends it and makes another."""
        if self.client._parent._pool is not None:
            with suppress(asyncpg.InterfaceError, *OUTAGES):
                await self.client._parent._pool.release(self.client._connection)


class Client(Translated):
    """The pool of connections of a process.

    `statement_timeout`, in milliseconds, is also how long a transaction may stay open without a statement: a process
    that was stopped in the middle of one would hold its rows against all others.
    """

    def __init__(self, *given: Any, statement_timeout: str | int | None = None, **options: Any) -> None:
        super().__init__(*given, **options)
        if statement_timeout is not None:
            self.server_settings["statement_timeout"] = str(statement_timeout)
            self.server_settings["idle_in_transaction_session_timeout"] = str(statement_timeout)

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
        return await asyncpg.create_pool(None, reset=_nothing, **options)

    def _in_transaction(self) -> TransactionContext:
        return Begin(Transaction(self), self._pool_init_lock)


async def _nothing(connection: Any) -> None:
    """What a session that is given back needs."""


#: Where Tortoise looks.
client_class = Client
