"""The calls: those that ring and one's own, one of them with who calls, and what an operator does with it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi import NotFound, Problem
from web_site.rooms import HOTLINE
from web_site.session import STAFF
from web_site.staff.desk.live import PURPOSE_CHARS
from web_site.staff.desk.page import BEFORE_S, BY_ITSELF
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(HOTLINE)
HERE = f"{STAFF}{HOTLINE.at}"

#: What is said at the page, where all that was typed still stands; and items that are found at once.
SAID_THERE, MAX_FOUND = frozenset({403, 404, 409, 422, 429, 502, 503, 504}), "8"

#: Method of the API, and members of the body that are sent as they were typed.
DEEDS: dict[str, tuple[str, Sequence[str]]] = {
    "pop": ("POST", ("purpose",)),
    "person": ("POST", ("digits",)),
    "outcome": ("PUT", ("outcome", "note")),
    "call-backs": ("POST", ("begins", "until", "note")),
}
#: What is done with its enquiry at the desk.
AT_DESK = ("claim", "close", "return")


@ROUTES.show("/hotline", {"part": 16})
async def show_hotline(visit: Visit) -> web.StreamResponse:
    """Show what rings, one's own calls, and whom to call back."""
    return await home(visit)


async def home(visit: Visit, *, status: int = 200, **more: Any) -> web.Response:
    """The room, with what was asked for in a form. What only sits by itself counts as nobody's being there."""
    rows = [row for state in ("waiting", "held") for row in await _calls(visit, state)]
    # Before anything is read: what happens meanwhile is told by the stream.
    names: dict[str, Any] = {"after": UUID(int=((uuid7().int >> 80) - 1_000 * BEFORE_S) << 80)}
    names["desks"] = {one["code"]: one["title"] for one in (await visit.get("/v1/desk/desks", all="true"))["items"]}
    names["rings"] = [one for one in rows if one["state"] == "waiting"]
    names["mine"] = [one for one in rows if (one["officer"] or {}).get("id") == visit.person.subject]
    for state in ("due", "held"):
        names[state] = (await visit.get("/v1/hotline/call-backs", state=state, limit="100"))["items"]
    nothing = {"problem": None, "back": None, "slip": None, "at": HERE}
    headers = BY_ITSELF if "part" in visit.call.query else None
    return await visit.page(
        "hotline/home.html", status=status, here=HOTLINE.at, headers=headers, **{**nothing, **names, **more}
    )


async def _calls(visit: Visit, state: str) -> list[Any]:
    found = await visit.get("/v1/desk/enquiries", state=state, limit="100")
    return [one for one in found["items"] if one.get("kind") == "call"]


@ROUTES.show("/hotline/calls/{id}")
async def show_call_page(visit: Visit) -> web.StreamResponse:
    """Show a call that one holds: who it is, what is read out, and what may be done."""
    return await call_page(visit)


async def call_page(visit: Visit, *, status: int = 200, **more: Any) -> web.Response:
    """The call's page, with what was asked for in a form."""
    call = more.pop("call", None) or await visit.get(_api(visit))
    nothing = {"problem": None, "pop": None, "found": None, "promised": None, "key": secrets.token_urlsafe(18)}
    names = {"call": call, "at": HERE, "act": f"{HERE}/calls/{call['id']}"}
    return await visit.page("hotline/call.html", status=status, here=HOTLINE.at, **{**nothing, **names, **more})


def _api(visit: Visit) -> str:
    return f"/v1/hotline/calls/{visit.call.path['id']}"


@ROUTES.take("/hotline/calls/{id}/{deed}")
async def do_on_call(visit: Visit) -> web.StreamResponse:
    """Do something with a call: claim or end it, look at who it is, promise to call back, find an item for them."""
    deed, sent = visit.call.path["deed"], visit.sent
    try:
        if deed in AT_DESK:
            await visit.send("POST", f"/v1/desk/enquiries/{sent.get('enquiry', '')}/{deed}")
            return visit.to(f"{HERE}/calls/{visit.call.path['id']}" if deed == "claim" else HERE)
        if deed == "find":
            found = await visit.get("/v1/items", q=sent.get("q", "")[:100], limit=MAX_FOUND)
            return await call_page(visit, found=found["items"])
        if deed not in DEEDS:
            raise NotFound
        return await _done(visit, deed)
    except Problem as problem:
        if problem.status not in SAID_THERE or deed in AT_DESK:
            raise
        return await call_page(visit, status=problem.status, problem=problem.document(visit.language))


async def _done(visit: Visit, deed: str) -> web.Response:
    method, members = DEEDS[deed]
    body = {name: visit.sent[name].strip()[:2_000] for name in members if visit.sent.get(name, "").strip()}
    for name in {"begins", "until"} & body.keys():
        body[name] = moment(visit, body[name])
    if "purpose" in body:
        body["purpose"] = body["purpose"][:PURPOSE_CHARS]
    told = await visit.send(method, f"{_api(visit)}/{deed}", body, key=visit.sent.get("key", ""))
    if deed == "pop":
        return await call_page(visit, call=told["call"], pop=told)
    return await call_page(visit, **({"promised": told} if deed == "call-backs" else {"call": told}))


def moment(visit: Visit, typed: str) -> str:
    """A day and a time of the city's as they are typed; as they stand where they are none."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=visit.call.platform.settings.timezone).isoformat()
    except ValueError:
        return typed
