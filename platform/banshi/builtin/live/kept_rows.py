"""Rows that a process keeps in memory: what it has written is known at once, what others wrote a moment later."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import inf
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from tortoise.models import Model

from banshi.kernel.runtime.running import Platform

M = TypeVar("M", bound=Model)

#: Seconds until it is looked for changes that nobody told of; for which another machine's clock may be behind.
LOOK_S, LATE = 2.0, timedelta(seconds=10)
#: Rows that are read at once: in between, others have their turn.
ROWS = 500


class KeptRows(ABC, Generic[M]):
    """Keeps rows of `model`, which count their `version` and say when they were `updated_at`; `put` makes of them what
    is kept.
    """

    #: Whose rows tell of a change, whose are kept, and which of them matter at first.
    changes: type[Model]
    model: type[M]
    at_first: Mapping[str, Any]

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._versions = dict[UUID, int]()
        self._wake, self._turn, self._read_at = asyncio.Event(), asyncio.Lock(), -inf
        #: What was changed before is known.
        self._since: datetime | None = None
        platform.store.on_rows(self.changes, self._wake.set)

    @abstractmethod
    def put(self, row: M) -> None:
        """Keep this row, in place of what it was."""

    async def fresh(self) -> Self:
        """Itself: whatever this process has written is known, and what others wrote a moment ago."""
        clock = asyncio.get_running_loop().time
        async with self._turn:
            if self._wake.is_set() or clock() - self._read_at > LOOK_S:
                self._wake.clear()
                await self._read()
                self._read_at = clock()
        return self

    async def _read(self) -> None:
        now = self.platform.now()
        changed = self.model.filter(**({"updated_at__gt": self._since} if self._since else self.at_first))
        seen: Any = await changed.values_list("id", "version")
        new = [one for one, version in seen if self._versions.get(one) != version]
        for begin in range(0, len(new), ROWS):
            for row in await self.model.filter(id__in=new[begin : begin + ROWS]):
                self._versions[row.pk] = row.version  # type: ignore[attr-defined] # each has one
                self.put(row)
        self._since = now - LATE
