"""What the verbs of appointments do: holding and booking, changing and cancelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from banshi.foundation.errors import Forbidden, NotFound
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.beginning import NOTHING, TO_ACTION, TO_CASE, begin
from banshi.kernel.contract.kinds import Begun
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import ID, MOMENT, Record, optional
from banshi.kernel.http.responses import reply
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.booking import taking
from banshi.kinds.appointment.booking.beginning import open_steps, takes
from banshi.kinds.appointment.booking.counter import found
from banshi.kinds.appointment.booking.keeping import new_hold
from banshi.kinds.appointment.models import Booking, Hold
from banshi.kinds.appointment.representations import APPOINTMENT, appointment_document, position_of
from banshi.kinds.appointment.slots import places
from banshi.kinds.appointment.slots.slot_routes import bookable, is_bookable
from banshi.kinds.appointment.steps import TO_SLOT
from banshi.kinds.sentences import say

ROUTES = Routes("appointments")


HELD = Record(id=ID, slot=ID, expires_at=MOMENT)

_ITEM = {"code": "$response.body#/item/code"}
_OWN = {**_ITEM, "id": "$response.body#/id"}
SHOW, CANCEL = Link("show_appointment", _OWN), Link("cancel_appointment", _OWN)
SHOWN = Answer(
    "The appointment.",
    APPOINTMENT,
    links=[
        Link("reschedule", _OWN),
        CANCEL,
        Link("show_appointment_code_svg", _OWN),
        Link("show_appointment_code_png", _OWN),
        Link("show_appointment_calendar", _OWN),
        TO_CASE,
        TO_ACTION,
        Link("list_slots", _ITEM),
    ],
)
CHANGED = Answer("The appointment after the change.", APPOINTMENT, links=[SHOW])
MADE = Answer(
    "It is booked, to be confirmed, on the waiting list or in the draw: `state` says which.",
    APPOINTMENT,
    headers={"Location": "The appointment."},
    links=[SHOW, CANCEL],
)


def body_schema(item: Item) -> Mapping[str, Any] | None:
    """What an item's appointment looks like; None for an item of another kind."""
    if item.kind != "appointment":
        return None
    return Record(answers=item.form.schema if item.form is not None else NOTHING, **takes(item))


INTERNAL = Record(
    person={
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": "Whom it is for, as the identity provider's subject.",
    },
    name=optional({"type": "string", "minLength": 1, "maxLength": 255}),
    slot={"type": "string", "format": "uuid"},
    answers={"type": "object", "description": "By the item's form."},
).form()


@ROUTES.post(
    "/v1/items/{code}/holds",
    Audience.CITIZEN,
    {
        201: Answer(
            "It is kept until `expires_at`.",
            HELD,
            links=[Link("drop_hold", {"code": "$request.path.code", "id": "$response.body#/id"})],
        )
    },
    linked=is_bookable,
    body=TO_SLOT,
    creates=True,
)
async def hold_slot(call: Call) -> web.StreamResponse:
    """Keep a place for some minutes while the form is filled."""
    item, platform = bookable(call, by=call.principal), call.platform
    row = new_hold(platform, item, call.principal, call.body["slot"])
    document = {"id": str(row.id), "slot": row.slot_id, "expires_at": platform.moment(row.expires_at)}
    await taking.hold(platform, row, call.once.receipt(document))
    return reply(call, document, status=201)


@ROUTES.delete("/v1/items/{code}/holds/{id}", Audience.CITIZEN, {204: Answer("It is free again.")})
async def drop_hold(call: Call) -> web.StreamResponse:
    """Give a kept place back.

    One that is over already stays so.
    """
    item = bookable(call)
    row = await Hold.get_or_none(id=call.path["id"], item=item.code, person=call.principal.subject)
    if row is None:
        raise NotFound()
    await places.give_up_hold(call.platform, row)
    return web.Response(status=204)


