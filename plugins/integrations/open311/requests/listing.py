"""GET requests: what became of requests, for anyone.

Only what came in through Open311 is listed. Who reported it is in none of it. What is written, and where it is, is
there only if the settings say so, once a person has read it, and not if it has somebody's number in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from aiohttp import web
from tortoise.queryset import QuerySet

from banshi import Call, Parameter, text_in
from banshi.sdk.cases import personal_in

from ..models import ServiceRequest
from ..sentences import say
from ..services.service import Endpoint, endpoint_for
from ..wire import schemas
from ..wire.errors import Unknown, bad
from ..wire.formats import Format, answer
from ..wire.methods import Methods, text
from .wording import CLOSED, LOOKED_AT, note_of, status_of

ROUTES = Methods("open311")

#: The standard's own limits: days that a search spans, and requests in an answer.
MAX_SPAN, MAX_ROWS = timedelta(days=90), 1000

#: Requests that can be named at once.
MAX_NUMBERS = 100

#: What is read of each: no answers and no contact.
COLUMNS = (
    *("service_code", "requested_at", "address", "address_id", "latitude", "longitude", "description", "media_url"),
    *("case__number", "case__state", "case__department", "case__due_on", "case__updated_at"),
)


NAMED = text("service_request_id", "Ids with commas between them; with it, no other argument counts.", 2000)
TIMES = (
    text("start_date", "The earliest, as 2026-01-01T00:00:00Z; without both, the last 90 days.", 40),
    text("end_date", "The latest; both span 90 days at most.", 40),
)
STATUSES = {"type": "string", "pattern": "^((open|closed)(,(open|closed))*)?$", "maxLength": 200}
SEARCH = (
    NAMED,
    text("service_code", "Codes with commas between them.", 2000),
    *TIMES,
    Parameter("status", STATUSES, "`open`, `closed`, or both with a comma."),
    text("updated_after", "Changed no earlier than this.", 40),
    text("updated_before", "Changed no later than this.", 40),
    Parameter("page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1}, "Which page."),
    Parameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": MAX_ROWS}, "Requests in a page."
    ),
)

#: What is found without its id: what a test client made up is not, nor what a team tries out.
REAL = {"case__mode": "live"}


@ROUTES.both(
    "GET", "requests", "The requests, the newest first.", schemas.REQUESTS, parameters=SEARCH, from_replica=True
)
async def list_requests(written: Format, call: Call) -> web.StreamResponse:
    """List what became of requests."""
    office = endpoint_for(call)
    query = offered(office)
    if named := call.query.get("service_request_id"):
        query = query.filter(case__number__in=numbers_in(named, call.language))
    else:
        begin, end = span(call)
        query = _narrowed(call, office, query.filter(requested_at__gte=begin, requested_at__lte=end, **REAL))
    size = call.query.get("page_size", MAX_ROWS)
    query = query.order_by("-requested_at", "-id").offset((call.query.get("page", 1) - 1) * size).limit(size)
    rows = await query.values(*COLUMNS)
    # One that has gone while they were read is no service any more.
    present = [row for row in rows if row["service_code"] in office.services]
    return answer(call, written, "service_requests", [request_document(call, office, row) for row in present])


@ROUTES.both("GET", "requests/{service_request_id}", "A list of one.", schemas.REQUESTS)
async def show_request(written: Format, call: Call) -> web.StreamResponse:
    """Show one request."""
    office = endpoint_for(call)
    row = await found(call, office, call.path["service_request_id"])
    return answer(call, written, "service_requests", [request_document(call, office, row)])


@ROUTES.both("GET", "tokens/{token}", "A list of one.", schemas.TOKENS)
async def show_token(written: Format, call: Call) -> web.StreamResponse:
    """Show the id of a token.

    Ids are given at once, so a request's id is its token too.
    """
    row = await found(call, endpoint_for(call), call.path["token"])
    number = row["case__number"]
    return answer(call, written, "service_requests", [{"service_request_id": number, "token": number}])


async def found(call: Call, office: Endpoint, number: str) -> Mapping[str, Any]:
    """The request of a number. Raises Unknown."""
    numbers = numbers_in(number, call.language)
    rows = await offered(office).filter(case__number__in=numbers).values(*COLUMNS)
    if len(rows) != 1 or rows[0]["service_code"] not in office.services:
        raise Unknown(say("service_request_id was not found."))
    return dict(rows[0])


def offered(office: Endpoint) -> QuerySet[ServiceRequest]:
    """The requests of all present services."""
    return ServiceRequest.filter(service_code__in=list(office.services))


#: An id as it can be: a case's number.
NUMBER = re.compile(r"[0-9A-Z-]{1,24}")


def numbers_in(text: str, language: str) -> list[str]:
    """The ids that a list with commas names. Raises BadRequest for too many."""
    numbers = [one.strip().upper() for one in text.split(",") if one.strip()]
    if len(numbers) > MAX_NUMBERS:
        raise bad(language, say("service_request_id: name at most {most} at once.", most=MAX_NUMBERS))
    # What can be no number names no request, and no column would take it.
    return [one for one in numbers if NUMBER.fullmatch(one)]


def _narrowed(call: Call, office: Endpoint, query: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    if codes := call.query.get("service_code"):
        query = query.filter(service_code__in=[office.service(one.strip()).code for one in codes.split(",")])
    wanted = set(call.query.get("status", "").split(",")) & {"open", "closed"}
    if wanted == {"closed"}:
        query = query.filter(case__state__in=CLOSED)
    elif wanted == {"open"}:
        query = query.filter(case__state__not_in=CLOSED)
    for name, lookup in (("updated_after", "case__updated_at__gte"), ("updated_before", "case__updated_at__lte")):
        if at := moment(call, name):
            query = query.filter(**{lookup: at})
    return query


def moment(call: Call, name: str) -> datetime | None:
    """The time that a parameter names, in UTC; one without an offset is the city's. Raises BadRequest."""
    text = call.query.get(name)
    if text is None:
        return None
    try:
        # In a query, the plus sign of an offset arrives as a space unless it was encoded.
        at = datetime.fromisoformat(text.strip().replace(" ", "+" if "T" in text else " "))
        return (at if at.tzinfo else at.replace(tzinfo=call.platform.settings.timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad(call.language, say("{name}: write it as 2026-01-01T00:00:00Z.", name=name)) from None


def span(call: Call) -> tuple[datetime, datetime]:
    """The times that a search is about, 90 days at most; without any, the last 90. Raises BadRequest."""
    begin, end = moment(call, "start_date"), moment(call, "end_date")
    try:
        if begin is None:
            end = end or call.now
            begin = end - MAX_SPAN
        end = end or begin + MAX_SPAN
    except OverflowError:
        begin = end = datetime.max.replace(tzinfo=UTC)
    if end - begin > MAX_SPAN:
        raise bad(call.language, say("start_date and end_date: they may span 90 days at most."))
    return begin, end


def request_document(call: Call, office: Endpoint, row: Mapping[str, Any]) -> dict[str, Any]:
    """A request as anybody reads it."""
    registry, zone, language = call.platform.registry, call.platform.settings.timezone, call.language
    state, service = row["case__state"], office.services[row["service_code"]]
    department = registry.departments.get(row["case__department"])
    public: frozenset[str] = service.public if state in LOOKED_AT else frozenset()
    position = (row["latitude"], row["longitude"])
    is_shown = "position" in public and None not in position
    latitude, longitude = (round(one, office.settings.decimals) if is_shown else None for one in position)
    due = row["case__due_on"]
    return {
        "service_request_id": row["case__number"],
        "status": status_of(state),
        "status_notes": note_of(state, language),
        "service_name": text_in(service.title, language),
        "service_code": service.code,
        "description": _text(row, "description", public),
        "agency_responsible": text_in(department.title, language) if department else None,
        "service_notice": None,
        "requested_datetime": iso(row["requested_at"], zone),
        "updated_datetime": iso(row["case__updated_at"], zone),
        "expected_datetime": iso(datetime.combine(due, time(23, 59, 59), zone), zone) if due else None,
        "address": _text(row, "address", public),
        "address_id": _text(row, "address_id", public, of="address"),
        "zipcode": None,
        "lat": latitude,
        "long": longitude,
        "media_url": row["media_url"] or None if "media_url" in public else None,
    }


def _text(row: Mapping[str, Any], name: str, public: frozenset[str], *, of: str = "") -> str | None:
    """A text that is public, as what it is a part `of` is, unless somebody's number stands in it."""
    text = str(row[name])
    return text if text and (of or name) in public and not personal_in(text) else None


def iso(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
