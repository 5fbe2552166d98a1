"""What a desk remembers: conversations that are over, a person's earlier ones, and a search by words.

All of it for a purpose, and on record in the conversation's events.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, Parameter, Write, reply
from banshi.sdk.documents import ID, Record, array, optional
from banshi.sdk.http import Routes
from desk import queue
from desk.party import BECAME
from desk.places import CODE, WORDS
from desk.routes import enquiries
from desk.routes.enquiries import HEAD, MAX_MESSAGES, MESSAGE, desks_of, earlier_of, find, find_held, message
from desk.sentences import say
from desk.tables.models import DeskEvent, Enquiry

ROUTES = Routes("desk")

NO_DESK = Answer("You have no such desk.")

#: Earlier ones of a person that are listed, and conversations that one search looks through.
MAX_EARLIER, MAX_SEARCHED = 50, 100

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


class NotOver(Conflict):
    """This conversation isn't over: its words are for whoever holds it, and for who leads the desk."""

    code = "not-over"
    says = say


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
    shown = {
        **enquiries.head(platform, row),
        "messages": [message(platform, one, call.language) for one in words],
        "events": [enquiries.event(platform, one, True) for one in events],
    }
    return reply(call, shown)


@ROUTES.post("/v1/desk/enquiries/{id}/earlier", Audience.STAFF, {200: LIST}, body=PURPOSE_BODY)
async def list_earlier_enquiries(call: Call) -> web.StreamResponse:
    """List the same citizen's earlier conversations with desks of yours, for a purpose; it is on record."""
    row = await find(call)
    desks = [desk.code for desk in desks_of(call.platform, call.principal)]
    found = await earlier_of(row, desks).limit(MAX_EARLIER)
    await _note(call, [row])
    return reply(call, {"items": [enquiries.head(call.platform, one) for one in found]})


@ROUTES.post(
    "/v1/desk/search", Audience.STAFF, {200: Answer("The newest first.", FOUND), 404: NO_DESK}, body=SEARCH_BODY
)
async def search_enquiries(call: Call) -> web.StreamResponse:
    """Find conversations of your desks that are over by words that were said, for a purpose; each is on record."""
    platform, body = call.platform, call.body
    desks = [desk.code for desk in desks_of(platform, call.principal)]
    if "desk" in body:
        desks = [enquiries.own_desk(call, body["desk"]).code]
    rows = Enquiry.filter(desk__in=desks, state__in=("closed", "left"))
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
    events = [queue.event(row, "read", call.now, call.principal, call.body["purpose"]) for row in rows]
    if events:
        await call.platform.store.commit(Write(rows=events))
