"""Finding what one has come for: the home page, the search, departments, help in danger, and the guide of an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from banshi import Key, Unavailable
from web_site.visit import Pages, Visit

ROUTES = Pages()

#: How many items each department has, and how many are wholly online: by the catalogue's revision and the language.
COUNTS: Key[dict[tuple[int, str], tuple[Mapping[str, int], int]]] = Key("items by department")

#: Places that the home page shows: those that are open, and where most is done.
MOST_PLACES = 5

#: CAP's words for what is worst.
RED = frozenset({"Extreme"})


async def all_items(visit: Visit, **query: str) -> list[Any]:
    """Every item by its code, of a department where one is named."""
    items, more = list[Any](), {"limit": "100", **query}
    while True:
        page = await visit.get("/v1/items", **more)
        items += page["items"]
        if page["next"] is None:
            return items
        more["cursor"] = page["next"]


async def counts(visit: Visit) -> tuple[Mapping[str, int], int]:
    kept = visit.call.platform[COUNTS]
    key = (visit.call.platform.registry.revision, visit.language)
    if key not in kept:
        if any(one != key[0] for one, _ in kept):
            kept.clear()
        items = await all_items(visit)
        kept[key] = Counter(one["department"] for one in items), sum(one["fully_online"] for one in items)
    return kept[key]


@ROUTES.show("")
async def show_home(visit: Visit) -> web.StreamResponse:
    """Show what one can do here: in one's own words, by department, and what is in force now."""
    by_department, online = await counts(visit)
    departments = [
        {**one, "count": by_department[one["code"]]}
        for one in (await visit.get("/v1/departments"))["items"]
        if one["code"] in by_department
    ]
    departments.sort(key=lambda one: -one["count"])
    pages = (await visit.get("/v1/help"))["items"]
    places = (await visit.get("/v1/places"))["items"]
    return await visit.page(
        "finding/home.html",
        here="",
        themes=(await visit.get("/v1/themes"))["items"],
        places=sorted(places, key=lambda one: not one["open"])[:MOST_PLACES],
        departments=departments,
        count=sum(by_department.values()),
        online=online,
        alerts=await alerts_in_force(visit),
        notices=((await visit.published("/v1/notices", limit="4")) or {}).get("items", ()),
        help=[one for one in pages if one["group"] == "urgent"][:6],
        drafts=(await visit.get("/v1/me/drafts", limit="5"))["items"] if visit.known else (),
    )


async def alerts_in_force(visit: Visit) -> Sequence[Any]:
    """The alerts, where any are published here; none while that can't be known."""
    try:
        found = await visit.published("/v1/alerts")
    except Unavailable:
        return ()
    return [{**one, "is_red": one["severity"] in RED} for one in found["items"]] if found else ()


@ROUTES.show("/search", {"q": 100, "after": 500, "theme": 32})
async def search_items(visit: Visit) -> web.StreamResponse:
    """Find items in one's own words; whoever is in danger finds whom to call and nothing else."""
    words, after = visit.call.query.get("q", "").strip(), visit.call.query.get("after", "")
    theme = "" if words else visit.call.query.get("theme", "")
    themes = {one["code"]: one["title"] for one in (await visit.get("/v1/themes"))["items"]} if theme else {}
    if theme in themes:
        found: dict[str, Any] = {"items": await all_items(visit, theme=theme, order="demand"), "next": None}
    elif not words:
        found = {"items": sorted(await all_items(visit), key=lambda one: one["title"]), "next": None}
    else:
        found = await visit.get("/v1/items", q=words, limit="10", **({"cursor": after} if after else {}))
    pages = found.get("help", ())
    return await visit.page(
        "finding/search.html",
        q=words,
        theme=themes.get(theme, ""),
        items=found["items"],
        next=found["next"],
        likely=found.get("likely", True),
        elsewhere=found.get("elsewhere", ()),
        published=found.get("published", ()),
        danger=found.get("danger"),
        urgent=[one for one in pages if one["group"] == "urgent"],
        gentle=[one for one in pages if one["group"] != "urgent"],
    )


@ROUTES.show("/departments/{code}")
async def show_department_page(visit: Visit) -> web.StreamResponse:
    """Show a department with what it does."""
    code = visit.call.path["code"]
    department = await visit.get(f"/v1/departments/{code}")
    return await visit.page(
        "finding/department.html", here="", department=department, items=await all_items(visit, department=code)
    )


@ROUTES.show("/help")
async def list_help_pages(visit: Visit) -> web.StreamResponse:
    """List the pages of help, those for people in danger first."""
    return await visit.page("finding/helps.html", pages=(await visit.get("/v1/help"))["items"])


@ROUTES.show("/help/{code}")
async def show_help_page(visit: Visit) -> web.StreamResponse:
    """Show whom to call and what to do."""
    return await visit.page("finding/help.html", page=await visit.get(f"/v1/help/{visit.call.path['code']}"))


@ROUTES.show("/items/{code}")
async def show_guide_page(visit: Visit) -> web.StreamResponse:
    """Show an item's guide: whether one may, what is needed, how long it takes, what it costs."""
    guide = await visit.get(f"/v1/items/{visit.call.path['code']}")
    department = await visit.get(guide["links"]["department"])
    return await visit.page("finding/guide.html", here="", guide=guide, department=department)
