"""POST requests: a program hands in for somebody who is not signed in here.

The case is the client's; who it is for is kept beside it, for its staff alone. What comes again within a day is the
same request, so that a client whose answer got lost may simply send it again.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import orjson
from aiohttp import web
from tortoise.exceptions import IntegrityError

from banshi import Answer, Call, Case, InvalidFields, Principal, Problem, Write, text_in
from banshi.sdk.cases import PreparedCase, prepare_case
from banshi.sdk.http import caller_of

from ..models import ServiceRequest
from ..sentences import say
from ..services.catalogue import Service
from ..services.service import ENDPOINT
from ..wire import schemas
from ..wire.arguments import FORM, MULTIPART, Arguments, read_arguments
from ..wire.errors import NO_SERVICE, BadRequest, KeyRefused, Unknown
from ..wire.formats import Format, answer
from ..wire.methods import UNKNOWN, Methods
from .reporting import Report, answers_of, problem_lines, read_report

ROUTES = Methods("open311")

#: The verb that a client's key has to allow for the department of a service.
SCOPE = "open311"

REFUSED = {
    **UNKNOWN,
    403: Answer("api_key is missing, not valid, or not for this department."),
    429: Answer("The client has sent too many lately.", headers={"Retry-After": "Seconds."}),
    502: Answer("The department's service failed; nothing was stored."),
    504: Answer("The department's service took too long; nothing was stored."),
}

#: For so long the same is the same request.
REPEATED_WITHIN = timedelta(hours=24)

NOTICE = say("It is answered by {day} at the latest, not counting the time for questions.")


@ROUTES.both(
    "POST",
    "requests",
    "It is stored; this is its id.",
    schemas.RECEIPTS,
    answers=REFUSED,
    scope=SCOPE,
    raw_body={FORM: schemas.REQUEST_FORM, MULTIPART: schemas.REQUEST_FORM},
)
async def submit_request(written: Format, call: Call) -> web.StreamResponse:
    """Hand in a request for somebody.

    Its id is the number of its case.
    """
    office, arguments = call.platform[ENDPOINT], await read_arguments(call)
    principal = await _client(call, arguments)
    office.jurisdiction(arguments.text("jurisdiction_id", 200))
    assert principal.client is not None  # noqa: S101 - _client has seen to it
    await office.pace(principal.client.id)
    code = arguments.text("service_code", 64)
    if not code:
        arguments.fault("service_code", say("say which; services lists them all."))
        raise BadRequest(arguments.faults)
    service = office.service(code)
    if not principal.client.may(call.route.scope, service.department):
        raise KeyRefused(say("This api_key may not send requests to {department}.", department=service.department))
    report, fingerprint = read_report(arguments), _fingerprint(call, principal, arguments)
    number = await _sent_before(call, fingerprint)
    if number is None:
        number = await _handed_in(call, principal, service, report, arguments, fingerprint)
    case = await Case.get(number=number)
    day = case.due_on.isoformat() if case.due_on else None
    notice = text_in(NOTICE, call.language).format(day=day) if day else None
    made = {"service_request_id": number, "service_notice": notice}
    return answer(call, written, "service_requests", [{**made, "account_id": report.contact.get("account_id")}])


async def _client(call: Call, arguments: Arguments) -> Principal:
    """The program that the key belongs to. Raises KeyRefused, the same for every key that is none."""
    key = arguments.text("api_key", 200)
    try:
        principal = await caller_of(call.platform, key)
    except Problem as problem:
        if problem.status != 401:
            raise
        principal = None
    if principal is None or principal.client is None:
        raise KeyRefused(say("api_key is missing, or it is not valid."))
    if not principal.client.may_somewhere(call.route.scope):
        raise KeyRefused(say("This api_key may not send requests."))
    return principal


def _fingerprint(call: Call, principal: Principal, arguments: Arguments) -> str:
    """The client's mode is part of it: what was made up while it was tried out is no answer to what is real now."""
    said = sorted((name, values) for name, values in arguments.values.items() if name != "api_key")
    mode = principal.client.mode if principal.client else ""
    # As the bytes that came: a header need not be text.
    key = call.request.headers.get("Idempotency-Key", "").encode(errors="surrogateescape")
    return hashlib.sha256(orjson.dumps([principal.subject, mode, said]) + key).hexdigest()


async def _sent_before(call: Call, fingerprint: str) -> str | None:
    """The number of the case that the same has made already."""
    same = ServiceRequest.filter(fingerprint=fingerprint, requested_at__gt=call.now - REPEATED_WITHIN)
    found: list[Any] = await same.order_by("-requested_at").limit(1).values_list("case__number", flat=True)
    return str(found[0]) if found else None


async def _handed_in(
    call: Call, principal: Principal, service: Service, report: Report, arguments: Arguments, fingerprint: str
) -> str:
    """Everything that is wrong at once, as BadRequest; otherwise the number of the new case."""
    platform = call.platform
    item = platform.registry.items.get(service.code)
    if item is None:
        # It has gone since the request began.
        raise Unknown(NO_SERVICE)
    answers = answers_of(service, report, arguments, platform.settings.timezone)
    if arguments.faults:
        at = platform.city_time()
        found = item.form.problems(answers, call.language, at=at) if item.form is not None else ()
        raise BadRequest(list(dict.fromkeys([*arguments.faults, *problem_lines(service, found, call.language)])))
    try:
        prepared = await prepare_case(platform, item, principal, {"answers": answers}, call.language)
    except InvalidFields as error:
        raise BadRequest(problem_lines(service, error.problems, call.language, "/answers")) from None
    row = _row(call, principal, service, report, fingerprint, prepared)
    try:
        await platform.store.commit(Write(updates=prepared.updates, rows=[*prepared.rows, row]))
    except IntegrityError:
        # The same came twice in one moment: the other one was first.
        number = await _sent_before(call, fingerprint)
        if number is None:
            raise
        return number
    return prepared.case.number


def _row(
    call: Call, principal: Principal, service: Service, report: Report, fingerprint: str, prepared: PreparedCase
) -> ServiceRequest:
    return ServiceRequest(
        case_id=prepared.case.id,
        service_code=service.code,
        client=principal.subject.partition(":")[2],
        requested_at=prepared.case.created_at,
        fingerprint=fingerprint,
        day=call.platform.today(),
        **asdict(report),
    )
