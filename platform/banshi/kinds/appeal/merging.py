"""Duplicates: one appeal is answered for several people.

Whatever merges into an appeal counts its case's version up, so that an answer that was prepared before is prepared
again, and reaches everybody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from banshi import outbox
from banshi.cases import Effects, Move, told
from banshi.contract import Who
from banshi.errors import Conflict, FieldProblem, InvalidFields
from banshi.kinds.appeal.models import AppealRecord, Reply
from banshi.models import Case, CaseEvent
from banshi.store import Update
from banshi.submission import item_of

if TYPE_CHECKING:
    from tortoise.models import Model

    from banshi.runtime import Platform

#: The state of a tip that has been there as long as tips are kept: nothing can be done with it any more.
LEAVING = "leaving"

#: States from which no answer comes any more.
GONE = ("merged", "withdrawn", LEAVING)


async def merge(_: Platform, move: Move) -> Effects:
    """Close a duplicate with a pointer; what was merged into it before goes along."""
    case, number = move.case, move.given["into"].strip().upper()
    target = await Case.get_or_none(number=number, kind=case.kind)
    detail = ""
    if target is None or move.actor.who(target) is not Who.STAFF:
        detail = "Give the number of an appeal that your unit has too."
    elif target.id == case.id:
        detail = "Give another appeal's number: this is its own."
    elif target.state in GONE:
        detail = f"Give the number of an appeal that gets an answer; that one is {target.state}."
    if detail or target is None:
        raise InvalidFields([FieldProblem("/details/into", detail, "into")])
    version = target.version + 1
    noted = CaseEvent(
        case_id=target.id,
        version=version,
        at=move.at,
        action="absorb",
        state_before=target.state,
        state=target.state,
        actor=Who.STAFF.value,
        actor_id=move.actor.subject,
        details={"case": str(case.id)},
    )
    updates = [
        Update(Case, {"id": target.id, "version": target.version}, {"version": version, "updated_at": move.at}),
        Update(AppealRecord, {"case_id": case.id}, {"merged_into": target.id}),
        Update(AppealRecord, {"merged_into": case.id}, {"merged_into": target.id}, rows=None),
    ]
    last = await Reply.filter(case_id=target.id).order_by("-number").first()
    mentions = {"answer": last.text} if last else {}
    return Effects(updates=updates, rows=[noted], details={"into": str(target.id)}, mentions={**mentions})


async def tell_others(platform: Platform, move: Move, text: str) -> list[Model]:
    """The promise to give the answer to everybody whose appeal was merged into this one."""
    merged = await AppealRecord.filter(merged_into=move.case.id).values_list("case_id", flat=True)
    rows: list[Model] = []
    for case in await Case.filter(id__in=list(merged)):
        theirs = replace(move, case=case, item=item_of(platform, case), reason=None)
        message = told(platform, theirs, None, Effects(mentions={"answer": text}))
        dedup = f"{case.id}:{move.case.id}:{move.case.version + 1}"
        rows += outbox.message_rows(platform, message, dedup=dedup)
    return rows


async def refuse_leaving_others(move: Move) -> None:
    """Nobody withdraws the answer that others wait for."""
    if await AppealRecord.filter(merged_into=move.case.id).exists():
        raise Conflict(
            {
                "zh-CN": "还有其他人的来件与这件合并办理，不能撤回；答复后您可以不予理会。",
                "en": "Others wait for the same answer, so it can't be withdrawn; you need not read it.",
            }
        )
