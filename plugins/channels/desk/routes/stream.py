"""The desk, live: what happens in its queue, told to every officer of it as it happens; words to their holder alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web

from banshi import LANGUAGES, Answer, Audience, Call, Key, Platform
from banshi.sdk.http import AFTER_EVENT, LAST_EVENT, LiveRows, Routes, server_event
from banshi.sdk.operations import every, woken, working
from desk import queue
from desk.metrics import METRICS
from desk.officers import NOTED, seated, seen
from desk.party import BECAME, Word, party_of
from desk.places import OFFICER
from desk.routes.enquiries import desks_of, head, message, person
from desk.routes.room import present
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, DeskSeat

ROUTES = Routes("desk")

DESK_STREAMS: Key[LiveRows] = Key("the desk's streams")

#: By desk, who is there, as it was told last to who follows it here.
ROOMS: Key[dict[str, bytes]] = Key("who is at each desk")

#: Events whose words whoever holds the conversation is told at once.
SPOKEN = ("heard", "urgent", "answered")

#: Seconds until it is looked who is there without news of it, since somebody may have gone; and between two looks.
LOOK_S, REST_S = 5.0, 0.5


@asynccontextmanager
async def open_streams(platform: Platform) -> AsyncIterator[LiveRows]:
    """Those of this process."""
    events = DeskEvent.all().prefetch_related("enquiry")
    told = partial(written, platform), partial(spoken, platform)
    streams = LiveRows(platform, events, "desk", *told, stamp=queue.stamp)
    async with streams.running("desk-stream"), working("desk-room", partial(_tell_who_is_there, platform, streams)):
        yield streams


def written(platform: Platform, row: DeskEvent, **more: Any) -> bytes:
    """The event, with the head of the conversation: what is at another desk by now tells nothing of that desk."""
    elsewhere: dict[str, Any] = {} if row.desk == row.enquiry.desk else {"officer": None, "labels": [], "rating": None}
    document = {
        "at": platform.moment(row.at),
        "by": person(row.officer, row.officer_name),
        "enquiry": {**head(platform, row.enquiry), **elsewhere},
        **({"message": str(row.word)} if row.word else {}),
        **({"why": orjson.loads(row.text)} if row.what in BECAME and row.text else {}),
        **more,
    }
    return server_event(row, document)


async def spoken(platform: Platform, rows: Sequence[DeskEvent]) -> Mapping[UUID, tuple[str, bytes]]:
    """The events with their words, each for whoever holds the conversation now."""
    own = [row for row in rows if row.what in SPOKEN and row.enquiry.state == "held"]
    words: dict[UUID | None, Word] = {}
    for kind in {row.enquiry.kind for row in own}:
        asked = [row.word for row in own if row.word and row.enquiry.kind == kind]
        words |= {word.id: word for word in await party_of(platform, kind).messages(asked)}
    return {
        row.id: (row.enquiry.officer, written(platform, row, words=message(platform, words[row.word], LANGUAGES[0])))
        for row in own
        if row.word in words
    }


async def _tell_who_is_there(platform: Platform, streams: LiveRows) -> None:
    """Tell each desk that is followed here who is there, whenever that has changed."""
    wake, told = asyncio.Event(), platform[ROOMS]
    platform.store.on_rows(DeskSeat, wake.set)
    while True:
        await woken(wake, LOOK_S)
        wake.clear()
        for code in told.keys() - streams.rooms:
            del told[code]
        for desk in [desk for desk in platform[SETTINGS].desks if desk.code in streams.rooms]:
            shown = [present(platform, one) for one in await seated(platform, [desk]) if one.state != "gone"]
            data = orjson.dumps({"desk": desk.code, "officers": sorted(shown, key=lambda one: one["id"])})
            event = b"event: room\ndata: %b\n\n" % data
            if told.get(desk.code) != event:
                streams.tell(desk.code, event)
            told[desk.code] = event
        await asyncio.sleep(REST_S)


@ROUTES.get(
    "/v1/desk/stream",
    Audience.STAFF,
    {
        200: Answer("Events named by what happened; the data has the conversation.", media_type="text/event-stream"),
        429: Answer("Too many streams are open."),
    },
    parameters=(LAST_EVENT, AFTER_EVENT),
)
async def stream_desk(call: Call) -> web.StreamResponse:
    """Follow your desks live: who calls for a person, who is claimed, answered, given back, closed; who is there.

    Of what is said in a conversation that you hold (`heard`, `urgent`, `answered`) the data has the `words`, as a
    message; nobody else is told them. `room` says which officers are there, at first and whenever that has changed, and
    has no id.

    What becomes of an answer is told as `accepted`, `delivered`, `failed`, `refused`, `shut`, `late` or `unknown`: the
    data has its `message`, and of what didn't reach them `why`, by language.

    `Last-Event-ID` goes on where a stream broke, for an hour; so does `after`, where there is no such header.
    """
    own = desks_of(call.platform, call.principal)
    sat_at = [desk for desk in own if desk.is_of(call.principal, OFFICER)]
    stay = partial(every, NOTED.total_seconds(), partial(seen, call, sat_at), "that an officer stays can't be noted")
    async with AsyncExitStack() as following:
        await following.enter_async_context(working("desk-presence", stay))
        for desk in sat_at:
            following.enter_context(call.platform[METRICS].officers.labels(desk.code).track_inprogress())
        known = b"".join(call.platform[ROOMS].get(desk.code, b"") for desk in own)
        return await call.platform[DESK_STREAMS].answer(call, [desk.code for desk in own], known)
