"""Either side of a conversation may block it, or show it to the staff in charge, who close it or leave it open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import NotFound
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.responses import reply
from banshi.kinds.posting.contact import told
from banshi.kinds.posting.contact.threads import CONVERSATION, LEADS, conversation_document, find
from banshi.kinds.posting.contact.writing import REASON, REVIEW, words_of
from banshi.kinds.posting.models import Conversation, PostingRecord
from banshi.kinds.posting.publishing.problems import AlreadyReported, NotReported

ROUTES = Routes("postings")

#: Others may report or review a conversation in the same moment so many times.
MAX_ATTEMPTS = 5


@ROUTES.put("/v1/conversations/{id}/block", Audience.CITIZEN, {204: Answer("It is blocked.")})
async def block_conversation(call: Call) -> web.StreamResponse:
    """Let nobody write in it any more."""
    return await _blocked(call, blocks=True)


@ROUTES.delete("/v1/conversations/{id}/block", Audience.CITIZEN, {204: Answer("The caller blocks it no more.")})
async def unblock_conversation(call: Call) -> web.StreamResponse:
    """Take one's own block back."""
    return await _blocked(call, blocks=False)


async def _blocked(call: Call, *, blocks: bool) -> web.StreamResponse:
    """One side's own wish; the other side's stays as it is."""
    row, side = await find(call.path["id"], call.principal)
    if side == "staff":
        raise NotFound()
    await call.platform.store.commit(Write([Update(Conversation, {"id": row.id}, {f"{side}_blocks": blocks})]))
    return web.Response(status=204)


@ROUTES.post(
    "/v1/conversations/{id}/reports",
    Audience.CITIZEN,
    {201: Answer("Staff look into it.", CONVERSATION, links=LEADS)},
    body=REASON,
    creates=True,
)
async def report_conversation(call: Call) -> web.StreamResponse:
    """Show a conversation to the staff in charge.

    They may read it from then on.
    """
    reason = words_of(call, "reason")
    for attempt in range(MAX_ATTEMPTS):
        row, side = await find(call.path["id"], call.principal)
        posting = await PostingRecord.get(case_id=row.case_id)
        before, values = _reported(row, side, reason, call.now)
        row.update_from_dict(values)
        document = conversation_document(call.platform, row, posting, side, call.language)
        try:
            await call.platform.store.commit(
                Write([Update(Conversation, before, values)], [*call.once.receipt(document)])
            )
        except Stale:
            # The other side, in the same moment: whoever is told so knows that they were reported.
            if attempt == MAX_ATTEMPTS - 1:
                raise
            continue
        break
    return reply(call, document, status=201)


def _reported(row: Conversation, side: str, reason: str, at: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """What has to be still so, and what a report of this side changes. Neither side learns whether the other made one.

    Raises AlreadyReported where this side's own one waits, and where the conversation is closed, as both were told.
    """
    before = {"id": row.id, "reported_at": row.reported_at, "reviewed_at": row.reviewed_at, "closed_at": None}
    waits = row.reported_at is not None and row.reviewed_at is None
    if row.closed_at is not None or (waits and (side == row.reported_by or row.other_reported_at is not None)):
        raise AlreadyReported()
    if waits:
        return {**before, "other_reported_at": None}, {"other_reported_at": at, "other_report": reason}
    values = {"reported_at": at, "reported_by": side, "report": reason, "reviewed_at": None}
    return before, {**values, "other_reported_at": None, "other_report": ""}


@ROUTES.post(
    "/v1/conversations/{id}/reviews",
    Audience.STAFF,
    {201: Answer("The conversation after the review.", CONVERSATION)},
    body=REVIEW,
    creates=True,
)
async def review_conversation(call: Call) -> web.StreamResponse:
    """Close a reported conversation, or leave it open.

    Whoever reported it hears why.
    """
    row, side = await find(call.path["id"], call.principal)
    if side != "staff":
        raise NotFound()
    if row.reviewed_at is not None:
        raise NotReported()
    posting = await PostingRecord.get(case_id=row.case_id)
    closes, reason = call.body["outcome"] == "close", words_of(call, "reason")
    values = {
        "reviewed_at": call.now,
        "reviewer": call.principal.subject,
        **({"closed_at": call.now} if closes else {}),
    }
    row.update_from_dict(values)
    document = conversation_document(call.platform, row, posting, "staff", call.language)
    sides = {"poster", "writer"} if closes or row.other_reported_at else {row.reported_by}
    rows: list[Model] = []
    for one in sorted(sides):
        templates, person = (told.CLOSED if closes else told.KEPT), getattr(row, one)
        dedup = f"review:{uuid7()}"
        link, about = document["links"]["self"], {"item": posting.item, "posting": posting.title}
        rows += told.rows_for(call.platform, person, templates, link, dedup, **about, reason=reason)
    # Whoever reports it meanwhile has to hear of it too.
    guard = {"id": row.id, "reviewed_at": None, "other_reported_at": row.other_reported_at}
    await call.platform.store.commit(
        Write([Update(Conversation, guard, values)], [*rows, *call.once.receipt(document)])
    )
    return reply(call, document, status=201)
