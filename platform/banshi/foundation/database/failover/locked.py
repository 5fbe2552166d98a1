"""What somebody else has locked: the writes that want it wait aside, each alone, and all others go on.

A group in which somebody meets a lock is carried out in halves until that one stands alone. It is then tried here, and
for a while whoever wants the same comes here at once. To be here by mistake costs a moment: each is tried before it is
refused, but for whoever wants the very rows that were just found locked. SQLite has one lock for all, and nobody aside.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from random import random

from banshi.foundation.database import bulk
from banshi.foundation.database.failover.fates import Locked, names_row
from banshi.foundation.database.writes import Waiting, Write

#: Milliseconds that a group waits for a lock, since all who come meanwhile wait with it: at first, and for as long as
#: locks that were met are remembered.
GROUP_WAIT_MS, WARNED_WAIT_MS = 300, 50

#: Seconds for which a write is tried aside before it is refused, and milliseconds of one try at most and at least.
MAX_WAIT_S, MAX_TRY_MS, MIN_TRY_MS = 0.7, 200, 3

#: Seconds for which a lock that was met is remembered.
REMEMBERED_S = 5.0


@dataclass(slots=True)
class Aside:
    """The writes that wait for what is locked."""

    #: Carries out a write alone, with so many milliseconds for a lock; if it meets one it comes back by `meet`.
    carry_out: Callable[[list[Waiting], int], Awaitable[None]]
    #: Hears of each write that was refused.
    refused: Callable[[], object]
    waiting: deque[Waiting] = field(default_factory=deque)
    #: What was found locked, rows or all that certain tables are in, and until when that is remembered.
    locked: dict[Hashable, float] = field(default_factory=dict)
    trying: Waiting | None = None
    task: asyncio.Task[None] | None = None

    def sort_out(self, group: list[Waiting]) -> list[Waiting]:
        """Those of a group who want nothing that was found locked; the others come here, where they didn't before."""
        now = time.monotonic()
        self.locked = {one: until for one, until in self.locked.items() if until > now}
        free = []
        for one in group:
            one.rows = _rows(one.write)
            if one.since or self.locked.keys().isdisjoint((*one.rows, _tables(one.write))):
                free.append(one)
            else:
                self._add(one)
        return free

    def meet(self, one: Waiting, error: Exception) -> None:
        """It has met a lock all alone: it is tried again, or refused where it has waited for long enough."""
        one.met += 1
        one.rows = _rows(one.write)
        # PostgreSQL names no row where a table is locked, nor where others stand in line for the row before us.
        wide = frozenset() if one.rows and names_row(error) else frozenset({_tables(one.write)})
        self.locked |= dict.fromkeys(one.rows | wide, time.monotonic() + REMEMBERED_S)
        self._add(one)

    def _add(self, one: Waiting) -> None:
        now = time.monotonic()
        one.since = one.since or now
        if now - one.since >= MAX_WAIT_S and one.met:
            one.settle(Locked())
            self.refused()
            return
        self.waiting.append(one)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._try(), name="banshi-store-aside")

    async def _try(self) -> None:
        while self.waiting:
            stuck: set[Hashable] = set()
            several = len({one.rows or one for one in self.waiting})
            for _ in range(len(self.waiting)):
                self.trying = one = self.waiting.popleft()
                before = one.met
                if one.rows in stuck:
                    one.met += 1
                    self._add(one)
                    continue
                left_ms = min((one.since + MAX_WAIT_S - time.monotonic()) * 1000, MAX_TRY_MS) / several
                # Of two processes that wait for each other, one gives up first.
                await self.carry_out([one], max(MIN_TRY_MS, int(left_ms * (1 + random()) / 2)))  # noqa: S311 - no secret
                if one.met > before:
                    stuck |= {one.rows} - {frozenset()}
                elif not one.done.cancelled():
                    for key in (*one.rows, _tables(one.write)):
                        self.locked.pop(key, None)
            self.trying = None


def _rows(write: Write) -> frozenset[Hashable]:
    """The rows that a write changes, as far as it names them."""
    named = ((one.model, one.where.get(one.model._meta.pk_attr)) for one in write.updates)
    return frozenset((model, bulk.key_of(model, key)) for model, key in named if key is not None)


def _tables(write: Write) -> Hashable:
    """What writes that are alike have in common: the tables, and the statement by hand."""
    models = {*map(type, (*write.rows, *write.unless_there)), *(one.model for one in write.updates)}
    return frozenset(models), write.statement.sql if write.statement else ""
