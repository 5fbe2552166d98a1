"""The desk's page: the queue, the talk that is open, and what goes with it; all of it, or what a script asks for."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi import NotFound
from banshi.sdk.catalogue import initials
from web_site.rooms import DESK
from web_site.session import STAFF
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(DESK)
HERE = f"{STAFF}{DESK.at}"

#: Rows of one state that are read, rows that a script asks for at once, and letters of a canned answer on its button.
MAX_ROWS, MAX_ASKED, MAX_LABEL = 500, 20, 14
#: Seconds before a page's own reading from which its stream goes on: ids bear the clocks of several machines.
BEFORE_S = 2
#: What nobody has asked for by being here: it doesn't count as somebody's being there.
BY_ITSELF = {"Cache-Control": "private, no-store"}
TALK, LIVE = "talk", ("waiting", "held")
ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@ROUTES.show("/desk")
async def show_desk(visit: Visit) -> web.StreamResponse:
    """Show the queue, and who is there."""
    return await desk_page(visit)


@ROUTES.show("/desk/enquiries/{id}", {"part": 16})
async def show_enquiry_page(visit: Visit) -> web.StreamResponse:
    """Show a conversation beside the queue; `part=talk` without that."""
    return await desk_page(visit, await enquiry_of(visit))


@ROUTES.show("/desk/rows", {"ids": 800})
async def show_desk_rows(visit: Visit) -> web.StreamResponse:
    """Show lines of the queue anew, by the ids of their conversations: those that wait or talk."""
    wanted = [one for one in visit.call.query.get("ids", "").split(",")[:MAX_ASKED] if ID.fullmatch(one)]
    found = [await visit.find(f"/v1/desk/enquiries/{one}") for one in wanted]
    rows = [one for one in found if one and one["state"] in LIVE]
    return await visit.page("desk/rows.html", headers=BY_ITSELF, rows=rows, enquiry=None, **await _of_all(visit))


async def enquiry_of(visit: Visit) -> Any:
    """The conversation that the address names. Raises NotFound."""
    return await visit.get(f"/v1/desk/enquiries/{visit.call.path['id']}")


async def desk_page(visit: Visit, enquiry: Any = None, *, status: int = 200, **more: Any) -> web.Response:
    """The page, with what was typed where something went wrong, and with what was asked for in a form."""
    names: dict[str, Any] = {"enquiry": enquiry, "key": secrets.token_urlsafe(18), **await _of_all(visit)}
    # Before anything is read: what happens meanwhile is told by the stream.
    names["after"] = UUID(int=((uuid7().int >> 80) - 1_000 * BEFORE_S) << 80)
    part = visit.call.query.get("part", "")
    if part != TALK:
        names["lists"] = _lists([row for state in LIVE for row in await _rows(visit, state)], visit)
        names["figures"] = await _figures(visit, names["own"])
    names["rooms"] = {one: await visit.get(f"/v1/desk/desks/{one}/officers") for one in names["own"]}
    if enquiry is not None:
        names |= await _about(visit, enquiry, names["desks"], more.get("letters", ""))
    nothing = {"problem": None, "cases": None, "earlier": None, "found": None, "reading": None, "letters": ""}
    headers = BY_ITSELF if part else None
    template = "desk/talk_alone.html" if part == TALK else "desk/desk.html"
    return await visit.page(template, status=status, here=DESK.at, headers=headers, **{**nothing, **names, **more})


async def _of_all(visit: Visit) -> Mapping[str, Any]:
    """What every line of the queue rests on."""
    desks = {one["code"]: one for one in (await visit.get("/v1/desk/desks", all="true"))["items"]}
    own = {code: one for code, one in desks.items() if one["sits"] or one["leads"]}
    if not own:
        raise NotFound
    return {
        "own": own,
        "desks": desks,
        "me": visit.person.subject,
        "clock": _clock(visit.call.now),
        "now": visit.call.now,
        "at": HERE,
    }


def _clock(now: datetime) -> Callable[[str], str]:
    """How long it was, or will be: 1:05, 47:52:00. The script goes on with it."""

    def spelled(at: str) -> str:
        seconds = abs(int((now - datetime.fromisoformat(at)).total_seconds()))
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"

    return spelled


async def _rows(visit: Visit, state: str) -> list[Any]:
    """The conversations of one's desks that are in a state, the most urgent and then the oldest first."""
    rows, more = list[Any](), {"state": state, "limit": "100"}
    while len(rows) < MAX_ROWS:
        page = await visit.get("/v1/desk/enquiries", **more)
        rows += page["items"]
        if page["next"] is None:
            break
        more["cursor"] = page["next"]
    return rows


def where(row: Any, me: str) -> str:
    """In which list somebody sees a conversation."""
    if row["state"] == "held":
        return "mine" if row["officer"]["id"] == me else "others"
    return "danger" if row["urgent"] else "waiting"


def _lists(rows: Sequence[Any], visit: Visit) -> Mapping[str, Sequence[Any]]:
    lists: dict[str, list[Any]] = {"danger": [], "mine": [], "waiting": [], "others": []}
    for row in rows:
        lists[where(row, visit.person.subject)].append(row)
    return lists


async def _figures(visit: Visit, own: Mapping[str, Any]) -> Sequence[Any]:
    """Today's, of whoever leads a desk."""
    if not any(one["leads"] for one in own.values()):
        return ()
    today = visit.call.platform.today().isoformat()
    return list((await visit.get("/v1/desk/figures", **{"from": today, "until": today}))["items"])


async def _about(visit: Visit, enquiry: Any, desks: Mapping[str, Any], letters: str) -> dict[str, Any]:
    """What goes with a conversation: what may be done with it, its talk in order, and canned answers."""
    desk, is_live = desks[enquiry["desk"]], enquiry["state"] in LIVE
    is_mine = is_live and where(enquiry, visit.person.subject) == "mine"
    phrases = []
    if is_mine:
        query = {"q": letters[:32]} if letters else {}
        phrases = (await visit.get(f"/v1/desk/desks/{desk['code']}/phrases", **query))["items"]
    texts = [(one["code"], one["texts"][visit.language]) for one in phrases]
    return {
        "desk": desk,
        "is_live": is_live,
        "is_mine": is_mine,
        "may_lead": desk["leads"] and is_live,
        "talk": sorted((*enquiry.get("messages", ()), *enquiry.get("events", ())), key=lambda one: str(one["at"])),
        "phrases": [(code, text, f"{code} {text} {initials(text)}".casefold()) for code, text in texts],
        "item": await visit.find(f"/v1/items/{desk['item']}") if desk["item"] and is_mine else None,
    }
