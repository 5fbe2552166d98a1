"""The verbs of conversations: writing and reading."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from aiohttp import web
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet
from uuid_utils.compat import uuid7

from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import FieldProblem, Forbidden, InvalidFields
from banshi.foundation.texts import clean
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter
from banshi.kernel.http.document_schemas import ID, Record
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, in_utc, page_answer, reply
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.contact import told
from banshi.kinds.posting.contact.threads import (
    CONVERSATION,
    LEADS,
    MESSAGE,
    ROLE,
    VERBS,
    Side,
    conversation_document,
    find,
    is_open,
    is_running,
    postings_of,
    record_readings,
)
from banshi.kinds.posting.contact.turns import take_turn
from banshi.kinds.posting.models import Conversation, ConversationMessage, PostingRecord
from banshi.kinds.posting.publishing.problems import AlreadyTalking, ConversationClosed, OwnPosting, PostingOver
from banshi.kinds.posting.publishing.public_list import find_public
from banshi.kinds.posting.representations import FIRST
from banshi.kinds.sentences import say

ROUTES = Routes("postings")

HINT = say("Write something.")
WORDS = {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": r"\S", "x-pattern-hint": HINT}


TEXT = Record(text=WORDS).form()
REASON = Record(reason=WORDS).form()
REVIEW = Record(
    outcome={"enum": ["close", "keep"], "description": "Close it for good, or leave it open."}, reason=WORDS
).form()

ENDED = Answer("The posting is over, or the conversation closed.")
TOO_OFTEN = Answer("The caller has written too often.")
#: What staff do about reports.
_REVIEW = ("show_conversation", "list_conversation_messages", "review_conversation")


@ROUTES.post(
    "/v1/postings/{id}/conversations",
    Audience.CITIZEN,
    {
        201: Answer(
            "It was sent; the conversation.", CONVERSATION, headers={"Location": "The conversation."}, links=LEADS
        ),
        429: TOO_OFTEN,
    },
    body=TEXT,
    creates=True,
)
async def begin_conversation(call: Call) -> web.StreamResponse:
    """Write to whoever has posted it."""
    platform, person, at = call.platform, call.principal.subject, call.now
    posting = await find_public(platform, call.path["id"])
    case = await Case.get(id=posting.case_id)
    if case.person == person:
        raise OwnPosting()
    row = Conversation(
        id=uuid7(),
        case_id=posting.case_id,
        department=case.department,
        unit=case.unit,
        poster=case.person,
        writer=person,
        day=platform.today(),
        created_at=at,
        last_at=at,
    )
    message = _message(call, row, "writer")
    document = conversation_document(platform, row, posting, "writer", call.language)
    headers = {"Location": document["links"]["self"]}

    def write() -> Write:
        more = _told_written(call, row, posting, message)
        return Write(rows=[row, message, *more, *call.once.receipt(document, headers=headers)])

    await _refuse_again(row)
    try:
        await take_turn(platform, message, row, write)
    except IntegrityError:
        # Another request of the same person was first, or it was this very one.
        if await call.once.stored() is None:
            await _refuse_again(row)
        raise
    return reply(call, document, status=201, headers=headers)


async def _refuse_again(row: Conversation) -> None:
    before = await Conversation.get_or_none(case_id=row.case_id, writer=row.writer)
    if before is not None:
        raise AlreadyTalking(links={"self": f"/v1/conversations/{before.id}"})


def _message(call: Call, row: Conversation, side: str) -> ConversationMessage:
    return ConversationMessage(
        id=uuid7(),
        conversation_id=row.id,
        side=side,
        text=words_of(call, "text"),
        at=call.now,
        person=call.principal.subject,
    )


def words_of(call: Call, name: str) -> str:
    """What somebody wrote, without what is never shown, which no pattern tells. Raises InvalidFields without a rest."""
    if text := clean(call.body[name]):
        return text
    raise InvalidFields([FieldProblem(f"/{name}", HINT)])


def _told_written(
    call: Call, row: Conversation, posting: PostingRecord, message: ConversationMessage
) -> Sequence[Model]:
    """The other side hears that there is a message, and not what it says."""
    person = row.poster if message.side == "writer" else row.writer
    link = f"/v1/conversations/{row.id}"
    dedup, about = f"conversation:{message.id}", {"item": posting.item, "posting": posting.title}
    return told.rows_for(call.platform, person, told.WRITTEN, link, dedup, **about)


@ROUTES.post(
    "/v1/conversations/{id}/messages",
    Audience.CITIZEN,
    {
        201: Answer("It was sent.", MESSAGE, links=[Link("list_conversation_messages", {"id": "$request.path.id"})]),
        409: ENDED,
        429: TOO_OFTEN,
    },
    body=TEXT,
    creates=True,
)
async def write_message(call: Call) -> web.StreamResponse:
    """Write to the other side."""
    platform = call.platform
    row, side = await find(call.path["id"], call.principal)
    if side == "staff":
        raise Forbidden(say("Only the two people of a conversation write in it."))
    message = _message(call, row, side)
    document = MESSAGE.of(platform, message, by=message.side)
    posting = await PostingRecord.get(case_id=row.case_id)
    if not is_running(platform, posting):
        raise PostingOver()
    if not is_open(platform, row, posting):
        raise ConversationClosed()
    still = {"id": row.id, "poster_blocks": False, "writer_blocks": False, "closed_at": None}

    def made() -> Write:
        more = _told_written(call, row, posting, message)
        rows = [message, *more, *call.once.receipt(document)]
        return Write(updates=[Update(Conversation, still, {"last_at": call.now})], rows=rows)

    try:
        await take_turn(platform, message, None, made)
    except Stale:
        raise ConversationClosed() from None
    return reply(call, document, status=201)


# -- reading ---------------------------------------------------------------------------------------------------------


@ROUTES.get(
    "/v1/conversations",
    Audience.CITIZEN,
    {200: page_answer(CONVERSATION, *(Link(name, FIRST) for name in VERBS))},
    parameters=(Parameter("posting", ID, "Only those about this one."), *PAGE_PARAMETERS),
)
async def list_conversations(call: Call) -> web.StreamResponse:
    """List the caller's conversations about postings, the last written in first."""
    person = call.principal.subject
    query = Conversation.filter(Q(poster=person) | Q(writer=person))
    if posting := call.query.get("posting"):
        query = query.filter(case_id=posting)
    return await _page(call, query, "last_at")


