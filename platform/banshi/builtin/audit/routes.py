"""Who of the staff has read a case, for its citizen and its staff: told as look-ups are, by department and role."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web

from banshi.builtin.audit.models import CaseReading
from banshi.builtin.identity.access import role_document
from banshi.kernel.cases import actors
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Audience, Call, Link
from banshi.kernel.http.document_schemas import ID, MOMENT, TEXT, Record, maybe
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, page_answer, reply

ROUTES = Routes("cases")

_CODED = Record(code=TEXT, title=TEXT)
_STAFF = Record(who={"const": "staff"}, department=_CODED, unit=maybe(_CODED), role=TEXT, role_title=TEXT)
READING = Record(id=ID, at={**MOMENT, "description": "The first time in its quarter of an hour."}, by=_STAFF)

_DEPARTMENT = Link("show_department", {"code": "$response.body#/items/0/by/department/code"})


@ROUTES.get(
    "/v1/cases/{id}/readings", Audience.PERSON, {200: page_answer(READING, _DEPARTMENT)}, parameters=PAGE_PARAMETERS
)
async def list_readings(call: Call) -> web.StreamResponse:
    """List who of the staff has read a case, and when.

    The newest quarter of an hour comes first.
    """
    case = await actors.find(call.path["id"], actors.Actor(call.principal))
    rows, after = await page_of(call, CaseReading.filter(case_id=case.id), {"-id": uuid.UUID})
    return reply(call, Page([_document(call, row) for row in rows], after).document())


def _document(call: Call, row: CaseReading) -> dict[str, Any]:
    """One reading: a department, a unit and a role, and nobody's name."""
    by = {"who": "staff", **role_document(call, row.role, row.department, row.unit)}
    at = row.at.astimezone(call.platform.settings.timezone).isoformat(timespec="seconds")
    return READING.of(call.platform, row, at=at, by=by)