@ROUTES.post(
    "/v1/items/{code}/appointments", Audience.CITIZEN, {201: MADE}, creates=True, per_item=body_schema, deprecated=True
)
async def book(call: Call) -> web.StreamResponse:
    """Book a slot.

    Where it is full, it joins the waiting list; where it is drawn, it enters the draw.
    """
    item, made = bookable(call, by=call.principal), Made(call)
    await begin(call.platform, item, call.principal, call.body, call.language, made.receipt_of)
    return made.reply()


@dataclass(slots=True)
class Made:
    """An appointment as these routes show it to whoever made it."""

    call: Call
    document: Mapping[str, Any] = field(default_factory=dict)

    def receipt(self, booked: taking.Booked) -> Sequence[Any]:
        return self._kept(booked.case, booked.row)

    def receipt_of(self, begun: Begun) -> Sequence[Any]:
        return self._kept(begun.case, begun.row)

    def _kept(self, case: Case, row: Booking) -> Sequence[Any]:
        call, item = self.call, bookable(self.call)
        permitted = open_steps(call.platform, item, case, row, actors.Actor(call.principal))
        self.document = appointment_document(call.platform, item, case, row, call.language, permitted=permitted)
        return call.once.receipt(self.document, headers={"Location": self.document["links"]["self"]})

    def reply(self) -> web.StreamResponse:
        return reply(self.call, self.document, status=201, headers={"Location": self.document["links"]["self"]})


async def _document(call: Call, item: Item, case: Case) -> dict[str, Any]:
    row = await Booking.get(case_id=case.id)
    permitted = await actors.permitted(call.platform, case, actors.Actor(call.principal))
    return appointment_document(
        call.platform, item, case, row, call.language, permitted=permitted, position=await position_of(row)
    )


@ROUTES.get("/v1/items/{code}/appointments/{id}", Audience.PERSON, {200: SHOWN})
async def show_appointment(call: Call) -> web.StreamResponse:
    """Show an appointment."""
    item, (case, _) = bookable(call), await found(call)
    return reply(call, await _document(call, item, case))


@ROUTES.patch("/v1/items/{code}/appointments/{id}", Audience.CITIZEN, {200: CHANGED}, body=TO_SLOT, deprecated=True)
async def reschedule(call: Call) -> web.StreamResponse:
    """Move an appointment to another slot.

    The new place is taken before the old one is given back.
    """
    item, (case, _) = bookable(call), await found(call)
    actor, language = actors.Actor(call.principal), call.language
    moved = await lifecycle.move(call.platform, case.id, "reschedule", actor, details=call.body, language=language)
    return reply(call, await _document(call, item, moved))


@ROUTES.delete(
    "/v1/items/{code}/appointments/{id}",
    Audience.CITIZEN,
    {200: CHANGED, 409: Answer("It is too late, or over.")},
    deprecated=True,
)
async def cancel_appointment(call: Call) -> web.StreamResponse:
    """Cancel an appointment, or leave the waiting list or the draw."""
    item, (case, _) = bookable(call), await found(call)
    moved = await lifecycle.move(call.platform, case.id, "cancel", actors.Actor(call.principal))
    return reply(call, await _document(call, item, moved))


@ROUTES.post(
    "/v1/items/{code}/counter-appointments",
    Audience.STAFF,
    {
        201: MADE,
        502: Answer("The department's service failed; nothing was changed."),
        504: Answer("The department's service took too long; nothing was changed."),
    },
    body=INTERNAL,
    creates=True,
)
async def book_internal(call: Call) -> web.StreamResponse:
    """Put somebody into one of the places that are staff's to give.

    It is for whoever called or came by.
    """
    item = bookable(call)
    if not call.principal.may("clerk", item.department, item.unit):
        raise Forbidden(say("Only a clerk of the item's department books for others."))
    wish = taking.Wish(
        item=item,
        person=Principal(subject=call.body["person"], name=call.body.get("name", "")),
        slot_id=call.body["slot"].lower(),
        answers=call.body["answers"],
        language=call.language,
        given_by=call.principal,
    )
    made = Made(call)
    await taking.book(call.platform, wish, made.receipt)
    return made.reply()
