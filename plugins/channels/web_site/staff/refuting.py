"""Rumours: what goes around and was found, written by one member of staff and published by another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from banshi import Problem
from web_site import session
from web_site.filling.form import Filling
from web_site.pages.cases import kept
from web_site.rooms import REFUTATIONS
from web_site.session import STAFF
from web_site.staff.publishing import ACTIONS, ENDING, SAID_AT_FORM
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(REFUTATIONS)

#: Where a picture becomes a fingerprint, and is forgotten.
PICTURES = "/v1/refutations/pictures"


@ROUTES.show("/refutations", {"after": 200})
async def list_refutation_drafts(visit: Visit) -> web.StreamResponse:
    """List the records, the newest first, drafts too."""
    after = visit.call.query.get("after")
    page = await visit.get("/v1/refutations/records", **({"cursor": after} if after else {}))
    return await visit.page("staff/refutations.html", here=REFUTATIONS.at, page=page)


@ROUTES.show("/refutations/new")
async def begin_refutation(visit: Visit) -> web.StreamResponse:
    """Begin a record of what goes around."""
    form = _form(visit)
    own = [role.department for role in visit.person.roles if role.name in REFUTATIONS.roles]
    form.begin({"department": own[0], "rating": "checking"})
    return await _asked(visit, form)


@ROUTES.show("/refutations/{id}/edit")
async def edit_refutation(visit: Visit) -> web.StreamResponse:
    """Write what its next edition says; what is public stays until that is approved."""
    form, record = _form(visit), await _record(visit)
    form.begin(record["draft"] or record["public"])
    return await _asked(visit, form, record)


@ROUTES.take("/refutations/new", takes_files=True, keeps=True)
async def write_refutation_draft(visit: Visit) -> web.StreamResponse:
    """Store what was written; nothing goes out."""
    return await _take(visit)


@ROUTES.take("/refutations/{id}/edit", takes_files=True, keeps=True)
async def change_refutation_draft(visit: Visit) -> web.StreamResponse:
    """Store the next edition, if nobody has changed it meanwhile."""
    return await _take(visit)


async def _take(visit: Visit) -> web.Response:
    if visit.known is None:
        return await kept(visit)
    form, record = _form(visit), await _record(visit) if "id" in visit.call.path else None
    form.sent = visit.sent
    await form.take(())
    if not session.bears(visit.session, visit.sent.get("token", "")):
        return await _asked(visit, form, record, 403, stale=403)
    if not form.goes_on or not form.is_right():
        return await _asked(visit, form, record)
    address = record["links"]["record"] if record else "/v1/refutations"
    body: dict[str, Any] = {"version": visit.version} if record else {}
    # What the form doesn't ask stays as it is.
    pictures = [*((record["draft"] or record["public"]).get("pictures", []) if record else ())]
    try:
        for file in visit.files:
            seen = await visit.send("POST", PICTURES, file.body or b"", media_type="image/jpeg")
            pictures += [seen["picture"]]
        body |= {**form.whole, **({"pictures": list(dict.fromkeys(pictures))} if pictures else {})}
        stored = await visit.send("PUT" if record else "POST", address, body, key=form.key)
    except Problem as problem:
        form.refuse(problem, SAID_AT_FORM)
        return await _asked(visit, form, record, problem.status)
    return visit.to(f"{STAFF}{REFUTATIONS.at}/{stored['id']}")


@ROUTES.show("/refutations/{id}")
async def show_refutation_draft(visit: Visit) -> web.StreamResponse:
    """Show what it says, what is public of it, who did what, and what may be done with it."""
    return await _shown(visit)


@ROUTES.take("/refutations/{id}/actions/{action}")
async def decide_about_refutation(visit: Visit) -> web.StreamResponse:
    """Propose, approve, return, give up or take back: the version that the page has shown, and no other."""
    sent, path = visit.sent, visit.call.path
    said = {"version": visit.version, **({"reason": sent["reason"]} if sent.get("reason") else {})}
    try:
        await visit.send("POST", f"/v1/refutations/{path['id']}/actions/{path['action']}", said)
    except Problem as problem:
        wrong = visit.said(problem, SAID_AT_FORM)
        return await _shown(visit, problem.status, wrong)
    return visit.to(f"{STAFF}{REFUTATIONS.at}/{path['id']}")


async def _record(visit: Visit) -> Any:
    return await visit.get(f"/v1/refutations/{visit.call.path['id']}/record")


async def _shown(visit: Visit, status: int = 200, wrong: str = "") -> web.Response:
    names = {"record": await _record(visit), "members": _schema(visit)["properties"], "actions": ACTIONS}
    names |= {"ending": ENDING, "wrong": wrong}
    return await visit.page("staff/refutation.html", status=status, here=REFUTATIONS.at, **names)


def _schema(visit: Visit) -> Mapping[str, Any]:
    """The form of the API."""
    method, path = ("PUT", "/v1/refutations/{id}/record") if "id" in visit.call.path else ("POST", "/v1/refutations")
    routes = (one for _, one in visit.call.platform.registry.routes if (one.method, one.path) == (method, path))
    body: Any = next(routes).body
    return {**body.described(visit.language)}


def _form(visit: Visit) -> Filling:
    """The API's own form, with the caller's departments to choose from."""
    schema = _schema(visit)
    asked = {name: one for name, one in schema["properties"].items() if name not in ("version", "pictures")}
    if "department" in asked:
        own = [role.department for role in visit.person.roles if role.name in REFUTATIONS.roles]
        asked["department"] = {"type": "string", "title": asked["department"]["title"], "enum": own}
    required = [name for name in schema["required"] if name in asked]
    return Filling(visit, {**schema, "required": required, "properties": asked}, visit.known)


async def _asked(visit: Visit, form: Filling, record: Any = None, status: int = 200, stale: int = 0) -> web.Response:
    fields, version = await form.fields(), visit.sent.get("version") or (record or {}).get("version", "")
    names = {"fields": fields, "mistakes_found": form.mistakes(fields), "record": record, "version": version}
    return await visit.page("staff/refuting.html", status=status, stale=stale, here=REFUTATIONS.at, form=form, **names)
