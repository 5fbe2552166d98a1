"""What a desk remembers: conversations that are over, a person's earlier ones, and a search by words.

All of it for a purpose, and on record in the conversation's events.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, Case, Conflict, NotFound, Parameter, Write, reply
from banshi.sdk.cases import Actor, record_reading, steps_of
from banshi.sdk.documents import ID, Record, array, optional
from banshi.sdk.files import show_file
from banshi.sdk.http import READER, Routes, ref
from desk import queue
from desk.party import BECAME, party_of
from desk.places import CODE, WORDS
from desk.routes import enquiries
from desk.routes.enquiries import HEAD, MAX_MESSAGES, MESSAGE, desks_of, earlier_of, find, find_held, message
from desk.sentences import say
from desk.tables.models import DeskEvent, Enquiry

ROUTES = Routes("desk")

NO_DESK, NOT_YOURS = Answer("You have no such desk."), Answer("A colleague holds it, you don't, or it is over.")

#: Cases of a citizen that are looked through, earlier ones that are listed, and conversations of one search.
MAX_CASES, MAX_EARLIER, MAX_SEARCHED = 100, 50, 100

PURPOSE = {**WORDS, "maxLength": 200}
PURPOSE_BODY = Record(purpose=PURPOSE).form()
BEFORE = {**ID, "description": "Those before that message; the last ones by default."}
READING_BODY = Record(purpose=PURPOSE, before=optional(BEFORE)).form()
MESSAGES = Record(items=array(MESSAGE, description="The oldest in front; the next page is before the first."))
READ = Record(**HEAD, messages=array(MESSAGE), events=array(enquiries.EVENT))
LIST = Answer("The newest first.", Record(items=array(enquiries.HEAD_RECORD)))
SEARCH_BODY = Record(
    words={**WORDS, "minLength": 2, "maxLength": 100},
    purpose=PURPOSE,
    desk=optional(CODE),
    before=optional({**ID, "description": "Looks on from there: `next` of the answer before."}),
).form()
FOUND = Record(
    items=array(Record(**HEAD, messages=array(MESSAGE, description="Those with the words."))),
    next={"oneOf": [{"type": "null"}, ID], "description": "Looks on from there; null where all was looked through."},
)
FOUND_ANSWER = Answer("The newest first.", FOUND)
CASES = Answer("Those of this department, the newest first.", Record(items=array(ref("CaseSummary"))))


class NotOver(Conflict, code="not-over", says=say):
    """This conversation isn't over: its words are for whoever holds it, and for who leads the desk."""


@ROUTES.get(
    "/v1/desk/enquiries/{id}/messages",
    Audience.STAFF,
    {200: Answer("A page.", MESSAGES), 409: Answer("You don't hold it.")},
    parameters=(Parameter("before", ID, str(BEFORE["description"])),),
)
async def list_enquiry_messages(call: Call) -> web.StreamResponse:
    """List the messages of a conversation that you hold, page by page."""
    row = await find_held(call)
    before = UUID(call.query["before"]) if "before" in call.query else None
    words = await enquiries.words_of(call.platform, row, MAX_MESSAGES, before)
    return reply(call, {"items": [message(call.platform, one, call.language) for one in words]})


@ROUTES.post(
    "/v1/desk/enquiries/{id}/reading",
    Audience.STAFF,
    {200: Answer("What was said.", READ), 409: Answer("It isn't over.")},
    body=READING_BODY,
)
async def read_enquiry(call: Call) -> web.StreamResponse:
    """Read a conversation that is over, or any of a desk that you lead, for a purpose; it is on record."""
    row, platform = await find(call), call.platform
    if row.state in ("waiting", "held") and not enquiries.leads(call, row):
        raise NotOver
    before = UUID(call.body["before"]) if "before" in call.body else None
    await _note(call, [row])
    words = await enquiries.words_of(platform, row, MAX_MESSAGES, before)
    events = await DeskEvent.filter(enquiry_id=row.id, desk=row.desk).exclude(what__in=BECAME).order_by("id")
    messages = [message(platform, one, call.language) for one in words]
    shown = {"messages": messages, "events": [enquiries.event(platform, one, True) for one in events]}
    return reply(call, {**enquiries.head(platform, row), **shown})


