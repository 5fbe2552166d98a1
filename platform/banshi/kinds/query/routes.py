"""A query's verb, and what the person whom an answer is about may see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from banshi.forms import Form
from banshi.foundation.errors import InvalidFields, NotFound, NotVerified
from banshi.kernel.cases.modes import offered
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.responses import PAGE_PARAMETERS, page_answer, reply
from banshi.kinds.query.asking import answer, asking, question_problems
from banshi.kinds.query.look_ups import page_about
from banshi.kinds.query.rules import QueryRules
from banshi.kinds.query.words import say

ROUTES = Routes("queries")

#: Read by the person who was looked up, so it has to say something.
PURPOSE = {
    "type": "string",
    "minLength": 4,
    "maxLength": 200,
    "pattern": r"^[^\x00-\x20\x7F][^\x00-\x1F\x7F]*[^\x00-\x20\x7F]$",
    "x-pattern-hint": {
        "zh-CN": "请用一行文字说明查询用途，被查询人可以看到。",
        "en": "Say in one line what it is for; whoever is looked up reads it.",
    },
    "description": "What the look-up is for. Whoever is looked up reads it.",
}


def _envelope(*, personal: bool, question: Mapping[str, Any]) -> dict[str, Any]:
    return Record(question=question, **({"purpose": PURPOSE} if personal else {}))


#: What stands around a question, by whether it is about a person.
ENVELOPES = {
    personal: Form.from_schema(_envelope(personal=personal, question={"type": "object"})) for personal in (True, False)
}


def body_schema(item: Item) -> Mapping[str, Any] | None:
    """What a question to an item looks like; None for an item of another kind."""
    if not isinstance(item.details, QueryRules) or item.form is None:
        return None
    return _envelope(personal=item.details.personal, question=item.form.schema)


@ROUTES.post(
    "/v1/items/{code}/query",
    Audience.PERSON,
    {
        200: Answer("What was found.", ref("LookUpAnswer")),
        403: Answer("The caller may not look this up; `not-verified` says what to do."),
        404: Answer("There is no such item."),
        429: Answer(
            "This hour's look-ups are used up, or too many found nothing.", headers={"Retry-After": "Seconds."}
        ),
    },
    per_item=body_schema,
)
async def look_up(call: Call) -> web.StreamResponse:
    """Ask a register."""
    item = offered(call.platform, call.path["code"], call.principal)
    # A register has real people in it: nobody asks one for something that is made up.
    if item is None or item.mode == TEST or not isinstance(item.details, QueryRules):
        raise NotFound("There is no item of that code to ask; GET /v1/items lists them.")
    question = call.body.get("question")
    wrong = [*ENVELOPES[item.details.personal].problems(call.body, call.language)]
    if isinstance(question, dict):
        wrong += question_problems(item, question, call)
    if wrong:
        raise InvalidFields(wrong)
    shown = await answer(asking(call, item), call.body.get("purpose", ""))
    return reply(call, shown, headers={"Cache-Control": "no-store"})


@ROUTES.get(
    "/v1/me/look-ups",
    Audience.CITIZEN,
    {
        200: page_answer(ref("LookUp"), Link("show_item", {"code": "$response.body#/items/0/item/code"})),
        403: Answer("The identity provider has verified no ID number of the caller's."),
    },
    parameters=PAGE_PARAMETERS,
)
async def list_look_ups(call: Call) -> web.StreamResponse:
    """List who looked the caller up, when and what for."""
    number = call.principal.resident_id
    if not number:
        raise NotVerified(say("not-verified"))
    return reply(call, (await page_about(call, number)).document())
