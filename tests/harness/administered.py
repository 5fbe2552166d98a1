"""One connection to the database of this process for as long as tests run, on a loop and a thread of its own.

A test's loop ends with it, and whoever connects anew reads all tables' descriptions anew: most of what emptying them
costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Administrator:
    """Does what a test's own connections can't: before they are there, and when they are gone."""

    def __init__(self, server: str) -> None:
        self._server = server.replace("asyncpg:", "postgres:", 1)
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None
        Thread(target=self._loop.run_forever, name="administrator", daemon=True).start()

    def do(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """Wait for work on the connection; the loop of a test that is over has nothing else to do."""
        return asyncio.run_coroutine_threadsafe(self._on_connection(work), self._loop).result()

    async def _on_connection(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        import asyncpg

        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._server)
        return await work(self._connection)

    def end(self) -> None:
        if self._connection is not None:
            asyncio.run_coroutine_threadsafe(self._connection.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
