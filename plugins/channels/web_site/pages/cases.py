"""My cases, and one of them: how far it is, what I can do, who has read it, and what it has led to."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import NotFound, Problem
from banshi.sdk.http import READER
from questions.shown import details_in
from web_site import session
from web_site.filling.form import Filling
from web_site.filling.sent import read_sent
from web_site.filling.typed import sent_of
from web_site.session import ROOT
from web_site.visit import Pages, Visit

ROUTES = Pages()

#: Messages and readers that a case's page shows.
MOST = "20"


@ROUTES.show("/cases", {"after": 200})
async def list_own_cases(visit: Visit) -> web.StreamResponse:
    """List my cases, the newest first."""
    visit.person  # noqa: B018 - it raises
    after = visit.call.query.get("after")
    page = await visit.get("/v1/cases", limit="20", **({"cursor": after} if after else {}))
    return await visit.page("cases/cases.html", here="/cases", cases=page["items"], next=page["next"])


@ROUTES.show("/cases/{id}")
async def show_own_case(visit: Visit) -> web.StreamResponse:
    """Show one of my cases: timeline, deadline, what I can do, and who has read it."""
    visit.person  # noqa: B018 - it raises
    case = await case_of(visit)
    form, details = await answers_of_case(visit, case)
    messages = (await visit.get("/v1/inbox", case=case["id"], limit=MOST))["items"]
    readings = await visit.find(f"/v1/cases/{case['id']}/readings")
    return await visit.page(
        "cases/case.html",
        here="/cases",
        case=case,
        links=links_of(case),
        form=form,
        groups=form.answered(await form.fields()),
        details=details,
        messages=messages,
        readings=(readings or {}).get("items", []),
    )


@ROUTES.show("/cases/{id}/receipt")
async def show_receipt(visit: Visit) -> web.StreamResponse:
    """Say that it was handed in, and what comes next."""
    visit.person  # noqa: B018 - it raises
    case = await case_of(visit)
    guide = await visit.find(f"/v1/items/{case['item']['code']}")
    department = await visit.find(f"/v1/departments/{case['department']}")
    return await visit.page("cases/receipt.html", here="/cases", case=case, guide=guide, department=department)


@ROUTES.show("/cases/{id}/actions/{action}")
async def show_case_action(visit: Visit) -> web.StreamResponse:
    """Show what goes with an action."""
    visit.person  # noqa: B018 - it raises
    case, action = await action_of(visit)
    if action is None:
        return visit.to(f"{ROOT}/cases/{case['id']}")
    form = Filling(visit, action["body"], visit.known)
    answers = {"answers": case["answers"]} if "answers" in action["body"]["properties"] else {}
    form.begin(answers)
    for one in case["attachments"]:
        _name(form, one)
    return await _asked(visit, form, case, action)


@ROUTES.take("/cases/{id}/actions/{action}")
async def take_case_action(visit: Visit) -> web.StreamResponse:
    """Take an action, and see the case as it is then."""
    files = await read_sent(visit, takes_files=True)
    if visit.known is None:
        return await kept(visit)
    is_theirs = session.bears(visit.session, visit.sent.get("token", ""))
    case, action = await action_of(visit)
    if action is None:
        return visit.to(f"{ROOT}/cases/{case['id']}")
    form = Filling(visit, action["body"], visit.known, sent=visit.sent)
    await form.take(files if is_theirs else ())
    if not is_theirs:
        return await _asked(visit, form, case, action, 403, stale=403)
    fields = await form.fields()
    if not form.goes_on or not form.is_right() or form.more_asked(fields):
        return await _asked(visit, form, case, action)
    try:
        await visit.send("POST", action["link"], form.whole, key=form.key)
    except Problem as problem:
        form.refuse(problem, (409, 422, 429, 503))
        return await _asked(visit, form, case, action, problem.status)
    return visit.to(f"{ROOT}/cases/{case['id']}")


@ROUTES.show("/cases/{id}/files/{name}", {"language": 16}, media_type="*/*")
async def show_case_file(visit: Visit) -> web.StreamResponse:
    """Read what a case has led to: its certificate, its picture of a pass, its entry for a calendar, an upload."""
    visit.person  # noqa: B018 - it raises
    return await file_of_case(visit, await case_of(visit), visit.call.path["name"])


async def kept(visit: Visit) -> web.Response:
    """For whoever is signed in no more: of the case nothing is shown; what was typed is carried along."""
    sent = [(name, text) for name, text in visit.sent.items() if name != "token"]
    return await visit.page("cases/stands.html", status=401, sent=sent)


async def file_of_case(visit: Visit, case: Any, name: str) -> web.StreamResponse:
    """An upload of a case, by its id, or what it has led to. Raises NotFound."""
    own = {one["id"] for one in case["attachments"]}
    address = f"/v1/attachments/{name}" if name in own else links_of(case).get(name)
    if address is None:
        raise NotFound
    answer = await visit.call.platform[READER].send("GET", address, visit.person, visit.language)
    if answer.content_type == "application/json":
        raise NotFound
    answer.headers["Cache-Control"] = "no-store"
    return answer


def links_of(case: Any) -> dict[str, str]:
    """Where a case leads, what its kind shows of it too."""
    return {**case.get("links", {}), **((case.get("details") or {}).get("links") or {})}


async def case_of(visit: Visit) -> Any:
    return await visit.get(f"/v1/cases/{visit.call.path['id']}")


async def action_of(visit: Visit) -> tuple[Any, Any]:
    """The case and the action, None where it can't be taken now. Raises NotFound."""
    case = await case_of(visit)
    for one in case["permitted_actions"]:
        if one["action"] == visit.call.path["action"]:
            return case, one
    return case, None


async def answers_of_case(visit: Visit, case: Any) -> tuple[Filling, list[str]]:
    """What was filled in, and what the case has beside it, in words."""
    guide = await visit.find(f"/v1/items/{case['item']['code']}") or {}
    form = Filling(
        visit,
        {"type": "object", "properties": {"answers": guide.get("form") or {"type": "object", "properties": {}}}},
        visit.known,
    )
    form.filled.whole = {"answers": case["answers"]}
    form.sent = sent_of(form.schema, form.whole)
    for one in case["attachments"]:
        _name(form, one)
    return form, [*details_in(guide.get("case_details") or {}, case.get("details") or {})]


def _name(form: Filling, file: Any) -> None:
    """Say what a file is called that is in the answers already."""
    for pointer, text in [*form.sent.items()]:
        if text == file["id"]:
            form.filled.names[f"{pointer}#{text}"] = file["name"]
            form.sent.add(f"name:{pointer}#{text}", file["name"])


async def _asked(
    visit: Visit, form: Filling, case: Any, action: Any, status: int = 200, stale: int = 0
) -> web.Response:
    fields = await form.fields()
    return await visit.page(
        "cases/action.html", status=status, stale=stale, here="/cases", form=form, case=case, action=action,
        groups=form.groups(fields), mistakes_found=form.mistakes(fields),
        more_asked=form.more_asked(fields) if "next" in form.sent else (),
    )  # fmt: skip
