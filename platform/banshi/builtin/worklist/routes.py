"""The route of the worklist."""

from __future__ import annotations

import uuid
from datetime import date

from aiohttp import web

from banshi.builtin.worklist.waiting import WORK, most_urgent, places_of
from banshi.kernel.cases import actors
from banshi.kernel.cases.representations import TO_FIRST_CASE, case_summary
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Audience, Call
from banshi.kernel.http.document_schemas import ref
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, from_cursor, limit_of, page_answer, reply

ROUTES = Routes("staff")


@ROUTES.get(
    "/v1/worklist", Audience.STAFF, {200: page_answer(ref("CaseSummary"), TO_FIRST_CASE)}, parameters=PAGE_PARAMETERS
)
async def worklist(call: Call) -> web.StreamResponse:
    """List the cases on which the caller may act, the most urgent first."""
    store, limit = call.platform.store, limit_of(call)
    places = places_of(call.platform[WORK].get(), call.principal.roles)
    rows = await most_urgent(
        store, places, not_of=call.principal.subject, after=from_cursor(call, _place), limit=limit + 1
    )
    shown = rows[:limit]
    next_after = f"{shown[-1].urgency}/{shown[-1].id}" if len(rows) > limit else None
    # A row names nobody. What its citizen was told last may.
    await actors.record_reading(actors.Actor(call.principal), [case for case in shown if case.reason])
    documents = [case_summary(call.platform, case, call.language) for case in shown]
    return reply(call, Page(documents, next_after).document())


def _place(cursor: str) -> tuple[date, uuid.UUID]:
    due, _, identity = cursor.partition("/")
    return date.fromisoformat(due), uuid.UUID(identity)
