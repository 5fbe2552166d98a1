"""Roads: an event is written and published in one form; what asks whether it is still so is answered by one press."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Problem
from web_site import session
from web_site.filling.form import Filling
from web_site.pages.cases import kept
from web_site.pages.roads import KINDS
from web_site.rooms import ROADS
from web_site.sentences import word
from web_site.session import STAFF
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(ROADS)

#: What a form without a map doesn't ask for; and what it asks in place of a geometry.
WITHOUT = frozenset({"geometry", "detour_line", "report"})
DEGREES = {"latitude": (word("Latitude (WGS 84)"), 90), "longitude": (word("Longitude (WGS 84)"), 180)}


@ROUTES.show("/roads", {"after": 200})
async def list_road_records_page(visit: Visit) -> web.StreamResponse:
    """List what is on the roads: first what asks whether it is still so."""
    asked = await visit.get("/v1/road/records", asked="true", limit="100")
    more = {"cursor": visit.call.query["after"]} if visit.call.query.get("after") else {}
    page = await visit.get("/v1/road/records", state="in-force", **more)
    return await visit.page("staff/roads.html", here=ROADS.at, asked=asked["items"], page=page, kinds=KINDS)


@ROUTES.show("/roads/new")
async def begin_road_event(visit: Visit) -> web.StreamResponse:
    """Begin an event."""
    form = _form(visit)
    form.begin({})
    return await _asked(visit, form)


@ROUTES.take("/roads/new", keeps=True)
async def publish_road_event_page(visit: Visit) -> web.StreamResponse:
    """Publish it, or say what is wrong with it."""
    if visit.known is None:
        return await kept(visit)
    form = _form(visit)
    form.sent = visit.sent
    await form.take(())
    await form.fields()
    is_theirs = session.bears(visit.session, visit.sent.get("token", ""))
    if not is_theirs or not form.goes_on or not form.is_right():
        return await _asked(visit, form, 200 if is_theirs else 403)
    body: dict[str, Any] = {name: one for name, one in form.whole.items() if name not in DEGREES}
    if place := [form.whole[name] for name in ("longitude", "latitude") if name in form.whole]:
        body["geometry"] = {"type": "Point", "coordinates": place}
    try:
        await visit.send("POST", "/v1/road/events", body, key=form.key)
    except Problem as problem:
        form.refuse(problem)
        return await _asked(visit, form, problem.status)
    return visit.to(f"{STAFF}{ROADS.at}")


@ROUTES.take("/roads/{id}")
async def change_road_event_page(visit: Visit) -> web.StreamResponse:
    """Say that it is still so, or over."""
    body = {"version": visit.version, **({"state": "ended"} if "over" in visit.sent else {})}
    await visit.send("PATCH", f"/v1/road/events/{visit.call.path['id']}", body)
    return visit.to(f"{STAFF}{ROADS.at}")


def _form(visit: Visit) -> Filling:
    body = next(one.body for _, one in visit.call.platform.registry.routes if one.operation == "publish_road_event")
    schema = dict(body.described(visit.language)) if body else {}
    members = {name: one for name, one in schema["properties"].items() if name not in WITHOUT}
    for name, (title, most) in DEGREES.items():
        members[name] = {"type": "number", "title": title[visit.language], "minimum": -most, "maximum": most}
    both = {"latitude": ["longitude"], "longitude": ["latitude"]}
    return Filling(visit, {**schema, "properties": members, "dependentRequired": both}, visit.known)


async def _asked(visit: Visit, form: Filling, status: int = 200) -> web.Response:
    fields = await form.fields()
    return await visit.page(
        "staff/road.html", status=status, stale=0, here=ROADS.at, form=form, fields=fields,
        mistakes_found=form.mistakes(fields),
    )  # fmt: skip
