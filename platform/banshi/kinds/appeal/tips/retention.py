"""Tips leave some time after their last step, with their codes, messages and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from banshi.builtin.audit.leaving import Unproven, entries_of, leave_each, remove_case
from banshi.builtin.leading.rounds import hourly
from banshi.builtin.personal_data.forgetting import forget_files
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import GONE, LEAVING, Case
from banshi.kinds.appeal.models import AppealRecord, Letter, Reply, TipCode

log = structlog.get_logger("banshi.tips")

#: States in which nobody waits for staff. In two of them it is the sender's turn, who may not come back.
OVER = ("closed", "withdrawn", "merged", "answered", "returned")


async def forget(platform: Platform) -> int:
    """One round, the newest first: a duplicate before what it was merged into. The number of tips that left."""
    before = platform.now() - timedelta(days=platform.settings.tip_days)
    unnamed = Case.filter(person="", kind="appeal").exclude(content=GONE)
    old = unnamed.filter(state__in=(*OVER, LEAVING), updated_at__lt=before)
    if gone := await leave_each(old, "-id", partial(_forget, platform, before), log, "tip"):
        log.info("tips left", tips=gone)
    return gone


async def _forget(platform: Platform, before: datetime, case: Case) -> bool:
    """Delete one, its case last: a round that is cut short is taken up by the next one."""
    if case.state == "returned" and await AppealRecord.filter(merged_into=case.id).exists():
        return False  # others wait for its answer, whether or not its own sender comes back
    await _check(platform, case, before)
    still = Case.filter(id=case.id, version=case.version, updated_at__lt=before)
    if case.state != LEAVING and not await still.update(state=LEAVING, version=case.version + 1):
        return False
    record = await AppealRecord.get_or_none(case_id=case.id)
    answers = [case.id] + ([record.merged_into] if record and record.merged_into else [])
    await TipCode.filter(case_id=case.id).delete()
    await forget_files(platform, case)
    await Letter.filter(case_id=case.id).delete()
    await _forget_answers(case, answers)
    await AppealRecord.filter(case_id=case.id).delete()
    await remove_case(platform, case.id, "tip")
    # Another process may have let the other one leave meanwhile, and have found this one still there.
    await _forget_answers(case, answers)
    return True


async def _check(platform: Platform, case: Case, before: datetime) -> None:
    """Raises Unproven unless the case's audit says too that nobody's name was on it, and that it was over by then."""
    entries = await entries_of(platform, case)
    first, last = entries[0], entries[-1]
    if first.actor_id or first.redacted is not None:
        raise Unproven("somebody handed it in who said who they are")
    if last.state not in OVER or last.at >= before:
        raise Unproven(f"it came into the state {last.state} at {last.at.isoformat()}")


async def _forget_answers(case: Case, answered: Sequence[Any]) -> None:
    """Delete the answers of those of `answered` that nobody but `case` has any more, as its own or as a duplicate's."""
    for identity in answered:
        readers = AppealRecord.filter(merged_into=identity).exclude(case_id=case.id)
        owner = await Case.filter(id=identity).exclude(id=case.id).first()
        if await readers.exists() or (owner is not None and owner.content != GONE):
            continue
        if owner is None:
            await Reply.filter(case_id=identity).delete()
        else:
            # Of one that was anonymised it is counted on that it was answered.
            await Reply.filter(case_id=identity).update(text="")


FORGETTING: Key[None] = Key("tips that leave")

#: Lets tips leave at start and every hour.
open_forgetting = partial(hourly, "banshi-tips", forget, "tips could not leave")
