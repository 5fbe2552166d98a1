"""The one way to begin something, alike for every kind: in code, and over HTTP as one caller of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from banshi.forms import Form
from banshi.foundation.database.writes import Update, Write
from banshi.foundation.errors import Forbidden, NotFound, TokenNotTaken, Unauthenticated
from banshi.foundation.keys import Key
from banshi.kernel.cases import actors
from banshi.kernel.cases.materials import materials_of
from banshi.kernel.cases.modes import is_open_to
from banshi.kernel.cases.representations import case_document
from banshi.kernel.cases.submission import around, commit, prepare_case, refuse_wrong
from banshi.kernel.contract.items import LIVE
from banshi.kernel.contract.kinds import Beginning, Begins, Begun, Receipt
from banshi.kernel.contract.principals import NOBODY, Principal
from banshi.kernel.contract.routes import WITHOUT_KEY, Call, Link
from banshi.kernel.contract.values import Item, Who
from banshi.kernel.http.callers import CHALLENGE, UNSENT
from banshi.kernel.http.document_schemas import optional
from banshi.kernel.http.responses import encode, reply
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.tracing import TRACES, traced
from banshi.kernel.sentences import say

#: The answers to an item that asks nothing.
NOTHING: Mapping[str, Any] = {"type": "object", "additionalProperties": False}

NO_ITEM = say("There is no such item to begin; look for it in the list of items.")


class Beginnings:
    """What can be begun, item by item. Nothing is made before it is asked for."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        # The answers have a form of their own. What is around them is the same for many items.
        self._envelopes: dict[bytes, Form] = {}
        #: By the codes of the items that there were at that revision, each with whether it begins by `handed_in`.
        self._of_items: dict[str, tuple[Form | None, bool]] = {}
        self._revision = registry.revision

    def members(self, item: Item) -> Mapping[str, Any] | None:
        """What goes with the answers, as JSON Schema by name; None for an item that can't be begun."""
        kind = self.registry.kinds[item.kind]
        if item.details is None:
            return None
        if kind.begins is not None:
            own = kind.begins.takes(item)
        else:
            own = kind.handed_in(item) if kind.handed_in else None
            own = own and {name: optional(schema) for name, schema in own.items()}
        if own is None or (kind.begins is not None and kind.begins.begin is not None):
            return own
        reuse = materials_of(self.registry).member(item, self.registry.departments[item.department])
        return {**own, **{name: optional(schema) for name, schema in reuse.items()}}

    def body_schema(self, item: Item) -> Mapping[str, Any] | None:
        """What begins the item."""
        members = self.members(item)
        if members is None:
            return None
        whole = self._form(members).schema
        answers = item.form.schema if item.form is not None else NOTHING
        return {**whole, "properties": {**whole["properties"], "answers": answers}}

    def is_handed_in(self, item: Item) -> bool:
        """Whether the item's things begin as a case, with a form and a name."""
        kind = self.registry.kinds[item.kind]
        return bool(kind.handed_in and item.details is not None and kind.handed_in(item) is not None)

    def is_for_unnamed(self, path: Mapping[str, str]) -> bool:
        """Whether somebody may begin the item that the path names who doesn't say who they are."""
        item = self.registry.items.get(path["code"])
        begins = self.registry.kinds[item.kind].begins if item is not None and item.details is not None else None
        return bool(item and begins and begins.unnamed and begins.unnamed(item) != "never")

    def of(self, item: Item) -> tuple[Form | None, bool]:
        """The form of what is around the answers, made when an item is first asked for; whether it is handed in."""
        if self._revision != self.registry.revision:
            self._of_items, self._revision = {}, self.registry.revision
        if item.code not in self._of_items:
            members = self.members(item)
            envelope = None if members is None else self._form(members)
            self._of_items[item.code] = envelope, self.is_handed_in(item)
        return self._of_items[item.code]

    def _form(self, members: Mapping[str, Any]) -> Form:
        schema = around({"type": "object"}, members)
        key = encode(schema)
        if key not in self._envelopes:
            self._envelopes[key] = Form.from_schema(schema)
        return self._envelopes[key]


BEGINNINGS: Key[Beginnings] = Key("beginnings")

#: `(platform, item, principal, answers) -> updates`: what ends when somebody begins an item by name, by any way.
ENDINGS: Key[Callable[..., Awaitable[Sequence[Update]]]] = Key("endings")


