"""An appeal as an order to a unit: urged, sent back, given more time. What is offered and what is taken go by this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from banshi.foundation.database.writes import Update
from banshi.foundation.errors import Problem
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.contract.values import Texts
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appeal.models import AppealRecord
from banshi.kinds.appeal.problems import ExtensionAsked, LimitPassed, Placed, TakenOn, UrgedLately
from banshi.kinds.sentences import word

#: How an appeal comes to a unit, or goes back from it.
DISPATCHED = ("assign", "forward")
WAYS = (*DISPATCHED, "send-back", "dispute", "place")

#: Working days in which a unit says that it isn't the one; and between two urgings.
SENT_BACK_WITHIN_DAYS, URGED_EACH_DAYS = 1, 1

#: The actions that a case may not take now although its state has them.
HINDERED = frozenset({"urge", "ask-extension", "send-back", "dispute", "forward"})


async def hindrance(platform: Platform, case: Case, action: str) -> Problem | None:
    """Why this can't be done with the case now, whoever does it."""
    match action:
        case "urge":
            return None if await _may_be_urged(platform, case) else UrgedLately()
        case "ask-extension":
            if case.clock_since is None or case.due_on is None or platform.today() > case.due_on:
                return LimitPassed()
            asked = await CaseEvent.filter(case_id=case.id, action=action).exists()
            return ExtensionAsked() if asked else None
        case "forward":
            placed = case.state != "reopened" and await CaseEvent.filter(case_id=case.id, action="place").exists()
            return Placed() if placed else None
    return await _not_sent_back(platform, case, action)


async def _may_be_urged(platform: Platform, case: Case) -> bool:
    if not _is_a_day_later(platform, case.created_at):
        return False
    appeal = await AppealRecord.get(case_id=case.id)
    return appeal.urged_at is None or _is_a_day_later(platform, appeal.urged_at)


def _is_a_day_later(platform: Platform, at: Any) -> bool:
    day = at.astimezone(platform.settings.timezone).date()
    return platform.calendar.working_days(day, platform.today()) >= URGED_EACH_DAYS


async def _not_sent_back(platform: Platform, case: Case, action: str) -> Problem | None:
    """Why a unit can't send a case back: the first time to where it came from, the second time to a lead."""
    ways = await _ways(case)
    if any(one.action == "place" for one in ways):
        return Placed()
    before = any(one.action == "send-back" for one in ways)
    origin = _origin(platform, case, ways)
    if origin is None or action != ("dispute" if before else "send-back"):
        return TakenOn()
    came_on = ways[-1].at.astimezone(platform.settings.timezone).date()
    last = platform.calendar.deadline(came_on, SENT_BACK_WITHIN_DAYS).due_on
    return TakenOn() if platform.today() > last else None


async def _ways(case: Case) -> Sequence[CaseEvent]:
    return await CaseEvent.filter(case_id=case.id, action__in=WAYS).order_by("version")


def _origin(platform: Platform, case: Case, ways: Sequence[CaseEvent]) -> Mapping[str, str] | None:
    """The department and unit that gave the case to its unit, which has not taken it on since; None: none did."""
    last = ways[-1] if ways else None
    origin = (last.details or {}).get("from") if last is not None and last.action in DISPATCHED else None
    here = {"department": case.department, "unit": case.unit}
    return origin if origin and origin != here and origin["department"] in platform.registry.departments else None


async def origin_of(platform: Platform, case: Case) -> Mapping[str, str]:
    """Where a case is sent back to, in which nothing hinders that."""
    return _origin(platform, case, await _ways(case)) or {}


async def urge(move: Move) -> Effects:
    """One more urging, which its unit sees in the worklist."""
    appeal = await AppealRecord.get(case_id=move.case.id)
    number = appeal.urged + 1
    counted = Update(AppealRecord, {"case_id": move.case.id}, {"urged": number, "urged_at": move.at})
    return Effects(updates=[counted], details={"number": number})


async def extend(move: Move) -> Effects:
    """The days that were asked for are added to those that it has. The step goes on with the clock by these."""
    asked = await CaseEvent.filter(case_id=move.case.id, action="ask-extension").order_by("-version").first()
    days = asked.details["days"] if asked else 0
    move.case.clock_allowed = (move.case.clock_allowed or 0) + days
    return Effects(values={"clock_allowed": move.case.clock_allowed}, details={"days": days})


async def notes(cases: Sequence[Case]) -> Mapping[UUID, Texts]:
    """What the worklist says of appeals that were urged."""
    urged = AppealRecord.filter(case_id__in=[one.id for one in cases], urged__gt=0)
    rows: Any = await urged.values_list("case_id", "urged")
    return {identity: word("Urged: {count}", count=count) for identity, count in rows}
