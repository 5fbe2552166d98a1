"""What an integrator does with a service: register it, prove it, give it a new version, stop it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, NotFound, reply
from banshi.sdk.documents import Record, optional
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, page_answer, page_of
from banshi.sdk.outgoing import SEAL, new_secret

from ..calls.sync import SERVICES
from ..models import FailedCall, RemoteService, ServiceVersion
from ..sentences import say
from . import declaration, lifecycle
from .proving import prove
from .representations import FAILED_CALL, SERVICE_SCHEMA, service_document

ROUTES = Routes("services", scope=declaration.SCOPE)

#: How many times its services a client may have retired before they ever ran.
MAX_TIMES_RETIRED = 5

#: Days for which the secret before may stay good at most.
MAX_OVERLAP_DAYS = 90

#: What an action may have; `rotate` alone takes any.
ACTION = Record(
    secret=optional({"type": "string", "maxLength": 120, "description": "For `rotate`: one of your own making."}),
    overlap_days=optional(
        {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_OVERLAP_DAYS,
            "description": "For `rotate`: days for which the secret before is still good.",
        }
    ),
).form()
ACTIONS = {"type": "string", "enum": ["prove", "rotate", "suspend", "resume", "retire"]}

SERVICE = Answer("The service, with its newest version.", SERVICE_SCHEMA)


@ROUTES.post(
    "/v1/services",
    Audience.INTEGRATOR,
    {
        201: Answer("It is kept.", SERVICE_SCHEMA, headers={"Location": "The service."}),
        409: Answer("Its code or an item's is taken, or the client has too many."),
    },
    body=declaration.NEW_SERVICE,
)
async def register_service(call: Call) -> web.StreamResponse:
    """Register a service that offers items.

    Its secret is shown once. Nothing of it is offered before staff approve it.
    """
    services, body, client = call.platform[SERVICES], call.body, call.client
    department = declaration.allowed_department(call, body["department"])
    secret = declaration.given_secret(body["secret"]) if "secret" in body else new_secret()
    if await RemoteService.filter(code=body["code"]).exists():
        raise Conflict(say("There is a service of the code {value!r} already; take another one.", value=body["code"]))
    await _within_limits(call)
    endpoint, items = await declaration.read_declaration(call, services, body["code"], department)
    service = RemoteService(
        code=body["code"],
        department=department.code,
        client=client.id,
        client_name=client.name,
        state="new",
        secret=call.platform[SEAL].sealed(secret),
        created_at=call.now,
        updated_at=call.now,
    )
    version = _version(call, service, 1, endpoint)
    updates, codes = await declaration.new_codes(call, service.id, items)
    await lifecycle.commit(call, service, "register", version.number, updates, [service, version, *codes])
    document = service_document(call.platform, service, "client", version)
    if "secret" not in body:
        document["secret"] = secret
    return reply(call, document, status=201, headers={"Location": f"/v1/services/{service.code}"})


async def _within_limits(call: Call) -> None:
    """Raises Conflict for a client that has too many services, or has had too many that came to nothing."""
    most, client = call.platform[SERVICES].settings.services, call.client
    if await RemoteService.filter(client=client.id, state__not="retired").count() >= most:
        raise Conflict(
            say("The client has {most} services already; retire one, or ask the operator for more.", most=most)
        )
    if await RemoteService.filter(client=client.id, state="retired", current=0).count() >= most * MAX_TIMES_RETIRED:
        raise Conflict(
            say(
                "{value} services of the client never ran; ask the operator for another client.",
                value=most * MAX_TIMES_RETIRED,
            )
        )


@ROUTES.put(
    "/v1/services/{code}",
    Audience.INTEGRATOR,
    {200: SERVICE, 409: Answer("The service is retired, or an item's code is taken.")},
    path_schemas={"code": declaration.SLUG},
    body=declaration.NEW_VERSION,
)
async def give_service_version(call: Call) -> web.StreamResponse:
    """Register a new version; the one that runs goes on until this one is approved.

    After that the old one goes on for its own cases.
    """
    services, body = call.platform[SERVICES], call.body
    service = await _own(call)
    if service.state == "retired":
        raise Conflict(say("The service is retired; register another one."), state=service.state)
    department = declaration.allowed_department(call, service.department)
    endpoint, items = await declaration.read_declaration(call, services, service.code, department)
    approved = ServiceVersion.filter(service_id=service.id, state__in=["current", "superseded"]).order_by("-number")
    before: Any = await approved.values_list("items", flat=True)
    if wrong := declaration.raised_versions(before, body["items"]):
        raise InvalidFields(wrong)
    version = _version(call, service, service.newest + 1, endpoint)
    taken, codes = await declaration.new_codes(call, service.id, items)
    updates = [lifecycle.changed(service, call.now, newest=version.number), lifecycle.replaced(service), *taken]
    await lifecycle.commit(call, service, "register", version.number, updates, [version, *codes])
    await service.refresh_from_db()
    return reply(call, service_document(call.platform, service, "client", version))


def _version(call: Call, service: RemoteService, number: int, endpoint: str) -> ServiceVersion:
    version = ServiceVersion(service_id=service.id, number=number, state="registered", endpoint=endpoint)
    version.mode, version.team = call.client.mode, sorted(call.client.team)
    version.calls = sorted(call.body.get("calls", ["review"]))
    version.items, version.registers = call.body["items"], call.body.get("registers", [])
    version.created_at = call.now
    return version


def _code(cursor: str) -> str:
    """A text with a NUL is no code, and PostgreSQL would not even compare it."""
    if not cursor.isprintable():
        raise ValueError(cursor)
    return cursor


@ROUTES.get("/v1/services", Audience.INTEGRATOR, {200: page_answer(SERVICE_SCHEMA)}, parameters=PAGE_PARAMETERS)
async def list_services(call: Call) -> web.StreamResponse:
    """List the client's services.

    They are in the order of their codes.
    """
    rows, after = await page_of(call, RemoteService.filter(client=call.client.id), {"code": _code})
    return reply(call, Page([service_document(call.platform, one, "client") for one in rows], after).document())


@ROUTES.get("/v1/services/{code}", Audience.INTEGRATOR, {200: SERVICE}, path_schemas={"code": declaration.SLUG})
async def show_service(call: Call) -> web.StreamResponse:
    """Show a service of the client's.

    It is shown with its newest version.
    """
    service = await _own(call)
    return reply(call, service_document(call.platform, service, "client", await _newest(service)))


@ROUTES.get(
    "/v1/services/{code}/calls",
    Audience.INTEGRATOR,
    {200: page_answer(FAILED_CALL)},
    parameters=PAGE_PARAMETERS,
    path_schemas={"code": declaration.SLUG},
)
async def list_service_calls(call: Call) -> web.StreamResponse:
    """List the calls of the last week that a service failed, and why.

    The newest comes first.
    """
    service = await _own(call)
    rows, after = await page_of(call, FailedCall.filter(service_id=service.id), {"-id": int})
    return reply(call, Page([FAILED_CALL.of(call.platform, row) for row in rows], after).document())


@ROUTES.post(
    "/v1/services/{code}/actions/{action}",
    Audience.INTEGRATOR,
    {200: SERVICE},
    path_schemas={"code": declaration.SLUG, "action": ACTIONS},
    body=ACTION,
)
async def act_on_service(call: Call) -> web.StreamResponse:
    """Prove a service's endpoint, change its secret, suspend, resume or retire it."""
    service, action = await _own(call), call.path["action"]
    declaration.allowed_department(call, service.department)
    if call.body and action != "rotate":
        raise InvalidFields([FieldProblem("", say("{action} takes no fields.", action=action), "unexpected")])
    shown = ""
    if action in {"prove", "rotate"} and service.state == "retired":
        raise Conflict(say("The service is retired; register another one."), state=service.state)
    if action == "prove":
        await _prove(call, service)
    elif action == "rotate":
        shown = await _rotate(call, service)
    else:
        update = lifecycle.turned(service, action, "client", call.now)
        await lifecycle.commit(call, service, action, service.current, [update])
    await call.platform[SERVICES].look()
    await service.refresh_from_db()
    document = service_document(call.platform, service, "client", await _newest(service))
    if shown:
        document["secret"] = shown
    return reply(call, document)


