"""From a question to an answer: who may ask what, the record of it, the register, and what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tortoise.models import Model

from banshi.forms.spelling import spelled_id
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
from banshi.kernel.cases.submission import StaleReceipt, commit, form_problems
from banshi.kernel.cases.verified_person import is_own
from banshi.kernel.contract.kinds import Beginning, Begun, Receipt
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item, text_in
from banshi.kernel.runtime.containment import contained, guarded
from banshi.kernel.runtime.running import Platform
from banshi.kinds.query.look_ups import found_by, new_look_up
from banshi.kinds.query.models import LookUp
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.opened import BUILT_IN, REGISTERS, OpenRegister
from banshi.kinds.query.registers.protocol import MAX_RECORDS, Found, Question, RegisterDown
from banshi.kinds.query.registers.values import OTHER_DOCUMENTS
from banshi.kinds.query.rules import REGISTRAR
from banshi.kinds.query.throttle import Turn, take_strangers_turn, take_turn
from banshi.kinds.query.words import NOT_A_REGISTRAR, NOT_OWN, NOT_VERIFIED, OWN_CASES_ONLY, of_a_register

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


async def begin(platform: Platform, one: Beginning) -> Begun:
    """Ask a register: there is nothing to go on with."""
    whose = with_document(platform, one)
    if wrong := form_problems(platform, one.item, one.body["answers"], one.language, whose):
        raise InvalidFields(wrong)
    return await answer(asking(platform, one), one.body.get("purpose", ""), one.receipt)


async def begin_unnamed(platform: Platform, one: Beginning) -> Begun:
    """Ask a register of nobody's data for somebody who doesn't say who they are: nothing is kept of it."""
    if wrong := form_problems(platform, one.item, one.body["answers"], one.language):
        raise InvalidFields(wrong)
    asked, limit = asking(platform, one), one.item.details.per_hour
    # Breakers count people; to them a sender is one.
    stranger = await take_strangers_turn(platform, one.sender, one.item.code, limit)
    found = await _found(asked, stranger)
    begun = Begun(kind=platform.registry.kinds[one.item.kind], records=document(asked, found))
    if more := one.receipt(begun):
        await commit(platform, Write(), more)
    return begun


def with_document(platform: Platform, one: Beginning) -> Principal:
    """Who asks, with the number that was verified: at the counter that of the document that is shown there.

    A register keeps passports' numbers of owners too, which are no ID numbers to a form.
    """
    number = one.body["answers"].get(platform[REGISTERS].of(one.item).declared.owner)
    if not one.principal.is_staff or not isinstance(number, str):
        return one.principal
    shown = spelled_id(number)
    return replace(one.principal, resident_id=shown) if OTHER_DOCUMENTS.fullmatch(shown) else one.principal


def asking(platform: Platform, one: Beginning) -> Asking:
    """What is asked, by somebody who may ask it. Nothing is counted yet.

    Raises Forbidden, InvalidFields and DepartmentUnavailable.
    """
    item, principal = one.item, one.principal
    register, rules = platform[REGISTERS].of(item), item.details
    declared, answers = register.declared, one.body["answers"]
    if item.form is not None:
        answers = item.form.spelled(answers, with_document(platform, one).resident_id)
    staff = principal.is_staff
    if rules.personal:
        _may_ask(item, principal, declared.code)
    owner = principal.resident_id if declared.owner and not staff else None
    if owner is not None and not is_own(answers.get(declared.owner, owner), principal):
        # Before the register is asked, so that the answer is the same whoever has that number.
        raise InvalidFields([FieldProblem(f"/answers/{declared.owner}", NOT_OWN, "not-own")])
    question = Question(
        keys={name: answers[name] for name in declared.keys},
        filters={name: answers[name] for name in declared.filters if name in answers},
        owner=owner,
        asker=principal.subject,
        language=one.language,
    )
    return Asking(platform=platform, item=item, register=register, principal=principal, staff=staff, question=question)


def _may_ask(item: Item, principal: Principal, register: str) -> None:
    """Raises Forbidden for whoever may not look up persons with this item."""
    if principal.is_staff:
        if register in BUILT_IN:
            raise Forbidden(OWN_CASES_ONLY)
        if not principal.may(REGISTRAR, item.department, item.unit):
            raise Forbidden(NOT_A_REGISTRAR, role=f"{item.department}:{REGISTRAR}")
    elif not principal.resident_id and register not in BUILT_IN:
        raise NotVerified(NOT_VERIFIED)


async def answer(one: Asking, purpose: str, receipt: Receipt) -> Begun:
    """Count and record the look-up, ask, record what was found, and only then show it.

    What `receipt` makes of it is written with what was found. Where that fails, nothing is shown, and it counts.
    """
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
        found = await _found(one, one.principal.subject)
    except Problem:
        await platform.store.commit(Write([turn.given_back()]))
        raise
    except BaseException:
        # The caller left. Given back, it would let them ask the register without end.
        await platform.store.commit(Write([turn.over(found=False)]))
        raise
    begun = Begun(kind=platform.registry.kinds[one.item.kind], records=document(one, found))
    await _record(one, turn, look_up, found, receipt(begun))
    return begun


async def _found(one: Asking, person: str) -> Found:
    """What the register says. Raises a problem that names the department, with Retry-After."""
    register, platform = one.register, one.platform
    about = {"department": one.item.department, "item": one.item.code, "register": register.declared.code}
    try:
        return await guarded(
            # Of its own: that this register is down says nothing of the department's others.
            platform.breakers.of(register.plugin, f"register {register.declared.code}"),
            person,
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
    text = of_a_register(sentence, department.title, one.register.declared.title)
    headers = {"Retry-After": problem.headers.get("Retry-After", RETRY_S)}
    whose = problem.failure.members() if problem.failure and not down else {}
    told = kind(text, headers=headers, **{**about, **whose})
    told.failure = problem.failure
    return told


async def _record(one: Asking, turn: Turn, look_up: LookUp, found: Found, more: Sequence[Model | Update]) -> None:
    """Write down what was found, before anybody sees it. Raises Unavailable where that can't be done."""
    updates: list[Update] = [turn.over(found=bool(found.records))]
    rows: list[Model] = []
    if one.item.details.personal:
        update, rows = found_by(look_up, len(found.records[:MAX_RECORDS]), _people(one, found))
        updates.append(update)
    try:
        await commit(one.platform, Write(updates, rows), more)
    except StaleReceipt:
        await one.platform.store.commit(Write(updates[:1]))
        raise


