"""The description's route."""

from __future__ import annotations

from aiohttp import web

from banshi.builtin.openapi.served import DESCRIPTION
from banshi.foundation.errors import InvalidParameter
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Parameter
from banshi.kernel.http.responses import JSON, reply_bytes

ROUTES = Routes("operations")


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
        raise InvalidParameter("There is no such department; GET /v1/departments lists them.", parameter="department")
    written = await call.platform[DESCRIPTION].get(department)
    headers = {"Access-Control-Allow-Origin": "*", "Content-Length": str(written.size)}
    return reply_bytes(call, written.pieces(), JSON, written.etag, headers)
