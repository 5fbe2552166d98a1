"""Publishing: notices and alerts are written, looked at as phones will show them, and approved by a second person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from aiohttp import web

from banshi import NotFound, Problem
from web_site import session
from web_site.filling.form import Filling
from web_site.pages.cases import kept
from web_site.rendering import LANGUAGE_NAMES
from web_site.rooms import PUBLISHING, WORKLIST
from web_site.sentences import word
from web_site.session import STAFF
from web_site.staff import drafts
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(PUBLISHING)

#: Where the API has the records of each, and one of them.
LISTS = {"notices": "/v1/notices", "alerts": "/v1/alerts/records"}
ONE = {"notices": "/v1/notices/{id}", "alerts": "/v1/alerts/{id}/record"}
STATES = {
    "draft": word("Being written"), "proposed": word("Waits for a second person"),
    "scheduled": word("Waits for its time"), "published": word("Public"), "cancelled": word("Given up"),
    "recalled": word("Taken back"), "superseded": word("Replaced"),
}  # fmt: skip
ACTIONS = {
    "publish": word("Publish"), "approve": word("Approve and publish"), "return": word("Return to its writer"),
    "cancel": word("Give it up"), "recall": word("Take it back"), "create": word("Written"), "change": word("Changed"),
    "send": word("Went out"), "receive": word("Came in signed"), "expire": word("Its time was over"),
}  # fmt: skip
PHONES = {"android": word("Android"), "ios": word("Apple phone"), "web": word("Browser")}
#: States in which it may still be changed.
CHANGEABLE = frozenset({"draft", "proposed", "scheduled"})
#: Actions that end something, and what a refusal says at the form.
ENDING, SAID_AT_FORM = frozenset({"return", "cancel", "recall"}), frozenset({403, 409, 422, 429, 503})


@ROUTES.show("/publishing", {"of": 16, "state": 16, "after": 200})
async def list_drafts(visit: Visit) -> web.StreamResponse:
    """List notices, alerts or postings, the newest first, drafts too."""
    query = visit.call.query
    noun, state = query.get("of", "notices"), query.get("state", "")
    asks = {"limit": "20", **({"cursor": query["after"]} if query.get("after") else {})}
    if noun == "postings":
        page = await visit.published("/v1/postings", **asks)
    elif noun in LISTS:
        page = await visit.get(LISTS[noun], **asks, **({"state": state} if state in STATES else {}))
    else:
        raise NotFound
    can_decide = WORKLIST in visit.rooms
    return await visit.page(
        "staff/publishing.html", here=PUBLISHING.at, noun=noun, state=state, states=STATES, can_decide=can_decide,
        page=page or {"items": [], "next": None},
    )  # fmt: skip


@ROUTES.show("/publishing/{noun}/new", {"of": 64})
async def begin_draft(visit: Visit) -> web.StreamResponse:
    """Begin a notice, or an alert."""
    form = await _form(visit)
    own = [role.department for role in visit.person.roles if role.name in PUBLISHING.roles]
    whole: dict[str, Any] = {"department": own[0]}
    if visit.call.path["noun"] == "alerts":
        earlier = visit.call.query.get("of")
        whole |= {"status": "Actual", "msg_type": "Update" if earlier else "Alert"}
        whole |= {"references": [earlier]} if earlier else {}
        whole["info"] = [{"language": tag} for tag in LANGUAGE_NAMES]
    form.begin(whole)
    return await _asked(visit, form)


@ROUTES.take("/publishing/{noun}/new", takes_files=True, keeps=True)
async def write_draft(visit: Visit) -> web.StreamResponse:
    """Store it as a draft: nothing goes out."""
    return await _take(visit, None)


@ROUTES.show("/publishing/{noun}/{id}")
async def show_draft(visit: Visit) -> web.StreamResponse:
    """Show what it says, whom it reaches, how phones will show it, and what may be done with it."""
    return await _shown(visit)


@ROUTES.show("/publishing/{noun}/{id}/edit")
async def edit_draft(visit: Visit) -> web.StreamResponse:
    """Change what is not public yet."""
    record = await _record(visit)
    if record["state"] not in CHANGEABLE:
        return visit.to(f"{STAFF}{PUBLISHING.at}/{visit.call.path['noun']}/{record['id']}")
    form = await _form(visit)
    form.begin(drafts.written_in(record, visit.call.path["noun"]))
    return await _asked(visit, form, record)


@ROUTES.take("/publishing/{noun}/{id}/edit", takes_files=True, keeps=True)
async def change_draft(visit: Visit) -> web.StreamResponse:
    """Store the changes, if nobody has changed it meanwhile."""
    return await _take(visit, visit.call.path["id"])


@ROUTES.take("/publishing/{noun}/{id}/actions/{action}", takes_files=True, keeps=True)
async def decide_about_draft(visit: Visit) -> web.StreamResponse:
    """Publish, approve, return, give up or take back: the version that the page has shown, and no other."""
    if visit.known is None:
        return await kept(visit)
    record = await _record(visit)
    noun, action = visit.call.path["noun"], visit.call.path["action"]
    reason = visit.sent.get("reason", "").strip()
    if not session.bears(visit.session, visit.sent.get("token", "")):
        return await _shown(visit, 403, reason=reason, stale=403)
    body = {"version": visit.version}
    try:
        address = f"/v1/{noun}/{record['id']}/actions/{action}"
        await visit.send(
            "POST", address, {**body, **({"reason": reason} if reason else {})}, key=Filling(visit, {}, None).key
        )
    except Problem as problem:
        wrong = visit.said(problem, SAID_AT_FORM)
        return await _shown(visit, problem.status, wrong, reason)
    return visit.to(f"{STAFF}{PUBLISHING.at}/{noun}/{record['id']}")


async def _take(visit: Visit, identity: str | None) -> web.Response:
    """Store what was sent, as a new one or in place of what is there; else show it again as it was typed."""
    if visit.known is None:
        return await kept(visit)
    is_theirs = session.bears(visit.session, visit.sent.get("token", ""))
    record = await _record(visit) if identity else None
    form = await _form(visit)
    form.sent = visit.sent
    await form.take(())
    await form.fields()
    if not is_theirs:
        return await _asked(visit, form, record, 403, stale=403)
    if not form.goes_on or not form.is_right():
        return await _asked(visit, form, record)
    noun = visit.call.path["noun"]
    body = drafts.sent_with(form.schema, form.whole, noun, record)
    if record is not None:
        body["version"] = _version(visit, record)
    address = record["links"]["record"] if record else f"/v1/{noun}"
    try:
        stored = await visit.send("PATCH" if record else "POST", address, body, key=form.key)
    except Problem as problem:
        form.refuse(problem, SAID_AT_FORM)
        return await _asked(visit, form, record, problem.status)
    return visit.to(f"{STAFF}{PUBLISHING.at}/{noun}/{stored['id']}")


def _version(visit: Visit, record: Any) -> int:
    """The one that the page has shown, not the one that is there now."""
    shown = visit.sent.get("version", "")
    return int(shown) if re.fullmatch("[1-9][0-9]{0,8}", shown) else int(record["version"])


async def _record(visit: Visit) -> Any:
    """Raises NotFound for what there is not, or isn't theirs."""
    noun = visit.call.path["noun"]
    found = await visit.find(ONE[noun].format(id=visit.call.path["id"])) if noun in ONE else None
    if found is None or "permitted_actions" not in found:
        raise NotFound
    return found


