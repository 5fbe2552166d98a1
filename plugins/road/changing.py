"""How events come about, change and end: what a body says as columns, and each step in one write with its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Conflict, FieldProblem, InvalidFields, Platform, Stale, Update, Write
from banshi.sdk.events import Event, event_rows
from banshi.sdk.http import in_utc
from lines.geometry import geometry_of, positions
from lines.wrong import wrong_with
from names import held_back
from road.sentences import say
from road.settings import SETTINGS
from road.tables.models import STAFF, RoadChange, RoadEvent, RoadWay
from road.vocabulary import COLUMNS, DEFAULTS, TEXTS

#: How far from today an event may begin or end.
FURTHEST = timedelta(days=3_650)
#: What others hear of, and the steps of which they do.
EVENT, TOLD = "banshi.road.event", ("published", "changed", "held", "ended")
CHANGED = say("Somebody has changed this event meanwhile, or closed its road; look at it again.")


def new_event(platform: Platform, author: str, body: Mapping[str, Any]) -> RoadEvent:
    """The event that a body makes, not yet written. Raises InvalidFields."""
    now, made = platform.now(), {"kind": body["kind"], "division": body["division"]}
    row = RoadEvent(id=uuid7(), author=author, details=DEFAULTS, starts_at=now, updated_at=now, **made)
    row.update_from_dict(values_of(platform, row, body))
    return row


def values_of(platform: Platform, row: RoadEvent, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a body sets: whoever writes it has looked at the event. Raises InvalidFields with all of it."""
    wrong: list[FieldProblem] = []
    said = {name: one for name, one in body.items() if name not in (*COLUMNS, "version", "state")}
    # What was said in Chinese anew is no longer what is said in English.
    said = {f"{name}_en": None for name in ("text", "detour") if name in body} | said
    values: dict[str, Any] = {"details": {**row.details, **said}, "starts_at": row.starts_at, "ends_at": row.ends_at}
    values |= {"road": " ".join(body["road"].split())} if "road" in body else {}
    wrong += held_back({name: body[name] for name in TEXTS if body.get(name)}, body.get("names_nobody", ()))
    for name, into in (("geometry", values), ("detour_line", values["details"])):
        if name in body:
            found = [*wrong_with(body[name], platform[SETTINGS].box, f"/{name}")] if body[name] else []
            wrong += found
            if not found:
                line = positions(body[name])
                into[name] = geometry_of(body[name]["type"], line) if line else None
    values["details"] = {name: one for name, one in values["details"].items() if one is not None}
    for name in ("starts_at", "ends_at"):
        if body.get(name) is None:
            values[name] = None if name in body else values[name]
        elif (at := _moment(body[name], platform.now())) is not None:
            values[name] = at
        else:
            wrong.append(FieldProblem(f"/{name}", say("Give a time within ten years of now."), "invalid"))
    if wrong := wrong or [*_end_wrong(platform, row, values)]:
        raise InvalidFields(wrong)
    return values | held(platform, row, values)


def _moment(text: str, now: datetime) -> datetime | None:
    try:
        at = in_utc(text)
    except ValueError:
        return None
    return at if abs(at - now) <= FURTHEST else None


def _end_wrong(platform: Platform, row: RoadEvent, values: Mapping[str, Any]) -> Iterator[FieldProblem]:
    end = values["ends_at"]
    if end is not None and end <= values["starts_at"]:
        yield FieldProblem("/ends_at", say("It would end before it begins; correct one of the two times."), "order")
    elif end is not None and end != row.ends_at and end <= platform.now():
        yield FieldProblem("/ends_at", say("It would be over already; end it, or give a later time."), "past")


def held(platform: Platform, row: RoadEvent, values: Mapping[str, Any]) -> dict[str, Any]:
    """That somebody says now that it is so: until its end is known, they are asked again after a while."""
    now, is_known = platform.now(), values["ends_at"] is not None and values["details"]["end_is"] == "known"
    asks_at = None if is_known else max(now, values["starts_at"]) + platform[SETTINGS].patience(row.kind)
    return {"checked_at": now, "asks_at": asks_at, "asked_at": None, "is_stale": False}


def ended(platform: Platform, row: RoadEvent) -> dict[str, Any]:
    """The columns of an event that is over: now, where it wasn't before."""
    now = platform.now()
    return {"state": "ended", "ends_at": min(row.ends_at or now, now), "asks_at": None, "asked_at": None}


async def refuse_twice(platform: Platform, row: RoadEvent, values: Mapping[str, Any]) -> Sequence[Update]:
    """What goes with the write of a closure, so that of two at once the second is Stale. Raises Conflict where the
    road is closed already at that time in that direction: that event is to be changed.
    """
    if row.kind != "closure":
        return ()
    after = {"road": row.road, "details": row.details, "starts_at": row.starts_at, "ends_at": row.ends_at, **values}
    way = f"{row.division} {after['road']}"
    await platform.store.commit(Write(unless_there=[RoadWay(id=way)]))
    turn = (await RoadWay.get(id=way)).turn
    there = RoadEvent.filter(state="in-force", kind="closure", division=row.division, road=after["road"])
    for other in await there.exclude(id=row.id):
        ways = {after["details"]["direction"], other.details["direction"]}
        begins_before = after["ends_at"] is None or other.starts_at < after["ends_at"]
        ends_behind = other.ends_at is None or after["starts_at"] < other.ends_at
        if begins_before and ends_behind and (len(ways) == 1 or ways & {"undefined", "unknown"}):
            raise Conflict(say("This road is closed at that time already; change that event."), event=str(other.id))
    return [Update(RoadWay, {"id": way, "turn": turn}, {"turn": turn + 1})]


def changes_of(platform: Platform, row: RoadEvent, what: str, by: str) -> list[Model]:
    """The record of a step, with the promise to tell of it; what concerns staff alone is told to nobody outside."""
    same, at = {"version": row.version, "what": what}, row.updated_at
    room = STAFF if what in ("asked", "alerted") else row.division
    change = RoadChange(id=uuid7(), event_id=row.id, division=room, by=by, at=at, **same)
    if what not in TOLD:
        return [change]
    event = Event(id=str(uuid7()), type=EVENT, at=at, source="/v1/road/events", subject=str(row.id), data=same)
    return [change, *event_rows(platform, event)]


async def step(
    platform: Platform,
    row: RoadEvent,
    what: str,
    by: str,
    values: Mapping[str, Any],
    receipt: Callable[[RoadEvent], Sequence[Model]] = lambda _: (),
    also: Sequence[Update] = (),
) -> RoadEvent:
    """Write a step of an event as it was read; the event afterwards. Raises Conflict where another was quicker."""
    now, read = platform.now(), row.version
    columns = {**values, "version": read + 1, "updated_at": now}
    row.update_from_dict(dict(columns))
    guard = Update(RoadEvent, {"id": row.id, "version": read}, columns)
    try:
        await platform.store.commit(Write([guard, *also], [*changes_of(platform, row, what, by), *receipt(row)]))
    except Stale:
        raise Conflict(CHANGED) from None
    return row
