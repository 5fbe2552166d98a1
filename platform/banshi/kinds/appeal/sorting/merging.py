"""Duplicates: one appeal is answered for several people.

Whatever merges into an appeal counts its case's version up, so that an answer that was prepared before is prepared
again, and reaches everybody. What was merged goes where that appeal goes, so whoever works on it reads and writes with
everybody; each sender's letters stay in their own case, as two senders may be two people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tortoise.models import Model

from banshi.foundation.database.writes import Update
from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.kernel.cases.actors import record_reading
from banshi.kernel.cases.clock import clock_values
from banshi.kernel.cases.lifecycle import Effects, Move, message_of
from banshi.kernel.contract.values import Texts, Who
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.events import step_rows
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import KEPT, LEAVING, Case, CaseEvent
from banshi.kinds.appeal.models import AppealRecord, Reply
from banshi.kinds.appeal.problems import JoinedOneClosed, OthersWaitForAnswer, OthersWaitForSender
from banshi.kinds.appeal.steps import LETTERS
from banshi.kinds.sentences import say

#: What a letter of its sender does to an appeal, by its state.
HEARD = {step.state: step for step in LETTERS if Who.CITIZEN in step.who and step.state != "merged"}

#: States from which no answer comes any more.
GONE = ("merged", "withdrawn", LEAVING)


async def merge(platform: Platform, move: Move) -> Effects:
    """Close a duplicate with a pointer; what was merged into it before goes along."""
    case, number = move.case, move.given["into"].strip().upper()
    target = await Case.get_or_none(number=number, kind=case.kind)
    detail: Texts = {}
    if target is None or move.actor.who(target) is not Who.STAFF or target.mode != case.mode:
        # What is made up leaves by itself, and must take nobody's answer along.
        detail = say("Give the number of an appeal that your unit has too.")
    elif target.id == case.id:
        detail = say("Give another appeal's number: this is its own.")
    elif target.state in GONE:
        detail = say("Give the number of an appeal that still gets an answer.")
    elif target.content != KEPT:
        detail = say("Give a newer appeal's number: of that one nothing is kept but its figures.")
    elif target.state == "returned" and not target.person:
        detail = say("Merge that one into this one: its sender was asked for more, and may never come back.")
    if detail or target is None:
        raise InvalidFields([FieldProblem("/details/into", detail, "into")])
    place = {"department": target.department, "unit": target.unit}
    updates, noted = _counted_up(target, move, target.state)
    updates += [
        Update(AppealRecord, {"case_id": case.id}, {"merged_into": target.id}),
        Update(AppealRecord, {"merged_into": case.id}, {"merged_into": target.id}, rows=None),
        *await going_along(case.id, place),
    ]
    last = await Reply.filter(case_id=target.id).order_by("-number").first()
    mentions = {"answer": last.text} if last else {}
    if last and move.is_tried:
        # Whoever looks at what would follow reads that appeal's answer.
        await record_reading(move.actor, [target])
    details = {"into": str(target.id)}
    rows: list[Model] = [noted, *step_rows(platform, target, noted)]
    return Effects(values=dict(place), updates=updates, rows=rows, details=details, mentions={**mentions})


def _counted_up(target: Case, move: Move, state: str, **values: Any) -> tuple[list[Update], CaseEvent]:
    """The target's next version, with what the step brings it, and the entry that says so."""
    version = target.version + 1
    noted = CaseEvent(
        case_id=target.id,
        version=version,
        at=move.at,
        action="absorb",
        state_before=target.state,
        state=state,
        actor=(move.actor.who(move.case) or Who.SYSTEM).value,
        actor_id=move.actor.subject,
        details={"case": str(move.case.id)},
    )
    values |= {"state": state, "version": version, "updated_at": move.at}
    noted.of_case = target, values
    return [Update(Case, {"id": target.id, "version": target.version}, values)], noted


async def going_along(case_id: Any, place: Mapping[str, str]) -> list[Update]:
    """What was merged into an appeal, moved to where that one is now."""
    merged = await AppealRecord.filter(merged_into=case_id).values_list("case_id", flat=True)
    return [Update(Case, {"id__in": list(merged)}, dict(place), rows=None)] if merged else []


async def hearing(case: Case) -> Case | None:
    """The appeal that this one is merged into, while somebody works on it."""
    appeal = await AppealRecord.get(case_id=case.id)
    target = await Case.get_or_none(id=appeal.merged_into)
    return target if target and target.content == KEPT and target.state in HEARD else None


async def written_in_merged(platform: Platform, move: Move) -> tuple[list[Update], list[Model]]:
    """What a letter in a merged appeal brings the other one: all that a letter of its own sender would.

    Raises JoinedOneClosed where nobody works on that one any more.
    """
    target = await hearing(move.case)
    if target is None:
        raise JoinedOneClosed()
    step = HEARD[target.state]
    if target.state == "answered":
        target.clock_used = 0
    updates, noted = _counted_up(target, move, step.to, **clock_values(platform, target, step.clock))
    return updates, [noted, *step_rows(platform, target, noted)]


async def tell_others(platform: Platform, move: Move, text: str) -> list[Model]:
    """The promise to give the answer to everybody whose appeal was merged into this one."""
    merged = await AppealRecord.filter(merged_into=move.case.id).values_list("case_id", flat=True)
    rows: list[Model] = []
    for case in await Case.filter(id__in=list(merged)):
        # Where theirs is gone, this one's says what it is about as well as can be.
        item = platform.registry.items.of(case.item, case.item_version) or move.item
        theirs = replace(move, case=case, item=item, reason=None)
        message = message_of(platform, theirs, None, Effects(mentions={"answer": text}))
        dedup = f"{case.id}:{move.case.id}:{move.case.version + 1}"
        rows += outbox.message_rows(platform, message, dedup=dedup)
    return rows


async def refuse_leaving_others(case: Case) -> None:
    """Nobody withdraws the answer that others wait for."""
    if await AppealRecord.filter(merged_into=case.id).exists():
        raise OthersWaitForAnswer()


async def refuse_asking_for_others(case: Case) -> None:
    """Nobody's answer waits for somebody who may never come back: a sender without a name is asked by a message."""
    if not case.person and await AppealRecord.filter(merged_into=case.id).exists():
        raise OthersWaitForSender()
