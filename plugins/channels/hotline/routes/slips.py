"""What was filed, by its slip code and number: read by an operator, bound to an account, taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, Case, Conflict, NotFound, Principal, Stale, Update, Write, reply
from banshi.sdk.cases import Actor, act, drop_draft, find_draft, hand_over, record_reading, save_draft
from banshi.sdk.documents import ID, MOMENT, TEXT, Record
from banshi.sdk.http import Routes
from hotline.routes.calls import READER, own_desks
from hotline.routes.filings import NUMBER, SLIP, caller_of
from hotline.sentences import say
from hotline.slips import SLIPS, NoSlip
from hotline.tables.models import HotlineFiling

ROUTES = Routes("hotline")

BODY = Record(number=NUMBER, slip=SLIP).form()
READ = Record(
    id=ID,
    item=TEXT,
    state={"enum": ["waiting", "filed", "bound"]},
    officer_name={**TEXT, "description": "Who filed it."},
    identified={"enum": ["told", "code"], "description": "They said who they are, or their app's code did."},
    relation=TEXT,
    consent=TEXT,
    at=MOMENT,
    case={"type": ["object", "null"], "description": "As its citizen reads it."},
    answers={"type": ["object", "null"], "description": "Of what waits; null once its time was over."},
)
BOUND = Record(id=ID, item=TEXT, state=TEXT, case={"oneOf": [{"type": "null"}, ID]})
TAKEN_BACK = Record(id=ID, state=TEXT, is_withdrawn={"type": "boolean", "description": "It goes no further."})
NONE = Answer("There is nothing under both, or not at your desk.")
TRIED = Answer("Too often for this number in this hour.", headers={"Retry-After": "Seconds."})


class DraftThere(Conflict, code="draft-there", says=say):
    """You have begun this item yourself; hand that in or delete it first, then bind this one."""


async def _of_own_desk(call: Call) -> HotlineFiling:
    """What is under the code and the number. Raises NoSlip, for another desk's as for none."""
    row = await call.platform[SLIPS].found(call.body["number"], call.body["slip"])
    if row.desk not in {desk.code for desk in own_desks(call)}:
        raise NoSlip
    return row


@ROUTES.post(
    "/v1/hotline/slips/read", Audience.STAFF, {200: Answer("What it is.", READ), 404: NONE, 429: TRIED}, body=BODY
)
async def read_slip(call: Call) -> web.StreamResponse:
    """Read to somebody how it stands with what was filed for them, by their number and slip code; it is on record."""
    row, platform = await _of_own_desk(call), call.platform
    whose, case, answers = caller_of(row), None, None
    if row.case_id is not None:
        await record_reading(Actor(call.principal), await Case.filter(id=row.case_id))
        case = await platform[READER].get(f"/v1/cases/{row.case_id}", whose, call.language)
    elif (draft := await find_draft(platform, row.person, row.item)) is not None:
        answers = draft.answers
    document = READ.of(platform, row, case=case, answers=answers)
    return reply(call, document, headers={"Cache-Control": "no-store"})


@ROUTES.post(
    "/v1/hotline/slips/bind",
    Audience.CITIZEN,
    {
        200: Answer("It is in your account.", BOUND),
        404: NONE,
        409: Answer("It is bound already, or you have begun the same yourself."),
        429: TRIED,
    },
    body=BODY,
)
async def bind_slip(call: Call) -> web.StreamResponse:
    """Take what was filed for you by telephone into your account: the case, or the draft that waits for its files."""
    platform, me = call.platform, call.principal
    row = await platform[SLIPS].found(call.body["number"], call.body["slip"])
    caller_of(row)
    own = {"id": row.id, "person": row.person, "state": row.state}
    if row.case_id is not None:
        case = await Case.get(id=row.case_id)
        try:
            await hand_over(platform, case, me, [Update(HotlineFiling, own, {"person": me.subject})])
        except Stale:
            raise Conflict(say("The case has moved on at this moment; send it again.")) from None
    else:
        await _take_draft(call, row, own)
    row = await HotlineFiling.get(id=row.id)
    return reply(call, BOUND.of(platform, row, case=str(row.case_id) if row.case_id else None))


async def _take_draft(call: Call, row: HotlineFiling, own: Any) -> None:
    """The draft becomes one of the citizen's own. Raises DraftThere, and NoSlip once its time was over."""
    platform, me = call.platform, call.principal
    if await find_draft(platform, me.subject, row.item) is not None:
        raise DraftThere
    draft = await find_draft(platform, row.person, row.item)
    if draft is None or row.state != "waiting":
        raise NoSlip
    bound = {"person": me.subject, "state": "bound"}
    await platform.store.commit(Write([Update(HotlineFiling, own, bound)]))
    await save_draft(platform, me, row.item, draft.answers)
    await drop_draft(draft.person, row.item)


@ROUTES.post(
    "/v1/hotline/slips/withdraw",
    Audience.STAFF,
    {200: Answer("They agree no more.", TAKEN_BACK), 404: NONE, 409: Answer("It is their account's."), 429: TRIED},
    body=BODY,
)
async def withdraw_slip(call: Call) -> web.StreamResponse:
    """Take back the consent of whoever it was filed for: a draft is gone, and a case withdrawn where it can be."""
    row = await _of_own_desk(call)
    return await _withdrawn(call, row, caller_of(row, call.principal.subject))


@ROUTES.delete(
    "/v1/hotline/filings/{id}", Audience.CITIZEN, {200: Answer("You agree no more.", TAKEN_BACK), 404: Answer("None.")}
)
async def withdraw_filing(call: Call) -> web.StreamResponse:
    """Take your consent back to what was filed for you: it is withdrawn where it still can be."""
    row = await HotlineFiling.get_or_none(id=UUID(call.path["id"]), person=call.principal.subject)
    if row is None:
        raise NotFound(say("Nothing of yours was filed under this."))
    return await _withdrawn(call, row, call.principal)


async def _withdrawn(call: Call, row: HotlineFiling, whose: Principal) -> web.StreamResponse:
    platform, is_over = call.platform, row.case_id is None
    values = {"withdrawn_at": call.now, "texts": False}
    gone = Update(HotlineFiling, {"id": row.id}, {**values, "state": "withdrawn"})
    if row.case_id is not None:
        try:
            await act(platform, row.case_id, "withdraw", Actor(whose), {}, call.language, lambda _: [gone])
            is_over = True
        except Conflict:
            # It goes on, as the law has it; what they agreed to beside it is over.
            await platform.store.commit(Write([Update(HotlineFiling, {"id": row.id}, values)]))
    else:
        await drop_draft(row.person, row.item)
        await platform.store.commit(Write([gone]))
    state = "withdrawn" if is_over else row.state
    return reply(call, TAKEN_BACK.of(platform, row, state=state, is_withdrawn=is_over))
