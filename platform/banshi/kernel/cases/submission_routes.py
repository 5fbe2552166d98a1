"""The one way to hand something in, alike for every kind whose cases begin with a filled form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from banshi.forms import Form
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import NotFound
from banshi.kernel.cases import actors
from banshi.kernel.cases.case_routes import TO_ACTION, TO_CASE
from banshi.kernel.cases.materials import MATERIALS, materials_of
from banshi.kernel.cases.modes import is_open_to
from banshi.kernel.cases.representations import case_document
from banshi.kernel.cases.submission import around, prepare_case, refuse_wrong
from banshi.kernel.contract.items import LIVE
from banshi.kernel.contract.routes import Answer, Audience, Call, Route
from banshi.kernel.contract.values import Item, Who
from banshi.kernel.http.document_schemas import ref
from banshi.kernel.http.responses import encode, reply
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.tracing import TRACES, traced

#: The answers to an item that asks nothing.
NOTHING: Mapping[str, Any] = {"type": "object", "additionalProperties": False}


class Submissions:
    """What can be handed in, item by item. Nothing is made before it is asked for."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        # The answers have a form of their own. What is around them is the same for many items.
        self._envelopes: dict[bytes, Form] = {}
        #: By the codes of the items that there were at that revision.
        self._of_items: dict[str, Form | None] = {}
        self._revision = registry.revision

    def members(self, item: Item) -> Mapping[str, Any] | None:
        """What goes with the answers; None for an item whose cases don't begin this way."""
        asked = self.registry.kinds[item.kind].handed_in
        own = asked(item) if asked and item.details is not None else None
        if own is None:
            return None
        return {**own, **materials_of(self.registry).member(item, self.registry.departments[item.department])}

    def body_schema(self, item: Item) -> Mapping[str, Any] | None:
        """What a submission of the item looks like."""
        members = self.members(item)
        if members is None:
            return None
        return around(item.form.schema if item.form is not None else NOTHING, members)

    def envelope(self, item: Item) -> Form | None:
        """The form of what is around the answers, made when an item is first asked for."""
        if self._revision != self.registry.revision:
            self._of_items, self._revision = {}, self.registry.revision
        if item.code not in self._of_items:
            members = self.members(item)
            self._of_items[item.code] = None if members is None else self._form(members)
        return self._of_items[item.code]

    def _form(self, members: Mapping[str, Any]) -> Form:
        key = encode(members)
        if key not in self._envelopes:
            self._envelopes[key] = Form.from_schema(around({"type": "object"}, members))
        return self._envelopes[key]

    async def submit(self, call: Call) -> web.StreamResponse:
        """Store a submission; what its kind or department does with it follows at once, outside the request."""
        platform, body = call.platform, call.body
        item = platform.registry.items.get(call.path["code"])
        if item is not None and item.mode != LIVE and not is_open_to(item, call.principal):
            item = None
        envelope = self.envelope(item) if item else None
        if item is None or envelope is None:
            raise NotFound("There is no item of that code to hand something in for; GET /v1/items lists them.")
        refuse_wrong(platform, item, envelope, body, call.language)
        if platform.get(TRACES) is None:
            return await _stored(call, item)
        about = {"item": item.code, "kind": item.kind, "plugin": item.department}
        with traced(platform, "case submit", None, **about):
            return await _stored(call, item)


async def _stored(call: Call, item: Item) -> web.StreamResponse:
    """Write what was handed in, with the answer that tells of it."""
    platform = call.platform
    prepared = await prepare_case(platform, item, call.principal, call.body, call.language)
    case = prepared.case
    document = case_document(
        platform,
        case,
        call.language,
        events=prepared.events,
        permitted=await actors.permitted(platform, case, actors.Actor(call.principal)),
        attachments=prepared.given.attachments,
        reader=Who.CITIZEN,
    )
    headers = {"Location": f"/v1/cases/{case.id}"}
    rows = [*prepared.rows, *call.once.receipt(document, headers=headers)]
    write, reused = Write(updates=prepared.updates, rows=rows), prepared.given.reused
    await (platform[MATERIALS].commit(platform, write, reused) if reused.links else platform.store.commit(write))
    return reply(call, document, status=201, headers=headers)


def route(registry: Registry) -> Route:
    """The route for whatever is handed in, with a body per item."""
    submissions = Submissions(registry)
    return Route(
        method="POST",
        path="/v1/items/{code}/cases",
        audience=Audience.CITIZEN,
        handler=submissions.submit,
        operation="submit",
        summary="Hand in a filled form.",
        tag="cases",
        answers={
            201: Answer(
                "It is stored. What follows is in the case's timeline.",
                ref("Case"),
                headers={"Location": "The case."},
                links=[TO_CASE, TO_ACTION],
            ),
            403: Answer("Something has to be known of the caller; `not-verified` says what."),
            404: Answer("There is no such item."),
        },
        creates=True,
        per_item=submissions.body_schema,
    )
