"""Whom to call back, one operator for each; and what was filed by its slip code, read and taken back."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import NotFound, Problem
from web_site.rooms import HOTLINE
from web_site.staff.hotline.calls import HERE, SAID_THERE, home
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(HOTLINE)


@ROUTES.take("/hotline/call-backs/{id}/{deed}")
async def call_back(visit: Visit) -> web.StreamResponse:
    """Take a call-back, with its number; or say what came of it."""
    path, sent = visit.call.path, visit.sent
    address, body = f"/v1/hotline/call-backs/{path['id']}/{path['deed']}", dict[str, Any]()
    if path["deed"] == "tries":
        body = {name: sent[name] for name in ("result", "note") if sent.get(name, "").strip()}
        if (stars := sent.get("rating", "")).isdecimal():
            body["rating"] = {"rating": int(stars)}
    elif path["deed"] != "claim":
        raise NotFound
    try:
        told = await visit.send("POST", address, body or None)
        return await home(visit, back=told) if not body else visit.to(HERE)
    except Problem as problem:
        return await _said(visit, problem)


@ROUTES.take("/hotline/slips/{deed}")
async def look_at_slip(visit: Visit) -> web.StreamResponse:
    """Read how it stands with what was filed under a number and its slip code, or take the consent to it back."""
    deed = visit.call.path["deed"]
    if deed not in ("read", "withdraw"):
        raise NotFound
    body = {name: visit.sent.get(name, "").strip()[:64] for name in ("number", "slip")}
    try:
        return await home(visit, slip=await visit.send("POST", f"/v1/hotline/slips/{deed}", body))
    except Problem as problem:
        return await _said(visit, problem)


async def _said(visit: Visit, problem: Problem) -> web.Response:
    if problem.status not in SAID_THERE:
        raise problem
    return await home(visit, status=problem.status, problem=problem.document(visit.language))
