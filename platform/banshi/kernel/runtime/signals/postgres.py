"""Signals by PostgreSQL's LISTEN and NOTIFY, on one connection beside the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import asyncpg

from banshi.foundation.background import woken
from banshi.foundation.database.failover.connecting import ASK_READ_ONLY
from banshi.kernel.runtime.signals.carrier import Carrier

#: Of what a pool is made with, what a single connection has no use for.
OF_POOLS = (
    *("min_size", "max_size", "max_queries", "max_inactive_connection_lifetime"),
    *("setup", "init", "reset", "connection_class", "loop", "timeout"),
)

#: Seconds between two looks whether the server is still there, and that any word of it may take.
KEEPALIVE_INTERVAL_S, ANSWER_TIMEOUT_S = 10.0, 5.0


class PostgresCarrier(Carrier):
    """The database that all processes share anyway. A NOTIFY is limited to 8,000 bytes."""

    longest = 7_900

    def __init__(self, client: Any) -> None:
        """`client` is Tortoise's, connected."""
        self._client = client
        self._channel = ""
        self._connection: asyncpg.Connection | None = None
        #: One statement at a time.
        self._turn = asyncio.Lock()

    async def listen(self, heard: Callable[[str], None], connected: Callable[[], None]) -> None:
        """Until the connection breaks. Raises what asyncpg and the network raise."""
        options = {name: value for name, value in self._client._template.items() if name not in OF_POOLS}
        ended = asyncio.Event()
        connection = await self._client.connect(password=self._client.password, timeout=ANSWER_TIMEOUT_S, **options)
        self._client.when_astray.add(ended.set)
        try:
            if await connection.fetchval(ASK_READ_ONLY):
                raise ConnectionError("the server takes no writes")
            # Channels are a database's, and deployments may share it, each with a schema of its own.
            schema = await connection.fetchval("SELECT current_schema()")
            self._channel = "banshi_" + blake2b(str(schema).encode(), digest_size=8).hexdigest()
            await connection.add_listener(self._channel, lambda *told: heard(told[3]))
            self._connection = connection
            connection.add_termination_listener(lambda _: ended.set())
            connected()
            while not ended.is_set():
                if not await woken(ended, KEEPALIVE_INTERVAL_S):
                    # A network that is gone closes nothing.
                    await self._execute("SELECT 1")
            raise ConnectionError("the server has closed the connection, or takes no writes any more")
        finally:
            self._client.when_astray.discard(ended.set)
            self._connection = None
            connection.terminate()

    async def send(self, text: str) -> None:
        """Raises ConnectionError where there is no connection."""
        await self._execute("SELECT pg_notify($1, $2)", self._channel, text)

    async def _execute(self, statement: str, *values: str) -> None:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                raise ConnectionError("not connected")
            await self._connection.execute(statement, *values, timeout=ANSWER_TIMEOUT_S)
