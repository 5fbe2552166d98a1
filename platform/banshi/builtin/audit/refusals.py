"""Who asked for what they may not: noted in memory as it is refused, and written a moment later.

A refusal waits for nothing and writes nothing itself. So many rows a quarter of an hour at most, whoever asks however
often: beyond that only how many there were is known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.models import Refusal
from banshi.builtin.audit.readings import QUARTER_S, id_in_quarter
from banshi.foundation.background import every, working
from banshi.foundation.database import bulk
from banshi.foundation.database.bulk import ROWS_PER_STATEMENT, delete
from banshi.foundation.errors import Forbidden, Hidden, InsufficientScope, NotNamed, NotVerified, Problem
from banshi.foundation.keys import Key
from banshi.foundation.logs import place_of
from banshi.kernel.http.pages import pages
from banshi.kernel.runtime.running import Platform

log = structlog.get_logger("banshi.audit")

#: Seconds between two writes, and rows of one process in a quarter of an hour at most.
ROUND_S, MAX_ROWS_PER_QUARTER = 5.0, 1_000

#: Whose and what, of those whom there was no room to tell apart.
OTHERS = ("", "others", "others")


@dataclass(slots=True)
class Noted:
    """Refusals of one kind that are not written yet."""

    first_at: datetime
    last_at: datetime
    what: dict[str, str]
    count: int = 0


def subject_key(key: AuditKey, subject: str) -> str:
    """A subject as refusals have it: it says nothing without the audit's key, and is the same each time."""
    return key.digest(b"refused" + subject.encode()).hex()[:32]


class Refusals:
    """What was refused lately."""

    def __init__(self, platform: Platform, key: AuditKey) -> None:
        self._platform, self._key = platform, key
        self._quarter = 0
        #: The rows of the present quarter, and of them what isn't written yet.
        self._rows: set[UUID] = set()
        self._noted: dict[UUID, Noted] = {}

    def note(self, subject: str, operation: str, problem: Problem) -> None:
        """Note that somebody was refused, where that is what the problem says."""
        if not is_refusal(problem):
            return
        now = self._platform.now()
        quarter = int(now.timestamp()) // QUARTER_S
        if quarter != self._quarter:
            self._quarter, self._rows = quarter, set()
        whose = (subject_key(self._key, subject), operation, problem.code)
        identity = id_in_quarter(self._key, now, *whose)
        if identity not in self._rows and len(self._rows) >= MAX_ROWS_PER_QUARTER:
            whose, identity = OTHERS, id_in_quarter(self._key, now, *OTHERS)
        self._rows.add(identity)
        noted = self._noted.get(identity)
        if noted is None:
            what = dict(zip(("subject", "operation", "code"), whose, strict=True))
            noted = self._noted[identity] = Noted(now, now, what)
        noted.last_at = now
        noted.count += 1

    async def write(self) -> None:
        """Write what was noted. What can't be written now is kept for later, as much of it as there is room for."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await _add(noted)
        except Exception as error:
            log.warning("refusals can't be recorded; it is tried again", error=type(error).__name__, at=place_of(error))
            for identity, one in list(noted.items())[: MAX_ROWS_PER_QUARTER - len(self._noted)]:
                newer = self._noted.setdefault(identity, one)
                if newer is not one:
                    newer.first_at, newer.count = one.first_at, newer.count + one.count


def is_refusal(problem: Problem) -> bool:
    """Whether somebody asked for what is not theirs. Who lacks a verified number has asked for nothing of others'."""
    return isinstance(problem, Forbidden | InsufficientScope | Hidden) and not isinstance(
        problem, NotVerified | NotNamed
    )


async def _add(noted: dict[UUID, Noted]) -> None:
    """Add to what other processes, and earlier rounds, have counted in the same quarter."""
    # In one order, so that of two processes with the same rows none waits for the other's others.
    rows = [
        Refusal(id=identity, first_at=one.first_at, last_at=one.first_at, count=0, **one.what)
        for identity, one in sorted(noted.items())
    ]
    async with in_transaction() as connection:
        await bulk.insert(connection, Refusal, rows, unless_there=True)
        for row in rows:
            one = noted[row.id]
            of_it = Refusal.filter(id=row.id).using_db(connection)
            await of_it.update(count=F("count") + one.count, last_at=one.last_at)


async def written_since(moment: datetime, subject: str | None = None) -> AsyncIterator[Refusal]:
    """What was refused since then, the oldest first; of one subject's key alone where it is given."""
    async for rows in pages(Refusal.filter(id__gt=_first_of(moment)), "id", size=ROWS_PER_STATEMENT):
        for row in rows:
            if subject in {None, row.subject}:
                yield row


def _first_of(moment: datetime) -> UUID:
    """The smallest id of a moment: ids begin with the time, in milliseconds."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


async def forget_old_refusals(platform: Platform) -> None:
    """Delete what is as old as look-ups that are shown no more."""
    before = platform.now() - timedelta(days=platform.settings.look_up_days)
    await delete(Refusal.filter(id__lt=_first_of(before)))


REFUSALS: Key[Refusals] = Key("refusals")


@asynccontextmanager
async def open_refusals(platform: Platform) -> AsyncIterator[Refusals]:
    """What is refused from here on is recorded, every few seconds and once more at the end."""
    refusals = Refusals(platform, platform[AUDIT])
    failed = "refusals could not be recorded"
    try:
        async with working("banshi-refusals", partial(every, ROUND_S, refusals.write, failed)):
            yield refusals
    finally:
        await refusals.write()
