"""What officers of a desk do with a conversation: claim it, answer, note, hand it on, close it."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from aiohttp import web
from tortoise.models import Model

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, Parameter, Stale, Update, Write, reply
from banshi.sdk.documents import ID, Record, array, optional
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, in_utc, page_answer, page_of
from desk import officers, places, queue
from desk.metrics import METRICS
from desk.party import party_of
from desk.places import CODE, LEAD, OFFICER, WORDS, desk_of
from desk.rounds import RATE
from desk.routes import enquiries
from desk.routes.enquiries import find, find_held, find_led
from desk.routes.shown import ENQUIRY, LISTED, document, heads
from desk.sentences import say
from desk.settings import SETTINGS
from desk.tables.models import Enquiry

ROUTES = Routes("desk")

#: Labels of a conversation, and how often a claim is made anew.
MAX_LABELS, MAX_TRIES = 8, 8
MOVED = say("Something happened to it at this moment; look at it again.")
TEXT_BODY = Record(text={**WORDS, "maxLength": 2_000}).form()
PURPOSE_BODY = Record(purpose={**WORDS, "maxLength": 200}).form()
HANDED_ON = Record(
    desk=optional({**CODE, "description": "To another desk; the citizen waits there, with the place they had."}),
    officer=optional({**WORDS, "maxLength": 255, "description": "To a colleague, by id, who was at this desk lately."}),
    note=optional({"type": "string", "maxLength": 2_000}),
).form()

NOT_SEEN = say(
    "Nobody of that id was at this desk in the last {days} days: let them open its list once, or give it back.",
    days=officers.KNOWN_DAYS,
)
ONE = {200: Answer("The conversation.", ENQUIRY), 409: Answer("A colleague holds it, you don't, or it is over.")}

LABEL = Parameter("label", CODE, "Only with this label.")
STATES = {"enum": ["waiting", "held", "closed", "left", "word", "blocked"]}
STATE = Parameter("state", STATES, "Only these; `blocked`: whose contact is.")
DESK = Parameter("desk", CODE, "Only of this desk.")


@ROUTES.get(
    "/v1/desk/enquiries",
    Audience.STAFF,
    {200: page_answer(LISTED), 404: Answer("You have no such desk.")},
    parameters=(DESK, LABEL, STATE, *PAGE_PARAMETERS),
)
async def list_enquiries(call: Call) -> web.StreamResponse:
    """List the conversations of your desks, the most urgent and then the oldest first."""
    desks = enquiries.desks_of(call.platform, call.principal)
    await officers.seen(call, [desk for desk in desks if desk.is_of(call.principal, OFFICER)])
    codes = [enquiries.own_desk(call, call.query["desk"]).code] if call.query.get("desk") else [d.code for d in desks]
    state = call.query.get("state", "waiting")
    wanted = {"blocked_until__gt": call.now} if state == "blocked" else {"state": state}
    rows = Enquiry.filter(desk__in=codes, **wanted)
    if label := call.query.get("label"):
        rows = rows.filter(labels__contains=f",{label},")
    found, after = await page_of(call, rows, {"-urgent": lambda text: text == "True", "asked_at": in_utc, "id": UUID})
    shown = await heads(call.platform, found, call.principal, call.language)
    return reply(call, Page(shown, after).document())


@ROUTES.get("/v1/desk/enquiries/{id}", Audience.STAFF, {200: ONE[200]})
async def show_enquiry(call: Call) -> web.StreamResponse:
    """Show a conversation: its words to whoever holds it, with the last ones of before and their notes."""
    return await _shown(call, await find(call, OFFICER, LEAD))


async def _shown(call: Call, row: Enquiry) -> web.StreamResponse:
    return reply(call, await document(call.platform, row, call.principal, call.language))


async def commit(call: Call, *parts: Model | Update) -> None:
    """Write it, if nobody was quicker. Raises HeldByOther, NotHolder, Over, and Conflict for anything else."""
    try:
        await call.platform.store.commit(Write.of(*parts))
    except Stale:
        enquiries.refuse_others(await find(call, OFFICER, LEAD), call.principal)
        raise Conflict(MOVED) from None


async def _step(call: Call, row: Enquiry, *parts: Model | Update) -> web.StreamResponse:
    """Write it, and show what has become of it. Raises what `commit` does."""
    await commit(call, *parts)
    return await _shown(call, row)


@ROUTES.post("/v1/desk/enquiries/{id}/claim", Audience.STAFF, ONE)
async def claim_enquiry(call: Call) -> web.StreamResponse:
    """Take a conversation, or have your time with it anew; one of any number gets it, the others are told who."""
    officer, lease = call.principal, call.now + call.platform[SETTINGS].lease
    for _ in range(MAX_TRIES):
        row = await find(call)
        if row.officer != officer.subject:
            # Whoever leads the desk alone takes over; what they hold they keep.
            enquiries.own_desk(call, row.desk, OFFICER)
        parts: list[Model | Update]
        if row.state == "waiting":
            values = queue.holding(call.platform, row, officer.subject, queue.name_of(officer), call.now)
            beside = await officers.room_for_one(call.platform, row.desk, officer.subject)
            event = queue.event(row, "claimed", call.now, officer)
            parts = [*await queue.step(call.platform, row, values, "claimed"), *beside, event]
        else:
            enquiries.refuse_others(row, officer)
            # Behind an answer it is longer.
            until = lease if row.owed_since or row.lease_until is None else max(row.lease_until, lease)
            parts = [*await queue.step(call.platform, row, {"lease_until": until}, lease_until=row.lease_until)]
        with suppress(Stale):
            await call.platform.store.commit(Write.of(*parts))
            if row.claimed_at is None:
                call.platform[METRICS].took("wait", row, call.now)
            return await _shown(call, row)
    raise Conflict(MOVED)


@ROUTES.post("/v1/desk/enquiries/{id}/take-over", Audience.STAFF, ONE, body=PURPOSE_BODY)
async def take_over_enquiry(call: Call) -> web.StreamResponse:
    """Take a conversation of a desk that you lead, whoever holds it, for a purpose; it is on record."""
    row, officer = await find_led(call, is_lead=True), call.principal
    values = queue.holding(call.platform, row, officer.subject, queue.name_of(officer), call.now)
    values["owed_since"] = row.owed_since or call.now
    happened = "transferred" if row.state == "held" else "claimed"
    event = queue.event(row, "taken-over", call.now, officer, call.body["purpose"])
    return await _step(call, row, *await queue.step(call.platform, row, values, happened), event)


@ROUTES.post("/v1/desk/enquiries/{id}/return", Audience.STAFF, ONE)
async def return_enquiry(call: Call) -> web.StreamResponse:
    """Give a conversation back to the queue, to the place that it had."""
    row = await find_held(call)
    event = queue.event(row, "returned", call.now, call.principal)
    return await _step(call, row, *await queue.step(call.platform, row, queue.UNHELD, "returned"), event)


@ROUTES.post("/v1/desk/enquiries/{id}/transfer", Audience.STAFF, ONE, body=HANDED_ON)
async def transfer_enquiry(call: Call) -> web.StreamResponse:
    """Hand a conversation on, to another desk or to a colleague at this one, with a note for them.

    Whoever leads the desk hands on what waits, or what somebody else holds.
    """
    row, body = await find_led(call), call.body
    if ("desk" in body) == ("officer" in body):
        raise InvalidFields([FieldProblem("", say("Name either a desk or an officer."))])
    is_held = row.state == "held"
    events = [queue.event(row, "transferred", call.now, call.principal, body.get("note", ""))]
    if "officer" in body:
        to_whom = await officers.colleague(call.platform, row.desk, body["officer"])
        if to_whom is None:
            raise InvalidFields([FieldProblem("/officer", NOT_SEEN, "not-of-the-desk")])
        beside = await officers.room_for_one(call.platform, row.desk, to_whom.officer)
        happened = "transferred" if is_held else "claimed"
        values = queue.holding(call.platform, row, to_whom.officer, to_whom.officer_name, call.now)
    else:
        to = desk_of(call.platform[SETTINGS].desks, body["desk"])
        if to is None:
            raise InvalidFields([FieldProblem("/desk", say("There is no such desk."))])
        if not await places.is_open(call.platform, to):
            raise Conflict(say("That desk is closed now."))
        beside, values = [], {**queue.UNHELD, "desk": to.code, "labels": ""}
        happened = "returned" if is_held else ""
        events.append(queue.event(row, "queued", call.now, desk=to.code))
    values["owed_since"] = row.owed_since or call.now
    return await _step(call, row, *await queue.step(call.platform, row, values, happened), *beside, *events)


@ROUTES.put(
    "/v1/desk/enquiries/{id}/labels",
    Audience.STAFF,
    {200: Answer("The conversation.", ENQUIRY), 409: ONE[409]},
    body=Record(labels=array(CODE, maxItems=MAX_LABELS, uniqueItems=True)).form(),
)
async def label_enquiry(call: Call) -> web.StreamResponse:
    """Say what a conversation that you hold is about, by labels of its desk; these, and no others any more."""
    row, labels = await find_held(call), call.body["labels"]
    desk = desk_of(call.platform[SETTINGS].desks, row.desk)
    if unknown := [one for one in labels if desk is None or one not in desk.labels]:
        at = f"/labels/{labels.index(unknown[0])}"
        raise InvalidFields([FieldProblem(at, say("The desk has no such label; its list has them."))])
    event = queue.event(row, "labelled", call.now, call.principal, ", ".join(labels))
    values = {"labels": f",{','.join(labels)}," if labels else ""}
    return await _step(call, row, *await queue.step(call.platform, row, values), event)


@ROUTES.post(
    "/v1/desk/enquiries/{id}/notes",
    Audience.STAFF,
    {201: Answer("It is noted.", Record(id=ID)), 409: ONE[409]},
    body=TEXT_BODY,
    creates=True,
)
async def note_enquiry(call: Call) -> web.StreamResponse:
    """Note something for colleagues of this desk; the citizen sees nothing of it here."""
    row = await find_held(call)
    event = queue.event(row, "note", call.now, call.principal, call.body["text"])
    done = {"id": str(event.id)}
    await call.platform.store.commit(Write(rows=[event, *call.once.receipt(done)]))
    return reply(call, done, status=201)


@ROUTES.post("/v1/desk/enquiries/{id}/close", Audience.STAFF, ONE)
async def close_enquiry(call: Call) -> web.StreamResponse:
    """Close a conversation; the citizen is asked how it was, and goes on with the engine."""
    row = await find_held(call)
    event = queue.event(row, "closed", call.now, call.principal)
    said = await party_of(call.platform, row.kind).say(row.subject, RATE)
    updates = await queue.step(call.platform, row, queue.closing(call.now), "done")
    return await _step(call, row, *updates, *said, event)
