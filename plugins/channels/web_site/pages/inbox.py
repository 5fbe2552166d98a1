"""Messages, and tips by their code."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import web

from banshi import NotFound, Problem
from web_site import session
from web_site.answered import ANSWERED
from web_site.filling.sent import Unread, read_own, read_sent
from web_site.pages.finding import alerts_in_force
from web_site.session import ROOT
from web_site.visit import Pages, Visit

ROUTES = Pages()


@ROUTES.show("/inbox", {"kind": 16, "after": 64})
async def show_own_inbox(visit: Visit) -> web.StreamResponse:
    """Show my messages, the newest first, and what is in force."""
    visit.person  # noqa: B018 - it raises
    kind = visit.call.query.get("kind", "")
    query = {"kind": kind} if kind in ("case", "notice", "alert") else {}
    messages = []
    after = "0"
    while True:
        page = await visit.get("/v1/inbox", limit="200", after=after, **query)
        messages += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    key = await visit.find("/v1/push/webpush-key") or {}
    return await visit.page(
        "inbox/inbox.html",
        here="/inbox",
        messages=messages[::-1][:100],
        kind=kind,
        cursor=page["cursor"],
        alerts=await alerts_in_force(visit),
        push_key=key.get("application_server_key"),
    )


@ROUTES.take("/inbox/read")
async def read_all_messages(visit: Visit) -> web.StreamResponse:
    """Mark all messages as read, up to the last that the page has shown."""
    await read_own(visit)
    await visit.send("POST", "/v1/inbox/read", {"through": visit.sent.get("through", "")})
    return visit.to(f"{ROOT}/inbox")


@ROUTES.take("/inbox/stream", media_type="application/json")
async def take_site_stream(visit: Visit) -> web.StreamResponse:
    """Take the address at which a page hears of new messages; its ticket is good for a while, and for that alone."""
    await read_own(visit)
    links = (await visit.send("POST", "/v1/inbox/stream/tickets"))["links"]
    return web.json_response(links, headers={"Cache-Control": "no-store"})


@ROUTES.take("/inbox/push", media_type="application/json")
async def take_site_pushes(visit: Visit) -> web.StreamResponse:
    """Have this browser told of new messages."""
    await read_own(visit)
    try:
        subscription = orjson.loads(visit.sent.get("subscription", ""))
    except orjson.JSONDecodeError:
        raise Unread from None
    # What browsers have in a subscription beside these is nothing that the API takes.
    known = {name: subscription[name] for name in ("endpoint", "keys") if name in subscription}
    body = {"provider": "webpush", "platform": "web", "subscription": known, "language": visit.language}
    await visit.send("POST", "/v1/devices", body)
    return web.json_response({})


@ROUTES.show("/tip")
async def ask_for_tip_code(visit: Visit) -> web.StreamResponse:
    """Ask for the code of a tip."""
    return await _tip(visit)


@ROUTES.take("/tip")
async def show_tip_page(visit: Visit) -> web.StreamResponse:
    """Show the tip of a code, and what was answered; what is written goes to the unit, once."""
    await read_sent(visit)
    session.refuse_others(visit.call, None, "")
    visit.session = None
    code, text = visit.sent.get("code", ""), visit.sent.get("text", "").strip()
    answered, now = visit.call.platform[ANSWERED], visit.call.now.timestamp()
    sent = (code, text, visit.sent.get("once", ""))
    if "show" in visit.sent and not code:
        return await _tip(visit, text=text)
    try:
        if "show" in visit.sent:
            return await _tip(visit, await _read_tip(visit, code), code, text=text)
        if not text or answered.find(now, *sent):
            return await _tip(visit, await _read_tip(visit, code), code)
        case = await visit.send(
            "POST", "/v1/tips/actions/write", {"code": code, "details": {"text": text}}, person=None
        )
        answered.keep(now, "written", *sent)
        return await _tip(visit, case, code)
    except Problem as problem:
        wrong, case = visit.said(problem), None
        if text and problem.status != NotFound.status:
            with suppress(Problem):
                case = await _read_tip(visit, code)
        return await _tip(visit, case, code, problem.status, wrong=wrong, text=text)


async def _read_tip(visit: Visit, code: str) -> Any:
    return await visit.send("POST", "/v1/tips/read", {"code": code}, person=None)


async def _tip(
    visit: Visit, case: Any = None, code: str = "", status: int = 200, *, wrong: str = "", text: str = ""
) -> web.Response:
    """A tip, or the form for its code; what was written to no avail stands there again."""
    once = secrets.token_urlsafe(24)
    return await visit.page("inbox/tip.html", status=status, case=case, code=code, wrong=wrong, text=text, once=once)
