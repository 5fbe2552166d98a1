"""What appeals keep of a case, when it leaves or what is personal in it does."""

from __future__ import annotations

from typing import Any

from banshi.builtin.personal_data.holdings import Holdings, PersonalTable, by_case
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import KEPT, Case
from banshi.kinds.appeal.models import AppealRecord, Letter, Reply, TipCode

HOLDING = Holdings([PersonalTable(model, by_case(model)) for model in (AppealRecord, Reply, Letter, TipCode)])


async def forget(platform: Platform, case: Case) -> None:
    """Delete the record, letters, answers and code of a case. What was merged into it stays, without its answers."""
    del platform
    await TipCode.filter(case_id=case.id).delete()
    await Letter.filter(case_id=case.id).delete()
    await Reply.filter(case_id=case.id).delete()
    await AppealRecord.filter(merged_into=case.id).update(merged_into=None)
    await AppealRecord.filter(case_id=case.id).delete()


async def anonymise(platform: Platform, case: Case) -> None:
    """Take out what was written. Sort, category, stars and whether it was answered in time stay."""
    del platform
    await TipCode.filter(case_id=case.id).delete()
    await Letter.filter(case_id=case.id).delete()
    record = await AppealRecord.get_or_none(case_id=case.id)
    for identity in [case.id] + ([record.merged_into] if record and record.merged_into else []):
        readers: Any = await AppealRecord.filter(merged_into=identity).values_list("case_id", flat=True)
        # Somebody whose appeal was merged with it still reads the answer.
        if not await Case.filter(id__in=[identity, *readers], content=KEPT).exclude(id=case.id).exists():
            await Reply.filter(case_id=identity).update(text="")
    await AppealRecord.filter(case_id=case.id).update(rating_text="")
