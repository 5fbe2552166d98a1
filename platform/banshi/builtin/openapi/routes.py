"""Where a newcomer begins: the address of the API itself, and its description."""

from __future__ import annotations

from aiohttp import web

from banshi.builtin.openapi.schemas.items import NO_DEPARTMENT
from banshi.builtin.openapi.served import DESCRIPTION
from banshi.foundation.errors import InvalidParameter
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Parameter
from banshi.kernel.http.document_schemas import LINKS, Record
from banshi.kernel.http.responses import JSON, reply, reply_bytes

ROUTES = Routes("operations")

#: What to read first, where a plugin has it, by its name and its relation to the API (RFC 8631).
FIRST = {
    "/docs": ("docs", "service-doc"),
    "/openapi.json": ("description", "service-desc"),
    "/v1/departments": ("departments", "collection"),
    "/v1/items": ("items", "collection"),
    "/v1/help": ("help", "help"),
}


@ROUTES.get("/", Audience.ANYONE, {200: Answer("Addresses.", Record(links=LINKS))})
async def start(call: Call) -> web.StreamResponse:
    """Begin here: the addresses of the API's pages, its description and its items."""
    there = {route.path for _, route in call.platform.registry.routes}
    found = {path: named for path, named in FIRST.items() if path in there}
    relations = ", ".join(f'<{path}>; rel="{relation}"' for path, (_, relation) in found.items())
    return reply(call, {"links": {name: path for path, (name, _) in found.items()}}, headers={"Link": relations})


@ROUTES.get(
    "/openapi.json",
    Audience.ANYONE,
    {200: Answer("OpenAPI 3.1.", {"type": "object"})},
    parameters=(
        Parameter(
            "department",
            {"type": "string", "minLength": 1, "maxLength": 64},
            "Only this department's items; a large city's whole description has tens of megabytes.",
        ),
    ),
)
async def openapi(call: Call) -> web.StreamResponse:
    """Describe this API.

    It has the items of all departments or of one.
    """
    department = call.query.get("department")
    if department is not None and department not in call.platform.registry.departments:
        raise InvalidParameter(NO_DEPARTMENT, see="/v1/departments", parameter="department")
    written = await call.platform[DESCRIPTION].get(department)
    headers = {"Access-Control-Allow-Origin": "*", "Content-Length": str(written.size)}
    return reply_bytes(call, written.pieces(), JSON, written.etag, headers)
