"""The only code that moves a case.

A step is prepared from what was read (the state table is asked, the kind adds its effects), then written in one
transaction that is conditional on the case's version: the case, its audit entry, what the kind adds and the outbox
rows, all or nothing. Of two people who act at once one wins; the other is asked again with the new state and is told
what is now permitted.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from tortoise.models import Model

from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import ActionNotPermitted, Conflict, InvalidFields
from banshi.kernel.cases import actions
from banshi.kernel.cases.actors import SYSTEM, Actor, find, in_case, in_table, permitted, visible
from banshi.kernel.cases.clock import clock_values
from banshi.kernel.cases.materials import MATERIALS
from banshi.kernel.cases.submission import StaleReceipt, commit, item_of
from banshi.kernel.contract import message_templates
from banshi.kernel.contract.values import LANGUAGES, Decision, Item, Message, Step, Texts, Who
from banshi.kernel.outbox import events, outbox
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.tracing import traced
from banshi.kernel.sentences import say
from banshi.kernel.tables.cases import Case, CaseEvent

#: How often a step is prepared anew when somebody else moved the case meanwhile.
MAX_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step about to be taken: what a kind's effects are computed from."""

    case: Case
    item: Item
    step: Step
    actor: Actor
    at: datetime
    reason: Texts | None = None
    #: What the actor sent along: corrected answers.
    answers: Mapping[str, Any] | None = None
    #: What a route of the kind hands its own effects, such as the slot to move to, or what the step takes.
    given: Any = None
    #: In which the actor is told what is wrong.
    language: str = LANGUAGES[0]
    #: Somebody looks at what would follow: effects take nothing for it that isn't given back by itself, and ask nobody.
    is_tried: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What goes with an action."""

    reason: Texts | None
    answers: Mapping[str, Any] | None
    details: Any
    given: Any = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Sent:
        """Staff write in one language; the citizen reads what they wrote."""
        reason = body.get("reason")
        return cls(dict.fromkeys(LANGUAGES, reason) if reason else None, body.get("answers"), body.get("details"))


@dataclass(slots=True)
class Effects:
    """What a kind adds to the transaction of a step."""

    #: Columns of the case.
    values: dict[str, Any] = field(default_factory=dict)
    updates: list[Update] = field(default_factory=list)
    rows: list[Model] = field(default_factory=list)
    #: Goes into the audit entry.
    details: dict[str, Any] | None = None
    #: What the step's message may mention beyond the kernel's own, by placeholder.
    mentions: dict[str, message_templates.Value] = field(default_factory=dict)


async def move(
    platform: Platform,
    case_id: Any,
    action: str,
    actor: Actor,
    *,
    reason: Texts | None = None,
    answers: Mapping[str, Any] | None = None,
    details: Any = None,
    language: str = LANGUAGES[0],
    given: Any = None,
    receipt: Callable[[Case], Sequence[Model | Update]] = lambda _: (),
    version: int | None = None,
    read: Case | None = None,
) -> Case:
    """Take `action`; the case as it is afterwards.

    `read` is the case as it was read a moment ago, so that it need not be read again: what has moved on since then is
    found when the step is written.
    What `receipt` makes of that case is written in the same transaction: rows, such as the stored answer to an
    Idempotency-Key, and updates; where one of these finds its row changed, nothing is written.
    Raises NotFound, ActionNotPermitted with the actions that are permitted, InvalidFields, Unavailable while the
    department is not connected, StaleReceipt, and what the department's handler lets through.
    """
    for attempt in range(MAX_TRIES):
        case = read if read is not None and not attempt else await visible(case_id, actor)
        _refuse_another(case, version)
        sent = Sent(reason, answers, details, given)
        move = await _asked(platform, case, action, actor, sent, language)
        about = {"item": move.item.code, "kind": case.kind, "plugin": case.department, "state": case.state}
        with traced(platform, f"case {action}", None, **about, to=move.step.to):
            try:
                return await _taken(platform, move, receipt)
            except StaleReceipt:
                raise
            except Stale:
                continue
            except Conflict as refused:
                left = [step.action for step in await permitted(platform, case, actor)]
                refused.members = {"state": case.state, "permitted_actions": left, **refused.members}
                raise
    raise Conflict(say("Others are changing this case at the same time; look at it again and decide anew."))


async def foreseen(
    platform: Platform, case_id: Any, action: str, actor: Actor, body: Mapping[str, Any], language: str
) -> tuple[Move, Case, Message | None]:
    """What `act` would do with that body: the case as it would be, and the message that its citizen would get, None
    where there is none. Nothing is written, and no department is asked. Raises as `act` does.
    """
    case, sent = await find(case_id, actor), Sent.of(body)
    _refuse_another(case, body.get("version"))
    asked = await _asked(platform, case, action, actor, sent, language)
    kind, move = platform.registry.kinds[case.kind], replace(asked, is_tried=True)
    effects = await kind.effects(platform, move) if kind.effects else Effects()
    after = copy.copy(case).update_from_dict(values := _values(platform, move, effects))
    is_told = move.step.tells is not None and case.person
    return move, after, message_of(platform, move, values.get("due_on"), effects) if is_told else None


def _refuse_another(case: Case, version: int | None) -> None:
    """Raise Conflict for a case that is not as it was looked at."""
    if version is not None and case.version != version:
        raise Conflict(say("The case has moved on meanwhile; look at it again."))


async def _asked(platform: Platform, case: Case, action: str, actor: Actor, sent: Sent, language: str) -> Move:
    """The step with what was sent for it, which fits. Raises ActionNotPermitted and InvalidFields."""
    step = await _step(platform, case, action, actor)
    kind, details = platform.registry.kinds[case.kind], sent.details
    told = {"reason": sent.reason, "answers": sent.answers, "details": details}
    if wrong := actions.problems_of(kind, step, **told, language=language, at=platform.city_time()):
        raise InvalidFields(wrong)
    # With numbers as they are stored.
    details = step.takes.spelled(details) if step.takes is not None and details is not None else details
    return Move(
        case=case,
        item=item_of(platform, case),
        step=step,
        actor=actor,
        at=platform.now(),
        reason=sent.reason,
        answers=sent.answers,
        given=details if sent.given is None else sent.given,
        language=language,
    )


async def _taken(platform: Platform, move: Move, receipt: Callable[[Case], Sequence[Model | Update]]) -> Case:
    """The case after the step, which is written. Raises Stale if it has moved on meanwhile."""
    case, kind = move.case, platform.registry.kinds[move.case.kind]
    effects = await kind.effects(platform, move) if kind.effects else Effects()
    by_staff = move.actor.who(case) is Who.STAFF
    effects.updates += await platform[MATERIALS].judged(move.step.materials, case, move.at, by_staff=by_staff)
    write = _write(platform, move, effects)
    after = copy.copy(case).update_from_dict(dict(write.updates[0].values))
    await commit(platform, write, receipt(after))
    return after


def begin(platform: Platform, case: Case, action: str, effects: Effects) -> list[Model]:
    """Take the platform's step `action` with a case that is not written yet; the rows that go with the case.

    For what is settled in the moment that it is asked for, such as a booked slot: one transaction has the case, its
    first event, and this. `case` is changed as the step says; `effects.updates` are the caller's to write.
    """
    item = item_of(platform, case)
    steps = (step for step in item.steps if (step.state, step.action) == (case.state, action))
    step = next(step for step in steps if Who.SYSTEM in step.who)
    write = _write(platform, Move(case=case, item=item, step=step, actor=SYSTEM, at=case.created_at), effects)
    case.update_from_dict(dict(write.updates[0].values))
    return list(write.rows)


async def act(
    platform: Platform,
    case_id: Any,
    action: str,
    actor: Actor,
    body: Mapping[str, Any],
    language: str,
    receipt: Callable[[Case], Sequence[Model | Update]] = lambda _: (),
) -> Case:
    """Take `action` with the `reason`, `answers`, `details` and `version` of a body, as `move` does."""
    sent = Sent.of(body)
    return await move(
        platform,
        case_id,
        action,
        actor,
        reason=sent.reason,
        answers=sent.answers,
        details=sent.details,
        language=language,
        receipt=receipt,
        version=body.get("version"),
    )


async def decide(
    platform: Platform, case_id: Any, decision: Decision, *, version: int | None = None, read: Case | None = None
) -> Case:
    """Carry out what a department's code decided: an action that the state table gives to the platform.

    With `version` only if the case is still as it was when the department looked at it; otherwise Conflict. `read` is
    the case as it was looked at, which saves reading it again.
    """
    return await move(platform, case_id, decision.action, SYSTEM, reason=decision.reason, version=version, read=read)


async def _step(platform: Platform, case: Case, action: str, actor: Actor) -> Step:
    table = await in_table(platform, case, actor)
    step = next((step for step in table if step.action == action), None)
    if step is None:
        # Unavailable where the item is gone with its department: the case is kept, and goes on with it.
        item_of(platform, case)
        raise ActionNotPermitted(
            say("This is not possible as the case is now, or it is not yours to do. Look at it again."),
            state=case.state,
            permitted_actions=[step.action for step in await in_case(platform, case, table)],
        )
    # People are held to what this case takes; the platform acts on time and on a handler's word, which see to that.
    # What the case can't take is tried all the same, so that the kind's own problem says why not.
    return next(iter(await in_case(platform, case, [step])), step) if actor is not SYSTEM else step


def _write(platform: Platform, move: Move, effects: Effects) -> Write:
    """Everything that the step writes, ready for the one transaction."""
    case, step = move.case, move.step
    values = _values(platform, move, effects)
    event = CaseEvent(
        case_id=case.id,
        version=case.version + 1,
        at=move.at,
        action=step.action,
        state_before=case.state,
        state=step.to,
        actor=move.actor.side(case).value,
        actor_id=move.actor.subject,
        reason=values["reason"],
        details=effects.details,
    )
    event.of_case = case, values
    rows: list[Model] = [event, *effects.rows, *events.step_rows(platform, case, event, effects.values)]
    if step.tells:
        message = message_of(platform, move, values.get("due_on"), effects)
        rows += outbox.message_rows(platform, message, dedup=f"{case.id}:{case.version + 1}")
    guard = Update(Case, {"id": case.id, "version": case.version}, values)
    return Write(updates=[guard, *effects.updates], rows=rows)


def _values(platform: Platform, move: Move, effects: Effects) -> dict[str, Any]:
    """The columns of the case that the step sets."""
    return {
        "state": move.step.to,
        "version": move.case.version + 1,
        "updated_at": move.at,
        "reason": dict(move.reason) if move.reason else None,
        **clock_values(platform, move.case, move.step.clock),
        **effects.values,
    }


def message_of(platform: Platform, move: Move, due_on: date | None, effects: Effects) -> Message:
    """The message that a step gives the citizen."""
    item, known = move.item, platform.registry.departments
    department = known.get(effects.values.get("department", move.case.department), known[item.department])
    values: dict[str, message_templates.Value | None] = {
        "item": item.title,
        "number": move.case.number,
        "department": department.title,
        "phone": department.phone,
        "result": item.result.title,
        "date": move.at.astimezone(platform.settings.timezone).date(),
        "reason": move.reason,
        "deadline": due_on,
        **effects.mentions,
    }
    given = {name: value for name, value in values.items() if value}
    title, body = message_templates.written(move.step, item, given)
    return outbox.message_about(move.case, title, body, move.at, move.step.to)
