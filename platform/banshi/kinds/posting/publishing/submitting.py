"""The verb of postings: something is handed in to be published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from banshi.foundation.database.writes import Write
from banshi.foundation.errors import NotFound
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.beginning import begin as kernel_begin
from banshi.kernel.cases.modes import offered
from banshi.kernel.cases.representations import case_document
from banshi.kernel.cases.submission import check, commit, new_case
from banshi.kernel.contract.kinds import Beginning, Begun
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.responses import reply
from banshi.kernel.outbox.events import step_rows
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import CaseEvent
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.posting.publishing.publication import photos_of, refuse_unfit, values_of
from banshi.kinds.posting.representations import OWN, details_of
from banshi.kinds.sentences import say

ROUTES = Routes("postings")


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
    deprecated=True,
)
async def post_publicly(call: Call) -> web.StreamResponse:
    """Hand in something that is to be published.

    It is public once staff have looked at it.
    """
    platform, item = call.platform, offered(call.platform, call.path["code"], call.principal)
    if item is None or body_schema(item) is None:
        raise NotFound(
            say("There is no such item that publishes something; look for it in the list of items."), see="/v1/items"
        )

    def receipt(begun: Begun) -> Sequence[Any]:
        return call.once.receipt(begun.document, headers={"Location": f"/v1/cases/{begun.case.id}"})

    begun = await kernel_begin(platform, item, call.principal, call.body, call.language, receipt)
    return reply(call, begun.document, status=201, headers={"Location": f"/v1/cases/{begun.case.id}"})


async def begin(platform: Platform, one: Beginning) -> Begun:
    """Store what is to be published."""
    item, principal = one.item, one.principal
    case, event = new_case(platform, item, principal, one.body["answers"])
    given = await check(platform, item, case, case.answers, one.language)
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
        one.language,
        events=[event, *(row for row in more if isinstance(row, CaseEvent))],
        permitted=await actors.permitted(platform, case, actors.Actor(principal)),
        attachments=given.attachments,
        details=details_of(platform, posting, one.language),
    )
    begun = Begun(kind=platform.registry.kinds[item.kind], case=case, document=document, row=posting)
    rows = [case, event, *step_rows(platform, case, event), posting, *more]
    await commit(platform, Write(updates=given.updates, rows=rows), one.receipt(begun))
    return begun
