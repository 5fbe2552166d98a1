"""What a service may read of the cases of its own items: a case as staff see it, and the files that belong to it."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from banshi import Answer, Audience, Call, Case, Forbidden, Item, NotFound, Principal, Role
from banshi.sdk.cases import Actor, find_case, send_attachment, show_case
from banshi.sdk.http import Routes, ref

from ..declared import owner_of
from ..models import RemoteService
from ..registration.declaration import SCOPE, SLUG
from ..registration.lifecycle import may_act
from ..sentences import say

ROUTES = Routes("services", scope=SCOPE)


@ROUTES.get(
    "/v1/services/{code}/cases/{id}",
    Audience.INTEGRATOR,
    {200: Answer("The case, as staff see it.", ref("Case"))},
    path_schemas={"code": SLUG},
)
async def show_service_case(call: Call) -> web.StreamResponse:
    """Show a case of one of the service's items."""
    return await show_case(await _as_staff(call, call.path["id"]))


@ROUTES.get(
    "/v1/services/{code}/cases/{id}/files/{file}",
    Audience.INTEGRATOR,
    {200: Answer("The file's bytes.", media_type="*/*")},
    path_schemas={"code": SLUG, "file": {"type": "string", "format": "uuid"}},
)
async def read_service_file(call: Call) -> web.StreamResponse:
    """Read a file of a case of the service's."""
    as_staff = await _as_staff(call, call.path["id"])
    return await send_attachment(replace(as_staff, path={"id": call.path["file"], "case": call.path["id"]}))


async def _as_staff(call: Call, case_id: str) -> Call:
    """The call as a member of the department's staff would make it. Raises NotFound for a case of other items."""
    service = await RemoteService.get_or_none(code=call.path["code"], client=call.client.id)
    if service is None or service.state == "new":
        raise NotFound(
            say("The client has no running service of that code; look for it in the list of services."),
            see="/v1/services",
        )
    if not may_act(service):
        raise Forbidden(say("The service is {state}; it reads no cases.", state=service.state), state=service.state)
    if not call.client.may(SCOPE, service.department):
        raise Forbidden(
            say("The token does not allow {scope}:{department}.", scope=SCOPE, department=service.department)
        )
    reader = Principal(subject=f"client:{service.client}", roles=(Role("reviewer", service.department),))
    case = await find_case(case_id, Actor(reader))
    own_item(call, service, case)
    return replace(call, caller=reader)


def own_item(call: Call, service: RemoteService, case: Case) -> Item:
    """The item of a case of the service's. Raises NotFound for any other case, as if it did not exist."""
    item = call.platform.registry.items.of(case.item, case.item_version)
    if item is None or item.plugin != owner_of(service.code):
        raise NotFound(say("There is no such case of an item of this service."))
    return item
