"""The standard's methods, each in both formats."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Parameter, Route
from banshi.sdk.http import ErrorFormat

from .requests import listing, submitting, updates
from .services import describing
from .services.describing import ROOT
from .wire import schemas
from .wire.arguments import FORM, MULTIPART
from .wire.errors import told
from .wire.formats import JSON, XML, Format

Handler = Callable[[Format, Call], Awaitable[web.StreamResponse]]

#: The verb that a client's key has to allow for the department of a service.
SCOPE = "open311"


def text(name: str, description: str, most: int = 200) -> Parameter:
    return Parameter(name=name, schema={"type": "string", "maxLength": most}, description=description)


#: What every method takes: `extensions` changes nothing, and reads need no key.
COMMON = (
    text("jurisdiction_id", "The city's; there is one, so it may be left out."),
    text("api_key", "Reads need none; a request has it in its form."),
    text("extensions", "Is taken, and changes nothing."),
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
    Parameter(name="status", schema=STATUSES, description="`open`, `closed`, or both with a comma."),
    text("updated_after", "Changed no earlier than this.", 40),
    text("updated_before", "Changed no later than this.", 40),
    Parameter(
        name="page",
        schema={"type": "integer", "minimum": 1, "maximum": 1000, "default": 1},
        description="Which page.",
    ),
    Parameter(
        name="page_size",
        schema={"type": "integer", "minimum": 1, "maximum": listing.MAX_ROWS, "default": listing.MAX_ROWS},
        description="Requests in a page.",
    ),
)

UNKNOWN = {404: Answer(description="What the address or an argument names doesn't exist.")}
REFUSED = {
    **UNKNOWN,
    403: Answer(description="api_key is missing, not valid, or not for this department."),
    429: Answer(description="The client has sent too many lately.", headers={"Retry-After": "Seconds."}),
    502: Answer(description="The department's service failed; nothing was stored."),
    504: Answer(description="The department's service took too long; nothing was stored."),
}


def both(
    method: Any,
    path: str,
    handler: Handler,
    operation: str,
    summary: str,
    answered: str,
    schema: Mapping[str, Any],
    *,
    parameters: tuple[Parameter, ...] = (),
    answers: Mapping[int, Answer] = UNKNOWN,
    **more: Any,
) -> Iterator[Route]:
    """A method's two routes."""
    for written, shape, wrong in ((XML, None, None), (JSON, schema, schemas.ERRORS)):
        good = Answer(description=answered, schema=shape, media_type=written.media_type)
        yield Route(
            method=method,
            path=f"{ROOT}/{path}.{written.name}",
            audience=Audience.ANYONE,
            handler=partial(handler, written),
            operation=f"open311_{operation}_{written.name}",
            summary=f"{summary} ({written.name.upper()})",
            tag="open311",
            parameters=(*COMMON, *parameters),
            answers={200: good, **answers},
            lenient=True,
            errors=ErrorFormat(media_type=written.media_type, schema=wrong, told=partial(told, written)),
            **more,
        )


ROUTES = (
    *both(
        "GET",
        "discovery",
        describing.discover,
        "discover",
        "Show where the endpoint is.",
        "The discovery document.",
        schemas.DISCOVERY,
        answers={},
    ),
    *both(
        "GET",
        "services",
        describing.list_services,
        "list_services",
        "List the services.",
        "All services.",
        schemas.SERVICES,
    ),
    *both(
        "GET",
        "services/{service_code}",
        describing.show_service,
        "show_service",
        "Show what a service asks.",
        "Its attributes.",
        schemas.DEFINITION,
    ),
    *both(
        "POST",
        "requests",
        submitting.submit,
        "submit_request",
        "Hand in a request for somebody.",
        "It is stored; this is its id.",
        schemas.RECEIPTS,
        answers=REFUSED,
        scope=SCOPE,
        raw_body={FORM: schemas.REQUEST_FORM, MULTIPART: schemas.REQUEST_FORM},
    ),
    *both(
        "GET",
        "requests",
        listing.list_requests,
        "list_requests",
        "List what became of requests.",
        "The requests, the newest first.",
        schemas.REQUESTS,
        parameters=SEARCH,
        from_replica=True,
    ),
    *both(
        "GET",
        "requests/{service_request_id}",
        listing.show_request,
        "show_request",
        "Show one request.",
        "A list of one.",
        schemas.REQUESTS,
    ),
    *both(
        "GET",
        "tokens/{token}",
        listing.show_token,
        "show_token",
        "Show the id of a token.",
        "A list of one.",
        schemas.TOKENS,
    ),
    *both(
        "GET",
        "servicerequestupdates",
        updates.list_updates,
        "list_updates",
        "List what happened to requests.",
        "The updates, the oldest first.",
        schemas.UPDATES,
        parameters=(NAMED, *TIMES),
        from_replica=True,
    ),
)
