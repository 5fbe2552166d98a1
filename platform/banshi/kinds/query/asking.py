"""From a question to an answer: who may ask what, the record of it, the register, and what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tortoise.models import Model

from banshi.foundation.database.writes import Update, Write
from banshi.foundation.errors import (
    DepartmentFailed,
    DepartmentTimedOut,
    DepartmentUnavailable,
    FieldProblem,
    Forbidden,
    InvalidFields,
    NotVerified,
    Problem,
)
from banshi.kernel.cases.verified_person import is_own
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import Call
from banshi.kernel.contract.values import Item, text_in
from banshi.kernel.runtime.containment import contained, guarded
from banshi.kernel.runtime.running import Platform
from banshi.kinds.query.look_ups import found_by, new_look_up
from banshi.kinds.query.models import LookUp
from banshi.kinds.query.registers.opened import BUILT_IN, REGISTERS, OpenRegister
from banshi.kinds.query.registers.protocol import MAX_RECORDS, Found, Question, RegisterDown
from banshi.kinds.query.rules import REGISTRAR
from banshi.kinds.query.throttle import Turn, take_turn
from banshi.kinds.query.words import say

#: Seconds after which a register that failed may be asked again, where its breaker doesn't say.
RETRY_S = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks what."""

    platform: Platform
    item: Item
    register: OpenRegister
    principal: Principal
    #: At the counter, about anybody.
    staff: bool
    question: Question


def asking(call: Call, item: Item) -> Asking:
    """What is asked, by somebody who may ask it. Nothing is counted yet.

    Raises Forbidden, InvalidFields and DepartmentUnavailable.
    """
    platform, principal = call.platform, call.principal
    register, rules = platform[REGISTERS].of(item), item.details
    declared, answers = register.declared, call.body["question"]
    if item.form is not None:
        answers = item.form.spelled(answers, principal.resident_id)
    staff = principal.is_staff
    if rules.personal:
        _may_ask(item, principal, declared.code)
    owner = principal.resident_id if declared.owner and not staff else None
    if owner is not None and not is_own(answers.get(declared.owner, owner), principal):
        # Before the register is asked, so that the answer is the same whoever has that number.
        raise InvalidFields([FieldProblem(f"/question/{declared.owner}", say("not-own"), "not-own")])
    question = Question(
        keys={name: answers[name] for name in declared.keys},
        filters={name: answers[name] for name in declared.filters if name in answers},
        owner=owner,
        asker=principal.subject,
        language=call.language,
    )
    return Asking(platform=platform, item=item, register=register, principal=principal, staff=staff, question=question)


def _may_ask(item: Item, principal: Principal, register: str) -> None:
    """Raises Forbidden for whoever may not look up persons with this item."""
    if principal.is_staff:
        if register in BUILT_IN:
            raise Forbidden(say("own-cases-only"))
        if not principal.may(REGISTRAR, item.department, item.unit):
            raise Forbidden(say("not-a-registrar"), role=f"{item.department}:{REGISTRAR}")
    elif not principal.resident_id and register not in BUILT_IN:
        raise NotVerified(say("not-verified"))


async def answer(one: Asking, purpose: str) -> Mapping[str, Any]:
    """Count and record the look-up, ask, record what was found, and only then show it."""
    rules, platform = one.item.details, one.platform
    look_up = new_look_up(platform, one.item, one.principal, staff=one.staff, purpose=purpose)
    turn = await take_turn(
        platform,
        one.principal.subject,
        one.item.code,
        limit=rules.limit(staff=one.staff),
        misses=rules.misses(staff=one.staff),
        rows=[look_up] if rules.personal else [],
    )
    try:
        found = await _found(one)
    except Problem:
        await platform.store.commit(Write([turn.given_back()]))
        raise
    except BaseException:
        # The caller left. Given back, it would let them ask the register without end.
        await platform.store.commit(Write([turn.over(found=False)]))
        raise
    await _record(one, turn, look_up, found)
    return document(one, found)


async def _found(one: Asking) -> Found:
    """What the register says. Raises a problem that names the department, with Retry-After."""
    register, platform = one.register, one.platform
    about = {"department": one.item.department, "item": one.item.code, "register": register.declared.code}
    try:
        return await guarded(
            # Of its own: that this register is down says nothing of the department's others.
            platform.breakers.of(register.plugin, f"register {register.declared.code}"),
            one.principal.subject,
            partial(contained, register.timeout, register.find, one.question),
            expect=Found,
            plugin=register.plugin,
            about=about,
            method=f"register {register.declared.code}",
            development=platform.settings.development,
        )
    except (DepartmentFailed, DepartmentTimedOut, DepartmentUnavailable) as problem:
        raise _told(one, problem, about) from None


def _told(one: Asking, problem: Problem, about: Mapping[str, Any]) -> Problem:
    down = isinstance(problem.__cause__, RegisterDown)
    kind = DepartmentUnavailable if down else type(problem)
    sentence = {DepartmentFailed: "broken", DepartmentTimedOut: "slow", DepartmentUnavailable: "down"}[kind]
    if problem.members.get("empty"):
        sentence = "empty"
    department = one.platform.registry.departments[one.item.department]
    text = say(sentence, department=department.title, register=one.register.declared.title)
    headers = {"Retry-After": problem.headers.get("Retry-After", RETRY_S)}
    whose = problem.failure.members() if problem.failure and not down else {}
    told = kind(text, headers=headers, **{**about, **whose})
    told.failure = problem.failure
    return told


async def _record(one: Asking, turn: Turn, look_up: LookUp, found: Found) -> None:
    """Write down what was found, before anybody sees it. Raises Unavailable where that can't be done."""
    updates: list[Update] = [turn.over(found=bool(found.records))]
    rows: list[Model] = []
    if one.item.details.personal:
        update, rows = found_by(look_up, len(found.records[:MAX_RECORDS]), _people(one, found))
        updates.append(update)
    await one.platform.store.commit(Write(updates, rows))


def _people(one: Asking, found: Found) -> list[str]:
    """Whom the shown records are about, each once."""
    if not one.register.declared.owner and one.register.declared.code in BUILT_IN and found.records:
        return [one.register.pseudonyms.person(one.principal.resident_id)]
    return list(dict.fromkeys((found.owners or ())[:MAX_RECORDS]))


def document(one: Asking, found: Found) -> dict[str, Any]:
    """The answer as the API has it."""
    declared, language = one.register.declared, one.question.language
    zone = one.platform.settings.timezone
    columns = []
    for column in declared.columns:
        if column.shown:
            told: dict[str, Any] = {"name": column.name, "title": text_in(column.title, language), "type": column.type}
            if column.values:
                told["values"] = {value: text_in(texts, language) for value, texts in column.values.items()}
            columns.append(told)
    return {
        "register": {"code": declared.code, "title": text_in(declared.title, language)},
        "as_of": (found.as_of or one.platform.now()).astimezone(zone).isoformat(timespec="seconds"),
        "sample": found.sample,
        "columns": columns,
        "records": list(found.records[:MAX_RECORDS]),
        "found": len(found.records[:MAX_RECORDS]),
        "more": len(found.records) > MAX_RECORDS,
    }


def question_problems(item: Item, question: Any, call: Call) -> list[FieldProblem]:
    """What the item's form says against a question, with pointers into the body."""
    if item.form is None:
        return []
    found = item.form.problems(question, call.language, call.principal.resident_id, at=call.platform.city_time())
    return [replace(problem, pointer=f"/question{problem.pointer}") for problem in found]
