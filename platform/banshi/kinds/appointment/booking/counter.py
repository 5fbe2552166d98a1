"""At the counter: the appointment's QR code, its check-in, and its entry for a calendar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from aiohttp import web
from tortoise.models import Model

from banshi.builtin.passes.wire import picture
from banshi.foundation.errors import NotFound
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.beginning import TO_CASE
from banshi.kernel.cases.representations import case_summary
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.responses import etag_of, reply, reply_bytes
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.booking.problems import NoCodeNow, NotScannable
from banshi.kinds.appointment.models import Booking
from banshi.kinds.appointment.representations import PREFIX
from banshi.kinds.appointment.slots.calendar_entry import entry

ROUTES = Routes("appointments")

PICTURES: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "svg": ("image/svg+xml", picture.svg),
    "png": ("image/png", picture.png),
    "txt": ("text/plain", str.encode),
}

SCANNED = Record(
    text={"type": "string", "maxLength": 200, "description": "What the scanner read, unchanged."},
    place={"type": "string", "maxLength": 64, "description": "The code of the place where the scanner stands."},
).form()


async def found(call: Call) -> tuple[Case, Booking]:
    """The appointment that the path names, if the caller may see it."""
    case = await actors.find(call.path["id"], actors.Actor(call.principal))
    row = await Booking.get_or_none(case_id=case.id, item=call.path["code"])
    if row is None:
        raise NotFound()
    return case, row


async def show_code(ending: str, call: Call) -> web.StreamResponse:
    """The QR code in one form."""
    media_type, draw = PICTURES[ending]
    case, row = await found(call)
    if case.state != "booked":
        raise NoCodeNow()
    body = draw(PREFIX + row.code)
    return reply_bytes(call, body, media_type, etag_of(body))


for ending, (media_type, _) in PICTURES.items():
    ROUTES.get(
        f"/v1/items/{{code}}/appointments/{{id}}/qr.{ending}",
        Audience.CITIZEN,
        {200: Answer("The code.", media_type=media_type)},
        operation=f"show_appointment_code_{ending}",
        summary=f"Show the QR code for the counter as {ending.upper()}.",
    )(partial(show_code, ending))


@ROUTES.get(
    "/v1/items/{code}/appointments/{id}/event.ics",
    Audience.CITIZEN,
    {200: Answer("The event, cancelled or not.", media_type="text/calendar")},
)
async def show_appointment_calendar(call: Call) -> web.StreamResponse:
    """Give the appointment as an iCalendar event.

    It is for the citizen's own calendar (RFC 5545).
    """
    case, row = await found(call)
    item = call.platform.registry.items.of(case.item)
    if item is None:
        raise NotFound()
    body = entry(call.platform, item, case, row, call.language)
    headers = {"Content-Disposition": f'attachment; filename="{case.number}.ics"'}
    return reply_bytes(call, body, "text/calendar; charset=utf-8", etag_of(body), headers)


@ROUTES.post(
    "/v1/items/{code}/check-ins",
    Audience.STAFF,
    {200: Answer("The case, checked in.", ref("CaseSummary"), links=[TO_CASE])},
    body=SCANNED,
    creates=True,
)
async def check_in(call: Call) -> web.StreamResponse:
    """Check in whoever shows an appointment's code.

    It is a reference only: the counter looks at their papers too.
    """
    text = call.body["text"].strip()
    row = None
    if text.startswith(PREFIX):
        row = await Booking.get_or_none(code=text.removeprefix(PREFIX), item=call.path["code"])
    if row is None:
        raise NotScannable()

    def receipt(case: Case) -> Sequence[Model]:
        return call.once.receipt(case_summary(call.platform, case, call.language), status=200)

    actor, place = actors.Actor(call.principal), call.body["place"]
    case = await lifecycle.move(call.platform, row.case_id, "check-in", actor, given=place, receipt=receipt)
    return reply(call, case_summary(call.platform, case, call.language))
