"""The worklist: what waits for somebody, the most urgent first; what they look for stays in the address."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Problem
from web_site.rooms import WORKLIST
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(WORKLIST)

#: What stands in the address, and the most letters of each.
ASKED = {"state": 32, "item": 64, "due": 10, "q": 64}
#: In place of a day.
TODAY = "today"
#: Rows of a page.
ROWS = "20"


@ROUTES.show("/worklist", {**ASKED, "after": 200})
async def show_worklist(visit: Visit) -> web.StreamResponse:
    """Show what waits for somebody, as far as they ask for it."""
    query = visit.call.query
    asked = {name: text for name in ASKED if (text := query.get(name, "").strip())}
    sent = {**asked, **({"cursor": query["after"]} if "after" in query else {})}
    if asked.get("due") == TODAY:
        sent["due"] = visit.call.platform.today().isoformat()
    page, wrong = await _page(visit, sent)
    counts = await visit.get("/v1/worklist/counts")
    return await visit.page(
        "staff/worklist.html",
        here=WORKLIST.at,
        asked=asked,
        counts=counts,
        cases=page["items"],
        next=page["next"],
        wrong=wrong,
        today=visit.call.platform.today().isoformat(),
    )


async def _page(visit: Visit, sent: dict[str, str]) -> tuple[Any, str]:
    """A page of the list, or an empty one, with what is wrong with what is looked for."""
    try:
        return await visit.get("/v1/worklist", limit=ROWS, **sent), ""
    except Problem as problem:
        if problem.status != 400:
            raise
        return {"items": [], "next": None}, str(problem.document(visit.language)["detail"])
