"""The description's route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from banshi.builtin.openapi.served import DESCRIPTION
from banshi.foundation.errors import InvalidParameter
from banshi.kernel.contract.routes import Answer, Audience, Call, Parameter, Route
from banshi.kernel.http.responses import JSON, reply_bytes

if TYPE_CHECKING:
    from aiohttp import web


async def openapi(call: Call) -> web.StreamResponse:
    """The description of this API, with the items of all departments or of one."""
    department = call.query.get("department")
    if department is not None and department not in call.platform.registry.departments:
        raise InvalidParameter("There is no such department; GET /v1/departments lists them.", parameter="department")
    written = await call.platform[DESCRIPTION].get(department)
    headers = {"Access-Control-Allow-Origin": "*", "Content-Length": str(written.size)}
    return reply_bytes(call, written.pieces(), JSON, written.etag, headers)


ROUTES = (
    Route(
        method="GET",
        path="/openapi.json",
        audience=Audience.ANYONE,
        handler=openapi,
        operation="openapi",
        summary="Describe this API.",
        tag="operations",
        parameters=(
            Parameter(
                name="department",
                schema={"type": "string", "minLength": 1, "maxLength": 64},
                description="Only this department's items; a large city's whole description has tens of megabytes.",
            ),
        ),
        answers={200: Answer(description="OpenAPI 3.1.", schema={"type": "object"})},
    ),
)
