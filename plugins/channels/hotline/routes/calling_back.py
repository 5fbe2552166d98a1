"""The call-back queue: who is to be called by when, one operator for each, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.expressions import Q, Subquery

from banshi import (
    Answer,
    Audience,
    Call,
    Conflict,
    FieldProblem,
    InvalidFields,
    NotFound,
    Parameter,
    Stale,
    Update,
    Write,
    reply,
)
from banshi.sdk.cases import Actor, CaseEvent, act
from banshi.sdk.documents import ID, MAYBE_MOMENT, MOMENT, TEXT, Record, array, optional
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, in_utc, page_answer, page_of
from hotline import call_backs
from hotline.routes.calls import WORDS, own_desks
from hotline.routes.filings import caller_of
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineCallBack, HotlineCaller, HotlineFiling

ROUTES = Routes("hotline")

RESULTS = ["reached", "no-answer", "refused"]
STATES = ["due", "held", "reached", "given-up", "taken-back"]
COUNT = {"type": "integer", "minimum": 0}
LISTED = Record(
    id=ID,
    desk=TEXT,
    why={"enum": ["missed", "promised", "rating"]},
    state={"enum": STATES},
    begins=MOMENT,
    until={**MOMENT, "description": "By when they were told."},
    calls={**COUNT, "description": "Of theirs that nobody has answered."},
    tries=COUNT,
    closed_at=MAYBE_MOMENT,
)
HELD = Record(
    **LISTED["properties"],
    number={**TEXT, "description": "Whom to call."},
    note=TEXT,
    case={"oneOf": [{"type": "null"}, ID], "description": "Whose answer they are asked about."},
    lease_until=MAYBE_MOMENT,
    log=array(Record(officer=TEXT, at=MOMENT, result={"enum": ["", *RESULTS]}), description="Who has had the number."),
)
TAKEN = Answer("A colleague has it, or it is over.")
RATING = Record(
    rating={"type": "integer", "minimum": 1, "maximum": 5}, text=optional({"type": "string", "maxLength": 1000})
)
TRIED = Record(
    result={"enum": RESULTS},
    note=optional(WORDS),
    rating=optional({**RATING, "description": "Of a satisfaction call, what they gave the answer to their case."}),
).form()


class CallBackTaken(Conflict, code="call-back-taken", says=say):
    """A colleague has this call-back, or it is over."""


def _own(call: Call) -> Q:
    """Whom their desks are to call; but nobody asks how an answer was in which they had a part."""
    codes = [desk.code for desk in own_desks(call)]
    # Of the cases alone that are asked about: nobody's steps are looked for in all there are.
    asked = Subquery(HotlineCallBack.filter(why="rating", desk__in=codes).values("case_id"))
    steps = CaseEvent.filter(case_id__in=asked, version__gt=1, actor="staff", actor_id=call.principal.subject)
    theirs = Subquery(steps.exclude(action="rate").values("case_id"))
    return Q(~Q(why="rating", case_id__in=theirs), desk__in=codes)


async def _found(call: Call) -> HotlineCallBack:
    row = await HotlineCallBack.filter(_own(call), id=UUID(call.path["id"])).first()
    if row is None:
        raise NotFound(say("There is no such call-back at a desk of yours."), see="/v1/hotline/call-backs")
    return row


@ROUTES.get(
    "/v1/hotline/call-backs",
    Audience.STAFF,
    {200: page_answer(LISTED)},
    parameters=(Parameter("state", {"enum": STATES}, "Only these; those that are due by default."), *PAGE_PARAMETERS),
)
async def list_call_backs(call: Call) -> web.StreamResponse:
    """List whom your desks are to call, who was promised it first in front; numbers are for whoever takes one."""
    state = call.query.get("state", "due")
    wanted = {"due": call_backs.due(call.now), "held": Q(state="held", lease_until__gt=call.now)}
    rows = HotlineCallBack.filter(_own(call), wanted.get(state, Q(state=state)))
    found, after = await page_of(call, rows, {"until": in_utc, "id": UUID})
    return reply(call, Page([LISTED.of(call.platform, row, state=state) for row in found], after).document())


@ROUTES.post("/v1/hotline/call-backs/{id}/claim", Audience.STAFF, {200: Answer("Call them.", HELD), 409: TAKEN})
async def claim_call_back(call: Call) -> web.StreamResponse:
    """Take a call-back, with its number; one of any number gets it, from the time on that they were told.

    It is on record that you had the number.
    """
    row, me = await _found(call), call.principal.subject
    is_mine = (row.state, row.officer) == ("held", me)
    if not is_mine and not call_backs.is_due(row, call.now):
        raise CallBackTaken
    if call.now < row.begins:
        wait = int((row.begins - call.now).total_seconds()) + 1
        raise Conflict(say("They were told a later time; call them from then on."), retry_after=wait)
    minutes = timedelta(minutes=call.platform[SETTINGS].call_minutes)
    had = [] if is_mine else [{"officer": me, "at": call.now.isoformat(), "result": ""}]
    values = {"state": "held", "officer": me, "lease_until": call.now + minutes, "log": [*row.log, *had]}
    await _write(call, row, values)
    return await _held(call, row)


async def _held(call: Call, row: HotlineCallBack) -> web.StreamResponse:
    row, caller = await HotlineCallBack.get(id=row.id), await HotlineCaller.get_or_none(id=row.caller_id)
    case = str(row.case_id) if row.case_id else None
    document = HELD.of(call.platform, row, number=caller.number if caller else "", case=case)
    return reply(call, document, headers={"Cache-Control": "no-store"})


async def _write(call: Call, row: HotlineCallBack, values: Any, *beside: Update) -> None:
    try:
        await call.platform.store.commit(Write([_guarded(row, values), *beside]))
    except Stale:
        raise CallBackTaken from None


def _guarded(row: HotlineCallBack, values: Any) -> Update:
    same = {name: getattr(row, name) for name in ("id", "state", "officer", "lease_until", "tries")}
    return Update(HotlineCallBack, same, values)


@ROUTES.post(
    "/v1/hotline/call-backs/{id}/tries", Audience.STAFF, {200: Answer("It is noted.", HELD), 409: TAKEN}, body=TRIED
)
async def note_try(call: Call) -> web.StreamResponse:
    """Say what came of calling somebody back. Nobody there: it is due again later, and given up after some tries.

    The `rating` of a satisfaction call rates the answer to their case, as they would themselves.
    """
    row, body, settings = await _found(call), call.body, call.platform[SETTINGS]
    if (row.state, row.officer) != ("held", call.principal.subject):
        raise CallBackTaken
    tries, note = row.tries + 1, body.get("note", row.note)
    if body["result"] == "no-answer" and row.calls == 0:
        # Somebody has answered their call meanwhile.
        values: dict[str, Any] = call_backs.over(call.platform, row, "taken-back")
    elif body["result"] == "no-answer" and tries < settings.tries:
        later = call.now + timedelta(hours=settings.between_hours)
        window = {"begins": later, "until": max(row.until, later)}
        values = {"state": "due", "officer": "", "lease_until": None, **window}
    else:
        ends = "given-up" if body["result"] == "no-answer" else "reached"
        values = call_backs.over(call.platform, row, ends)
    log = [*row.log[:-1], {**row.log[-1], "result": body["result"]}]
    values |= {"tries": tries, "note": note, "log": log}
    if rating := body.get("rating"):
        await _rate(call, row, {**values, "stars": rating["rating"]})
    else:
        await _write(call, row, values)
    return await _held(call, row)


async def _rate(call: Call, row: HotlineCallBack, values: Any) -> None:
    """Rate the answer for them, in one write with the try. Raises InvalidFields where there is none to rate."""
    filing = await HotlineFiling.filter(case_id=row.case_id).first() if row.case_id else None
    if filing is None or call.body["result"] != "reached":
        raise InvalidFields(
            [FieldProblem("/rating", say("There is no answer of theirs to rate, or nobody was there."))]
        )
    whose, body = Actor(caller_of(filing, call.principal.subject)), {"details": call.body["rating"]}

    def receipt(_: Any) -> Sequence[Update]:
        return [_guarded(row, values)]

    await act(call.platform, row.case_id, "rate", whose, body, call.language, receipt)
