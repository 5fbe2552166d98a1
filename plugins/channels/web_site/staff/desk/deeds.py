"""What an officer does with a conversation, and a lead with a desk: a form for each, and the API's route."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from banshi import NotFound, Problem
from web_site import session
from web_site.rooms import DESK
from web_site.staff.desk.page import HERE, desk_page, enquiry_of
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(DESK)

#: What is said at the page, where all that was typed still stands.
SAID_THERE = frozenset({403, 409, 413, 422, 429, 503})
OCTETS = "application/octet-stream"
MAX_FOUND = "8"
#: What the API says to another body under a key.
REUSED = "idempotency-key-reused"


@dataclass(frozen=True, slots=True)
class Deed:
    """A route of the API behind the conversation's address."""

    method: str
    path: str
    #: Members of its body that are sent as they were typed.
    members: Sequence[str] = ()
    #: What of its answer the page shows, and as what; "" where one goes back to the page.
    shows: str = ""


DEEDS = {
    "claim": Deed("POST", "/claim"),
    "return": Deed("POST", "/return"),
    "close": Deed("POST", "/close"),
    "take-over": Deed("POST", "/take-over", ("purpose",)),
    "transfer": Deed("POST", "/transfer", ("desk", "officer", "note")),
    "notes": Deed("POST", "/notes", ("text",)),
    "labels": Deed("PUT", "/labels", ("labels",)),
    "block": Deed("POST", "/block", ("why", "days")),
    "unblock": Deed("DELETE", "/block"),
    "offers": Deed("POST", "/offers", ("item",)),
    "withdraw": Deed("DELETE", "/answers/{said}"),
    "cases": Deed("POST", "/cases", ("purpose",), "cases"),
    "earlier": Deed("POST", "/earlier", ("purpose",), "earlier"),
    "reading": Deed("POST", "/reading", ("purpose",), "reading"),
}


@ROUTES.show("/desk/enquiries/{id}/{deed}")
async def show_enquiry_again(visit: Visit) -> web.StreamResponse:
    """Go to a conversation, from the address to which something of it is sent."""
    return _back(visit)


@ROUTES.take("/desk/enquiries/{id}/{deed}", takes_files=True, keeps=True)
async def do_at_desk(visit: Visit) -> web.StreamResponse:
    """Do something with a conversation: answer, claim, hand on, close. What was typed stays where it can't be done."""
    if stale := 401 if visit.known is None else 0 if _bears(visit) else 403:
        sent = [(name, text) for name, text in visit.sent.items() if name not in ("token", "text")]
        return await visit.page("desk/stands.html", status=stale, sent=sent)
    name = visit.call.path["deed"]
    try:
        if name == "answers":
            return await _answer(visit)
        if name not in DEEDS:
            raise NotFound
        if name == "offers" and "find" in visit.sent:
            found = await visit.get("/v1/items", q=visit.sent.get("q", "")[:100], limit=MAX_FOUND)
            return await desk_page(visit, await enquiry_of(visit), found=found["items"])
        return await _done(visit, DEEDS[name])
    except Problem as problem:
        if problem.status not in SAID_THERE:
            raise
        told = problem.document(visit.language)
        return await desk_page(visit, await enquiry_of(visit), status=problem.status, problem=told)


def _bears(visit: Visit) -> bool:
    return session.bears(visit.session, visit.sent.get("token", ""))


def _api(visit: Visit) -> str:
    return f"/v1/desk/enquiries/{visit.call.path['id']}"


def _back(visit: Visit) -> web.Response:
    return visit.to(f"{HERE}/enquiries/{visit.call.path['id']}#talk")


async def _done(visit: Visit, deed: Deed) -> web.Response:
    sent, body = visit.sent, dict[str, Any]()
    for name in deed.members:
        if name == "labels":
            body[name] = sent.getall("labels", [])
        elif text := sent.get(name, "").strip():
            body[name] = int(text) if name == "days" and text.isdecimal() else text
    # One list has desks and colleagues.
    to, _, whose = sent.get("to", "").partition(":")
    if "note" in deed.members and whose:
        body[to] = whose
    address = _api(visit) + deed.path.format(said=quote(sent.get("said", "-"), safe=""))
    told = await visit.send(deed.method, address, body if deed.members else None, key=sent.get("key", ""))
    if deed.path.endswith("{said}"):
        # What is taken back may be said otherwise: it stands where answers are written.
        return await desk_page(visit, await enquiry_of(visit))
    if not deed.shows:
        return _back(visit)
    return await desk_page(
        visit, await enquiry_of(visit), **{deed.shows: told if deed.shows == "reading" else told["items"]}
    )


async def _answer(visit: Visit) -> web.Response:
    """Say what was typed or chosen, and before that the picture; look for canned answers by letters."""
    sent, key = visit.sent, visit.sent.get("key", "")
    if "find" in sent:
        return await desk_page(visit, await enquiry_of(visit), letters=sent.get("letters", "").strip())
    for file in visit.files:
        if file.body:
            named = f"{_api(visit)}/files?name={quote(file.name[:200])}"
            made = await visit.send("POST", named, file.body, media_type=OCTETS)
            once = f"{key}-{hashlib.blake2b(file.body, digest_size=16).hexdigest()}" if key else ""
            try:
                await visit.send("POST", f"{_api(visit)}/answers", {"file": made["id"]}, key=once)
            except Problem as problem:
                # These bytes were said: another upload of them is another body under their key.
                if problem.code != REUSED:
                    raise
    body = {name: sent[name] for name in ("phrase",) if sent.get(name)} or {"text": sent.get("text", "")}
    if body.get("text", "-").strip():
        await visit.send("POST", f"{_api(visit)}/answers", body, key=key)
    if "phrase" in body and sent.get("text", "").strip():
        # What was typed beside it isn't sent, and stays.
        return await desk_page(visit, await enquiry_of(visit))
    return _back(visit)


@ROUTES.take("/desk/desks/{desk}/{rule}")
async def arrange_desk(visit: Visit) -> web.StreamResponse:
    """Say that one is away or back; as a lead, how many an officer may hold, and whether what waits is given out."""
    sent, rule = visit.sent, visit.call.path["rule"]
    flag = {"1": True, "0": False}.get(sent.get("flag", ""))
    most = sent.get("most", "").strip()
    bodies: dict[str, dict[str, Any]] = {
        "presence": {"away": flag is True},
        "turns": {"by_turn": flag},
        "limits": {"officer": sent.get("officer", ""), "most": int(most) if most.isdecimal() else most or None},
    }
    if rule not in bodies:
        raise NotFound
    await visit.send("PUT", f"/v1/desk/desks/{visit.call.path['desk']}/{rule}", bodies[rule])
    return visit.to(session.within(sent.get("next", "") or HERE))
