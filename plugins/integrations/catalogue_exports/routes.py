"""Four reads for anyone: the catalogue and one item as CPSV-AP, the national item list as JSON and as a table."""

from __future__ import annotations

from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, NotFound, Parameter
from banshi.sdk.documents import array
from banshi.sdk.http import Routes, etag_of, reply_bytes

from . import cpsv_ap
from .context import PROFILE
from .exports import EXPORTS, Form, as_cpsv_ap, as_json, as_table
from .item_list import FIELDS, LANGUAGE, REQUIRED, members
from .sentences import say
from .shared import WHOLE

ROUTES = Routes("exports")

JSON_LD = "application/ld+json"

#: Both languages are in every document, whichever is asked for. Any page may read it.
LINKED = {"Access-Control-Allow-Origin": "*", "Content-Language": "zh-CN, en", "Link": f'<{PROFILE}>; rel="profile"'}
LISTED = {"Access-Control-Allow-Origin": "*", "Content-Language": LANGUAGE}

#: What the document says of both JSON-LD answers.
LINKED_SCHEMA = {
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {"@context": {"type": "object"}, "@graph": array({"type": "object"})},
}
LIST_SCHEMA = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": array({**members(FIELDS), "required": REQUIRED})},
}
DEPARTMENT = Parameter("department", {"type": "string", "maxLength": 64}, "A department's code: its items alone.")


@ROUTES.get(WHOLE, Audience.ANYONE, {200: Answer("JSON-LD.", LINKED_SCHEMA, media_type=JSON_LD)})
async def export_cpsv_ap(call: Call) -> web.StreamResponse:
    """Read the whole catalogue as CPSV-AP 3.2."""
    return await _written(call, as_cpsv_ap, JSON_LD, LINKED)


@ROUTES.get(
    "/v1/exports/cpsv-ap/{code}.jsonld", Audience.ANYONE, {200: Answer("JSON-LD.", LINKED_SCHEMA, media_type=JSON_LD)}
)
async def export_item_as_cpsv_ap(call: Call) -> web.StreamResponse:
    """Read one item as CPSV-AP 3.2."""
    item = call.platform.registry.items.get(call.path["code"])
    if item is None or item.mode != "live":
        raise NotFound(say("There is no such item; look for it in the list of items."), see="/v1/items")
    body = cpsv_ap.one(call.platform, call.platform[EXPORTS].get().settings, item)
    return reply_bytes(call, body, JSON_LD, etag_of(body), LINKED)


@ROUTES.get(
    "/v1/exports/item-list.json",
    Audience.ANYONE,
    {200: Answer("The items, by department and code.", LIST_SCHEMA)},
    parameters=(DEPARTMENT,),
)
async def export_item_list(call: Call) -> web.StreamResponse:
    """Read the fields of the national item list."""
    return await _written(call, as_json, "application/json", LISTED)


@ROUTES.get(
    "/v1/exports/item-list.csv",
    Audience.ANYONE,
    {200: Answer("UTF-8 with a byte order mark, for spreadsheets.", media_type="text/csv")},
    parameters=(DEPARTMENT,),
)
async def export_item_list_as_table(call: Call) -> web.StreamResponse:
    """Read the fields of the national item list as a table."""
    named = {**LISTED, "Content-Disposition": 'attachment; filename="item-list.csv"'}
    return await _written(call, as_table, "text/csv; charset=utf-8; header=present", named)


async def _written(call: Call, form: Form, media_type: str, headers: dict[str, str]) -> web.StreamResponse:
    """All of it, or of a list what a department has."""
    department = call.query.get("department")
    if department is not None and department not in call.platform.registry.departments:
        raise InvalidParameter(
            say("There is no such department; look for it in the list of departments."),
            see="/v1/departments",
            parameter="department",
        )
    written = await call.platform[EXPORTS].get().get(form, department).get()
    sized = {**headers, "Content-Length": str(written.size)}
    return reply_bytes(call, written.pieces(), media_type, written.etag, sized)
