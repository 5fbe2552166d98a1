"""What the traffic police write: an event, maybe from a citizen's report; and what asks whether it is still so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.models import Model

from banshi import Answer, Audience, Call, Conflict, Forbidden, NotFound, Stale, Update, Write, reply
from banshi.sdk.cases import Actor, act, find_case
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, page_of
from road import alert, changing
from road.routes.shown import PARAMETERS, RECORD, RECORDS, STEP, leads, record
from road.sentences import say
from road.settings import SETTINGS, item_of
from road.tables.models import RoadEvent
from road.vocabulary import ALERT, CHANGE, NEW

ROUTES = Routes("roads")

#: Who publishes events.
REVIEWER = "reviewer"
LEADS, NO_REPORT = leads("$response.body#"), Answer("There is no such report.")


def writes(call: Call) -> bool:
    """Whether the caller publishes events."""
    item = item_of(call.platform)
    return item is not None and call.principal.may(REVIEWER, item.department, item.unit)


def may_write(call: Call) -> None:
    """Raises Forbidden for whoever doesn't publish events."""
    if not writes(call):
        raise Forbidden(say("Only those who look after the roads may do this."))


async def event_of(call: Call) -> RoadEvent:
    """The event of the path, for whoever publishes events. Raises NotFound."""
    row = await RoadEvent.get_or_none(id=call.path["id"])
    if row is None or not writes(call):
        raise NotFound(say("There is no such event, or it is over."))
    return row


async def as_read(call: Call) -> RoadEvent:
    """The event of the path as the caller has read it. Raises NotFound and Conflict."""
    row = await event_of(call)
    if row.state != "in-force":
        raise Conflict(say("The event is over; publish a new one."))
    if row.version != call.body["version"]:
        raise Conflict(changing.CHANGED)
    return row


@ROUTES.post(
    "/v1/road/events",
    Audience.STAFF,
    {201: Answer("It is published.", RECORD, links=LEADS), 404: NO_REPORT, 409: Answer("It is there already.")},
    body=NEW,
    creates=True,
)
async def publish_road_event(call: Call) -> web.StreamResponse:
    """Publish an event on a road; with `report`, confirm what a citizen has reported, who gets it as the answer."""
    may_write(call)
    platform, by = call.platform, call.principal.subject
    row = changing.new_event(platform, by, call.body)
    turn = await changing.refuse_twice(platform, row, {})
    row.report = UUID(call.body["report"]) if "report" in call.body else None
    document = record(platform, row)
    rows = [row, *changing.changes_of(platform, row, "published", by), *call.once.receipt(document)]
    try:
        if row.report is None:
            await platform.store.commit(Write(turn, rows))
        else:
            await _answer(call, row, [*turn, *rows])
    except Stale:
        await changing.refuse_twice(platform, row, {})
        raise Conflict(changing.CHANGED) from None
    return reply(call, document, status=201)


async def _answer(call: Call, row: RoadEvent, rows: Sequence[Model | Update]) -> None:
    """Answer the report in the transaction that publishes the event. Raises NotFound and Conflict."""
    actor, told = Actor(call.principal), say("It is published: {road}. {text}", road=row.road, text=row.details["text"])
    case = await find_case(row.report, actor)
    if (item := item_of(call.platform)) is None or case.item != item.code:
        raise NotFound(say("There is no such report."))
    if case.state == "submitted":
        await act(call.platform, case.id, "assign", actor, {"details": {}}, call.language)
    words = {"details": {"text": "\n".join(told.values())}}
    await act(call.platform, case.id, "answer", actor, words, call.language, receipt=lambda _: rows)


@ROUTES.patch(
    "/v1/road/events/{id}",
    Audience.STAFF,
    {200: Answer("It is as it is now.", RECORD, links=LEADS), 409: Answer("Somebody was quicker, or it is over.")},
    body=CHANGE,
    creates=True,
)
async def change_road_event(call: Call) -> web.StreamResponse:
    """Change an event as of the version that you have read, or end it; with nothing else, say that it is still so."""
    row, platform, body = await as_read(call), call.platform, call.body
    what = "ended" if "state" in body else "held" if len(body) == 1 else "changed"
    values = changing.ended(platform, row) if what == "ended" else changing.values_of(platform, row, body)
    turn = await changing.refuse_twice(platform, row, values) if what == "changed" else ()
    return await _taken(call, row, what, values, turn)


async def _taken(
    call: Call, row: RoadEvent, what: str, values: Mapping[str, Any], turn: Sequence[Update] = (), status: int = 200
) -> web.StreamResponse:
    def receipt(after: RoadEvent) -> Sequence[Model]:
        return call.once.receipt(record(call.platform, after), status=status)

    after = await changing.step(call.platform, row, what, call.principal.subject, values, receipt, turn)
    return reply(call, record(call.platform, after), status=status)


@ROUTES.post(
    "/v1/road/events/{id}/alert",
    Audience.STAFF,
    {201: Answer("Its alert is a draft.", RECORD, links=LEADS), 409: Answer("It isn't severe, or has an alert.")},
    body=ALERT,
    creates=True,
)
async def draft_road_alert(call: Call) -> web.StreamResponse:
    """Make a draft of a CAP alert of a severe event, of its place and until its end; a second person publishes it."""
    row = await as_read(call)
    return await _taken(call, row, "alerted", {"alert": await alert.drafted(call, row)}, status=201)


@ROUTES.get(
    "/v1/road/records",
    Audience.STAFF,
    {200: RECORDS},
    parameters=[PARAMETERS["state"], PARAMETERS["asked"], *PAGE_PARAMETERS],
)
async def list_road_records(call: Call) -> web.StreamResponse:
    """List the events with their records, over or not, the newest first."""
    may_write(call)
    wanted: Mapping[str, Any] = {"state": call.query["state"]} if "state" in call.query else {}
    query = RoadEvent.filter(**wanted, **({"asked_at__isnull": False} if call.query["asked"] else {}))
    rows, after = await page_of(call, query, {"-id": UUID})
    page, reports = Page([record(call.platform, one) for one in rows], after), call.platform[SETTINGS].report
    return reply(call, {**page.document(), "reports": f"/v1/worklist?item={reports}"})


@ROUTES.get("/v1/road/records/{id}", Audience.STAFF, {200: Answer("All of it.", RECORD, links=LEADS)})
async def show_road_record(call: Call) -> web.StreamResponse:
    """Show an event with who did what when."""
    row = await event_of(call)
    steps = await row.changes.order_by("version")
    return reply(call, record(call.platform, row, steps=[STEP.of(call.platform, one) for one in steps]))