@ROUTES.get(
    "/v1/reported-conversations",
    Audience.STAFF,
    {200: page_answer(CONVERSATION, *(Link(name, FIRST) for name in _REVIEW))},
    parameters=PAGE_PARAMETERS,
)
async def list_reported_conversations(call: Call) -> web.StreamResponse:
    """List the reported conversations that wait for the caller's review.

    The newest report comes first.
    """
    scopes = [
        Q(department=role.department) & (Q(unit=role.unit) if role.unit else Q())
        for role in call.principal.roles
        if role.name == ROLE
    ]
    if not scopes:
        return reply(call, Page([], None).document())
    waiting = Conversation.filter(Q(*scopes, join_type=Q.OR), reported_at__not_isnull=True, reviewed_at=None)
    # Nobody learns from their work that somebody has reported them.
    waiting = waiting.exclude(Q(poster=call.principal.subject) | Q(writer=call.principal.subject))
    return await _page(call, waiting, "reported_at")


async def _page(call: Call, query: QuerySet[Conversation], key: str) -> web.StreamResponse:
    shown, after = await page_of(call, query, {f"-{key}": in_utc, "-id": UUID})
    if call.principal.is_staff:
        await record_readings(shown, call.principal)
    about = await postings_of(shown)
    documents = []
    for row in shown:
        side: Side = "poster" if row.poster == call.principal.subject else "writer"
        side = "staff" if call.principal.is_staff else side
        documents.append(conversation_document(call.platform, row, about[row.case_id], side, call.language))
    return reply(call, Page(documents, after).document())


@ROUTES.get("/v1/conversations/{id}", Audience.PERSON, {200: Answer("The conversation.", CONVERSATION, links=LEADS)})
async def show_conversation(call: Call) -> web.StreamResponse:
    """Show a conversation."""
    row, side = await find(call.path["id"], call.principal)
    posting = await PostingRecord.get(case_id=row.case_id)
    return reply(call, conversation_document(call.platform, row, posting, side, call.language))


@ROUTES.get("/v1/conversations/{id}/messages", Audience.PERSON, {200: page_answer(MESSAGE)}, parameters=PAGE_PARAMETERS)
async def list_conversation_messages(call: Call) -> web.StreamResponse:
    """List a conversation's messages, the newest first."""
    row, _ = await find(call.path["id"], call.principal)
    shown, after = await page_of(call, ConversationMessage.filter(conversation_id=row.id), {"-id": UUID})
    documents = [MESSAGE.of(call.platform, one, by=one.side) for one in shown]
    return reply(call, Page(documents, after).document())
