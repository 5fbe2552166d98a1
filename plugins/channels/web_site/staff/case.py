"""A case before its staff: what was handed in, what has become of it, who has read it, and what they may do."""

from __future__ import annotations

from aiohttp import web

from web_site.pages.cases import MOST, answers_of_case, case_of, file_of_case, links_of
from web_site.rooms import WORKLIST
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(WORKLIST)

#: What sorts of answers are files.
FILES = ("file", "files")


@ROUTES.show("/cases/{id}", {"done": 32})
async def show_case_to_staff(visit: Visit) -> web.StreamResponse:
    """Show a case that somebody works on."""
    case = await case_of(visit)
    form, details = await answers_of_case(visit, case)
    readings = await visit.find(f"{case['links']['self']}/readings?limit={MOST}")
    groups = form.answered(await form.fields())
    shown_at = {
        id_: one.title
        for _, some in groups
        for one in some
        if one.sort in FILES
        for id_ in form.sent.getall(one.pointer, ())
    }
    done = [one for one in case["timeline"] if one["action"] == visit.call.query.get("done") and one["by"] == "staff"]
    return await visit.page(
        "staff/case.html",
        here=WORKLIST.at,
        case=case,
        links=links_of(case),
        form=form,
        groups=groups,
        shown_at=shown_at,
        details=details,
        readings=(readings or {}).get("items", []),
        done=done[-1] if done else None,
    )


@ROUTES.show("/cases/{id}/files/{name}", media_type="*/*")
async def show_case_file_to_staff(visit: Visit) -> web.StreamResponse:
    """Read an upload of a case, or what it has led to."""
    return await file_of_case(visit, await case_of(visit), visit.call.path["name"])
