"""The routes of appointments: who may call each, what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from banshi.kernel.contract.routes import Answer, Audience, Link, Parameter, Route
from banshi.kernel.http.document_schemas import UUID
from banshi.kernel.http.responses import PAGE_PARAMETERS, page_answer
from banshi.kinds.appointment.booking import counter, verbs
from banshi.kinds.appointment.representations import APPOINTMENT, DRAW, SLOT
from banshi.kinds.appointment.slots.slot_routes import DAY, list_appointments, list_slots, show_draw
from banshi.kinds.appointment.steps import TO_SLOT

if TYPE_CHECKING:
    from banshi.kernel.contract.values import Item

ONE = "/v1/items/{code}/appointments/{id}"
PATH = {"id": UUID}
TAG = "appointments"
_ITEM = {"code": "$response.body#/item/code"}
_OWN = {**_ITEM, "id": "$response.body#/id"}
_FIRST = {"code": "$request.path.code", "id": "$response.body#/items/0/id"}
SHOW = Link("show_appointment", _OWN)
SHOWN = Answer(
    description="The appointment.",
    schema=APPOINTMENT,
    links=[
        Link("reschedule", _OWN),
        Link("cancel_appointment", _OWN),
        Link("show_appointment_code_svg", _OWN),
        Link("show_appointment_code_png", _OWN),
        Link("show_appointment_calendar", _OWN),
        Link("show_case", {"id": "$response.body#/id"}),
        Link("act", {"id": "$response.body#/id", "action": "$response.body#/permitted_actions/0/action"}),
        Link("list_slots", _ITEM),
    ],
)
CHANGED = Answer(description="The appointment after the change.", schema=APPOINTMENT, links=[SHOW])
MADE = Answer(
    description="It is booked, to be confirmed, on the waiting list or in the draw: `state` says which.",
    schema=APPOINTMENT,
    headers={"Location": "The appointment."},
    links=[SHOW, Link("cancel_appointment", _OWN)],
)


def _is_bookable(item: Item) -> bool:
    return item.kind == "appointment"


#: What is free, and how a slot is drawn: anybody may see it.
SLOTS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/items/{code}/slots",
        audience=Audience.ANYONE,
        handler=list_slots,
        operation="list_slots",
        summary="List an item's slots with what is free, in order.",
        tag=TAG,
        linked=_is_bookable,
        parameters=(
            Parameter(name="from", schema=DAY, description="First day; today where it is left out."),
            Parameter(name="to", schema=DAY, description="Last day, at most 62 days later."),
            Parameter(name="place", schema={"type": "string", "maxLength": 64}, description="One place's code."),
            *PAGE_PARAMETERS,
        ),
        answers={
            200: page_answer(
                SLOT,
                Link("hold_slot", {"code": "$request.path.code"}, {"slot": "$response.body#/items/0/id"}),
                Link("show_draw", _FIRST),
            )
        },
    ),
    Route(
        method="GET",
        path="/v1/items/{code}/slots/{id}/draw",
        audience=Audience.ANYONE,
        handler=show_draw,
        operation="show_draw",
        summary="Show how a slot is drawn, so that anybody can check it.",
        tag=TAG,
        path_schemas=PATH,
        answers={200: Answer(description="The commitment; once it is drawn, seed and order.", schema=DRAW)},
    ),
)

#: A place that is kept while the form is filled.
HOLDS: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/items/{code}/holds",
        audience=Audience.CITIZEN,
        handler=verbs.make_hold,
        operation="hold_slot",
        summary="Keep a place for some minutes while the form is filled.",
        tag=TAG,
        linked=_is_bookable,
        body=TO_SLOT,
        creates=True,
        answers={
            201: Answer(
                description="It is kept until `expires_at`.",
                schema=verbs.HELD,
                links=[Link("drop_hold", {"code": "$request.path.code", "id": "$response.body#/id"})],
            )
        },
    ),
    Route(
        method="DELETE",
        path="/v1/items/{code}/holds/{id}",
        audience=Audience.CITIZEN,
        handler=verbs.drop_hold,
        operation="drop_hold",
        summary="Give a kept place back.",
        tag=TAG,
        path_schemas=PATH,
        answers={204: Answer(description="It is free again.")},
    ),
)

#: What a citizen does with an appointment.
OWN: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/items/{code}/appointments",
        audience=Audience.CITIZEN,
        handler=verbs.book,
        operation="book",
        summary="Book a slot.",
        tag=TAG,
        creates=True,
        per_item=verbs.body_schema,
        answers={201: MADE},
    ),
    Route(
        method="GET",
        path=ONE,
        audience=Audience.PERSON,
        handler=verbs.show,
        operation="show_appointment",
        summary="Show an appointment.",
        tag=TAG,
        path_schemas=PATH,
        answers={200: SHOWN},
    ),
    Route(
        method="PATCH",
        path=ONE,
        audience=Audience.CITIZEN,
        handler=verbs.reschedule,
        operation="reschedule",
        summary="Move an appointment to another slot.",
        tag=TAG,
        path_schemas=PATH,
        body=TO_SLOT,
        answers={200: CHANGED},
    ),
    Route(
        method="DELETE",
        path=ONE,
        audience=Audience.CITIZEN,
        handler=verbs.cancel,
        operation="cancel_appointment",
        summary="Cancel an appointment, or leave the waiting list or the draw.",
        tag=TAG,
        path_schemas=PATH,
        answers={200: CHANGED, 409: Answer(description="It is too late, or over.")},
    ),
)

#: What staff do at the counter, beside checking people in.
STAFFED: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/items/{code}/counter-appointments",
        audience=Audience.STAFF,
        handler=list_appointments,
        operation="list_appointments",
        summary="List a day's appointments at the counter.",
        tag=TAG,
        parameters=(
            Parameter(name="day", schema=DAY, description="Today where it is left out."),
            Parameter(name="place", schema={"type": "string", "maxLength": 64}, description="One place's code."),
            *PAGE_PARAMETERS,
        ),
        answers={200: page_answer(APPOINTMENT, Link("show_appointment", _FIRST))},
    ),
    Route(
        method="POST",
        path="/v1/items/{code}/counter-appointments",
        audience=Audience.STAFF,
        handler=verbs.book_internal,
        operation="book_internal",
        summary="Put somebody into one of the places that are staff's to give.",
        tag=TAG,
        body=verbs.INTERNAL,
        creates=True,
        answers={
            201: MADE,
            502: Answer(description="The department's service failed; nothing was changed."),
            504: Answer(description="The department's service took too long; nothing was changed."),
        },
    ),
)


def routes() -> Sequence[Route]:
    return (*SLOTS, *HOLDS, *OWN, *STAFFED, *counter.ROUTES)
