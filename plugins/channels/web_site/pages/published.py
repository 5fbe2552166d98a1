"""What is published: alerts in force, notices, and what was lost, found, or who is missing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web
from markupsafe import Markup

from banshi import NotFound
from web_site.filling.sent import read_own
from web_site.pages.finding import alerts_in_force
from web_site.rendering import from_markdown
from web_site.session import ROOT
from web_site.visit import Pages, Visit

ROUTES = Pages()


@ROUTES.show("/alerts/{id}")
async def show_alert_page(visit: Visit) -> web.StreamResponse:
    """Show an alert: what to do, where, and until when."""
    return await visit.page("inbox/alert.html", alert=await visit.get(f"/v1/alerts/{visit.call.path['id']}"))


@ROUTES.show("/published", {"after": 200, "notices": 200})
async def list_published(visit: Visit) -> web.StreamResponse:
    """List what is published, the newest first."""
    after, before = visit.call.query.get("after"), visit.call.query.get("notices")
    postings = await visit.published("/v1/postings", **({"cursor": after} if after else {}))
    notices = await visit.published("/v1/notices", limit="20", **({"cursor": before} if before else {}))
    alerts = await alerts_in_force(visit)
    return await visit.page("inbox/published.html", alerts=alerts, notices=notices, postings=postings)


@ROUTES.show("/notices/{id}")
async def show_notice_page(visit: Visit) -> web.StreamResponse:
    """Show a notice."""
    notice = await visit.published(f"/v1/notices/{visit.call.path['id']}")
    if notice is None:
        raise NotFound
    return await visit.page("inbox/notice.html", notice=notice, content=from_markdown(notice["content"] or ""))


@ROUTES.show("/refutations", {"after": 200})
async def list_refutation_pages(visit: Visit) -> web.StreamResponse:
    """List what goes around and was checked, the newest first."""
    after = visit.call.query.get("after")
    page = await visit.get("/v1/refutations", **({"cursor": after} if after else {}))
    asks = "consult-police" in visit.call.platform.registry.items
    return await visit.page("inbox/refutations.html", page=page, asks=asks, **await wished(visit, "refutations"))


@ROUTES.show("/refutations/{id}", {"edition": 5})
async def show_refutation_page(visit: Visit) -> web.StreamResponse:
    """Show what goes around and what was found; an earlier edition where one is named."""
    path, edition = f"/v1/refutations/{visit.call.path['id']}", visit.call.query.get("edition")
    one = await visit.get(path, **({"edition": edition} if edition else {}))
    review = orjson.dumps(await visit.get(f"{path}/claim-review.jsonld")).replace(b"<", b"\\u003c").decode()
    names = {"one": one, "review": Markup(review)}  # noqa: S704 - it has no "<"
    return await visit.page("inbox/refutation.html", **names, **await wished(visit, "refutations"))


#: What can be followed on pages, by the kind of its notices: where the API has it, and the page of all.
FOLLOWED = {"refutations": ("/v1/refutations/followed", "/refutations"), "roads": ("/v1/road/followed", "/roads")}


@ROUTES.take("/wishes/{kind}")
async def wish_on_site(visit: Visit) -> web.StreamResponse:
    """Follow all of a kind, or one thing, or mute the kind, by one press; and end that by one."""
    await read_own(visit)
    kind, name = visit.call.path["kind"], visit.sent.get("name", "")
    if kind not in FOLLOWED:
        raise NotFound
    at, back = FOLLOWED[kind]
    path = f"{at}/{quote(name, safe='')}" if name else f"/v1/me/notice-kinds/{kind}/muted"
    await visit.send("DELETE" if "stop" in visit.sent else "PUT", path)
    return visit.to(f"{ROOT}{back}{'' if kind == 'roads' or name in ('', 'all') else f'/{name}'}")


async def wished(visit: Visit, kind: str) -> dict[str, Any]:
    """For a page's presses: what its visitor follows of a kind, and whether it is muted; nothing for a stranger."""
    if not visit.known:
        return {"followed": None, "is_muted": False}
    kinds = (await visit.find("/v1/me/notice-kinds") or {"items": ()})["items"]
    is_muted = any(one["code"] == kind and one["is_muted"] for one in kinds)
    return {"followed": (await visit.get(FOLLOWED[kind][0]))["items"], "is_muted": is_muted}


@ROUTES.show("/postings/{id}")
async def show_posting_page(visit: Visit) -> web.StreamResponse:
    """Show what was lost or found, or who is missing."""
    posting = await visit.published(f"/v1/postings/{visit.call.path['id']}")
    if posting is None:
        raise NotFound
    return await visit.page("inbox/posting.html", posting=posting)
