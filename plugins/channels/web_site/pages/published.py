"""What is published: alerts in force, notices, and what was lost, found, or who is missing."""

from __future__ import annotations

from aiohttp import web

from banshi import NotFound
from web_site.pages.finding import alerts_in_force
from web_site.rendering import from_markdown
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


@ROUTES.show("/postings/{id}")
async def show_posting_page(visit: Visit) -> web.StreamResponse:
    """Show what was lost or found, or who is missing."""
    posting = await visit.published(f"/v1/postings/{visit.call.path['id']}")
    if posting is None:
        raise NotFound
    return await visit.page("inbox/posting.html", posting=posting)