async def begin(
    platform: Platform,
    item: Item | None,
    principal: Principal | None,
    body: Mapping[str, Any],
    language: str,
    receipt: Receipt = lambda _: (),
    *,
    sender: str | None = None,
) -> Begun:
    """Begin the item with `body`: the `answers`, and what its kind takes beside them.

    `principal` is None for somebody who doesn't say who they are; `sender` is where that came from. What `receipt`
    makes of the outcome is written in the transaction that makes it true: rows, and updates; where one of these finds
    its row changed, nothing is written. Raises NotFound, Unauthenticated, TokenNotTaken, Forbidden, InvalidFields,
    StaleReceipt, and what the kind and the department let through.
    """
    if item is not None and item.mode != LIVE and not is_open_to(item, principal or NOBODY):
        item = None
    envelope = platform[BEGINNINGS].of(item)[0] if item else None
    if item is None or envelope is None:
        raise NotFound(NO_ITEM, see="/v1/items")
    begins = platform.registry.kinds[item.kind].begins or BY_CASE
    _refuse(begins, item, principal)
    refuse_wrong(platform, item, envelope, body, language)
    ended: list[Update] = []
    for _, end in platform.offered(ENDINGS) if principal is not None else ():
        ended += await end(platform, item, principal, body["answers"])
    one = Beginning(
        item=item,
        principal=principal or NOBODY,
        body=body,
        language=language,
        receipt=lambda begun: [*receipt(begun), *ended],
        sender=sender,
    )
    way = (begins.begin if principal is not None else begins.begin_unnamed) or begin_case
    if platform.get(TRACES) is None:
        return await way(platform, one)
    with traced(platform, "case submit", None, item=item.code, kind=item.kind, plugin=item.department):
        return await way(platform, one)


#: How a kind's things begin that says nothing of it.
BY_CASE = Begins(takes=lambda _: {})


def _refuse(begins: Begins, item: Item, principal: Principal | None) -> None:
    """Raises what keeps whoever this is from beginning the item."""
    unnamed = begins.unnamed(item) if begins.unnamed else "never"
    if principal is None:
        if unnamed == "never":
            raise Unauthenticated(headers=CHALLENGE, reason=UNSENT)
    elif unnamed == "always":
        raise TokenNotTaken()
    elif not begins.audience.admits(principal):
        raise Forbidden(audience=begins.audience.value)


async def begin_case(platform: Platform, one: Beginning) -> Begun:
    """Store what was handed in as a case; what its kind or department does with it follows at once."""
    item, principal = one.item, one.principal
    prepared = await prepare_case(platform, item, principal, one.body, one.language)
    case = prepared.case
    document = case_document(
        platform,
        case,
        one.language,
        events=prepared.events,
        permitted=await actors.permitted(platform, case, actors.Actor(principal)),
        attachments=prepared.given.attachments,
        reader=Who.CITIZEN,
    )
    begun = Begun(kind=platform.registry.kinds[item.kind], case=case, document=document)
    write = Write(updates=prepared.updates, rows=prepared.rows)
    await commit(platform, write, one.receipt(begun), prepared.given.reused)
    return begun


#: Where whoever has a case goes on.
_OWN = {"id": "$response.body#/id"}
TO_CASE = Link("show_case", _OWN)
TO_ACTION = Link("act", {**_OWN, "action": "$response.body#/permitted_actions/0/action"})


#: An answer's document and its headers.
Shown = tuple[Any, dict[str, str]]


async def begin_over_http(call: Call) -> web.StreamResponse:
    """Begin the item that the path names, whatever its kind."""

    def shown(begun: Begun) -> Shown:
        # Nothing on the way keeps what is shown once.
        once = {"Cache-Control": "no-store"} if begun.is_shown_once else {"Location": f"/v1/cases/{begun.case.id}"}
        return begun.answer(call.language), once

    item = call.platform.registry.items.get(call.path["code"])
    if item is not None and not item.steps:
        # It makes nothing, and each time may be answered otherwise: neither is what refuses it.
        call.once = WITHOUT_KEY
    return await _begun_over_http(call, item, shown)


async def submit(call: Call) -> web.StreamResponse:
    """Store a submission; what its kind or department does with it follows at once, outside the request."""
    item = call.platform.registry.items.get(call.path["code"])
    if item is None or not call.platform[BEGINNINGS].of(item)[1]:
        raise NotFound(NO_ITEM, see="/v1/items")
    return await _begun_over_http(call, item, lambda one: (one.document, {"Location": f"/v1/cases/{one.case.id}"}))


async def _begun_over_http(call: Call, item: Item | None, shown: Callable[[Begun], Shown]) -> web.StreamResponse:
    """Begin it, and answer what `shown` makes of it; what has a place of its own is kept under the Idempotency-Key."""

    def receipt(begun: Begun) -> Any:
        document, headers = shown(begun)
        return call.once.receipt(document, headers=headers) if "Location" in headers else ()

    sender = call.request.remote
    begun = await begin(call.platform, item, call.caller, call.body, call.language, receipt, sender=sender)
    document, headers = shown(begun)
    return reply(call, document, status=200 if begun.case is None else 201, headers=headers)
