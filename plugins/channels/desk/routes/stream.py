"""The desk, live: what happens in its queue, told to every officer of it as it happens. Never a word of anybody's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial

import orjson
from aiohttp import web

from banshi import Answer, Audience, Call, Key, Platform
from banshi.sdk.http import LAST_EVENT, LiveRows, Routes
from desk.metrics import METRICS
from desk.officers import seen
from desk.party import BECAME
from desk.places import OFFICER
from desk.routes.enquiries import desks_of, head, person
from desk.tables.models import DeskEvent

ROUTES = Routes("desk")

DESK_STREAMS: Key[LiveRows] = Key("the desk's streams")


@asynccontextmanager
async def open_streams(platform: Platform) -> AsyncIterator[LiveRows]:
    """Those of this process."""
    events = DeskEvent.all().prefetch_related("enquiry")
    async with LiveRows(platform, events, "desk", partial(written, platform)).running("desk-stream") as streams:
        yield streams


def written(platform: Platform, row: DeskEvent) -> bytes:
    """The event, with the head of the conversation."""
    document = {
        "at": platform.moment(row.at),
        "by": person(row.officer, row.officer_name),
        "enquiry": head(platform, row.enquiry),
        **({"message": str(row.word)} if row.word else {}),
        **({"why": orjson.loads(row.text)} if row.what in BECAME and row.text else {}),
    }
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(row.id).encode(), row.what.encode(), orjson.dumps(document))


@ROUTES.get(
    "/v1/desk/stream",
    Audience.STAFF,
    {
        200: Answer("Events named by what happened; the data has the conversation.", media_type="text/event-stream"),
        429: Answer("Too many streams are open."),
    },
    parameters=(LAST_EVENT,),
)
async def stream_desk(call: Call) -> web.StreamResponse:
    """Follow your desks live: who calls for a person, who is claimed, answered, given back, closed.

    What becomes of an answer is told as `accepted`, `delivered`, `failed`, `refused`, `shut`, `late` or `unknown`: the
    data has its `message`, and of what didn't reach them `why`, by language.

    `Last-Event-ID` goes on where a stream broke, for an hour.
    """
    own = desks_of(call.platform, call.principal)
    sat_at = [desk for desk in own if desk.is_of(call.principal, OFFICER)]
    await seen(call, sat_at)
    with ExitStack() as following:
        for desk in sat_at:
            following.enter_context(call.platform[METRICS].officers.labels(desk.code).track_inprogress())
        return await call.platform[DESK_STREAMS].answer(call, [desk.code for desk in own])
