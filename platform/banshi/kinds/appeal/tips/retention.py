"""Tips leave some time after their last step, with their codes, messages and pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from banshi.background import every, working
from banshi.contract import Key
from banshi.kinds.appeal.merging import LEAVING
from banshi.kinds.appeal.models import AppealRecord, Letter, Reply, TipCode
from banshi.models import Attachment, Case, CaseEvent

if TYPE_CHECKING:
    from banshi.runtime import Platform

log = structlog.get_logger("banshi.tips")

#: Seconds between two rounds, and tips that are looked at in one step.
ROUND, STEP = 3_600.0, 100

#: States in which nobody waits for staff. In two of them it is the sender's turn, who may not come back.
OVER = ("closed", "withdrawn", "merged", "answered", "returned")


async def forget(platform: Platform) -> int:
    """One round, the newest first: a duplicate before what it was merged into. The number of tips that left."""
    before = platform.now() - timedelta(days=platform.settings.tip_days)
    gone, after = 0, UUID(int=2**128 - 1)
    old = Case.filter(person="", kind="appeal", state__in=(*OVER, LEAVING), updated_at__lt=before)
    while found := await old.filter(id__lt=after).order_by("-id").limit(STEP):
        after = found[-1].id
        for case in found:
            gone += await _forget(platform, case, before)
    if gone:
        log.info("tips left", tips=gone)
    return gone


async def _forget(platform: Platform, case: Case, before: datetime) -> bool:
    """Delete one, its case last: a round that is cut short is taken up by the next one."""
    if case.state == "returned" and await AppealRecord.filter(merged_into=case.id).exists():
        return False  # others wait for its answer, whether or not its own sender comes back
    still = Case.filter(id=case.id, version=case.version, updated_at__lt=before)
    if not await still.update(state=LEAVING, version=case.version + 1):
        return False
    record = await AppealRecord.get_or_none(case_id=case.id)
    answers = [case.id] + ([record.merged_into] if record and record.merged_into else [])
    await TipCode.filter(case_id=case.id).delete()
    for file in await Attachment.filter(case_id=case.id):
        path = platform.settings.attachments_folder / str(file.id)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        await Attachment.filter(id=file.id).delete()
    await Letter.filter(case_id=case.id).delete()
    await _forget_answers(case, answers)
    await CaseEvent.filter(case_id=case.id).delete()
    await AppealRecord.filter(case_id=case.id).delete()
    await Case.filter(id=case.id, state=LEAVING).delete()
    # Another process may have let the other one leave meanwhile, and have found this one still there.
    await _forget_answers(case, answers)
    return True


async def _forget_answers(case: Case, answered: Sequence[Any]) -> None:
    """Delete the answers of those of `answered` that nobody but `case` has any more, as its own or as a duplicate's."""
    for identity in answered:
        readers = AppealRecord.filter(merged_into=identity).exclude(case_id=case.id)
        owner = Case.filter(id=identity).exclude(id=case.id)
        if not await readers.exists() and not await owner.exists():
            await Reply.filter(case_id=identity).delete()


FORGETTING: Key[None] = Key("tips that leave")


@asynccontextmanager
async def open_forgetting(platform: Platform) -> AsyncIterator[None]:
    """Lets tips leave at start and every hour."""
    async with working("banshi-tips", partial(every, ROUND, partial(forget, platform), "tips could not leave")):
        yield
