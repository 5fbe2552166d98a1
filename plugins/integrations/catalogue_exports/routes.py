"""Four reads for anyone: the catalogue and one item as CPSV-AP, the national item list as JSON and as a table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from banshi import Answer, Audience, Call, InvalidParameter, NotFound, Parameter, Route
from banshi.sdk.documents import array
from banshi.sdk.http import etag_of, reply_bytes

from . import cpsv_ap
from .context import PROFILE
from .exports import EXPORTS, ItemList, Part
from .item_list import FIELDS, LANGUAGE, REQUIRED
from .shared import WHOLE

if TYPE_CHECKING:
    from aiohttp import web

JSON_LD = "application/ld+json"

#: Both languages are in every document, whichever is asked for. Any page may read it.
LINKED = {
    "Access-Control-Allow-Origin": "*",
    "Content-Language": "zh-CN, en",
    "Link": f'<{PROFILE}>; rel="profile"',
}
LISTED = {"Access-Control-Allow-Origin": "*", "Content-Language": LANGUAGE}


async def whole_catalogue(call: Call) -> web.StreamResponse:
    written = await call.platform[EXPORTS].get().cpsv_ap.get()
    headers = {**LINKED, "Content-Length": str(written.size)}
    return reply_bytes(call, written.pieces(), JSON_LD, written.etag, headers)


async def one_item(call: Call) -> web.StreamResponse:
    item = call.platform.registry.items.get(call.path["code"])
    if item is None or item.mode != "live":
        raise NotFound("There is no item of that code; GET /v1/items lists them.")
    body = cpsv_ap.one(call.platform, call.platform[EXPORTS].get().settings, item)
    return reply_bytes(call, body, JSON_LD, etag_of(body), LINKED)


async def item_list_json(call: Call) -> web.StreamResponse:
    return await _list(call, call.platform[EXPORTS].get().json, "application/json", LISTED)


async def item_list_csv(call: Call) -> web.StreamResponse:
    named = {**LISTED, "Content-Disposition": 'attachment; filename="item-list.csv"'}
    return await _list(call, call.platform[EXPORTS].get().csv, "text/csv; charset=utf-8; header=present", named)


async def _list(call: Call, what: ItemList, media_type: str, headers: dict[str, str]) -> web.StreamResponse:
    """The whole list, or a department's part of it."""
    department = call.query.get("department")
    if department is not None and department not in call.platform.registry.departments:
        raise InvalidParameter("There is no such department; GET /v1/departments lists them.", parameter="department")
    written = await what.file.get()
    if department is None:
        size, etag, body = written.size, written.etag, written.pieces()
    else:
        # A department without items has no part.
        part = what.parts.get(department, Part(0, 0))
        size = len(what.head) + part.end - part.begin + len(what.tail)
        etag, body = f'{written.etag[:-1]}-{department}"', _around(what, written.pieces(part.begin, part.end))
    return reply_bytes(call, body, media_type, etag, {**headers, "Content-Length": str(size)})


async def _around(what: ItemList, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield what.head
    async for piece in pieces:
        yield piece
    yield what.tail


#: What the document says of both JSON-LD answers.
LINKED_SCHEMA = {
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {"@context": {"type": "object"}, "@graph": array({"type": "object"})},
}
LIST_SCHEMA = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": array({"type": "object", "required": REQUIRED, "properties": FIELDS})},
}
DEPARTMENT = Parameter(
    name="department",
    schema={"type": "string", "maxLength": 64},
    description="A department's code: its items alone.",
)

ROUTES = (
    Route(
        method="GET",
        path=WHOLE,
        audience=Audience.ANYONE,
        handler=whole_catalogue,
        operation="export_cpsv_ap",
        summary="Read the whole catalogue as CPSV-AP 3.2.",
        tag="exports",
        answers={200: Answer(description="JSON-LD.", schema=LINKED_SCHEMA, media_type=JSON_LD)},
    ),
    Route(
        method="GET",
        path="/v1/exports/cpsv-ap/{code}.jsonld",
        audience=Audience.ANYONE,
        handler=one_item,
        operation="export_item_as_cpsv_ap",
        summary="Read one item as CPSV-AP 3.2.",
        tag="exports",
        answers={200: Answer(description="JSON-LD.", schema=LINKED_SCHEMA, media_type=JSON_LD)},
    ),
    Route(
        method="GET",
        path="/v1/exports/item-list.json",
        audience=Audience.ANYONE,
        handler=item_list_json,
        operation="export_item_list",
        summary="Read the fields of the national item list.",
        tag="exports",
        parameters=(DEPARTMENT,),
        answers={200: Answer(description="The items, by department and code.", schema=LIST_SCHEMA)},
    ),
    Route(
        method="GET",
        path="/v1/exports/item-list.csv",
        audience=Audience.ANYONE,
        handler=item_list_csv,
        operation="export_item_list_as_table",
        summary="Read the fields of the national item list as a table.",
        tag="exports",
        parameters=(DEPARTMENT,),
        answers={200: Answer(description="UTF-8 with a byte order mark, for spreadsheets.", media_type="text/csv")},
    ),
)
