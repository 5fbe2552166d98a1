"""The one verb that is an application's own: handing it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from banshi import cases, outbox
from banshi.documents import case_document
from banshi.errors import InvalidFields, NotFound
from banshi.forms import Form
from banshi.kinds.application.submission import check, check_renewal, form_problems
from banshi.replies import reply
from banshi.routes import Answer, Audience, Call, Route
from banshi.schemas import ref
from banshi.store import Write
from banshi.submission import new_case

if TYPE_CHECKING:
    from aiohttp import web

    from banshi.contract import Item

ENVELOPE = Form.from_schema(
    {
        "type": "object",
        "required": ["answers"],
        "additionalProperties": False,
        "properties": {
            "answers": {"type": "object"},
            "renews": {"type": "string", "format": "uuid"},
        },
    }
)


def body_schema(item: Item) -> Mapping[str, Any] | None:
    """What an item's submission looks like; None for an item of another kind."""
    if item.kind != "application" or item.form is None:
        return None
    properties: dict[str, Any] = {"answers": item.form.schema}
    if item.details.renewal is not None:
        properties["renews"] = {"type": "string", "format": "uuid", "description": "The case that this one renews."}
    return {"type": "object", "required": ["answers"], "additionalProperties": False, "properties": properties}


async def submit(call: Call) -> web.StreamResponse:
    """Store a submission; its department's automatic check follows at once, outside the request."""
    platform = call.platform
    item = platform.registry.items.get(call.path["code"])
    if item is None or item.kind != "application":
        raise NotFound("There is no item of that code to apply for; GET /v1/items lists them.")
    answers = call.body.get("answers")
    if wrong := ENVELOPE.problems(call.body, call.language):
        # Everything at once: what is wrong around the answers and what is wrong in them.
        inside = form_problems(item, answers, call.language) if isinstance(answers, dict) else []
        raise InvalidFields([*wrong, *inside])
    case, event = new_case(platform, item, call.principal, answers)
    files = await check(platform, item, case, answers, call.language)
    if renewed := call.body.get("renews"):
        case.renews = (await check_renewal(platform, item, call.principal.subject, renewed)).id
    permitted = await cases.permitted(platform, case, cases.Actor(call.principal))
    document = case_document(platform, case, call.language, events=[event], permitted=permitted, attachments=files.rows)
    headers = {"Location": f"/v1/cases/{case.id}"}
    rows = [case, event, outbox.intake_row(case.id, case.version), *call.once.receipt(document, headers=headers)]
    await platform.store.commit(Write(updates=files.updates, rows=rows))
    return reply(call, document, status=201, headers=headers)


def routes() -> Sequence[Route]:
    return (
        Route(
            method="POST",
            path="/v1/items/{code}/cases",
            audience=Audience.CITIZEN,
            handler=submit,
            operation="submit",
            summary="Hand in an application.",
            tag="cases",
            answers={
                201: Answer(
                    description="It is stored. The department's automatic check follows.",
                    schema=ref("Case"),
                    headers={"Location": "The case."},
                ),
                404: Answer(description="There is no such item."),
            },
            creates=True,
            per_item=body_schema,
        ),
    )
