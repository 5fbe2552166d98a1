"""The desk, live: what happens in its queue, told to every officer of it as it happens. Never a word of anybody's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial

import orjson
from aiohttp import web

from banshi import Answer, Audience, Call, Key, Platform
from banshi.sdk.http import LAST_EVENT, LiveRows, Routes
from conversations.desk.enquiries import desks_of, head, person
from conversations.desk.metrics import METRICS
from conversations.desk.places import OFFICER
from conversations.tables.models import DeskEvent

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

    `Last-Event-ID` goes on where a stream broke, for an hour.
    """
    desks = [desk.code for desk in desks_of(call.platform, call.principal, OFFICER)]
    with ExitStack() as following:
        for desk in desks:
            following.enter_context(call.platform[METRICS].officers.labels(desk).track_inprogress())
        return await call.platform[DESK_STREAMS].answer(call, desks)
