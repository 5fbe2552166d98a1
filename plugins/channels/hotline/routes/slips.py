"""What was filed, by its slip code and number: read by an operator, bound to an account, taken back."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from aiohttp import web
from tortoise.exceptions import IntegrityError

from banshi import (
    Answer,
    Audience,
    Call,
    Case,
    Conflict,
    InvalidFields,
    NotFound,
    Principal,
    Stale,
    Update,
    Write,
    reply,
)
from banshi.sdk.cases import Actor, act, find_draft, hand_over, record_reading, save_draft
from banshi.sdk.documents import ID, MOMENT, TEXT, Record, optional
from banshi.sdk.http import READER, Routes
from desk import DESK
from hotline.routes.calls import DIGITS, own_desks, proved, title_of
from hotline.routes.filings import NUMBER, SLIP, caller_of
from hotline.sentences import say
from hotline.slips import SLIPS, NoSlip, digits_of, number_in
from hotline.tables.models import HotlineCallBack, HotlineCaller, HotlineFiling
from hotline.texting import BINDING_TOLD, BOUND_TOLD, text

ROUTES = Routes("hotline")

BODY = Record(number=NUMBER, slip=SLIP).form()
BIND = Record(
    number=NUMBER,
    slip=SLIP,
    code=optional({**SLIP, "description": "As it was texted to the number."}),
).form()

#: What takes a case back, by its kind: of all that its citizen may do with it, the first.
WITHDRAWING = ("withdraw", "cancel")
READ = Record(
    id=ID,
    item=TEXT,
    title=TEXT,
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


class OwnFiling(Conflict, code="own-filing", says=say):
    """You had a hand in this filing, or it would become a colleague's who had: somebody else hands it over."""


class NotTheNumber(Conflict, code="not-the-number", says=say):
    """Nothing proves that the number is yours; sign in with an account that says so."""


async def _of_own_desk(call: Call) -> HotlineFiling:
    """What is under the code and the number. Raises NoSlip, for another desk's as for none."""
    row = await call.platform[SLIPS].found(call.principal, call.body["number"], call.body["slip"])
    if row.desk not in {desk.code for desk in own_desks(call)}:
        raise NoSlip
    return row


@ROUTES.post(
    "/v1/hotline/slips/read", Audience.STAFF, {200: Answer("What it is.", READ), 404: NONE, 429: TRIED}, body=BODY
)
async def read_slip(call: Call) -> web.StreamResponse:
    """Read to somebody how it stands with what was filed for them, by their number and slip code.

    That you read it is on record, also of what waits.
    """
    row, platform = await _of_own_desk(call), call.platform
    whose, case = caller_of(row), None
    desk = platform[DESK].of(row.desk)
    # What waits is no case yet: it is on record under its own id.
    waits = [Case(id=row.id, item=row.item, department=desk.department, unit=desk.unit)] if desk else []
    await record_reading(Actor(call.principal), await Case.filter(id=row.case_id) if row.case_id else waits)
    if row.case_id is not None:
        case = await platform[READER].get(f"/v1/cases/{row.case_id}", whose, call.language)
    document = READ.of(platform, row, title=title_of(call, row.item), case=case)
    return reply(call, document, headers={"Cache-Control": "no-store"})


@ROUTES.post(
    "/v1/hotline/slips/bind",
    Audience.CITIZEN,
    {
        200: Answer("It is in your account.", BOUND),
        404: NONE,
        409: Answer("It is bound already, or the number isn't proved, or you have begun the same yourself."),
        429: TRIED,
    },
    body=BIND,
)
async def bind_slip(call: Call) -> web.StreamResponse:
    """Take what was filed for you by telephone into your account: the case, or the draft that waits for its files.

    Your account says that the number is yours, or you send the `code` that is texted to it: ask for that without one.
    Sent again, it is answered again.
    """
    platform, me = call.platform, call.principal
    row = await platform[SLIPS].found(me, call.body["number"], call.body["slip"])
    if row.person != me.subject:
        caller_of(row)
        await _prove_number(call, row)
    return await _bound(call, row, me)


@ROUTES.post(
    "/v1/hotline/slips/hand-over",
    Audience.STAFF,
    {
        200: Answer("It is in their account.", BOUND),
        404: NONE,
        409: Answer("It is an account's, you had a hand in it yourself, or they have begun the same."),
        422: Answer("Nobody shows these digits."),
        429: TRIED,
    },
    body=Record(number=NUMBER, slip=SLIP, digits=DIGITS, document={"const": True}).form(),
)
async def hand_over_slip(call: Call) -> web.StreamResponse:
    """Give what was filed by telephone to whoever stands at your counter: you have seen their `document`, and they show
    the digits of their signed-in app.

    For a citizen whose account says no telephone, where none is texted to. A colleague does it who had no hand in it.
    """
    row = await _of_own_desk(call)
    caller_of(row)
    hands = (row.officer, *(row.hands or ()))
    if call.principal.subject in hands:
        raise OwnFiling
    who, used = await proved(call, call.principal.subject)
    if who.subject in (*hands, call.principal.subject):
        raise OwnFiling
    return await _bound(call, row, replace(who, agent=call.principal.subject), used)


