"""The routes of the worklist: its rows, and how many there are."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from aiohttp import web

from banshi.builtin.worklist.looking import looked_for, numbered
from banshi.builtin.worklist.rows import rows_of
from banshi.builtin.worklist.waiting import WORK, Place, counts, most_urgent, places_of
from banshi.kernel.cases import actors
from banshi.kernel.cases.actions import title_in, words_of
from banshi.kernel.cases.representations import TO_FIRST_CASE
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Parameter
from banshi.kernel.http.document_schemas import named, ref
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, from_cursor, limit_of, page_answer, reply

ROUTES = Routes("staff")

Q = (
    "A case's number, which finds it in any state; or what those that wait have: a part of a name or a number, or a "
    "whole answer, such as a plate. What is found by such words counts as read. A page may have fewer rows than "
    "`limit`, and even none: go on as long as there is a `next`."
)
FILTERS = (
    Parameter("state", {"type": "string", "maxLength": 32}, "Only this state."),
    Parameter("item", {"type": "string", "maxLength": 64}, "Only this item, by its code."),
    Parameter("due", {"type": "string", "format": "date"}, "Only what is due on this day or before."),
    Parameter("q", {"type": "string", "minLength": 2, "maxLength": 64}, Q),
)


@ROUTES.get(
    "/v1/worklist",
    Audience.STAFF,
    {200: page_answer(ref("WorklistCase"), TO_FIRST_CASE)},
    parameters=(*FILTERS, *PAGE_PARAMETERS),
)
async def worklist(call: Call) -> web.StreamResponse:
    """List the cases on which the caller may act, the most urgent first."""
    platform, limit, actor = call.platform, limit_of(call), actors.Actor(call.principal)
    where: dict[str, Any] = {"not_of": actor.subject, "after": from_cursor(call, _place)}
    places, words, due = _places(call), call.query.get("q"), call.query.get("due")
    rows = await numbered(words, actor) if words else None
    after = None
    if rows is not None:
        # In whatever state, and whenever it is due.
        due = None
    elif words:
        rows, after = await looked_for(platform.store, places, words, **where, limit=limit)
        await actors.record_reading(actor, rows)
    else:
        found = await most_urgent(platform.store, places, **where, limit=limit + 1)
        rows, after = found[:limit], (found[limit - 1].urgency, found[limit - 1].id) if len(found) > limit else None
    if due and (late := [one for one in rows if one.urgency > date.fromisoformat(due)]):
        rows, after = [one for one in rows if one not in late], None
    # A row names nobody. What its citizen was told last may.
    await actors.record_reading(actor, [case for case in rows if case.reason])
    documents = await rows_of(platform, rows, actor, call.language)
    return reply(call, Page(documents, f"{after[0]}/{after[1]}" if after else None).document())


@ROUTES.get("/v1/worklist/counts", Audience.STAFF, {200: Answer("How many.", ref("WorklistCounts"))})
async def count_worklist(call: Call) -> web.StreamResponse:
    """Count the cases on which the caller may act, by state and by item."""
    platform, principal = call.platform, call.principal
    found = await counts(platform.store, _places(call), not_of=principal.subject, today=platform.today())
    states, items = dict[tuple[str, str], int](), dict[str, int]()
    for row in found:
        item = platform.registry.items.of(row["item"])
        words, _ = words_of(platform.registry.kinds.get(item.kind) if item else None, item)
        state = row["state"], title_in(words, row["state"], call.language)
        states[state] = states.get(state, 0) + row["count"]
        items[row["item"]] = items.get(row["item"], 0) + row["count"]
    document: dict[str, Any] = {"total": sum(states.values())} | {
        name: sum(int(row[name]) for row in found) for name in ("overdue", "due_today")
    }
    document["states"] = [{"state": code, "state_title": title, "count": n} for (code, title), n in states.items()]
    document["items"] = [{"item": _item(call, code), "count": n} for code, n in items.items()]
    return reply(call, document)


def _item(call: Call, code: str) -> dict[str, str]:
    item = call.platform.registry.items.of(code)
    return named(code, item.title if item else None, call.language)


def _places(call: Call) -> list[Place]:
    """Where the caller has work, as far as they ask for it."""
    state, item = call.query.get("state"), call.query.get("item")
    return [
        one
        for one in places_of(call.platform[WORK].get(), call.principal.roles)
        if state in (None, one[1]) and item in (None, one[2])
    ]


def _place(cursor: str) -> tuple[date, uuid.UUID]:
    due, _, identity = cursor.partition("/")
    return date.fromisoformat(due), uuid.UUID(identity)
