"""What a step of an appeal writes beside its state: who has it, the answer, the rating, the one it is merged into."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tortoise.models import Model

from banshi.foundation.database.writes import Update
from banshi.foundation.errors import InvalidFields
from banshi.kernel.cases.attachments import Files, files_of
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.contract.values import Texts, Who
from banshi.kernel.outbox import outbox
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appeal import orders
from banshi.kinds.appeal.models import AppealRecord, Letter, Reply
from banshi.kinds.appeal.offered import MAX_LETTERS
from banshi.kinds.appeal.problems import TooManyLetters
from banshi.kinds.appeal.sorting import merging
from banshi.kinds.corrections import corrected


async def effects(platform: Platform, move: Move) -> Effects:
    """The effects of a step. Whatever speaks against it is told here, before any write."""
    action, given = move.step.action, move.given or {}
    if action in orders.HINDERED and (hindrance := await orders.hindrance(platform, move.case, action)):
        raise hindrance
    match action:
        case "supplement":
            return await corrected(platform, move)
        case "assign":
            return await _assign(platform, move)
        case "forward" | "place":
            return await _moved(platform, move, given.get("department", move.case.department), given["unit"])
        case "send-back":
            return await _moved(platform, move, **await orders.origin_of(platform, move.case))
        case "urge":
            return await orders.urge(move)
        case "ask-extension":
            return Effects(details={"days": given["days"]})
        case "extend":
            return await orders.extend(move)
        case "answer":
            return await _answer(platform, move)
        case "rate":
            return _rate(move)
        case "reopen":
            # A new answer has all its days. The step starts the clock, from what is used in the case.
            move.case.clock_used = 0
        case "merge":
            return await merging.merge(platform, move)
        case "write":
            return await _write(platform, move)
        case "withdraw":
            await merging.refuse_leaving_others(move.case)
        case "return":
            await merging.refuse_asking_for_others(move.case)
    return Effects()


def _changed(move: Move, **values: Any) -> Update:
    return Update(AppealRecord, {"case_id": move.case.id}, values)


def _place(move: Move) -> dict[str, str]:
    return {"department": move.case.department, "unit": move.case.unit}


def _title(platform: Platform, department: str, code: str) -> Texts:
    """What the unit of that code is called; the department itself where there is none."""
    known = platform.registry.departments[department]
    return next((unit.title for unit in known.units if unit.code == code), known.title)


async def _assign(platform: Platform, move: Move) -> Effects:
    """A person has read it: what it is about, and which unit of the department has it."""
    given = move.given or {}
    category, code = given.get("category", ""), given.get("unit", move.case.unit)
    title = _title(platform, move.case.department, code)
    updates = [_changed(move, category=category)] if category else []
    updates += await merging.going_along(move.case.id, {"unit": code})
    details = {"category": category, "unit": code, **({"from": _place(move)} if code != move.case.unit else {})}
    return Effects(values={"unit": code}, updates=updates, details=details, mentions={"unit": title})


async def _moved(platform: Platform, move: Move, department: str, unit: str) -> Effects:
    """It is another unit's now, and its old one no longer sees it."""
    after = {"department": department, "unit": unit}
    updates = await merging.going_along(move.case.id, after)
    details, mentions = {"from": _place(move), "to": after}, {"unit": _title(platform, department, unit)}
    return Effects(values=dict(after), updates=updates, details=details, mentions={**mentions})


async def _answer(platform: Platform, move: Move) -> Effects:
    """The answer, for its citizen and for everybody whose appeal was merged into it."""
    text, case = move.given["text"].strip(), move.case
    number = await Reply.filter(case_id=case.id).count() + 1
    late = case.due_on is not None and platform.today() > case.due_on
    reply = Reply(case_id=case.id, number=number, text=text, at=move.at, on_time=not late)
    told = await merging.tell_others(platform, move, text)
    return Effects(rows=[reply, *told], details={"number": number}, mentions={"answer": text})


def _rate(move: Move) -> Effects:
    """The stars. What they lead to is decided at once, outside of the request."""
    rated = {
        "rating": int(move.given["rating"]),
        "rating_text": move.given.get("text", "").strip(),
        "rated_at": move.at,
    }
    decided = outbox.intake_row(move.case.id, move.case.version + 1)
    return Effects(updates=[_changed(move, **rated)], rows=[decided])


async def _write(platform: Platform, move: Move) -> Effects:
    """A letter, with the files that it names."""
    case, given = move.case, move.given
    by = move.actor.who(case)
    number = await Letter.filter(case_id=case.id).count() + 1
    if number > MAX_LETTERS:
        raise TooManyLetters(limit=MAX_LETTERS)
    files = await _files(move)
    letter = Letter(
        case_id=case.id,
        number=number,
        by=by,
        text=given["text"].strip(),
        files=[str(file.id) for file in files.rows],
        at=move.at,
    )
    updates: list[Update] = list(files.updates)
    rows: list[Model] = [letter]
    if case.state == "answered" and by is Who.CITIZEN:
        # The step starts the clock, from what is used in the case.
        case.clock_used = 0
    if case.state == "merged" and by is Who.CITIZEN:
        others, noted = await merging.written_in_merged(platform, move)
        updates, rows = [*others, *updates], [*rows, *noted]
    return Effects(updates=updates, rows=rows, details={"number": number})


async def _files(move: Move) -> Files:
    """The files that a letter names. Raises InvalidFields."""
    if move.step.takes is None:
        return Files()
    try:
        return await files_of(move.step.takes, move.given, move.case.person, move.case.id)
    except InvalidFields as error:
        raise InvalidFields(
            replace(one, pointer=one.pointer.replace("/answers", "/details", 1)) for one in error.problems
        ) from None