async def _form(visit: Visit) -> Filling:
    """The form, with what may be chosen in it. Raises NotFound for what nobody writes here."""
    noun = visit.call.path["noun"]
    if noun not in LISTS:
        raise NotFound
    topics = [(one["code"], one["title"]) for one in (await visit.get("/v1/topics"))["items"]]
    departments = [(one["code"], one["title"]) for one in (await visit.get("/v1/departments"))["items"]]
    own = {role.department for role in visit.person.roles if role.name in PUBLISHING.roles}
    lists = {
        "/department": [one for one in departments if one[0] in own],
        "/audience/topics": topics,
        "/audience/departments": departments,
        "/info/language": [*LANGUAGE_NAMES.items()],
    }
    schema = drafts.asked(drafts.schema_of(visit.call.platform, noun), noun, visit.language, lists)
    return Filling(visit, schema, visit.known)


async def _asked(visit: Visit, form: Filling, record: Any = None, status: int = 200, stale: int = 0) -> web.Response:
    fields = await form.fields()
    version = visit.sent.get("version") or (record or {}).get("version", "")
    return await visit.page(
        "staff/draft.html", status=status, stale=stale, here=PUBLISHING.at, form=form, record=record, version=version,
        noun=visit.call.path["noun"], fields=fields, mistakes_found=form.mistakes(fields),
    )  # fmt: skip


async def _shown(visit: Visit, status: int = 200, wrong: str = "", reason: str = "", stale: int = 0) -> web.Response:
    record, noun = await _record(visit), visit.call.path["noun"]
    preview = await visit.get(record["links"]["preview"])
    phones = [
        (PHONES.get(name, name), tag, {**told_on(one)}, orjson.dumps(one, option=orjson.OPT_INDENT_2).decode())
        for name, by_language in preview["platforms"].items()
        for tag, one in by_language.items()
    ]
    counted = preview["audience"]["phones"]
    return await visit.page(
        "staff/written.html", status=status, stale=stale, wrong=wrong, reason=reason, here=PUBLISHING.at, noun=noun,
        record=record, states=STATES, actions=ACTIONS, ending=ENDING, preview=preview, phones=phones,
        count=None if counted is None else sum(counted.values()), form_key=Filling(visit, {}, None).key,
        can_change=record["state"] in CHANGEABLE,
    )  # fmt: skip


def told_on(one: Any) -> Mapping[str, str]:
    """The title and the line that a lock screen shows, wherever a platform's document has them."""
    for each in _objects(one):
        if isinstance(each.get("title"), str):
            return {"title": each["title"], "body": str(each.get("body", ""))}
    return {"title": "", "body": ""}


def _objects(one: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(one, Mapping):
        yield one
        for each in one.values():
            yield from _objects(each)
