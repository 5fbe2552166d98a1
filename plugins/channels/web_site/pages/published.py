"""What is published: alerts in force, notices, and what was lost, found, or who is missing."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web
from markupsafe import Markup

from banshi import NotFound
from web_site import session
from web_site.filling.sent import read_sent
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
    return await visit.page("inbox/refutations.html", page=page, followed=await _followed(visit))


@ROUTES.show("/refutations/{id}", {"edition": 5})
async def show_refutation_page(visit: Visit) -> web.StreamResponse:
    """Show what goes around and what was found; an earlier edition where one is named."""
    path, edition = f"/v1/refutations/{visit.call.path['id']}", visit.call.query.get("edition")
    one = await visit.get(path, **({"edition": edition} if edition else {}))
    review = orjson.dumps(await visit.get(f"{path}/claim-review.jsonld")).replace(b"<", b"\\u003c").decode()
    names = {"one": one, "review": Markup(review), "followed": await _followed(visit)}  # noqa: S704 - it has no "<"
    return await visit.page("inbox/refutation.html", **names)


@ROUTES.take("/refutations/{which}/follow")
async def follow_on_site(visit: Visit) -> web.StreamResponse:
    """Be told of all, or of what becomes of one, by one press; and by one no more."""
    await read_sent(visit)
    session.refuse_others(visit.call, visit.session, visit.sent.get("token", ""))
    visit.person  # noqa: B018 - it raises
    identity, method = visit.call.path["which"], "DELETE" if "stop" in visit.sent else "PUT"
    await visit.send(method, f"/v1/refutations/followed/{identity}")
    return visit.to(f"{ROOT}/refutations{'' if identity == 'all' else f'/{identity}'}")


async def _followed(visit: Visit) -> Any:
    return (await visit.get("/v1/refutations/followed"))["items"] if visit.known else None


@ROUTES.show("/postings/{id}")
async def show_posting_page(visit: Visit) -> web.StreamResponse:
    """Show what was lost or found, or who is missing."""
    posting = await visit.published(f"/v1/postings/{visit.call.path['id']}")
    if posting is None:
        raise NotFound
    return await visit.page("inbox/posting.html", posting=posting)
