"""The verb of postings: something is handed in to be published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from banshi.foundation.database.writes import Write
from banshi.foundation.errors import NotFound
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.modes import offered
from banshi.kernel.cases.representations import case_document
from banshi.kernel.cases.submission import check, new_case, refuse_wrong
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.responses import reply
from banshi.kernel.outbox.events import step_rows
from banshi.kernel.tables.cases import CaseEvent
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.posting.publishing.publication import photos_of, refuse_unfit, values_of
from banshi.kinds.posting.representations import OWN, details_of

ROUTES = Routes("postings")

#: What is around the answers, which have a form of their own.
ENVELOPE = Record(answers={"type": "object"}).form()


def body_schema(item: Item) -> Mapping[str, Any] | None:
    """What is handed in for an item's posting; None for an item of another kind."""
    if item.kind != "posting" or item.form is None:
        return None
    return Record(answers=item.form.schema)


@ROUTES.post(
    "/v1/items/{code}/postings",
    Audience.CITIZEN,
    {
        201: Answer(
            "It is stored, and public once staff have looked at it.",
            ref("Case"),
            headers={"Location": "The case."},
            links=[Link(name, OWN) for name in ("show_case", "show_posting")],
        ),
        404: Answer("There is no such item."),
        507: Answer("There is no room for its photos."),
    },
    creates=True,
    per_item=body_schema,
)
async def post_publicly(call: Call) -> web.StreamResponse:
    """Hand in something that is to be published.

    It is public once staff have looked at it.
    """
    platform, item = call.platform, offered(call.platform, call.path["code"], call.principal)
    if item is None or body_schema(item) is None:
        raise NotFound("There is no item of that code that publishes something; GET /v1/items?kind=posting lists them.")
    refuse_wrong(platform, item, ENVELOPE, call.body, call.language)
    case, event = new_case(platform, item, call.principal, call.body["answers"])
    given = await check(platform, item, case, case.answers, call.language)
    answers = case.answers = dict(given.answers)
    refuse_unfit(platform, item, answers)
    photos = await photos_of(platform, item, answers)
    posting = PostingRecord(
        case_id=case.id, item=item.code, department=item.department, photos=photos, **values_of(item, answers)
    )
    more = lifecycle.begin(platform, case, "register", lifecycle.Effects())
    document = case_document(
        platform,
        case,
        call.language,
        events=[event, *(row for row in more if isinstance(row, CaseEvent))],
        permitted=await actors.permitted(platform, case, actors.Actor(call.principal)),
        attachments=given.attachments,
        details=details_of(platform, posting),
    )
    headers = {"Location": f"/v1/cases/{case.id}"}
    told = step_rows(platform, case, event)
    rows = [case, event, *told, posting, *more, *call.once.receipt(document, headers=headers)]
    await platform.store.commit(Write(updates=given.updates, rows=rows))
    return reply(call, document, status=201, headers=headers)
