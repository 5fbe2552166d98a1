"""A copy of the database that PostgreSQL keeps: for what anybody may read, a moment behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, OperationalError

from banshi.foundation.logs import Absence

T = TypeVar("T")

log = structlog.get_logger("banshi.replica")

#: Seconds that it may take over an answer, and for which it isn't asked again once it failed.
ANSWER_TIMEOUT_S, REST_AFTER_FAILURE_S = 2.0, 5.0

#: What the present task reads from, where that is the replica.
READING: ContextVar[BaseDBAsyncClient | None] = ContextVar("banshi_replica", default=None)


class Replica:
    """The copy's connections."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        self._client = client
        self._away_until = 0.0
        self._absence = Absence(log, "the replica can't be read; the database itself is", "the replica is back")

    async def first(self, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives from the replica, or from the database itself where the replica can't tell.

        It changes nothing, so that it may be done twice.
        """
        if time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    with self._reading():
                        found = await read()
            except (DBConnectionError, OperationalError, OSError) as error:  # TimeoutError is an OSError
                self._away_until = time.monotonic() + REST_AFTER_FAILURE_S
                self._absence.begin(error)
            else:
                self._absence.end()
                return found
        return await read()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        before = get_connections().set("default", self._client)
        own = READING.set(self._client)
        try:
            yield
        finally:
            READING.reset(own)
            get_connections().reset(before)
