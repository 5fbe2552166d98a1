"""A case before its staff: what was handed in, what has become of it, who has read it, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiohttp import web

from questions.plan import escaped, parts_of
from web_site.filling.fields import plain
from web_site.filling.form import Filling
from web_site.pages.cases import MOST, answers_of_case, case_of, file_of_case, links_of
from web_site.rooms import WORKLIST
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(WORKLIST)

#: What sorts of answers are files.
FILES = ("file", "files")
#: Among the answers, what the case's files say in words.
SAID_BY_FILES = frozenset({"/answers/reuse", "/answers/renews"})


@ROUTES.show("/cases/{id}", {"done": 32})
async def show_case_to_staff(visit: Visit) -> web.StreamResponse:
    """Show a case that somebody works on."""
    case = await case_of(visit)
    form, details = await answers_of_case(visit, case)
    readings = await visit.find(f"{case['links']['self']}/readings?limit={MOST}")
    groups = form.answered(await form.fields())
    shown = SAID_BY_FILES | {one.pointer for _, some in groups for one in some}
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
        left_over=[*_left_over(form, "/answers", case["answers"], shown)],
        names={one["id"]: one["name"] for one in case["attachments"]},
        details=details,
        readings=(readings or {}).get("items", []),
        done=done[-1] if done else None,
    )


def _left_over(form: Filling, at: str, value: Any, shown: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """What is answered and the item's present form doesn't ask, such as a field that it had: names and values."""
    if at in shown or value is None:
        return
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _left_over(form, f"{at}/{escaped(name)}", one, shown)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _left_over(form, f"{at}/{number}", one, shown)
    else:
        title = (form.node_at(at) or {}).get("title") or " · ".join(map(str, parts_of(at)[1:]))
        yield title, value if isinstance(value, bool) else plain(value)


@ROUTES.show("/cases/{id}/files/{name}", media_type="*/*")
async def show_case_file_to_staff(visit: Visit) -> web.StreamResponse:
    """Read an upload of a case, or what it has led to."""
    return await file_of_case(visit, await case_of(visit), visit.call.path["name"])