def _people(one: Asking, found: Found) -> list[str]:
    """Whom the shown records are about, each once."""
    if not one.register.declared.owner and one.register.declared.code in BUILT_IN and found.records:
        return [one.register.pseudonyms.person(one.principal.resident_id)]
    return list(dict.fromkeys((found.owners or ())[:MAX_RECORDS]))


def document(one: Asking, found: Found) -> dict[str, Any]:
    """The answer as the API has it."""
    as_of = one.platform.moment(found.as_of or one.platform.now())
    return answer_document(one.register.declared, found, one.question.language, as_of)


def answer_document(declared: Register, found: Found, language: str, as_of: str | None) -> dict[str, Any]:
    """That, of any register; `as_of` as the API has moments."""
    columns = []
    for column in declared.columns:
        if column.shown:
            told: dict[str, Any] = {"name": column.name, "title": text_in(column.title, language), "type": column.type}
            if column.values:
                told["values"] = {value: text_in(texts, language) for value, texts in column.values.items()}
            columns.append(told)
    return {
        "register": {"code": declared.code, "title": text_in(declared.title, language)},
        "as_of": as_of,
        "sample": found.sample,
        "columns": columns,
        "records": list(found.records[:MAX_RECORDS]),
        "found": len(found.records[:MAX_RECORDS]),
        "more": len(found.records) > MAX_RECORDS,
    }
