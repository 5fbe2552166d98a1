"""What somebody does with a finding: draft its warning, dismiss it with a rule, take that back. Each is recorded."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from tortoise.models import Model

from banshi import Call, Conflict, FieldProblem, Forbidden, InvalidFields, Stale, Update, Write
from insights.findings.drafting import warning
from insights.findings.models import Finding, FindingStep
from insights.findings.reading import TABLE, WENT_OUT, Step, warning_of
from insights.sentences import say

#: Days that a dismissal's rule holds at most: what nobody looks at again is forgotten.
MAX_RULE_DAYS = 366


class NotNow(Conflict, code="action-not-permitted", says=say):
    """This is not possible in its present state. Look at it again."""


def permitted(call: Call, finding: Finding) -> list[str]:
    """The actions that the caller may take now."""
    may = call.principal.may
    return [one.action for one in TABLE if one.state == finding.state and may(one.role, finding.department, "")]


async def decide(call: Call, finding: Finding, receipt: Callable[[Finding], Sequence[Model]]) -> Finding:
    """Take the step that the path names. Of two at once, one is taken.

    Raises NotNow, Conflict for another version, Forbidden, InvalidFields, and what mobile_push refuses of a draft.
    """
    step, version = _step(call, finding), finding.version
    if call.body.get("version", version) != version:
        raise changed(version)
    own = await {"draft": _draft, "dismiss": _dismiss, "reopen": _reopen}[step.action](call, finding)
    values = {**own, "state": step.to, "version": version + 1}
    after = copy.copy(finding).update_from_dict(values)
    who = {"actor": call.principal.subject, "reason": call.body.get("reason", ""), "at": call.now}
    entry = FindingStep(finding_id=finding.id, version=after.version, action=step.action, state=step.to, **who)
    guard = Update(Finding, {"id": finding.id, "version": version, "state": finding.state}, values)
    try:
        await call.platform.store.commit(Write([guard], [entry, *receipt(after)]))
    except Stale:
        now = await Finding.get(id=finding.id)
        # Of the same person twice at once it is the same draft.
        if step.action == "draft" and now.draft_id != after.draft_id:
            await warning.act(call, after, "cancel")
        raise changed(now.version) from None
    if step.action == "draft" and call.body.get("propose"):
        await warning.act(call, after, "publish")
    return after


def changed(version: int) -> Conflict:
    return Conflict(say("It has changed meanwhile. Look at it again and decide anew."), version=version)


def _step(call: Call, finding: Finding) -> Step:
    step = next((one for one in TABLE if (one.state, one.action) == (finding.state, call.path["action"])), None)
    if step is None:
        raise NotNow(state=finding.state, permitted_actions=permitted(call, finding))
    role = f"{finding.department}:{step.role}"
    if not call.principal.may(step.role, finding.department, ""):
        raise Forbidden(say("This takes the role {role}.", role=role), role=role)
    return step


async def _draft(call: Call, finding: Finding) -> dict[str, Any]:
    kind, identity = await warning.drafted(call, finding)
    return {"draft_kind": kind, "draft_id": identity}


async def _dismiss(call: Call, finding: Finding) -> dict[str, Any]:
    """It isn't told, and neither is the series until the day that is said, unless it is more."""
    today, until = call.platform.today(), date.fromisoformat(call.body.get("until", "0001-01-01"))
    wrong = []
    if not call.body.get("reason"):
        wrong.append(FieldProblem("/reason", say("Say why: colleagues read it."), "required"))
    if not max(finding.at, today) <= until <= today + timedelta(days=MAX_RULE_DAYS):
        told = say("Say until which day it isn't told again: within {days} days.", days=MAX_RULE_DAYS)
        wrong.append(FieldProblem("/until", told, "required"))
    most = call.body.get("unless_over")
    if most is not None and most < finding.count:
        told = say("It is {count} itself: say at least so many, or leave it out.", count=finding.count)
        wrong.append(FieldProblem("/unless_over", told, "minimum"))
    if wrong:
        raise InvalidFields(wrong)
    return {"until": until, "unless_over": most}


async def _reopen(call: Call, finding: Finding) -> dict[str, Any]:
    """A draft is given up, and a dismissal is no rule any more. What went out stays told."""
    record = await warning_of(call.platform, finding)
    if record and record["state"] in WENT_OUT:
        raise NotNow(say("Its warning went out. Take it back where it was published, or publish a new one."))
    if record and record["state"] != "cancelled":
        await warning.act(call, finding, "cancel")
    return {"draft_kind": "", "draft_id": None, "until": None, "unless_over": None, "silenced_by": None}