async def _prove(call: Call, service: RemoteService) -> None:
    """Challenge the endpoint of the newest version; from then on it waits for the department's staff."""
    version = await _newest(service)
    if version.state != "registered":
        raise Conflict(
            say(
                "Version {number} is {state}; only a registered one is proven.",
                number=version.number,
                state=version.state,
            )
        )
    await prove(call.platform[SERVICES].line(service, version))
    proven = lifecycle.version_becomes(version, "waiting", proven_at=call.now)
    await lifecycle.commit(call, service, "prove", version.number, [lifecycle.changed(service, call.now), proven])


async def _rotate(call: Call, service: RemoteService) -> str:
    """A new secret; the one before stays good for a while. Gives what is shown once, "" for one that was brought."""
    services, body = call.platform[SERVICES], call.body
    brought = declaration.given_secret(body["secret"]) if "secret" in body else ""
    secret = brought or new_secret()
    days = body.get("overlap_days", services.settings.overlap_days)
    update = lifecycle.changed(
        service,
        call.now,
        secret=call.platform[SEAL].sealed(secret),
        secret_before=service.secret if days else "",
        before_ends_at=call.now + timedelta(days=days) if days else None,
    )
    await lifecycle.commit(call, service, "rotate", service.current, [update])
    return "" if brought else secret


async def _own(call: Call) -> RemoteService:
    """The service of the path. Raises NotFound for another client's, as if it did not exist."""
    service = await RemoteService.get_or_none(code=call.path["code"], client=call.client.id)
    if service is None:
        raise NotFound(
            say("The client has no service of that code; look for it in the list of services."), see="/v1/services"
        )
    return service


async def _newest(service: RemoteService) -> ServiceVersion:
    return await ServiceVersion.get(service_id=service.id, number=service.newest)
