"""The life of a record: its steps, each on the state and version that it was decided on, and who took them.

Of two officers at once one takes the step, and the other reads that it has changed. Nothing is public that two have not
read: whoever wrote an edition doesn't approve it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Call, Conflict, FieldProblem, Forbidden, InvalidFields, Platform, Principal, Stale, Update, Write
from banshi.sdk.events import Event, event_rows
from refutations.sentences import say
from refutations.settings import SETTINGS
from refutations.tables.models import Edition, Refutation, RefutationStep
from refutations.writing.forms import problems
from refutations.writing.steps import TABLE, WRITING, Step

#: The role that publishes, within a department.
PUBLISHER = "publisher"

#: What other plugins hear of, by the action that makes it so.
EVENTS = {"approve": "banshi.refutation.published", "withdraw": "banshi.refutation.withdrawn"}

#: Rows that go with a step, by the record as it is afterwards.
Along = Callable[[Refutation], Sequence[Model]]


class ActionNotPermitted(Conflict, code="action-not-permitted", says=say):
    """This is not possible in its present state. Look at it again."""


def may_publish(principal: Principal, department: str) -> bool:
    return principal.may(PUBLISHER, department, "")


async def permitted(row: Refutation, subject: str) -> list[str]:
    """The actions that a publisher of its department may take now."""
    is_writer = await _writes(row, subject)
    return [one.action for one in TABLE if one.state == row.state and not (one.by_another and is_writer)]


async def _writes(row: Refutation, subject: str) -> bool:
    """Whether somebody has written any of what its next edition says."""
    own = RefutationStep.filter(refutation_id=row.id, edition=row.edition + 1, action__in=WRITING, actor=subject)
    return await own.exists()


async def create(call: Call, words: Mapping[str, Any], along: Along) -> Refutation:
    """Store a new one, which nobody else reads yet."""
    row = Refutation(id=UUID(str(uuid7())), department=call.body["department"], state="draft", draft=words)
    row.created_at, row.due_at = call.now, call.now + timedelta(minutes=call.platform[SETTINGS].first_minutes)
    await call.platform.store.commit(Write(rows=[row, _recorded(call, row, "create", 1), *along(row)]))
    return row


async def move(
    call: Call, row: Refutation, action: str, along: Along, words: Mapping[str, Any] | None = None
) -> Refutation:
    """Take a step on the version that the call names; `words` are what `change` lets the next edition say.

    Raises ActionNotPermitted, Forbidden for the second person's step by the first, Conflict for another version, and
    InvalidFields for what can't be published as it stands.
    """
    step = await _step(call, row, action)
    if step.needs_reason and not call.body.get("reason", "").strip():
        raise InvalidFields([FieldProblem("/reason", say("Say why: whoever wrote it reads it."), "required")])
    if action in ("propose", "approve") and (wrong := [*problems(row.draft, call.platform.city_time())]):
        raise InvalidFields(wrong)
    values: dict[str, Any] = {"state": step.to, "version": row.version + 1}
    if action == "approve":
        values |= await _published(call.platform, row)
    if words is not None or step.to in ("public", "withdrawn", "cancelled"):
        values["draft"] = words
    after = copy.copy(row).update_from_dict(values)
    rows = [_recorded(call, after, action, row.edition + (action != "withdraw")), *along(after)]
    if action == "approve":
        own = {"number": after.edition, "words": row.draft, "at": after.updated_at}
        rows.append(Edition(refutation_id=row.id, **own))
    if action in EVENTS:
        rows += _told(call.platform, after, EVENTS[action])
    guard = Update(Refutation, {"id": row.id, "version": row.version, "state": row.state}, values)
    try:
        await call.platform.store.commit(Write(updates=[guard], rows=rows))
    except Stale:
        raise _changed_meanwhile(await Refutation.get(id=row.id)) from None
    return after


async def _step(call: Call, row: Refutation, action: str) -> Step:
    subject = call.principal.subject
    if row.version != call.body["version"]:
        raise _changed_meanwhile(row)
    step = next((one for one in TABLE if (one.state, one.action) == (row.state, action)), None)
    if step is None:
        told = say("This is not possible in its present state. Look at it again.")
        raise ActionNotPermitted(told, state=row.state, permitted_actions=await permitted(row, subject))
    if step.by_another and await _writes(row, subject):
        raise Forbidden(say("You have written it, so somebody else of your department has to approve it."))
    return step


def _changed_meanwhile(row: Refutation) -> Conflict:
    now = row.version
    return Conflict(say("It has changed meanwhile: it is version {now} now. Look at it again.", now=now), version=now)


async def _published(platform: Platform, row: Refutation) -> dict[str, Any]:
    """What an edition's publication makes of its record; the first one gives it its number."""
    # To the second: a feed has no finer times.
    now, year = platform.now().replace(microsecond=0), platform.city_time().year
    number = row.number or f"{year}-{await platform.store.take_number(f'refutations:{year}')}"
    first = row.published_at or now
    return {"edition": row.edition + 1, "number": number, "updated_at": now, "published_at": first}


def _told(platform: Platform, row: Refutation, kind: str) -> Sequence[Model]:
    """The promise to tell of it: which edition, and nothing of what it says."""
    own: dict[str, Any] = {"id": str(uuid7()), "type": kind, "at": platform.now(), "subject": str(row.id)}
    data = {"edition": row.edition, "number": row.number}
    return event_rows(platform, Event(**own, source="/v1/refutations", department=row.department, data=data))


def _recorded(call: Call, row: Refutation, action: str, edition: int) -> Model:
    same = {"refutation_id": row.id, "version": row.version, "state": row.state, "at": call.now}
    who = {"actor": call.principal.subject, "reason": call.body.get("reason", "").strip()}
    return RefutationStep(**same, **who, action=action, edition=edition)
