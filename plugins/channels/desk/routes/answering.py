"""What an officer says to the citizen: words, a picture or a file."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from banshi import (
    LANGUAGES,
    Answer,
    Audience,
    Call,
    Conflict,
    FieldProblem,
    InvalidFields,
    NotFound,
    Parameter,
    reply,
    text_in,
)
from banshi.sdk.documents import ID, TEXT, Record, optional
from banshi.sdk.files import Attachment, read_file, receive_file
from banshi.sdk.http import Routes
from desk import queue
from desk.party import Attached, party_of
from desk.placeholders import filled, phrase
from desk.places import CODE, WORDS, desk_of
from desk.routes.enquiries import find, find_held, refuse_others, word_of
from desk.routes.handling import ONE, commit
from desk.sentences import say
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, Enquiry

ROUTES = Routes("desk")

ANSWER_BODY = Record(
    text=optional({**WORDS, "maxLength": 10_000}),
    phrase=optional({**CODE, "description": "In its place a canned answer of the desk, in the citizen's language."}),
    file=optional({**ID, "description": "In its place a file that you have uploaded for them."}),
).form()
SAID = Record(id={**ID, "description": "The conversation."}, said=ID)
FILE = Record(id=ID, name=TEXT, media_type=TEXT, size={"type": "integer"})
BYTES = {"application/octet-stream": {"contentMediaType": "application/octet-stream"}}


class OnItsWay(Conflict, code="too-late", says=say):
    """This answer is on its way, has left, or is ended already; its state says which."""


class CannotSend(Conflict, code="cannot-send", says=say):
    """This can't be sent to them now: send a file of another kind or size, or words."""


@ROUTES.post(
    "/v1/desk/enquiries/{id}/files",
    Audience.STAFF,
    {201: Answer("It is stored, for a day; say it by its id as an answer.", FILE), 409: ONE[409]},
    raw_body=BYTES,
    parameters=(Parameter("name", {"type": "string", "maxLength": 200}, "What they see it called."),),
)
async def upload_answer_file(call: Call) -> web.StreamResponse:
    """Upload a picture or a file for the citizen. Refused where their channel takes none such."""
    row = await find_held(call)
    takes = await party_of(call.platform, row.kind).takes(row.subject)
    if not takes or (call.request.content_length or 0) > max(takes.values()):
        raise CannotSend(takes=dict(takes))
    file = await receive_file(call, call.query.get("name", ""))
    if file.size > takes.get(file.media_type, -1):
        raise CannotSend(takes=dict(takes))
    return reply(call, FILE.of(call.platform, file), status=201)


async def _attached(call: Call, row: Enquiry) -> Attached:
    """The officer's own upload that the body names. Raises InvalidFields, CannotSend and FileHeld."""
    file = await Attachment.get_or_none(id=call.body["file"], person=call.principal.subject, case_id=None)
    if file is None:
        raise InvalidFields([FieldProblem("/file", say("You have uploaded no such file here; upload it anew."))])
    takes = await party_of(call.platform, row.kind).takes(row.subject)
    if file.size > takes.get(file.media_type, -1):
        raise CannotSend(takes=dict(takes))
    await read_file(call.platform, str(file.id))
    return Attached(id=str(file.id), name=file.name, media_type=file.media_type)


@ROUTES.post(
    "/v1/desk/enquiries/{id}/answers",
    Audience.STAFF,
    {201: Answer("It is said: what the conversation shows under that id.", SAID), 409: ONE[409]},
    body=ANSWER_BODY,
    creates=True,
)
async def answer_enquiry(call: Call) -> web.StreamResponse:
    """Say something to the citizen, in words or by a phrase, or send a file. Nobody else can while you hold them.

    `{citizen}`, `{officer}`, `{desk}` and `{case}` in it become what they stand for. What is too long for one message
    of the channel goes in several, each shown with what became of it. 409 with `letters_over` where it takes more of
    them than can be sent before the citizen writes again.
    """
    row, now, settings = await find_held(call), call.now, call.platform[SETTINGS]
    if len(call.body) != 1:
        raise InvalidFields([FieldProblem("", say("Send a text, a phrase or a file: one of them."))])
    party, desk = party_of(call.platform, row.kind), desk_of(settings.desks, row.desk)
    event = queue.event(row, "answered", now, call.principal)
    words: Mapping[str, str] = {tag: call.body.get("text", "") for tag in LANGUAGES}
    words = await phrase(row, call.body["phrase"]) if "phrase" in call.body else words
    file = await _attached(call, row) if "file" in call.body else None
    if desk is not None and file is None:
        words = await filled(call.platform, words, row, desk, call.principal)
        words = {tag: f"{text_in(desk.title, tag)}: {text}" for tag, text in words.items()}
    said = await party.say(row.subject, words, row.officer, **({"file": file} if file else {}))
    event.word = word_of(said)
    values = {"owed_since": None, "lease_until": now + settings.silence}
    done = {"id": str(row.id), "said": str(event.word)}
    await commit(call, *await queue.step(call.platform, row, values), event, *said, *call.once.receipt(done))
    return reply(call, done, status=201)


@ROUTES.delete(
    "/v1/desk/enquiries/{id}/answers/{said}",
    Audience.STAFF,
    {204: Answer("They never read it."), 409: Answer("It is too late.")},
    path_schemas={"said": ID},
)
async def withdraw_answer(call: Call) -> web.StreamResponse:
    """End an answer of a conversation that you hold, or held last, while it isn't on its way yet."""
    row, said = await find(call), UUID(call.path["said"])
    if row.officer != call.principal.subject:
        refuse_others(row, call.principal)
    if not await DeskEvent.exists(enquiry_id=row.id, what="answered", word=said):
        raise NotFound(say("There is no such answer in this conversation."))
    ended = await party_of(call.platform, row.kind).withdraw(row.subject, said)
    if not ended:
        raise OnItsWay
    await commit(call, *ended)
    return web.Response(status=204)
