"""A query's verb, and what the person whom an answer is about may see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from banshi.foundation.errors import InvalidFields, NotFound, NotVerified
from banshi.kernel.cases.beginning import begin
from banshi.kernel.cases.modes import offered
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.responses import PAGE_PARAMETERS, page_answer, reply
from banshi.kinds.query.look_ups import page_about
from banshi.kinds.query.rules import QueryRules
from banshi.kinds.query.words import NO_ITEM, NOT_VERIFIED
from banshi.kinds.sentences import say, word

ROUTES = Routes("queries")

#: Read by the person who was looked up, so it has to say something.
PURPOSE = {
    "title": word("What it is for"),
    "type": "string",
    "minLength": 4,
    "maxLength": 200,
    "pattern": r"^[^\x00-\x20\x7F][^\x00-\x1F\x7F]*[^\x00-\x20\x7F]$",
    "x-pattern-hint": say("Say in one line what it is for; whoever is looked up reads it."),
    "description": say("What the look-up is for. Whoever is looked up reads it."),
}


def takes(item: Item) -> Mapping[str, Any] | None:
    """What goes with a question; None for an item that asks nothing.

    A register has real people in it: nobody asks one for something that is made up.
    """
    if item.form is None or item.mode == TEST:
        return None
    return {"purpose": PURPOSE} if item.details.personal else {}


def body_schema(item: Item) -> Mapping[str, Any] | None:
    """What a question to an item looks like; None for an item of another kind."""
    members = takes(item) if isinstance(item.details, QueryRules) else None
    return None if members is None or item.form is None else Record(question=item.form.schema, **members)


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
    deprecated=True,
)
async def look_up(call: Call) -> web.StreamResponse:
    """Ask a register."""
    item = offered(call.platform, call.path["code"], call.principal)
    if item is None or not isinstance(item.details, QueryRules):
        raise NotFound(NO_ITEM)
    body = {RENAMED.get(name, name): value for name, value in call.body.items()}
    try:
        begun = await begin(call.platform, item, call.principal, body, call.language)
    except InvalidFields as error:
        raise InvalidFields([replace(one, pointer=_renamed(one.pointer)) for one in error.problems]) from None
    return reply(call, begun.records, headers={"Cache-Control": "no-store"})


#: What this way calls the answers, and the other way round.
RENAMED = {"question": "answers", "answers": "question"}


def _renamed(pointer: str) -> str:
    first, slash, rest = pointer[1:].partition("/")
    return f"/{RENAMED.get(first, first)}{slash}{rest}"


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
        raise NotVerified(NOT_VERIFIED)
    return reply(call, (await page_about(call, number)).document())
