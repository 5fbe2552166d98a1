"""What staff do with notices and alerts alike: write and change them, list them, look at one, decide about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi import (
    Answer,
    Audience,
    Call,
    FieldProblem,
    Forbidden,
    Form,
    InvalidFields,
    Link,
    NotFound,
    Parameter,
    Stale,
    reply,
)
from banshi.sdk.documents import Record, optional
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, page_of
from mobile_push.broadcasts import lifecycle, preview, representations, steps
from mobile_push.broadcasts.publication import Along
from mobile_push.sentences import say
from mobile_push.tables.models import Broadcast, BroadcastEvent

VERSION = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "description": "The version that you have read."}

ACTION = Record(
    reason=optional(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": 1000,
            "pattern": r"\S",
            "x-pattern-hint": say("Say why in words."),
            "description": "Colleagues read it.",
        }
    ),
    version=optional(VERSION),
).form()

COLLAPSE_KEY = {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9._-]*$"}

#: The parameters of a list of records.
LIST = (
    Parameter("state", {"type": "string", "enum": list(steps.STATES)}, "Only this state."),
    Parameter("department", {"type": "string", "maxLength": 64}, "Only this department's."),
    *PAGE_PARAMETERS,
)


def forms(written: Mapping[str, Any], required: Collection[str], about: str) -> tuple[Form, Form]:
    """How one is written, and how it is changed."""
    whole = Record(
        department={"type": "string", "minLength": 1, "maxLength": 64},
        **{name: schema if name in required else optional(schema) for name, schema in written.items()},
        draft=optional({"type": "boolean", "default": False, "description": "Store it without publishing it."}),
        second_person=optional({"type": "boolean", "description": "Whoever wrote it never publishes it alone."}),
        origin=optional({"type": "string", "maxLength": 64, "description": "The plugin that is asked before."}),
    )
    part = Record(version=VERSION, **{name: optional(schema) for name, schema in written.items()})
    change = "Members that are given take the place of what was there."
    return (
        Form.from_schema({**whole, "description": about}),
        Form.from_schema({**part, "minProperties": 2, "description": change}),
    )


#: The columns of a broadcast that a body sets. Raises InvalidFields with everything that is wrong.
Values = Callable[[Call, Broadcast, Mapping[str, Any]], Awaitable[dict[str, Any]]]


async def earlier_in(
    row: Broadcast, ids: Sequence[str], member: str, missing: Mapping[str, str]
) -> tuple[list[Broadcast], list[FieldProblem]]:
    """The public broadcasts of its kind and department that a body's member names, and what is wrong with others."""
    asked = [UUID(one) for one in ids]
    rows = await Broadcast.filter(id__in=asked, kind=row.kind, department=row.department, state="published")
    there = {one.id: one for one in rows}
    unknown = [f"/{member}/{place}" for place, one in enumerate(asked) if one not in there]
    return [there[one] for one in asked if one in there], [FieldProblem(at, missing, "unknown") for at in unknown]


async def create(kind: str, values_of: Values, call: Call) -> web.StreamResponse:
    """Store one; it is published at once, unless it is a draft or its time lies ahead."""
    department = call.body["department"]
    check_department(call, department)
    identity = uuid7()
    row = Broadcast(
        id=identity,
        kind=kind,
        department=department,
        author=call.principal.subject,
        second_person=call.body.get("second_person", False),
        origin=call.body.get("origin", ""),
        body=representations.filled(None),
        link=f"/v1/{kind}s/{identity}",
    )
    row.update_from_dict(await values_of(call, row, call.body))
    stored = await lifecycle.create(
        call.platform, row, draft=call.body.get("draft", False), receipt=receipt(call, status=201)
    )
    return reply(call, representations.record(call.platform, stored), status=201, headers=location(stored))


async def change(kind: str, values_of: Values, call: Call) -> web.StreamResponse:
    """Change what is not public yet."""
    row = await find(call, kind)
    check_changeable(row, call.body["version"])
    values = await values_of(call, row, call.body)
    try:
        after = await lifecycle.change(call.platform, row, call.principal, values, receipt(call, status=200))
    except Stale:
        raise lifecycle.changed_meanwhile(await find(call, kind)) from None
    return reply(call, representations.record(call.platform, after))


def check_changeable(broadcast: Broadcast, version: int) -> None:
    """Raise ActionNotPermitted for what is public or over, Conflict where another version was read."""
    if broadcast.state not in steps.CHANGEABLE:
        raise lifecycle.ActionNotPermitted(
            say("It stays as it is; publish a new one that supersedes it."), state=broadcast.state, permitted_actions=[]
        )
    if broadcast.version != version:
        raise lifecycle.changed_meanwhile(broadcast)


