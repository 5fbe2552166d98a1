"""What the steps of an appeal take in one case: its categories, its department's units, and who waits with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from banshi.forms import Form
from banshi.forms.vocabulary.texts import taken_out
from banshi.foundation.errors import Problem
from banshi.kernel.cases.submission import item_of
from banshi.kernel.contract.values import Step, Texts, Who
from banshi.kernel.http.document_schemas import Record, optional
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal import orders
from banshi.kinds.appeal.models import Letter
from banshi.kinds.appeal.sorting import merging
from banshi.kinds.appeal.steps import CATEGORY, CODE, DAYS, UNIT
from banshi.kinds.sentences import say, word

DEPARTMENT = {"title": word("Department")}
#: What is meant where nothing is chosen.
STAYS = say("Without it, it stays where it is.")
OWN = say("Its own where it is left out.")

#: Letters of one appeal.
MAX_LETTERS = 100


async def in_case(platform: Platform, case: Case, steps: Sequence[Step]) -> list[Step]:
    """The steps with the case's lists, without those that have nobody to go to or would leave others waiting."""
    found = [await _in_case(platform, case, step) for step in steps]
    return [step for step in found if step is not None]


async def _in_case(platform: Platform, case: Case, step: Step) -> Step | None:
    if step.action in orders.HINDERED and await orders.hindrance(platform, case, step.action):
        return None
    match step.action:
        case "assign":
            return _taking(step, _classification(platform, case))
        case "forward" | "place":
            # A lead may leave it where it is.
            here = (case.department, case.unit) if step.action == "forward" else None
            return _taking(step, _destination(platform, case, here))
        case "ask-extension":
            return _taking(step, Record(days=DAYS | {"maximum": case.clock_allowed}))
        case "withdraw" | "return":
            refuse = merging.refuse_leaving_others if step.action == "withdraw" else merging.refuse_asking_for_others
            try:
                await refuse(case)
            except Problem:
                return None
        case "write":
            if await Letter.filter(case_id=case.id).count() >= MAX_LETTERS:
                return None
            if case.state == "merged" and Who.CITIZEN in step.who and await merging.hearing(case) is None:
                return None
    return step


def _taking(step: Step, schema: dict[str, Any] | None) -> Step | None:
    return None if schema is None else replace(step, takes=Form.checked(taken_out(schema)[0]))


def _classification(platform: Platform, case: Case) -> dict[str, Any] | None:
    """One of the item's categories, and a unit. Another department has categories of its own, which nobody declares."""
    item, department = item_of(platform, case), platform.registry.departments.get(case.department)
    if department is None:
        return None
    units = {unit.code: unit.title for unit in department.units}
    known = {one.code: one.title for one in item.details.categories} if case.department == item.department else {}
    members: dict[str, Any] = {"category": CATEGORY | _choice(known) if known else optional(CATEGORY | CODE)}
    # The unit that it is with may be no more.
    gone = case.unit and case.unit not in units
    if units:
        unit = UNIT | _choice(units) | {"description": STAYS}
        members["unit"] = unit if gone else optional(unit)
    elif gone:
        return None
    return Record(**members)


def _choice(titles: Mapping[str, Texts]) -> dict[str, Any]:
    """One of these codes, each with its words."""
    return {"type": "string", "oneOf": [{"const": code, "title": dict(title)} for code, title in titles.items()]}


def _destination(platform: Platform, case: Case, here: tuple[str, str] | None) -> dict[str, Any] | None:
    """A unit but the one that is here, of this department or of another one; None where there is none."""
    departments = platform.registry.departments
    units = {
        code: [unit.code for unit in department.units if (code, unit.code) != here]
        for code, department in departments.items()
    }
    units = {code: codes for code, codes in units.items() if codes}
    if not units:
        return None
    every = {unit.code: unit.title for code in units for unit in departments[code].units if unit.code in units[code]}
    department = DEPARTMENT | _choice({code: departments[code].title for code in sorted(units)}) | {"description": OWN}
    schema = Record(
        department=optional(department) if case.department in units else department,
        unit=UNIT | _choice(dict(sorted(every.items()))),
    )
    if len(units) > 1:
        schema["allOf"] = [_units_of(code, codes, own=code == case.department) for code, codes in sorted(units.items())]
    return schema


def _units_of(department: str, units: Sequence[str], *, own: bool) -> dict[str, Any]:
    """The units that there are where this department is named; the case's own is meant where none is."""
    named = {"properties": {"department": {"const": department}}}
    return {
        "if": named if own else {**named, "required": ["department"]},
        "then": {"properties": {"unit": {"enum": list(units)}}},
    }
