"""The face of what is known: it is shown, and it is filled in once the person has agreed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi.builtin.openapi.schemas.items import CONSENTED, OFFERED_CASE, offered_case
from banshi.builtin.prefill.known import TITLES, Filled, Offer, answers_of, offer_to, places_in
from banshi.builtin.prefill.models import Prefill
from banshi.builtin.sentences import say
from banshi.forms.days import title_of
from banshi.forms.pointing import fields_at
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import FieldProblem, InvalidFields, NotFound
from banshi.kernel.cases.modes import offered
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Item, text_in
from banshi.kernel.http.document_schemas import TEXT, Record, array, maybe, named, optional, ref
from banshi.kernel.http.responses import reply

ROUTES = Routes("cases")
PATH = "/v1/items/{code}/prefill"

STALE = say("What could be filled in is not what was agreed to; show it anew, and ask again.")
UNKNOWN = say("Nothing is known for this field; choose among those that are listed.")

FIELD = Record(
    pointer={"type": "string", "format": "json-pointer", "description": "Of the form's field."},
    title=TEXT,
    known={"type": "string", "enum": list(TITLES), "description": "The form's `x-prefill`."},
    known_title=TEXT,
    value=TEXT,
    source=Record(title=TEXT, case={**maybe(OFFERED_CASE), "description": "Null: it is from the sign-in."}),
)
CONSENT = Record(id=TEXT, text=CONSENTED)
OFFER = Record(item=ref("Reference"), fields=array(FIELD), consent=maybe(CONSENT))
BODY = Record(
    consent={"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "`consent.id`, after a yes."},
    fields=optional(
        array(TEXT, minItems=1, maxItems=200, uniqueItems=True, description="Pointers of those that are wanted: all.")
    ),
).form()
ANSWERS = Record(answers={"type": "object", "description": "Those fields alone: lay them over what is there."})
NO_STORE = {"Cache-Control": "no-store"}
NO_FORM = "There is no item of that code whose form may be filled in; `links.prefill` of an item says where one is."


def is_linked(item: Item) -> bool:
    """Whether its form has a field for something that may be known."""
    return item.form is not None and bool(places_in(item.form))


@ROUTES.get(
    PATH,
    Audience.CITIZEN,
    {
        200: Answer("What could be filled in.", OFFER, links=[Link("fill_in", {"code": "$request.path.code"})]),
        404: Answer("There is no such item."),
    },
    operation="prefill",
    linked=is_linked,
)
async def show_prefill(call: Call) -> web.StreamResponse:
    """Show the caller what of them could be filled in, and where it is from. Nobody else is shown anything."""
    item = _item(call)
    offer = await offer_to(call.platform, item, call.principal)
    document = {
        "item": named(item.code, item.title, call.language),
        "fields": [_field(call, item, one) for one in offer.fields],
        "consent": {"id": offer.id, "text": dict(offer.texts)} if offer.fields else None,
    }
    return reply(call, document, headers=NO_STORE)


@ROUTES.post(
    PATH,
    Audience.CITIZEN,
    {200: Answer("What is filled in.", ANSWERS), 404: Answer("There is no such item.")},
    body=BODY,
    operation="fill_in",
)
async def fill_in(call: Call) -> web.StreamResponse:
    """Give the answers that the caller has agreed to have filled in.

    That it was asked is kept with the caller's own data: for what item, what sort of thing, from which cases.
    """
    item = _item(call)
    offer = await offer_to(call.platform, item, call.principal)
    wanted = _wanted(call, offer)
    row = Prefill(
        id=uuid7(),
        person=call.principal.subject,
        item=item.code,
        known=list(dict.fromkeys(one.known for one in wanted)),
        cases=list(dict.fromkeys(str(one.case.id) for one in wanted if one.case is not None)),
        at=call.now,
    )
    await call.platform.store.commit(Write(rows=[row]))
    return reply(call, {"answers": answers_of(wanted)}, headers=NO_STORE)


def _item(call: Call) -> Item:
    item = offered(call.platform, call.path["code"], call.principal)
    if item is None or not is_linked(item):
        raise NotFound(NO_FORM)
    return item


def _wanted(call: Call, offer: Offer) -> Sequence[Filled]:
    """What was agreed to. Raises InvalidFields where that is not what is known now."""
    if not offer.fields or call.body["consent"] != offer.id:
        raise InvalidFields([FieldProblem("/consent", STALE, "consent")])
    known = {one.pointer: one for one in offer.fields}
    named_fields = call.body.get("fields", [*known])
    wrong = [FieldProblem(f"/fields/{n}", UNKNOWN, "enum") for n, one in enumerate(named_fields) if one not in known]
    if wrong:
        raise InvalidFields(wrong)
    return [known[one] for one in named_fields]


def _field(call: Call, item: Item, one: Filled) -> dict[str, Any]:
    language, case = call.language, one.case
    return {
        "pointer": one.pointer,
        "title": _title(item, one, language),
        "known": one.known,
        "known_title": text_in(TITLES[one.known], language),
        "value": one.value,
        "source": {"title": one.source(language), "case": case and offered_case(call.platform, case, language)},
    }


def _title(item: Item, one: Filled, language: str) -> str:
    nodes = fields_at(item.form.schema, one.pointer) if item.form is not None else []
    title = next((told for node in nodes if (told := title_of(node, ""))), TITLES[one.known])
    return title if isinstance(title, str) else text_in(title, language)
