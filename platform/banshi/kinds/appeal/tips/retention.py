"""Tips leave some time after their last step, with their codes, messages and pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

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
    """One round; the number of tips that left."""
    before = platform.now() - timedelta(days=platform.settings.tip_days)
    gone = 0
    while found := await Case.filter(person="", kind="appeal", state__in=(*OVER, LEAVING), updated_at__lt=before).limit(
        STEP
    ):
        for case in found:
            gone += await _forget(platform, case, before)
    if gone:
        log.info("tips left", tips=gone)
    return gone


async def _forget(platform: Platform, case: Case, before: datetime) -> bool:
    """Delete one, its case last: a round that is cut short is taken up by the next one."""
    still = Case.filter(id=case.id, version=case.version, updated_at__lt=before)
    if not await still.update(state=LEAVING, version=case.version + 1):
        return False
    await TipCode.filter(case_id=case.id).delete()
    for file in await Attachment.filter(case_id=case.id):
        path = platform.settings.attachments_folder / str(file.id)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        await Attachment.filter(id=file.id).delete()
    await Letter.filter(case_id=case.id).delete()
    if not await AppealRecord.filter(merged_into=case.id).exists():
        # Otherwise somebody else's appeal has the same answer, in the department's words.
        await Reply.filter(case_id=case.id).delete()
    await CaseEvent.filter(case_id=case.id).delete()
    await AppealRecord.filter(case_id=case.id).delete()
    await Case.filter(id=case.id, state=LEAVING).delete()
    return True


FORGETTING: Key[None] = Key("tips that leave")


@asynccontextmanager
async def open_forgetting(platform: Platform) -> AsyncIterator[None]:
    """Lets tips leave at start and every hour."""
    async with working("banshi-tips", partial(every, ROUND, partial(forget, platform), "tips could not leave")):
        yield
