"""The worklist: what waits for somebody, the most urgent first."""

from __future__ import annotations

from aiohttp import web

from web_site.rooms import WORKLIST
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(WORKLIST)


@ROUTES.show("/worklist", {"after": 200})
async def show_worklist(visit: Visit) -> web.StreamResponse:
    """Show what waits for somebody."""
    after = visit.call.query.get("after")
    page = await visit.get("/v1/worklist", limit="20", **({"cursor": after} if after else {}))
    return await visit.page("staff/worklist.html", here="/worklist", cases=page["items"], next=page["next"])
