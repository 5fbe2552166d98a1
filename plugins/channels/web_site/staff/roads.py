"""Roads: an event is written and published in one form, maybe as a report has it; all else is one press."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from aiohttp import web

from banshi import Problem
from web_site import session
from web_site.filling.form import Filling
from web_site.pages.cases import kept
from web_site.pages.roads import KINDS
from web_site.rooms import PUBLISHING, ROADS
from web_site.sentences import say, word
from web_site.session import STAFF
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(ROADS)

#: What a form without a map doesn't ask for; and what it asks in place of a geometry.
WITHOUT = frozenset({"geometry", "detour_line", "report"})
DEGREES = {"latitude": (word("Latitude (WGS 84)"), 90), "longitude": (word("Longitude (WGS 84)"), 180)}
#: What of a report goes into the form: the event's member, and the report's.
FROM_REPORT = {
    "kind": "kind", "division": "division", "road": "place", "text": "text",
    "latitude": "latitude", "longitude": "longitude",
}  # fmt: skip
NOT_SO = say("We have looked at it: it isn't so at present. Thank you for telling us.")


@ROUTES.show("/roads", {"after": 200})
async def list_road_records_page(visit: Visit) -> web.StreamResponse:
    """List what is on the roads: first what asks whether it is still so."""
    asked = await visit.get("/v1/road/records", asked="true", limit="100")
    more = {"cursor": visit.call.query["after"]} if visit.call.query.get("after") else {}
    page = await visit.get("/v1/road/records", state="in-force", **more)
    names = {"asked": asked["items"], "page": page, "kinds": KINDS, "reports": await visit.get(page["reports"])}
    return await visit.page("staff/roads.html", here=ROADS.at, **names)


@ROUTES.show("/roads/new", {"report": 36})
async def begin_road_event(visit: Visit) -> web.StreamResponse:
    """Begin an event, with what a report says of it."""
    form, report = _form(visit), await _report(visit, visit.call.query.get("report", ""))
    answers = report["answers"] if report else {}
    form.begin({name: answers[own] for name, own in FROM_REPORT.items() if own in answers})
    return await _asked(visit, form, report)


@ROUTES.take("/roads/new", keeps=True)
async def publish_road_event_page(visit: Visit) -> web.StreamResponse:
    """Publish it, or say what is wrong with it."""
    if visit.known is None:
        return await kept(visit)
    form, is_theirs = _form(visit), session.bears(visit.session, visit.sent.get("token", ""))
    report = await _report(visit, visit.sent.get("report", ""))
    if is_theirs and report and "no" in visit.sent:
        return await _answered(visit, report)
    form.sent = visit.sent
    await form.take(())
    await form.fields()
    if not is_theirs or not form.goes_on or not form.is_right():
        return await _asked(visit, form, report, 200 if is_theirs else 403)
    body: dict[str, Any] = {name: one for name, one in form.whole.items() if name not in DEGREES}
    body |= {"report": report["id"]} if report else {}
    if place := [form.whole[name] for name in ("longitude", "latitude") if name in form.whole]:
        body["geometry"] = {"type": "Point", "coordinates": place}
    try:
        await visit.send("POST", "/v1/road/events", body, key=form.key)
    except Problem as problem:
        form.refuse(problem)
        return await _asked(visit, form, report, problem.status)
    return visit.to(f"{STAFF}{ROADS.at}")


@ROUTES.take("/roads/{id}")
async def change_road_event_page(visit: Visit) -> web.StreamResponse:
    """Say that it is still so, or over; or have a draft of an alert made of it."""
    body, address = {"version": visit.version}, f"/v1/road/events/{visit.call.path['id']}"
    if "alert" in visit.sent:
        record = await visit.send("POST", f"{address}/alert", body)
        return visit.to(f"{STAFF}{PUBLISHING.at}/alerts/{record['alert']}")
    await visit.send("PATCH", address, {**body, **({"state": "ended"} if "over" in visit.sent else {})})
    return visit.to(f"{STAFF}{ROADS.at}")


async def _report(visit: Visit, identity: str) -> Any:
    """The case of a report; None where none is named, or it isn't the caller's to read."""
    return await visit.find(f"/v1/cases/{quote(identity, safe='')}") if identity else None


async def _answered(visit: Visit, report: Any) -> web.Response:
    """Tell whoever has reported it that it isn't so."""
    actions, own = [one["action"] for one in report["permitted_actions"]], report["links"]["self"]
    if "assign" in actions:
        await visit.send("POST", f"{own}/actions/assign", {"details": {}})
    words = {"details": {"text": "\n".join(NOT_SO.values())}}
    await visit.send("POST", f"{own}/actions/answer", words)
    return visit.to(f"{STAFF}{ROADS.at}")


def _form(visit: Visit) -> Filling:
    body = next(one.body for _, one in visit.call.platform.registry.routes if one.operation == "publish_road_event")
    schema = dict(body.described(visit.language)) if body else {}
    members = {name: one for name, one in schema["properties"].items() if name not in WITHOUT}
    for name, (title, most) in DEGREES.items():
        members[name] = {"type": "number", "title": title[visit.language], "minimum": -most, "maximum": most}
    both = {"latitude": ["longitude"], "longitude": ["latitude"]}
    return Filling(visit, {**schema, "properties": members, "dependentRequired": both}, visit.known)


async def _asked(visit: Visit, form: Filling, report: Any, status: int = 200) -> web.Response:
    fields = await form.fields()
    names = {"form": form, "fields": fields, "mistakes_found": form.mistakes(fields), "report": report}
    return await visit.page("staff/road.html", status=status, stale=0, here=ROADS.at, kinds=KINDS, **names)
