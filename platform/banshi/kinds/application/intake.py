"""What happens to a stored submission: its department's automatic check, and the step that it decides on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.models import Model

from banshi.foundation.errors import ActionNotPermitted, Conflict, InvalidFields
from banshi.kernel.cases.actors import SYSTEM, permitted
from banshi.kernel.cases.lifecycle import Effects, Move, begin, decide, message_of
from banshi.kernel.cases.submission import item_of, submission_of
from banshi.kernel.contract.values import Decision, Item
from banshi.kernel.outbox import outbox
from banshi.kernel.runtime.containment import ask, blamed
from banshi.kernel.runtime.mistakes import Mistake
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.application.deemed import answered_by
from banshi.kinds.application.handler import Application
from banshi.kinds.application.mistakes import check_decision, without_reason, wrong_action
from banshi.kinds.application.permits import RECEIPT
from banshi.kinds.application.renewal import check_renewal


async def received(platform: Platform, case: Case, body: Mapping[str, Any]) -> Sequence[Model]:
    """Tie a renewal to the case that it renews, and accept what no department looks at first.

    Where the handler has no review of its own, nobody needs to be asked: the case is accepted in its first transaction.
    A person accepts permits; until then whoever applied has a receipt.
    """
    item = item_of(platform, case)
    if renewed := body.get("renews"):
        case.renews = (await check_renewal(platform, item, case.person, renewed)).id
    if item.details.permit:
        move = Move(case=case, item=item, step=RECEIPT, actor=SYSTEM, at=case.created_at)
        message = message_of(platform, move, None, Effects(mentions=answered_by(platform, case.created_at)))
        return outbox.message_rows(platform, message, dedup=f"{case.id}:{case.version}")
    if type(item.handler).review is Application.review:
        return begin(platform, case, "accept", Effects())
    return ()


async def intake(platform: Platform, case: Case) -> None:
    """Ask the handler and carry its decision out.

    Called at least once for each submission: a case that has moved on meanwhile is left as it is, since corrected
    answers come here by a promise of their own. Where the handler fails, the engine calls again later; staff can take
    the case up in the meantime.
    """
    if case.state != "submitted":
        return
    item = item_of(platform, case)
    decision = await ask(platform, item, item.handler.review, submission_of(platform, case), expect=Decision)
    try:
        check_decision(decision)
        if decision.action == "accept" and item.details.permit:
            return  # nothing was found against it: whether it is accepted, a person says
        await decide(platform, case.id, decision, version=case.version, read=case)
    except (Conflict, InvalidFields, Mistake) as error:
        if (await Case.get(id=case.id)).version == case.version:
            raise await _told(platform, case, item, decision, error) from None


async def _told(platform: Platform, case: Case, item: Item, decision: Decision, error: Exception) -> Exception:
    """What the department's author is told of a decision that the state table doesn't take."""
    if isinstance(error, ActionNotPermitted):
        steps = [step.action for step in await permitted(platform, case, SYSTEM)]
        if decision.action in steps:
            return error
        error = wrong_action(decision.action, case.state, steps)
    elif isinstance(error, InvalidFields):
        error = without_reason(decision.action)
    elif not isinstance(error, Mistake):
        return error
    return blamed(platform, item, "review", error)
