"""What is on the roads now, read without a name."""

from __future__ import annotations

from aiohttp import web

from banshi import NotFound
from web_site.pages.published import wished
from web_site.sentences import word
from web_site.visit import Pages, Visit

ROUTES = Pages()

#: What each kind is called, the worst first.
KINDS = {
    "closure": word("Closed, controlled"),
    "accident": word("Accident"),
    "congestion": word("Congestion"),
    "works": word("Road works"),
    "weather": word("Bad weather"),
    "gathering": word("Large event"),
}


@ROUTES.show("/roads", {"division": 6, "kind": 16, "after": 36})
async def list_roads(visit: Visit) -> web.StreamResponse:
    """List what is on the roads: of a district, of one kind, the worst first."""
    asked = {name: one for name, one in visit.call.query.items() if one}
    found = await visit.published("/v1/road/events", **asked)
    if found is None:
        raise NotFound
    everywhere = await visit.published("/v1/road/events")
    names = {}
    for code in sorted({one["properties"]["division"] for one in everywhere["features"]}):
        listed = (await visit.get("/v1/lists/divisions", q=code))["items"]
        names[code] = listed[0]["title"] if listed else code
    order = [*KINDS]
    found["features"].sort(key=lambda one: (order.index(one["properties"]["kind"]), one["properties"]["starts_at"]))
    shown = {"roads": found, "names": names, "kinds": KINDS, "asked": asked}
    return await visit.page("inbox/roads.html", **shown, **await wished(visit, "roads"))
