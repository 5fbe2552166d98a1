"""Holding everything that goes out: after a restore nobody knows what was sent already, so an operator looks first.

It is a row in the database, and each claim asks for it in its own statement: whichever process is started, on whichever
machine, takes nothing while it is there. Submissions go on, and what they promise waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from banshi.foundation.database.store import Store
from banshi.foundation.keys import Key

#: What a plugin wants done to its tables where they were restored: statements of SQL for both databases, carried out in
#: the transaction of the restore. Numbers that somebody may have been given since the backup must not come again.
AFTER_RESTORE: Key[Sequence[str]] = Key("after a restore")


@dataclass(frozen=True, slots=True)
class Paused:
    """Since when what goes out is held, in seconds since 1970 by the database's clock, and why."""

    since: float
    reason: str


@dataclass(frozen=True, slots=True)
class Jobs:
    """Work of a plugin's own that leads out of the house beside the outbox, and is held with it."""

    #: How much waits, by sort: {"deliveries": 12}.
    waiting: Callable[[Store], Awaitable[Mapping[str, int]]]
    #: Gives up what waits of a sort and was promised before a moment (milliseconds since 1970); how much that was.
    drop: Callable[[Store, str, int], Awaitable[int]]


#: Plugins with such work offer it here.
JOBS: Key[Jobs] = Key("jobs that are held")


async def paused(store: Store) -> Paused | None:
    """Why nothing goes out; None where it does."""
    rows = await store.connection.execute_query_dict("SELECT since, reason FROM banshi_hold LIMIT 1")
    return Paused(rows[0]["since"] / 1000, rows[0]["reason"]) if rows else None
