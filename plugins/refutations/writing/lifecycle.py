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

from banshi import Conflict, FieldProblem, Forbidden, InvalidFields, Platform, Principal, Stale, Update, Write
from banshi.sdk.events import Event, event_rows
from refutations.sentences import say
from refutations.settings import SETTINGS
from refutations.tables.models import Edition, Refutation, RefutationStep
from refutations.writing.forms import problems
from refutations.writing.steps import TABLE, WRITING, Step, step_of

#: The role that publishes, within a department.
PUBLISHER = "publisher"

#: What other plugins hear of.
PUBLISHED, WITHDRAWN = "banshi.refutation.published", "banshi.refutation.withdrawn"

#: Rows that go with a step, by the record as it is afterwards.
Along = Callable[[Refutation], Sequence[Model]]


class ActionNotPermitted(Conflict, code="action-not-permitted", says=say):
    """This is not possible in its present state. Look at it again."""


def may_publish(principal: Principal, department: str) -> bool:
    return principal.may(PUBLISHER, department, "")


async def writers_of(row: Refutation) -> frozenset[str]:
    """Everybody who has written what its next edition says."""
    own = RefutationStep.filter(refutation_id=row.id, edition=row.edition + 1, action__in=WRITING)
    actors: Any = await own.values_list("actor", flat=True)
    return frozenset(actors)


async def permitted(row: Refutation, subject: str) -> list[str]:
    """The actions that a publisher of its department may take now."""
    writers = await writers_of(row)
    return [one.action for one in TABLE if one.state == row.state and not (one.by_another and subject in writers)]


async def create(
    platform: Platform, department: str, words: Mapping[str, Any], author: str, along: Along
) -> Refutation:
    """Store a new one, which nobody else reads yet."""
    now = platform.now()
    due = now + timedelta(minutes=platform[SETTINGS].first_minutes)
    row = Refutation(
        id=UUID(str(uuid7())), department=department, state="draft", draft=words, created_at=now, due_at=due
    )
    await platform.store.commit(Write(rows=[row, _recorded(platform, row, "create", author, 1), *along(row)]))
    return row


async def change(
    platform: Platform, row: Refutation, words: Mapping[str, Any], principal: Principal, version: int, along: Along
) -> Refutation:
    """Write what its next edition says. What is public stays so; what was proposed has to be proposed again."""
    step = await _step(row, "change", principal, version)
    return await _take(platform, row, step, principal.subject, "", along, draft=words)


async def move(
    platform: Platform, row: Refutation, action: str, principal: Principal, version: int, reason: str, along: Along
) -> Refutation:
    """Take a step. Raises ActionNotPermitted, Forbidden for the second person's by the first, Conflict, InvalidFields
    for what can't be published as it stands."""
    if action == "change":
        raise ActionNotPermitted(state=row.state, permitted_actions=await permitted(row, principal.subject))
    step = await _step(row, action, principal, version)
    if step.needs_reason and not reason:
        raise InvalidFields([FieldProblem("/reason", say("Say why: whoever wrote it reads it."), "required")])
    if action in ("propose", "approve") and (wrong := [*problems(row.draft, platform.city_time())]):
        raise InvalidFields(wrong)
    if action == "approve":
        return await _publish(platform, row, step, principal.subject, along)
    values = {"draft": None} if step.to in ("public", "withdrawn", "cancelled") else {}
    return await _take(platform, row, step, principal.subject, reason, along, **values)


async def _step(row: Refutation, action: str, principal: Principal, version: int) -> Step:
    if row.version != version:
        raise changed_meanwhile(row)
    step = step_of(row.state, action)
    if step is None:
        raise ActionNotPermitted(state=row.state, permitted_actions=await permitted(row, principal.subject))
    if step.by_another and principal.subject in await writers_of(row):
        raise Forbidden(say("You have written it, so somebody else of your department has to approve it."))
    return step


def changed_meanwhile(row: Refutation) -> Conflict:
    told = "It has changed meanwhile: it is version {version} now. Look at it again and decide anew."
    return Conflict(say(told, version=row.version), version=row.version)


async def _publish(platform: Platform, row: Refutation, step: Step, subject: str, along: Along) -> Refutation:
    """Let the draft be what anybody reads from now on, and promise to tell those who wait for it."""
    # To the second: the page, the feed and JSON-LD have it alike.
    now, number = platform.now().replace(microsecond=0), row.number
    if not number:
        year = platform.city_time().year
        number = f"{year}-{await platform.store.take_number(f'refutations:{year}')}"
    published = {"draft": None, "edition": row.edition + 1, "number": number, "updated_at": now}
    edition = Edition(refutation_id=row.id, number=row.edition + 1, words=row.draft, approver=subject, at=now)
    values = {**published, "published_at": row.published_at or now}
    return await _take(platform, row, step, subject, "", lambda after: (edition, *along(after)), **values)


async def _take(
    platform: Platform, row: Refutation, step: Step, subject: str, reason: str, along: Along, **values: Any
) -> Refutation:
    values |= {"state": step.to, "version": row.version + 1}
    after = copy.copy(row).update_from_dict(values)
    about = row.edition if step.action == "withdraw" else row.edition + 1
    rows = [_recorded(platform, after, step.action, subject, about, reason), *along(after)]
    if step.action in ("approve", "withdraw"):
        rows += _told(platform, after)
    guard = Update(Refutation, {"id": row.id, "version": row.version, "state": row.state}, values)
    try:
        await platform.store.commit(Write(updates=[guard], rows=rows))
    except Stale:
        raise changed_meanwhile(await Refutation.get(id=row.id)) from None
    return after


def _told(platform: Platform, row: Refutation) -> Sequence[Model]:
    """The promise to tell of it: an edition's rating, and nothing else of what it says."""
    about = row.state != "withdrawn"
    event = Event(
        id=str(uuid7()),
        type=PUBLISHED if about else WITHDRAWN,
        at=platform.now(),
        source="/v1/refutations",
        subject=str(row.id),
        department=row.department,
        data={"edition": row.edition, "number": row.number},
    )
    return event_rows(platform, event)


def _recorded(
    platform: Platform, row: Refutation, action: str, actor: str, edition: int, reason: str = ""
) -> RefutationStep:
    return RefutationStep(
        refutation_id=row.id,
        version=row.version,
        edition=edition,
        at=platform.now(),
        action=action,
        state=row.state,
        actor=actor,
        reason=reason,
    )
