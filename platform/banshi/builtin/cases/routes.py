"""The cases' face, alike for every kind: own cases, one case, and the one way to move it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from aiohttp import web
from tortoise.models import Model

from banshi.foundation.database import bulk
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.actions import reason_schema
from banshi.kernel.cases.beginning import TO_ACTION, TO_CASE
from banshi.kernel.cases.representations import SUMMARY, TO_FIRST_CASE, case_document, case_summary, enclosures_of
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter
from banshi.kernel.contract.values import REASON_ASKS, Who, text_in
from banshi.kernel.http.document_schemas import Record, optional, ref
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, from_cursor, limit_of, page_answer, reply
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.passes import Pass

ROUTES = Routes("cases")

#: What `case_document` shows of a case's steps, and of its files.
TIMELINE = ("version", "at", "action", "state", "actor", "actor_id", "reason", "details")
FILE = ("id", "name", "media_type", "size", "sha256", "created_at", "state", "document", "origin")

ACTION = Record(
    reason=optional(reason_schema(REASON_ASKS, "en")),
    answers=optional({"type": "object", "description": "For `supplement`: all answers, corrected."}),
    details=optional({"type": "object", "description": "For an action that `takes` some, by that schema."}),
    version=optional({"type": "integer", "minimum": 1, "description": "What staff have read: 409 if it has moved on."}),
).form()

_OWN = {"id": "$response.body#/id"}


@ROUTES.get(
    "/v1/cases",
    Audience.CITIZEN,
    {200: page_answer(ref("CaseSummary"), TO_FIRST_CASE)},
    parameters=(Parameter("state", {"type": "string", "maxLength": 32}, "Only this state."), *PAGE_PARAMETERS),
)
async def list_cases(call: Call) -> web.StreamResponse:
    """List the caller's own cases, the newest first."""
    after, limit = from_cursor(call, uuid.UUID), limit_of(call)
    asked = {"person": call.principal.subject, "state": call.query.get("state"), "id__lt": after}
    where = {name: value for name, value in asked.items() if value is not None}
    (rows,) = await bulk.read(bulk.Asked(Case, where, "-id", limit + 1, SUMMARY))
    shown = rows[:limit]
    documents = [case_summary(call.platform, case, call.language, Who.CITIZEN) for case in shown]
    return reply(call, Page(documents, str(shown[-1].id) if len(rows) > limit else None).document())


@ROUTES.get(
    "/v1/cases/{id}",
    Audience.PERSON,
    {
        200: Answer(
            "The case.",
            ref("Case"),
            links=[
                TO_ACTION,
                Link("download", {"id": "$response.body#/attachments/0/id"}),
                *(Link(f"show_pass_{ending}", _OWN) for ending in ("svg", "png", "txt")),
                Link("list_scans", _OWN),
                Link("list_readings", _OWN),
                Link("show_certificate", _OWN),
                Link("show_item", {"code": "$response.body#/item/code"}),
                Link("list_materials", {"code": "$response.body#/item/code", "case": "$response.body#/id"}),
            ],
        )
    },
)
async def show_case(call: Call) -> web.StreamResponse:
    """Show a case: timeline, deadline, permitted actions."""
    actor = actors.Actor(call.principal)
    of_case = {"case_id": call.path["id"]}
    found = await bulk.read(
        bulk.Asked(Case, {"id": call.path["id"]}),
        bulk.Asked(CaseEvent, of_case, "version", only=TIMELINE),
        bulk.Asked(Pass, of_case, "-number", 1, ("phone",)),
        bulk.Asked(Attachment, of_case, "id", only=FILE),
    )
    case = actors.seen(next(found), actor)
    # Of whoever may not see it nothing more is opened.
    events, passes, attachments = found
    await actors.record_reading(actor, [case])
    kind = call.platform.registry.kinds.get(case.kind)
    shown = kind.shown if kind else None
    document = case_document(
        call.platform,
        case,
        call.language,
        events=events,
        permitted=await actors.permitted(call.platform, case, actor),
        attachments=attachments,
        passes=[one.phone for one in passes],
        details=await shown(call.platform, case, actor, call.language) if shown else None,
        enclosures=await enclosures_of(call.platform, case) if actor.who(case) is Who.STAFF else None,
        reader=actor.who(case),
        account=actor.subject,
    )
    return reply(call, document)


@ROUTES.post(
    "/v1/cases/{id}/actions/{action}",
    Audience.PERSON,
    {
        200: Answer("The case after the step.", ref("CaseSummary"), links=[TO_CASE]),
        502: Answer("The department's service failed; nothing was changed."),
        504: Answer("The department's service took too long; nothing was changed."),
    },
    body=ACTION,
    creates=True,
)
async def act(call: Call) -> web.StreamResponse:
    """Take one of the permitted actions."""

    def receipt(case: Case) -> Sequence[Model]:
        return call.once.receipt(case_summary(platform, case, call.language, actor.who(case)), status=200)

    platform, actor = call.platform, actors.Actor(call.principal)
    case = await lifecycle.act(platform, call.path["id"], call.path["action"], actor, call.body, call.language, receipt)
    return reply(call, case_summary(platform, case, call.language, actor.who(case)))


@ROUTES.post(
    "/v1/cases/{id}/actions/{action}/preview",
    Audience.STAFF,
    {200: Answer("What would follow.", ref("ActionPreview")), 409: Answer("It is not permitted, or not any more.")},
    body=ACTION,
)
async def preview_action(call: Call) -> web.StreamResponse:
    """Show what an action would do, and the message that it would send: nothing is done.

    The body is the action's own. What the department adds when it is done may refuse it still.
    """
    actor, language = actors.Actor(call.principal), call.language
    asked = call.path["id"], call.path["action"]
    move, case, message = await lifecycle.foreseen(call.platform, *asked, actor, call.body, language)
    summary = case_summary(call.platform, case, language, actor.who(case))
    told = {"title": text_in(message.title, language), "body": text_in(message.body, language)} if message else None
    document = {"action": move.step.action, "message": told}
    return reply(call, document | {name: summary[name] for name in ("state", "state_title", "deadline")})
