"""What a department's staff do with services: read what one would offer in their name, and let it or not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, NotFound, Parameter, Update, reply
from banshi.sdk.documents import Record, optional
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, page_answer, page_of

from ..calls.sync import SERVICES
from ..models import RemoteService, ServiceVersion
from ..sentences import say
from . import lifecycle
from .representations import SERVICE_SCHEMA, service_document

ROUTES = Routes("staff")

#: The role that lets another system speak for the department.
ROLE = "administrator"

STATE = Parameter(
    "state",
    {"type": "string", "enum": ["waiting", "current", "superseded", "refused"], "default": "waiting"},
    "Versions in this state.",
)

DECISION = Record(
    reason=optional({"type": "string", "maxLength": 1000, "description": "The integrator reads it."})
).form()
ACTIONS = {"type": "string", "enum": ["approve", "refuse", "suspend", "resume", "retire"]}

VERSION = Answer("The service with that version.", SERVICE_SCHEMA)


@ROUTES.get(
    "/v1/service-approvals", Audience.STAFF, {200: page_answer(SERVICE_SCHEMA)}, parameters=(STATE, *PAGE_PARAMETERS)
)
async def list_service_approvals(call: Call) -> web.StreamResponse:
    """List services that wait for the department's approval.

    They are for the caller's departments, the oldest first.
    """
    mine = [role.department for role in call.principal.roles if role.name == ROLE and role.unit is None]
    found = {one.id: one for one in await RemoteService.filter(department__in=mine)} if mine else {}
    state = call.query.get("state", "waiting")
    if state == "waiting":
        # Of one that is retired nothing can be approved any more.
        found = {key: one for key, one in found.items() if one.state != "retired"}
    query = ServiceVersion.filter(service_id__in=list(found), state=state)
    rows, after = await page_of(call, query, {"id": UUID})
    documents = [service_document(call.platform, found[row.service_id], "staff", row) for row in rows]
    return reply(call, Page(documents, after).document())


@ROUTES.get("/v1/service-approvals/{id}", Audience.STAFF, {200: VERSION})
async def show_service_approval(call: Call) -> web.StreamResponse:
    """Show what a service would offer."""
    service, version = await _found(call)
    return reply(call, service_document(call.platform, service, "staff", version))


@ROUTES.post(
    "/v1/service-approvals/{id}/actions/{action}",
    Audience.STAFF,
    {200: VERSION},
    path_schemas={"action": ACTIONS},
    body=DECISION,
)
async def decide_on_service(call: Call) -> web.StreamResponse:
    """Approve or refuse a version of a service; suspend, resume or retire the service."""
    service, version = await _found(call)
    action, reason = call.path["action"], str(call.body.get("reason", "")).strip()
    if action in {"refuse", "suspend", "retire"} and not reason:
        raise InvalidFields([FieldProblem("/reason", say("Say why: the integrator reads it."), "required")])
    if action in {"approve", "refuse"}:
        updates = _decided(call, service, version, action, reason)
    else:
        updates = [lifecycle.turned(service, action, "staff", call.now, reason)]
    await lifecycle.commit(call, service, action, version.number, updates)
    await call.platform[SERVICES].look()
    await service.refresh_from_db()
    await version.refresh_from_db()
    return reply(call, service_document(call.platform, service, "staff", version))


def _decided(call: Call, service: RemoteService, version: ServiceVersion, action: str, reason: str) -> list[Update]:
    """What an approval or a refusal writes. Raises Conflict for a version that doesn't wait for one."""
    if version.state != "waiting" or service.state == "retired":
        told = say(
            "This version is {state}, its service {state2}; only one that waits is decided on.",
            state=version.state,
            state2=service.state,
        )
        raise Conflict(told, state=version.state, permitted_actions=[])
    decided: dict[str, Any] = {"decided_at": call.now, "decided_by": call.principal.subject}
    if action == "refuse":
        return [
            lifecycle.changed(service, call.now, reason=reason),
            lifecycle.version_becomes(version, "refused", **decided),
        ]
    state = "running" if service.state == "new" else service.state
    return [
        lifecycle.changed(service, call.now, state=state, current=version.number, reason=""),
        lifecycle.superseded(service),
        lifecycle.version_becomes(version, "current", **decided),
    ]


async def _found(call: Call) -> tuple[RemoteService, ServiceVersion]:
    """The version of the path and its service. Raises NotFound for another department's, as if it did not exist."""
    version = await ServiceVersion.get_or_none(id=call.path["id"])
    service = await RemoteService.get_or_none(id=version.service_id) if version else None
    if version is None or service is None or not call.principal.may(ROLE, service.department, ""):
        raise NotFound(say("There is no such service in a department where you are {role}.", role=ROLE))
    return service, version