def check_department(call: Call, department: str) -> None:
    """Raise InvalidFields for an unknown department, Forbidden for one that the caller doesn't publish for."""
    known = call.platform.registry.departments
    if department not in known:
        there = ", ".join(sorted(known)) or "none"
        detail = say("There is no such department; there are: {there}.", there=there)
        raise InvalidFields([FieldProblem("/department", detail, "unknown")])
    if not lifecycle.may_publish(call.principal, department):
        raise Forbidden(
            say("Only staff who publish for this department may do this."), role=f"{department}:{lifecycle.PUBLISHER}"
        )


async def find(call: Call, kind: str) -> Broadcast:
    """The broadcast, for publishers of its department; otherwise NotFound, as if it did not exist."""
    broadcast = await Broadcast.get_or_none(id=call.path["id"], kind=kind)
    if broadcast is None or not lifecycle.may_publish(call.principal, broadcast.department):
        raise NotFound(say("There is nothing of that kind here that you may see."))
    return broadcast


async def list_records(kind: str, call: Call) -> web.StreamResponse:
    """The notices or alerts of the caller's departments, the newest first."""
    asked = {name: call.query[name] for name in ("state", "department") if name in call.query}
    query = Broadcast.filter(kind=kind, department__in=publishes_for(call)).filter(**asked)
    rows, after = await page_of(call, query, {"-id": UUID})
    return reply(call, Page([representations.record(call.platform, one) for one in rows], after).document())


def publishes_for(call: Call) -> list[str]:
    """The departments that the caller publishes for."""
    return [one for one in call.platform.registry.departments if lifecycle.may_publish(call.principal, one)]


async def whole(call: Call, broadcast: Broadcast) -> dict[str, Any]:
    events = await BroadcastEvent.filter(broadcast_id=broadcast.id).order_by("version")
    writers = await lifecycle.writers_of(broadcast)
    return {
        **representations.record(call.platform, broadcast),
        "permitted_actions": lifecycle.permitted(call.platform, broadcast, writers, call.principal.subject),
        "history": [representations.ENTRY.of(call.platform, event) for event in events],
    }


async def act(kind: str, call: Call) -> web.StreamResponse:
    """Publish, approve, return, cancel or recall it."""
    after = await lifecycle.move(
        call.platform,
        partial(find, call, kind),
        call.path["action"],
        call.principal,
        reason=call.body.get("reason", ""),
        version=call.body.get("version"),
        receipt=receipt(call, status=200),
    )
    return reply(call, representations.record(call.platform, after))


async def show_preview(kind: str, call: Call) -> web.StreamResponse:
    """What each platform's phone will be sent, and how many phones there are."""
    return reply(call, await preview.document(call.platform, await find(call, kind)))


def receipt(call: Call, *, status: int) -> Along:
    """The row that remembers the answer under the caller's Idempotency-Key."""
    return lambda after: call.once.receipt(
        representations.record(call.platform, after), status=status, headers=location(after)
    )


def location(broadcast: Broadcast) -> dict[str, str]:
    return {"Location": f"/v1/{broadcast.kind}s/{broadcast.id}"}


def leads(kind: str, *, whole: bool = False, first: bool = False) -> list[Link]:
    """Where a record of that kind, or the first of a list, leads; a whole one says what may be done with it."""
    place = "$response.body#/items/0" if first else "$response.body#"
    own, version = {"id": f"{place}/id"}, {"version": f"{place}/version"}
    shown = "show_notice" if kind == "notice" else "show_alert_record"
    links = [Link(name, own) for name in (shown, f"preview_{kind}", f"report_{kind}")]
    if whole:
        links.append(Link(f"act_on_{kind}", {**own, "action": f"{place}/permitted_actions/0"}, version))
    return [*links, Link(f"change_{kind}", own, version)]


def routes(kind: str, values_of: Values, changes: Form) -> Routes:
    """The routes that are alike for notices and alerts."""
    found, nouns, recorded = Routes("push"), f"{kind}s", representations.RECORDED[kind]
    conflict = Answer("It is in a state, or of a version, in which this is not possible.")
    found.patch(
        f"/v1/{nouns}/{{id}}{recorded}",
        Audience.STAFF,
        {200: Answer("It is as it is now.", representations.RECORD, links=leads(kind)), 409: conflict},
        operation=f"change_{kind}",
        summary=f"Change {'an' if kind == 'alert' else 'a'} {kind} that is not public yet.",
        body=changes,
        creates=True,
    )(partial(change, kind, values_of))
    found.post(
        f"/v1/{nouns}/{{id}}/actions/{{action}}",
        Audience.STAFF,
        {200: Answer("It is as it is afterwards.", representations.RECORD, links=leads(kind)), 409: conflict},
        operation=f"act_on_{kind}",
        body=ACTION,
        creates=True,
    )(partial(act, kind))
    found.get(
        f"/v1/{nouns}/{{id}}/preview",
        Audience.STAFF,
        {200: Answer("By provider and language.", preview.SCHEMA)},
        operation=f"preview_{kind}",
    )(partial(show_preview, kind))
    return found