@ROUTES.post("/v1/desk/enquiries/{id}/earlier", Audience.STAFF, {200: LIST}, body=PURPOSE_BODY)
async def list_earlier_enquiries(call: Call) -> web.StreamResponse:
    """List the same citizen's earlier conversations with desks of yours, for a purpose; it is on record."""
    row = await find(call)
    desks = [desk.code for desk in desks_of(call.platform, call.principal)]
    found = await earlier_of(row, desks).limit(MAX_EARLIER)
    await _note(call, [row])
    return reply(call, {"items": [enquiries.head(call.platform, one) for one in found]})


@ROUTES.post("/v1/desk/search", Audience.STAFF, {200: FOUND_ANSWER, 404: NO_DESK}, body=SEARCH_BODY)
async def search_enquiries(call: Call) -> web.StreamResponse:
    """Find conversations of your desks that are over by words that were said, for a purpose; each is on record."""
    platform, body = call.platform, call.body
    own_desks = [enquiries.own_desk(call, body["desk"])] if "desk" in body else desks_of(platform, call.principal)
    rows = Enquiry.filter(desk__in=[desk.code for desk in own_desks], state__in=("closed", "left"))
    if "before" in body:
        rows = rows.filter(id__lt=UUID(body["before"]))
    looked = await rows.order_by("-id").limit(MAX_SEARCHED)
    found: list[tuple[Enquiry, list[Any]]] = []
    for row in looked:
        words = await enquiries.words_of(platform, row)
        if own := [one for one in words if body["words"].casefold() in _text(one.content).casefold()]:
            found.append((row, [message(platform, one, call.language) for one in own]))
    await _note(call, [row for row, _ in found])
    shown = [{**enquiries.head(platform, row), "messages": own} for row, own in found]
    goes_on = str(looked[-1].id) if len(looked) == MAX_SEARCHED else None
    return reply(call, {"items": shown, "next": goes_on})


def _text(content: Any) -> str:
    return " ".join(str(content[name]) for name in ("text", "voice", "file") if content.get(name))


async def _note(call: Call, rows: list[Enquiry]) -> None:
    """It is on record before anything is shown."""
    if events := [queue.event(row, "read", call.now, call.principal, call.body["purpose"]) for row in rows]:
        await call.platform.store.commit(Write(rows=events))


@ROUTES.post("/v1/desk/enquiries/{id}/cases", Audience.STAFF, {200: CASES, 409: NOT_YOURS}, body=PURPOSE_BODY)
async def list_enquiry_cases(call: Call) -> web.StreamResponse:
    """List the citizen's open cases with this department, for a purpose; it is on record that you read them."""
    row, platform = await find_held(call), call.platform
    desk = enquiries.own_desk(call, row.desk)
    citizen = await party_of(platform, row.kind).who(row.subject)
    open_cases: dict[str, Case] = {}
    if citizen is not None:
        own = {"person": citizen.subject, "department": desk.department, **({"unit": desk.unit} if desk.unit else {})}
        for case in await Case.filter(**own).order_by("-id").limit(MAX_CASES):
            item = platform.registry.items.of(case.item)
            if item is not None and any(step.state == case.state for step in steps_of(platform, item)):
                open_cases[str(case.id)] = case
    await record_reading(Actor(call.principal), list(open_cases.values()))
    event = queue.event(row, "cases", call.now, call.principal, call.body["purpose"], cases=list(open_cases))
    await platform.store.commit(Write(rows=[event]))
    shown = []
    if citizen is not None and open_cases:
        page = await platform[READER].get(f"/v1/cases?limit={MAX_CASES}", citizen, call.language)
        shown = [one for one in page["items"] if one["id"] in open_cases]
    return reply(call, {"items": shown})


@ROUTES.post(
    "/v1/desk/enquiries/{id}/files/{file}",
    Audience.STAFF,
    {200: Answer("The file's bytes.", media_type="*/*"), 409: Answer("You don't hold it, or a scanner has the file.")},
    body=PURPOSE_BODY,
    path_schemas={"file": ID},
)
async def read_enquiry_file(call: Call) -> web.StreamResponse:
    """Read a file that the citizen sent to the desk, for a purpose; it is on record that you read it."""
    row, identity = await find_held(call), call.path["file"]
    if not await enquiries.has_file(call.platform, row, identity):
        raise NotFound(say("They have sent no such file here."))
    answer = await show_file(call.platform, identity)
    # What was read stands in the column of the cases.
    event = queue.event(row, "file", call.now, call.principal, call.body["purpose"], cases=[identity])
    await call.platform.store.commit(Write(rows=[event]))
    return answer
