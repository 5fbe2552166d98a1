"""Reading slots, draws and a day's appointments."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.expressions import F, Q
from tortoise.functions import Count, Sum
from tortoise.queryset import QuerySet

from banshi.builtin.identity.access import ACCESS
from banshi.foundation.errors import Forbidden, InvalidParameter, NotFound
from banshi.kernel.cases import actors
from banshi.kernel.cases.modes import is_open_to
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import Record
from banshi.kernel.http.months import midnight
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, in_utc, page_answer, reply
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.booking.problems import NotBookable
from banshi.kinds.appointment.models import NOT_DRAWN, Booking, Slot
from banshi.kinds.appointment.offered import in_booking
from banshi.kinds.appointment.representations import (
    APPOINTMENT,
    DRAW,
    SLOT,
    appointment_document,
    draw_document,
    slot_document,
)
from banshi.kinds.appointment.slots.slots import ensure, expired_holds
from banshi.kinds.sentences import say

ROUTES = Routes("appointments")

DAY: Mapping[str, Any] = {"type": "string", "format": "date"}

#: Longest time that one list of slots is about.
MAX_LIST_SPAN = timedelta(days=62)

#: So near its ends the calendar is not computed with: hours of there have no time in UTC.
CALENDAR_EDGE = timedelta(days=2)

#: Where the first of a list leads.
FIRST = {"code": "$request.path.code", "id": "$response.body#/items/0/id"}

#: Which slots are asked for.
OF_DAYS = (
    Parameter("from", DAY, "First day; today where it is left out."),
    Parameter("to", DAY, "Last day, at most 62 days later."),
    Parameter("place", {"type": "string", "maxLength": 64}, "One place's code."),
)

#: Of those that can be taken at all: anybody can take one now, whatever a hold that is over still keeps.
FREE = Q(waiting=0, draw__in=["", "done"], taken__lt=F("capacity"))

#: A day's slots that are still to come.
IN_DAY = Record(
    day=DAY,
    slots={"type": "integer", "description": "Slots, free or not."},
    free={"type": "integer", "description": "Places that anybody can take now."},
    draws={"type": "integer", "description": "Slots for which one can enter a draw now."},
)


def is_bookable(item: Item) -> bool:
    return item.kind == "appointment"


def bookable(call: Call, *, by: Principal | None = None) -> Item:
    """The item that the path names, if it is one of this kind and, where somebody is given, open to them."""
    item = call.platform.registry.items.get(call.path["code"])
    if item is None or not is_bookable(item) or (by is not None and not is_open_to(item, by)):
        raise NotBookable()
    return item


@ROUTES.get(
    "/v1/items/{code}/slots",
    Audience.ANYONE,
    {
        200: page_answer(
            SLOT,
            Link("hold_slot", {"code": "$request.path.code"}, {"slot": "$response.body#/items/0/id"}),
            Link("show_draw", FIRST),
        ),
        502: Answer("The department's calendar can't be read."),
    },
    linked=is_bookable,
    parameters=(
        *OF_DAYS,
        Parameter("takeable", {"type": "boolean"}, "Only those that can be booked or drawn for now."),
        *PAGE_PARAMETERS,
    ),
)
async def list_slots(call: Call) -> web.StreamResponse:
    """List an item's slots with what is free, in order."""
    item, platform = bookable(call), call.platform
    query = await _open_slots(call, item)
    if call.query.get("takeable"):
        query = query.filter(FREE | Q(draw="open", draw_at__gt=platform.now()), opens_at__lte=platform.now())
    shown, after = await page_of(call, query, {"begins": in_utc, "id": UUID})
    over = await expired_holds(platform, shown)
    documents = [slot_document(platform, item, slot, call.language, over.get(slot.id, 0)) for slot in shown]
    return reply(call, Page(documents, after).document())


@ROUTES.get(
    "/v1/items/{code}/slots/days",
    Audience.ANYONE,
    {
        200: page_answer(
            IN_DAY, Link("list_slots", {"code": "$request.path.code", "from": "$response.body#/items/0/day"})
        ),
        502: Answer("The department's calendar can't be read."),
    },
    linked=is_bookable,
    parameters=OF_DAYS,
)
async def list_slot_days(call: Call) -> web.StreamResponse:
    """List the days on which an item has slots, with what is free on each.

    They are all on one page.
    """
    query, now = await _open_slots(call, bookable(call)), call.now
    released = query.filter(opens_at__lte=now)
    asked = {
        "slots": query.annotate(count=Count("id")),
        "free": released.filter(FREE).annotate(count=Sum(F("capacity") - F("taken"))),
        "draws": released.filter(draw="open", draw_at__gt=now).annotate(count=Count("id")),
    }
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for name, counted in asked.items():
        for row in await counted.group_by("begins").values("begins", "count"):
            day = row["begins"].astimezone(call.platform.settings.timezone).date()
            days[day][name] += int(row["count"])
    rows = [{"day": day.isoformat(), **{name: days[day][name] for name in asked}} for day in sorted(days)]
    return reply(call, Page(rows, None).document())


