"""A call as its operator has it: who rings and what is open with them, who they are, and how it ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import (
    Answer,
    Audience,
    Call,
    Conflict,
    FieldProblem,
    InvalidFields,
    NotFound,
    Principal,
    Stale,
    Update,
    Write,
    reply,
    text_in,
)
from banshi.sdk.documents import ID, MAYBE_MOMENT, MAYBE_TEXT, MOMENT, TEXT, Record, array, optional
from banshi.sdk.http import READER, Routes, ref
from banshi.sdk.limits import RATES
from conversations import CONVERSATIONS
from desk import DESK, LEAD, OFFICER, Desk, Enquiry
from hotline import call_backs
from hotline.moments import moment
from hotline.party import until
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineCall, HotlineCallBack, HotlineCaller, HotlineFiling
from hotline.texting import text_call_back

ROUTES = Routes("hotline")

#: Reads cases and lists in the name of whose they are.

#: Wrong codes of an app in one call and hour; and rows of each sort that a call shows.
WRONG_CODES, MAX_SHOWN = 5, 50

WORDS = {"type": "string", "minLength": 1, "maxLength": 2_000, "pattern": r"\S"}
TEXTS = {"type": "boolean", "description": "They agree to text messages, which have no personal word."}
OUTCOMES = ["answered", "filed", "transferred", "emergency", "nuisance", "dropped"]
CONSENT = Record(version=TEXT, text={**TEXT, "description": "What is read out before anything is filed."})
STATE = {"enum": ["waiting", "filed", "answered", "bound", "withdrawn"]}
FILED = Record(id=ID, item=TEXT, title=TEXT, state=STATE, at=MOMENT)
DUE = Record(id=ID, why={"enum": ["missed", "promised", "rating"]}, begins=MOMENT, until=MOMENT)
CALL = Record(
    id=ID,
    enquiry={**ID, "description": "At the desk."},
    desk=TEXT,
    number={**MAYBE_TEXT, "description": "With its country; null where it is hidden. It proves nobody."},
    person={**MAYBE_TEXT, "description": "The citizen's name, once they have proved themselves in this call."},
    subject={**MAYBE_TEXT, "description": "Whoever has that number, as `banshi person` exports and forgets them."},
    is_proved={"type": "boolean"},
    rang_at=MAYBE_MOMENT,
    answered_at=MAYBE_MOMENT,
    ended_at=MAYBE_MOMENT,
    outcome={"enum": ["", *OUTCOMES]},
    consent=CONSENT,
)
POP = Record(
    call=CALL,
    cases=array(ref("CaseSummary"), description="Open ones of this department, by the number or the citizen."),
    filings=array(FILED, description="What this desk has filed for that number lately, or what waits."),
    call_backs=array(DUE),
)
DIGITS = {"type": "string", "pattern": "^[0-9]{10}$", "description": "From their app."}
ON = {409: Answer("You don't hold this call at the desk, or it is over there.")}


class NotOnTheCall(Conflict, code="not-on-the-call", says=say):
    """You don't hold this call at your desk, or not any more; claim it there first."""


def own_desks(call: Call, *roles: str) -> list[Desk]:
    """Those at which the caller of the API sits, or has one of these roles."""
    return [desk for desk in call.platform[DESK].desks if desk.is_of(call.principal, OFFICER, *roles)]


async def held(call: Call, identity: str) -> tuple[HotlineCall, Enquiry]:
    """A call that its operator holds. Raises NotFound for another desk's as for none, and NotOnTheCall.

    Some minutes after its end it is nobody's any more.
    """
    row = await HotlineCall.get_or_none(id=UUID(identity))
    enquiry = await Enquiry.get_or_none(id=row.enquiry_id) if row and row.enquiry_id else None
    codes = {desk.code for desk in own_desks(call, LEAD)}
    if row is None or (enquiry.desk if enquiry else row.desk) not in codes:
        raise NotFound(say("There is no such call at a desk of yours."), see="/v1/desk/enquiries")
    if enquiry is None or (enquiry.state, enquiry.officer) != ("held", call.principal.subject):
        raise NotOnTheCall
    if until(call.platform, row) <= call.now:
        raise NotOnTheCall
    return row, enquiry


async def call_document(call: Call, row: HotlineCall, enquiry: Enquiry) -> dict[str, Any]:
    caller = await HotlineCaller.get_or_none(id=row.caller_id) if row.caller_id else None
    settings = call.platform[SETTINGS]
    return CALL.of(
        call.platform,
        row,
        enquiry=str(enquiry.id),
        desk=enquiry.desk,
        number=caller.number if caller else None,
        subject=caller.subject if caller else None,
        person=row.known.get("name") or None,
        is_proved=bool(row.person),
        consent={"version": settings.consent, "text": text_in(settings.consents[settings.consent], call.language)},
    )


@ROUTES.get("/v1/hotline/calls/{id}", Audience.STAFF, {200: Answer("The call.", CALL), **ON})
async def show_call(call: Call) -> web.StreamResponse:
    """Show a call that you hold, and the wording of the consent; its id is the `subject` of its enquiry."""
    return reply(call, await call_document(call, *await held(call, call.path["id"])))


