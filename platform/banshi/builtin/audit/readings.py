"""Who of the staff has read which case: written before they are answered, once a quarter of an hour.

Under load many of them share one write, and who asks for the same meanwhile waits for the same row. What this process
has written in the present quarter costs nothing more; what another one has, one insert.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog

from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.marks import reading_mark
from banshi.builtin.audit.models import CaseReading
from banshi.builtin.identity.access import ACCESS
from banshi.builtin.sentences import say
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import Unavailable
from banshi.foundation.keys import Key
from banshi.foundation.logs import place_of
from banshi.kernel.contract.principals import Principal
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

log = structlog.get_logger("banshi.audit")

#: Seconds in which several looks are one reading. The quarters of UTC are those of every time zone there is.
QUARTER_S = 900

#: Readings of the present quarter that are known to be written; whatever is beyond is written again, and found there.
MAX_REMEMBERED = 50_000


#: Characters of a code in the table.
MAX_CODE_SIGNS = 64

#: Between two writes, so many times as long as the last one took, at most so many seconds, and no longer once so many
#: readings wait. On SQLite everybody waits for a write: so they share it, and whoever reads alone waits for nobody.
GATHER_TIMES, LONGEST_GATHER_S, MAX_GATHERED = 10, 0.05, 32


class NotRecorded(Unavailable, says=say):
    """It can't be recorded that you read this, so it isn't shown; try again later."""

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})


def id_in_quarter(key: AuditKey, at: datetime, *parts: str) -> UUID:
    """The id of what is noted once a quarter of an hour: a UUIDv7 of its beginning, and a keyed digest of the rest."""
    begins = int(at.timestamp()) // QUARTER_S * QUARTER_S * 1000
    digest = key.digest(b"quarter" + orjson.dumps(parts))
    bits = int.from_bytes(digest[:10], "big")
    value = begins << 80 | 0x7 << 76 | (bits >> 64 & 0xFFF) << 64 | 0b10 << 62 | (bits & (1 << 62) - 1)
    return UUID(int=value)


class Batch:
    """Readings that are written together, and what whoever reads waits for."""

    def __init__(self) -> None:
        self.rows: dict[UUID, CaseReading] = {}
        self.written: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Readings:
    """Records who reads."""

    def __init__(self, platform: Platform, key: AuditKey) -> None:
        self._platform, self._key = platform, key
        self._quarter = 0
        #: Ids of readings as numbers: the collector of garbage has no part in them.
        self._written: set[int] = set()
        #: What is being written, and what comes after it.
        self._under_way: Batch | None = None
        self._next: Batch | None = None
        self._full = asyncio.Event()
        #: Until when the next one gathers.
        self._gathers_until = 0.0
        self._writer: asyncio.Task[None] | None = None

    async def record(self, principal: Principal, cases: Sequence[Case]) -> None:
        """Return once it is on disk that somebody reads these cases. Raises NotRecorded."""
        now = self._platform.now()
        quarter = int(now.timestamp()) // QUARTER_S
        if quarter != self._quarter or len(self._written) > MAX_REMEMBERED:
            self._quarter = quarter
            self._written.clear()
        waits: set[asyncio.Future[None]] = set()
        for case in cases:
            identity = id_in_quarter(self._key, now, principal.subject, str(case.id))
            if identity.int in self._written:
                continue
            batch = self._batch_of(identity)
            if identity not in batch.rows:
                batch.rows[identity] = self._row(identity, now, principal, case)
            waits.add(batch.written)
        if self._next is not None:
            self._begin()
        for written in waits:
            # Shielded: whoever hangs up must not take back what others wait for.
            await asyncio.shield(written)

    def _batch_of(self, identity: UUID) -> Batch:
        """The batch that has the reading, or is to have it."""
        if self._under_way is not None and identity in self._under_way.rows:
            return self._under_way
        if self._next is None:
            self._next = Batch()
        return self._next

    def _begin(self) -> None:
        if self._next is not None and len(self._next.rows) >= MAX_GATHERED:
            self._full.set()
        if self._writer is None or self._writer.done():
            # In a context of its own: what it does is no one request's.
            self._writer = asyncio.create_task(self._write_all(), name="banshi-readings", context=Context())

    async def close(self) -> None:
        """Let nobody wait any more: what isn't written by now is not shown."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        for batch in (self._under_way, self._next):
            if batch is not None:
                _refuse(batch)

    async def _write_all(self) -> None:
        """Write batch after batch, until nothing waits."""
        while self._next is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._gathers_until):
                    await self._full.wait()
            self._full.clear()
            self._under_way, self._next = self._next, None
            clock = asyncio.get_running_loop().time
            begun = clock()
            await self._write(self._under_way)
            self._under_way = None
            self._gathers_until = clock() + min(GATHER_TIMES * (clock() - begun), LONGEST_GATHER_S)

    def _row(self, identity: UUID, now: datetime, principal: Principal, case: Case) -> CaseReading:
        # A list may show somebody a case by a role that an earlier version of its item had.
        covering = (one for one in principal.roles if one.covers(one.name, case.department, case.unit))
        role = self._platform[ACCESS].role_of(principal, case) or next(covering, principal.roles[0])
        columns: dict[str, Any] = {
            "id": identity,
            "case_id": case.id,
            "at": now,
            "reader": principal.subject,
            # What no case has is no longer than its column either.
            "department": role.department[:MAX_CODE_SIGNS],
            "unit": (role.unit or "")[:MAX_CODE_SIGNS],
            "role": role.name[:MAX_CODE_SIGNS],
        }
        return CaseReading(**columns, mark=reading_mark(self._key, columns))

    async def _write(self, batch: Batch) -> None:
        try:
            await self._platform.store.commit(Write(unless_there=list(batch.rows.values())))
        except Exception as error:
            log.error(
                "a reading can't be recorded, so nothing is shown", error=type(error).__name__, at=place_of(error)
            )
            _refuse(batch)
        else:
            self._written.update(identity.int for identity in batch.rows)
            batch.written.set_result(None)


def _refuse(batch: Batch) -> None:
    if not batch.written.done():
        batch.written.set_exception(NotRecorded())
        batch.written.exception()  # whoever waited may have left


READINGS: Key[Readings] = Key("readings")


@asynccontextmanager
async def open_readings(platform: Platform) -> AsyncIterator[Readings]:
    """Whatever staff read from here on is recorded."""
    readings = Readings(platform, platform[AUDIT])
    platform[ACCESS].record = readings.record
    try:
        yield readings
    finally:
        await readings.close()
