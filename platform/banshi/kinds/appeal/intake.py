"""An appeal's beginning, and what the platform decides about a rating."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.models import Model

from banshi.builtin.limits.rates import RATES
from banshi.foundation.errors import Conflict
from banshi.kernel.cases import lifecycle
from banshi.kernel.cases.clock import WORKING_DAY
from banshi.kernel.cases.submission import item_of
from banshi.kernel.contract.values import Decision, Item
from banshi.kernel.http.document_schemas import optional
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appeal.models import AppealRecord
from banshi.kinds.appeal.problems import TooManyAppeals
from banshi.kinds.appeal.rules import SORTS
from banshi.kinds.sentences import word


def handed_in(item: Item) -> Mapping[str, Any] | None:
    """What an appeal has beside its answers; None for an item that takes none with a name."""
    if item.form is None or item.details.anonymous == "always":
        return None
    return sort_member(item.details.sorts)


def sort_member(sorts: Sequence[str]) -> Mapping[str, Any]:
    """The appeal's sort, where the item takes several."""
    if len(sorts) == 1:
        return {}
    choices = [{"const": sort, "title": SORTS[sort]} for sort in sorts]
    title = word("What it is")
    return {"sort": optional({"type": "string", "title": title, "oneOf": choices, "default": sorts[0]})}


async def received(platform: Platform, case: Case, body: Mapping[str, Any]) -> Sequence[Model]:
    """The clock runs at once, and the citizen is told until when there is an answer."""
    rules = item_of(platform, case).details
    sort = body.get("sort", rules.sorts[0])
    if rules.per_hour and (wait := await platform[RATES].wait(f"{case.item} of {case.person}", rules.per_hour, 3_600)):
        raise TooManyAppeals(limit=str(rules.per_hour), headers={"Retry-After": str(int(wait) + 1)})
    if sort in rules.days:
        case.clock_allowed, case.clock_unit = rules.days[sort], WORKING_DAY
    appeal = AppealRecord(case_id=case.id, sort=sort, received_at=case.created_at)
    return [appeal, *lifecycle.begin(platform, case, "register", lifecycle.Effects())]


async def intake(platform: Platform, case: Case) -> None:
    """Close a rated appeal, or reopen it where the rating is low and it was not reopened before.

    An answer after a letter is no answer by somebody else, so answers are not what is counted.

    Called at least once for each rating, and for each new appeal, about which the platform decides nothing.
    """
    if case.state != "rated":
        return
    appeal = await AppealRecord.get(case_id=case.id)
    rules = item_of(platform, case).details
    low = appeal.rating is not None and appeal.rating < rules.reopen_below
    again = await CaseEvent.filter(case_id=case.id, action="reopen").exists()
    try:
        await lifecycle.decide(platform, case.id, Decision(action="reopen" if low and not again else "close"))
    except Conflict:
        if (await Case.get(id=case.id)).state == "rated":
            raise
