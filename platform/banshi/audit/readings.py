"""Who of the staff has read which case: written before they are answered, once a quarter of an hour.

What waits to be written at the same moment goes in one transaction, and who asks for the same meanwhile waits for the
same row. What this process has written in the present quarter costs nothing more; what another one has, one insert.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import structlog

from banshi.access import ACCESS
from banshi.audit.keeping import AUDIT
from banshi.audit.key import AuditKey
from banshi.audit.marks import reading_mark
from banshi.audit.models import CaseReading
from banshi.contract import Key
from banshi.errors import Unavailable
from banshi.logs import place_of
from banshi.store import Write

if TYPE_CHECKING:
    from banshi.models import Case
    from banshi.routes import Principal
    from banshi.runtime import Platform

log = structlog.get_logger("banshi.audit")

#: Seconds in which several looks are one reading. The quarters of UTC are those of every time zone there is.
QUARTER = 900

#: Readings of the present quarter that are known to be written; whatever is beyond is written again, and found there.
REMEMBERED = 50_000


class NotRecorded(Unavailable):
    """It can't be recorded that you read this, so it isn't shown; try again after Retry-After."""

    def __init__(self) -> None:
        told = {
            "zh-CN": "目前无法记录本次查阅，因此不予显示；请稍后再试。",
            "en": (type(self).__doc__ or "").strip(),
        }
        super().__init__(told, headers={"Retry-After": "5"})


def id_in_quarter(key: AuditKey, at: datetime, *parts: str) -> UUID:
    """The id of what is noted once a quarter of an hour: a UUIDv7 of its beginning, and a keyed digest of the rest."""
    begins = int(at.timestamp()) // QUARTER * QUARTER * 1000
    digest = key.digest(b"quarter" + orjson.dumps(parts))
    bits = int.from_bytes(digest[:10], "big")
    value = begins << 80 | 0x7 << 76 | (bits >> 64 & 0xFFF) << 64 | 0b10 << 62 | (bits & (1 << 62) - 1)
    return UUID(int=value)


class Readings:
    """Records who reads."""

    def __init__(self, platform: Platform, key: AuditKey) -> None:
        self._platform, self._key = platform, key
        self._quarter = 0
        self._written: set[UUID] = set()
        #: What is being written, by the reading's id.
        self._pending: dict[UUID, asyncio.Task[None]] = {}

    async def record(self, principal: Principal, cases: Sequence[Case]) -> None:
        """Return once it is on disk that somebody reads these cases. Raises NotRecorded."""
        now = self._platform.now()
        self._turn(now)
        wanted = {id_in_quarter(self._key, now, principal.subject, str(case.id)): case for case in cases}
        new = [self._row(identity, now, principal, case) for identity, case in wanted.items() if self._is_new(identity)]
        if new:
            # A task of its own: whoever hangs up must not take back what others wait for.
            task = asyncio.create_task(self._write(new), name="banshi-reading")
            self._pending.update((row.id, task) for row in new)
        waiting = {self._pending[identity] for identity in wanted if identity in self._pending}
        for one in waiting:
            await asyncio.shield(one)

    def _turn(self, now: datetime) -> None:
        quarter = int(now.timestamp()) // QUARTER
        if quarter != self._quarter or len(self._written) > REMEMBERED:
            self._quarter = quarter
            self._written.clear()

    def _is_new(self, identity: UUID) -> bool:
        return identity not in self._written and identity not in self._pending

    def _row(self, identity: UUID, now: datetime, principal: Principal, case: Case) -> CaseReading:
        # A list may show somebody a case by a role that an earlier version of its item had.
        covering = (one for one in principal.roles if one.covers(one.name, case.department, case.unit))
        role = self._platform[ACCESS].role_of(principal, case) or next(covering, principal.roles[0])
        columns: dict[str, Any] = {
            "id": identity,
            "case_id": case.id,
            "at": now,
            "reader": principal.subject,
            "department": role.department,
            "unit": role.unit or "",
            "role": role.name,
        }
        return CaseReading(**columns, mark=reading_mark(self._key, columns))

    async def _write(self, rows: Sequence[CaseReading]) -> None:
        try:
            await self._platform.store.commit(Write(unless_there=rows))
            self._written.update(row.id for row in rows)
        except Exception as error:
            log.error(
                "a reading can't be recorded, so nothing is shown", error=type(error).__name__, at=place_of(error)
            )
            raise NotRecorded() from None
        finally:
            for row in rows:
                self._pending.pop(row.id, None)


READINGS: Key[Readings] = Key("readings")


@asynccontextmanager
async def open_readings(platform: Platform) -> AsyncIterator[Readings]:
    """Whatever staff read from here on is recorded."""
    readings = Readings(platform, platform[AUDIT])
    platform[ACCESS].record = readings.record
    yield readings