async def _bound(call: Call, row: HotlineFiling, me: Principal, *beside: Update) -> web.StreamResponse:
    """The filing is that citizen's from now on; what was theirs already is answered once more."""
    try:
        if row.case_id is None and row.state == "waiting":
            await _take_draft(call, row, me, beside)
        elif row.person != me.subject:
            await _take_case(call, row, me, beside)
    except Stale:
        raise Conflict(say("The case has moved on at this moment; send it again.")) from None
    row = await HotlineFiling.get(id=row.id)
    return reply(call, BOUND.of(call.platform, row, case=str(row.case_id) if row.case_id else None))


async def _prove_number(call: Call, row: HotlineFiling) -> None:
    """Raises NotTheNumber, and NoSlip for who filed it: they know number and code, and neither is theirs."""
    platform, me, code = call.platform, call.principal, call.body.get("code")
    if me.subject in (row.officer, *(row.hands or ())):
        raise NoSlip
    slips, caller = platform[SLIPS], await HotlineCaller.get(id=row.caller_id)
    if number_in(platform, me.phone) == caller.number:
        return
    expected = slips.binding(row, me)
    if code is not None:
        if hmac.compare_digest(digits_of(code), expected):
            return
        await slips.was_wrong(me)
        raise NotTheNumber
    told = await text(platform, row.caller_id, say(BINDING_TOLD, code=expected), row.id, f"bind-{expected}")
    with suppress(IntegrityError):  # it was texted before
        await platform.store.commit(Write(rows=told))
    raise NotTheNumber(say("Send the code that was texted to the number, too.")) if told else NotTheNumber


async def _take_case(call: Call, row: HotlineFiling, me: Principal, beside: Sequence[Update]) -> None:
    """The case is the citizen's. Nobody asks them by telephone any more how its answer was. Raises Stale."""
    platform, own = call.platform, {"id": row.id, "person": row.person, "state": row.state}
    asked = {"case_id": row.case_id, "why": "rating", "state__in": ["due", "held"]}
    over = {"state": "taken-back", "lease_until": None, "closed_at": call.now}
    updates = [
        Update(HotlineFiling, own, {"person": me.subject}),
        Update(HotlineCallBack, asked, over, rows=None),
    ]
    told = await text(platform, row.caller_id if row.texts else None, BOUND_TOLD, row.id, "bound")
    await hand_over(platform, await Case.get(id=row.case_id), me, [*updates, *beside, *told])


async def _take_draft(call: Call, row: HotlineFiling, me: Principal, beside: Sequence[Update]) -> None:
    """The draft becomes one of the citizen's own, in one write. Raises DraftThere, and Stale."""
    if await find_draft(call.platform, me.subject, row.item) is not None:
        raise DraftThere
    own = {"id": row.id, "person": row.person, "state": row.state}
    bound = Update(HotlineFiling, own, {"person": me.subject, "state": "bound", "answers": None})
    await save_draft(call.platform, me, row.item, row.answers or {}, bound, *beside)


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
    # What was only answered, or is a draft of their own by now, has nothing left to take back.
    if row is None or row.state not in ("waiting", "filed"):
        raise NotFound(say("Nothing of yours was filed under this."))
    return await _withdrawn(call, row, call.principal)


async def _withdrawn(call: Call, row: HotlineFiling, whose: Principal) -> web.StreamResponse:
    platform, is_over = call.platform, row.case_id is None
    values = {"withdrawn_at": call.now, "texts": False}
    gone = Update(HotlineFiling, {"id": row.id}, {**values, "state": "withdrawn", "answers": None})
    for action in WITHDRAWING if row.case_id else ():
        try:
            await act(platform, row.case_id, action, Actor(whose), {}, call.language, lambda _: [gone])
            is_over = True
            break
        except (Conflict, InvalidFields) as refused:
            # Others may have been quicker: that is said, and it is sent again. What needs a reason is no such step.
            if isinstance(refused, Conflict) and refused.code != "action-not-permitted":
                raise
    else:
        # It goes on, as the law has it; what they agreed to beside it is over.
        changed = gone if is_over else Update(HotlineFiling, {"id": row.id}, values)
        await platform.store.commit(Write([changed]))
    state = "withdrawn" if is_over else row.state
    return reply(call, TAKEN_BACK.of(platform, row, state=state, is_withdrawn=is_over))
