"""Deciding on a case: nothing is sent to its citizen that whoever decides hasn't read; nothing typed is lost."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from aiohttp import web

from banshi import Problem
from web_site import session
from web_site.filling.form import Filling
from web_site.pages.cases import action_of, kept
from web_site.rooms import WORKLIST
from web_site.session import STAFF
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(WORKLIST)

#: What is said where it was typed; of all else there is a page.
SAID_HERE = frozenset({409, 422, 429, 502, 503, 504})
#: Fields of ours that nobody has typed.
OURS = frozenset({"token", "key", "shown", "next", "version"})


@ROUTES.show("/cases/{id}/actions/{action}")
async def show_staff_action(visit: Visit) -> web.StreamResponse:
    """Show what goes with an action, and the message that it would send."""
    case, action = await action_of(visit)
    if action is None:
        return await _moved(visit, case)
    form = Filling(visit, _body(action), visit.known)
    form.begin({})
    told = None if action["body"].get("required") else await _told(visit, action, {"version": case["version"]})
    return await _asked(visit, form, case, action, told)


@ROUTES.take("/cases/{id}/actions/{action}", takes_files=True, keeps=True)
async def take_staff_action(visit: Visit) -> web.StreamResponse:
    """Take an action, once the message that it sends was shown as it is."""
    if visit.known is None:
        return await kept(visit)
    is_theirs = session.bears(visit.session, visit.sent.get("token", ""))
    case, action = await _as_read(visit)
    if action is None:
        return await _moved(visit, case)
    form = Filling(visit, _body(action), visit.known, sent=visit.sent)
    await form.take(visit.files if is_theirs else ())
    if not is_theirs:
        return await _asked(visit, form, case, action, None, 403, stale=403)
    fields = await form.fields()
    if not form.goes_on or not form.is_right() or form.more_asked(fields):
        return await _asked(visit, form, case, action, None)
    body = {**form.whole, "version": case["version"]}
    try:
        told = await visit.send("POST", f"{action['link']}/preview", body)
        if _digest(told) != visit.sent.get("shown"):
            return await _asked(visit, form, case, action, told)
        await visit.send("POST", action["link"], body, key=form.key)
    except Problem as problem:
        form.refuse(problem, SAID_HERE)
        case, action = await _as_read(visit)
        if action is None:
            return await _moved(visit, case)
        return await _asked(visit, form, case, action, None, problem.status)
    return visit.to(f"{STAFF}/cases/{case['id']}?done={action['action']}")


async def _as_read(visit: Visit) -> tuple[Any, Any]:
    """The case and the action, None where it can't be taken on what the page has shown."""
    case, action = await action_of(visit)
    return case, action if visit.sent.get("version") == str(case["version"]) else None


def _body(action: Any) -> Any:
    """What an action takes, without the answers: they are the citizen's to correct."""
    body = action["body"]
    return {**body, "properties": {name: one for name, one in body["properties"].items() if name != "answers"}}


async def _told(visit: Visit, action: Any, body: Any) -> Any:
    """What would follow; None where it can't be said yet."""
    try:
        return await visit.send("POST", f"{action['link']}/preview", body)
    except Problem:
        return None


def _digest(told: Any) -> str:
    return hashlib.blake2b(orjson.dumps(told), digest_size=12).hexdigest()


async def _moved(visit: Visit, case: Any) -> web.Response:
    """Say that somebody else was faster, or that it was taken back; what was typed stands there to be taken along."""
    typed = [text for name, text in visit.sent.items() if name not in OURS and not name.startswith("name:") and text]
    return await visit.page("staff/moved.html", status=409, here=WORKLIST.at, case=case, typed=typed)


async def _asked(
    visit: Visit, form: Filling, case: Any, action: Any, told: Any, status: int = 200, stale: int = 0
) -> web.Response:
    fields = await form.fields()
    return await visit.page(
        "staff/action.html", status=status, stale=stale, here=WORKLIST.at, form=form, case=case, action=action,
        groups=form.groups(fields), mistakes_found=form.mistakes(fields), told=told,
        shown=_digest(told) if told else "", was_shown="shown" in visit.sent,
        version=visit.sent.get("version", case["version"]),
        more_asked=form.more_asked(fields) if "next" in form.sent else (),
    )  # fmt: skip