async def _open_slots(call: Call, item: Item) -> QuerySet[Slot]:
    """The slots to come of the days and the place that are asked for. Raises InvalidParameter."""
    platform = call.platform
    await ensure(platform, item)
    first = _day(call, "from", platform.today())
    until = platform.today() + timedelta(days=item.details.days_ahead)
    last = _day(call, "to", max(first, until))
    if not timedelta() <= last - first <= MAX_LIST_SPAN:
        raise InvalidParameter(
            say("to has to be from the day in from to {days} days later.", days=MAX_LIST_SPAN.days), parameter="to"
        )
    place = call.query.get("place")
    if place is not None and place not in {one.code for one in item.details.places}:
        known = ", ".join(one.code for one in item.details.places)
        raise InvalidParameter(say("The places are {value}.", value=known or "none"), parameter="place")
    after_last = midnight(platform, last) + timedelta(days=1)
    query = Slot.filter(item=item.code, begins__gte=midnight(platform, first), begins__lt=after_last)
    query = query.filter(is_open=True, begins__gt=platform.now())
    return query if place is None else query.filter(place=place)


def _day(call: Call, name: str, default: date) -> date:
    """The day that a parameter names. Raises InvalidParameter for the first and the last one that there is."""
    day = date.fromisoformat(call.query[name]) if name in call.query else default
    if day - date.min < CALENDAR_EDGE or date.max - day < CALENDAR_EDGE:
        raise InvalidParameter(say("{name} has to be a day of this calendar, not its end.", name=name), parameter=name)
    return day


@ROUTES.get(
    "/v1/items/{code}/slots/{id}/draw",
    Audience.ANYONE,
    {200: Answer("The commitment; once it is drawn, seed and order.", DRAW)},
)
async def show_draw(call: Call) -> web.StreamResponse:
    """Show how a slot is drawn, so that anybody can check it."""
    slot = await Slot.get_or_none(id=call.path["id"], item=bookable(call).code)
    if slot is None or not slot.seed:
        raise NotFound()
    entries = await Booking.filter(slot_id=slot.id, drawn__lt=NOT_DRAWN).order_by("drawn")
    return reply(call, draw_document(call.platform, slot, entries))


@ROUTES.get(
    "/v1/items/{code}/counter-appointments",
    Audience.STAFF,
    {200: page_answer(APPOINTMENT, Link("show_appointment", FIRST))},
    parameters=(
        Parameter("day", DAY, "Today where it is left out."),
        Parameter("place", {"type": "string", "maxLength": 64}, "One place's code."),
        *PAGE_PARAMETERS,
    ),
)
async def list_appointments(call: Call) -> web.StreamResponse:
    """List a day's appointments at the counter.

    They are in order, for the staff of the item's department.
    """
    # Who is in a slot of what is no longer offered comes all the same.
    item, platform = call.platform.registry.items.of(call.path["code"]) or bookable(call), call.platform
    if item.kind != "appointment":
        raise NotFound()
    if not platform[ACCESS].works_on(call.principal, item):
        raise Forbidden(say("This list is for the staff who work on the item's appointments."))
    day = _day(call, "day", platform.today())
    begins = midnight(platform, day)
    query = Booking.filter(item=item.code, begins__gte=begins, begins__lt=begins + timedelta(days=1))
    if place := call.query.get("place"):
        query = query.filter(place=place)
    shown, after = await page_of(call, query, {"begins": in_utc, "id": int})
    people = {case.id: case for case in await Case.filter(id__in=[row.case_id for row in shown])} if shown else {}
    actor, documents = actors.Actor(call.principal), []
    await actors.record_reading(actor, list(people.values()))
    for row in shown:
        case = people[row.case_id]
        permitted = in_booking(platform, item, row, await actors.in_table(platform, case, actor))
        documents.append(appointment_document(platform, item, case, row, call.language, permitted=permitted))
    return reply(call, Page(documents, after).document())
