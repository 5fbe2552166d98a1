"""Clears away what is no longer needed: settled work, remembered answers, files that no case uses, test cases, and what
is personal in cases that have been over for long.

In small steps, so that no transaction is long. What was promised and is not done is never touched.
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO
from uuid import UUID

import structlog
from tortoise.expressions import Q

from banshi.builtin.audit.leaving import forget_old_readings
from banshi.builtin.audit.refusals import forget_old_refusals
from banshi.builtin.identity.ended import forget_old_endings
from banshi.builtin.leading.rounds import hourly, in_turn
from banshi.builtin.limits.models import Quota
from banshi.builtin.personal_data.forgetting import forget_test_cases
from banshi.builtin.personal_data.promises import MAX_APART_MS
from banshi.builtin.personal_data.retention import anonymise_old_cases
from banshi.builtin.uploads import room
from banshi.foundation.database.bulk import ROWS_PER_STATEMENT, delete
from banshi.foundation.files.durable_files import written
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow

log = structlog.get_logger("banshi.upkeep")

#: How long an upload waits for the submission that names it.
UPLOAD_WAITS = timedelta(days=1)

#: The same for one without a name, of which all have one quota together.
UNNAMED_UPLOAD_WAITS = timedelta(hours=2)

#: Nothing is counted by more than a month: what was spent before is news to nobody.
LONGEST_PERIOD = timedelta(days=62)

#: Seconds without a byte after which nobody writes any more: a chunk has to come within 15, and clocks jump an hour.
ABANDONED_AFTER_S = 86_400.0


def clear_parts(folder: Path, older: float = 0.0) -> int:
    """Remove what a crash left half-written: not held, and for `older` seconds not written to; the number of files.

    Machines that share a folder may not share its locks: there, `ABANDONED_AFTER_S` is what tells.
    """
    until, removed = time.time() - older, 0
    for part in [one for one in folder.rglob("*.part") if written(one) <= until]:
        with suppress(FileNotFoundError), part.open("r+b") as stream:
            if not _held(stream):
                part.unlink()
                removed += 1
    return removed


def _held(stream: IO[bytes]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a disk may know no locks
        pass
    return False


def _kept_since(platform: Platform) -> datetime:
    return platform.now() - timedelta(days=platform.settings.keep_days)


async def _remove_answers(platform: Platform) -> None:
    await delete(IdempotencyKey.filter(created_at__lt=_kept_since(platform)))
    await delete(Quota.filter(spent_at__lt=int((platform.now() - LONGEST_PERIOD).timestamp() * 1000)))


async def _remove_files(platform: Platform) -> None:
    unnamed = Q(person="", created_at__lt=platform.now() - UNNAMED_UPLOAD_WAITS)
    old = Q(created_at__lt=platform.now() - UPLOAD_WAITS) | unnamed
    while files := await Attachment.filter(old, case_id=None).limit(ROWS_PER_STATEMENT):
        await remove_unused(platform, files)
    await asyncio.to_thread(clear_parts, platform.settings.attachments_folder, ABANDONED_AFTER_S)


async def _remove_work(platform: Platform) -> None:
    """Delete what was settled before then.

    By the key, in the order in which it was promised: an index of times would have to be kept up by each settlement.
    What was settled before then was promised before then.
    """
    moment = int(_kept_since(platform).timestamp() * 1000)
    over = OutboxRow.filter(state__in=["done", "dropped"], settled_at__lt=moment)
    await delete(over.filter(id__lt=UUID(int=(moment + MAX_APART_MS) << 80)).order_by("id"))


async def remove_unused(platform: Platform, files: Sequence[Attachment]) -> None:
    """Delete files that no case uses. The row goes first: one that a submission has just named stays."""
    for file in files:
        if await Attachment.filter(id=file.id, case_id=None).delete():
            await asyncio.to_thread((platform.settings.attachments_folder / str(file.id)).unlink, missing_ok=True)


async def tidy(platform: Platform) -> None:
    """One round, in this order."""
    works = (_remove_work, _remove_answers, _remove_files, room.remove_old, forget_test_cases, anonymise_old_cases)
    old = (forget_old_readings, forget_old_refusals, forget_old_endings)
    await in_turn(platform, (*works, *old), log, "could not tidy up")


UPKEEP: Key[None] = Key("upkeep")

#: Tidies up at start and every hour, in the process that leads.
open_upkeep = partial(hourly, "banshi-upkeep", tidy, "could not tidy up")