@ROUTES.post(
    "/v1/hotline/calls/{id}/pop",
    Audience.STAFF,
    {200: Answer("The call, with what is open.", POP), **ON},
    body=Record(purpose={**WORDS, "maxLength": 200}).form(),
)
async def show_caller(call: Call) -> web.StreamResponse:
    """Show what is open with whoever calls, for a purpose; it is on record that you read it."""
    row, enquiry = await held(call, call.path["id"])
    path, platform = f"/v1/desk/enquiries/{enquiry.id}/cases", call.platform
    read = await platform[READER].post(path, call.principal, call.language, call.body)
    filings, due = list[HotlineFiling](), list[HotlineCallBack]()
    if row.caller_id is not None:
        own = {"caller_id": row.caller_id, "desk": enquiry.desk}
        filings = await HotlineFiling.filter(**own).order_by("-id").limit(MAX_SHOWN)
        due = await HotlineCallBack.filter(call_backs.due(call.now), **own).order_by("until").limit(MAX_SHOWN)
    document = {
        "call": await call_document(call, row, enquiry),
        "cases": read["items"],
        "filings": [FILED.of(platform, one, title=title_of(call, one.item)) for one in filings],
        "call_backs": [DUE.of(platform, one) for one in due],
    }
    return reply(call, document, headers={"Cache-Control": "no-store"})


def title_of(call: Call, code: str) -> str:
    """What people call an item; its code where it is gone."""
    item = call.platform.registry.items.get(code)
    return text_in(item.title, call.language) if item else code


async def proved(call: Call, where: str) -> tuple[Principal, Update]:
    """Who shows the `digits` of the body in their app, and what uses these up. Raises InvalidFields, and Conflict where
    too many were tried there.
    """
    if wait := await call.platform[RATES].wait(f"hotline.digits:{where}", WRONG_CODES, 3600):
        raise Conflict(say("Too many codes were tried here."), retry_after=int(wait) + 1)
    if (found := await call.platform[CONVERSATIONS].proved_by(call.body["digits"])) is None:
        told = say("This code is not good, or not any more; ask for a new one.")
        raise InvalidFields([FieldProblem("/digits", told)])
    return found


@ROUTES.post(
    "/v1/hotline/calls/{id}/person",
    Audience.STAFF,
    {200: Answer("They are who their app says.", CALL), **ON},
    body=Record(digits=DIGITS).form(),
)
async def prove_caller(call: Call) -> web.StreamResponse:
    """Take the ten digits that a caller's signed-in app shows: until the call is over you speak with that citizen.

    Ask for the name before you tell it: somebody else may have been handed the digits.
    """
    row, enquiry = await held(call, call.path["id"])
    who, used = await proved(call, str(row.caller_id or row.id))
    values = {"person": who.subject, "known": {n: getattr(who, n) for n in ("name", "resident_id", "phone")}}
    # What is noted of it from now on is the citizen's, and what was noted of them before is shown.
    theirs = Update(Enquiry, {"id": enquiry.id}, {"person": who.subject}, rows=None)
    await changed(call, row, values, used, theirs)
    return reply(call, await call_document(call, await HotlineCall.get(id=row.id), enquiry))


async def changed(call: Call, row: HotlineCall, values: Any, *beside: Update) -> None:
    """Write it, unless the call has moved on meanwhile. Raises Conflict."""
    guard = Update(HotlineCall, {"id": row.id, "version": row.version}, {**values, "version": row.version + 1})
    try:
        await call.platform.store.commit(Write([guard, *beside]))
    except Stale:
        raise Conflict(say("Something happened to the call at this moment; send it again.")) from None


@ROUTES.put(
    "/v1/hotline/calls/{id}/outcome",
    Audience.STAFF,
    {200: Answer("The call.", CALL), **ON},
    body=Record(
        outcome={"enum": OUTCOMES},
        note=optional({**WORDS, "description": "Where it was transferred to, or what the emergency was told."}),
    ).form(),
)
async def conclude_call(call: Call) -> web.StreamResponse:
    """Say how a call that you hold ended; `emergency` is one that you have put through to 110.

    Close it at the desk then. Hand it to another desk, or to a colleague, where enquiries are transferred.
    """
    row, enquiry = await held(call, call.path["id"])
    note = call.body.get("note", "")
    if call.body["outcome"] in ("transferred", "emergency") and not note:
        raise InvalidFields([FieldProblem("/note", say("Say where it was put through to."))])
    values = {"outcome": call.body["outcome"], "note": note, "operator": call.principal.subject}
    await changed(call, row, values)
    return reply(call, await call_document(call, await HotlineCall.get(id=row.id), enquiry))


@ROUTES.post(
    "/v1/hotline/calls/{id}/call-backs",
    Audience.STAFF,
    {201: Answer("It is promised.", DUE), **ON},
    body=Record(begins=optional(MOMENT), until=MOMENT, note=optional(WORDS), texts=optional(TEXTS)).form(),
    creates=True,
)
async def promise_call_back(call: Call) -> web.StreamResponse:
    """Promise whoever calls that they are called back between two moments, which you tell them."""
    row, enquiry = await held(call, call.path["id"])
    moments = {name: moment(call.body, name) for name in ("begins", "until") if name in call.body}
    begins, ends = moments.get("begins", call.now), moments["until"]
    latest = call.now + timedelta(days=call.platform[SETTINGS].keep_days)
    if row.caller_id is None or not call.now < ends <= latest or ends <= begins:
        told = say("Their number has to be known, and the end to lie ahead, behind the beginning.")
        raise InvalidFields([FieldProblem("/until", told)])
    about = {"begins": begins, "until": ends, "note": call.body.get("note", ""), "desk": enquiry.desk}
    made = call_backs.promised(call.platform, row, row.caller_id, **about)
    document = DUE.of(call.platform, made)
    texts = await text_call_back(call.platform, made) if call.body.get("texts") else ()
    await call.platform.store.commit(Write(rows=[made, *texts, *call.once.receipt(document)]))
    return reply(call, document, status=201)
