"""What the desk's page gets beside itself: what happens, as it happens, and files that were sent."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web
from yarl import URL

from banshi.sdk.http import HELD, READER
from web_site.rooms import DESK
from web_site.settings import SETTINGS
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(DESK)
PURPOSE_CHARS = 200


@ROUTES.show("/desk/stream", {"after": 36}, media_type="text/event-stream")
async def follow_desk(visit: Visit) -> web.StreamResponse:
    """Follow one's desks as the API's stream tells them, until somebody signs out, or does nothing here for long."""
    platform, call, person = visit.call.platform, visit.call, visit.person
    until = int(call.now.timestamp()) + platform[SETTINGS].idle_minutes * 60
    if visit.session is not None:
        call.request[HELD] = visit.session.held
    address = str(URL("/v1/desk/stream").with_query(call.query))
    return await platform[READER].follow(call, address, replace(person, expires_at=min(until, person.expires_at)))


@ROUTES.show("/desk/enquiries/{id}/files/{file}", {"purpose": PURPOSE_CHARS}, media_type="*/*")
async def show_enquiry_file(visit: Visit) -> web.StreamResponse:
    """Read a file of a conversation, for a purpose; it is on record."""
    path, body = visit.call.path, {"purpose": visit.call.query.get("purpose", "")}
    address = f"/v1/desk/enquiries/{path['id']}/files/{path['file']}"
    answer = await visit.call.platform[READER].send("POST", address, visit.person, visit.language, body)
    answer.headers["Cache-Control"] = "no-store"
    return answer
