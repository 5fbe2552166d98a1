"""The desk, live: what happens in its queue, as server-sent events to every officer of it. Never a word of anybody's.

Each process reads the events once for all who follow it there. Ids are UUIDv7 of several machines' clocks: what may
still come behind the last one is read again, and told once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, Key, Parameter, Platform, TooManyRequests
from banshi.sdk.http import Routes, comeback, cut, event_stream, is_taken
from banshi.sdk.operations import woken, working
from conversations.desk.enquiries import desks_of, head, person
from conversations.desk.metrics import METRICS
from conversations.desk.places import OFFICER
from conversations.sentences import say
from conversations.tables.models import DeskEvent

ROUTES = Routes("desk")

#: Seconds until it is looked without having been woken; a sign of life; for a reader that takes nothing.
LOOK_S, ALIVE_S, STALLED_S = 2.0, 15.0, 30.0
#: For which events gather; for which another machine's may still come behind; and after which nobody goes on.
GATHER_S, LATE_S, BACK_S = 0.02, 10.0, 3_600.0
#: Streams of one process and of one officer, and events that wait for one of them, and are read at once.
MAX_STREAMS, MAX_EACH, MAX_BEHIND, ROWS_AT_ONCE = 2_000, 4, 1_000, 200

LAST = Parameter("Last-Event-ID", {"type": "string", "format": "uuid"}, "Goes on after that event.", "header")


@dataclass(eq=False, slots=True)
class Follower:
    """One officer's stream."""

    officer: str
    desks: frozenset[str]
    events: deque[tuple[UUID, bytes]] = field(default_factory=deque)
    #: What they have been told on coming back.
    known: frozenset[UUID] = frozenset()
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_behind: bool = False

    def tell(self, row: DeskEvent, data: bytes) -> None:
        if row.desk in self.desks:
            self.is_behind |= len(self.events) >= MAX_BEHIND
            self.events.append((row.id, data))
            self.wake.set()

    def take(self) -> bytes:
        """What has not been told."""
        told = b"".join(data for identity, data in self.events if identity not in self.known)
        self.events.clear()
        return told


class DeskHub:
    """Who follows in this process, and what they have been told."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._followers: set[Follower] = set()
        self._wake = asyncio.Event()
        self._told: set[UUID] = set()
        platform.store.on_rows(DeskEvent, self._wake.set)

    @contextmanager
    def follow(self, officer: str, desks: Sequence[str]) -> Iterator[Follower]:
        """Raises TooManyRequests."""
        own = sum(one.officer == officer for one in self._followers)
        if own >= MAX_EACH or len(self._followers) >= MAX_STREAMS:
            raise TooManyRequests(say("Too many streams are open; close one."), headers={"Retry-After": "5"})
        follower = Follower(officer, frozenset(desks))
        self._followers.add(follower)
        gauges = [self._platform[METRICS].officers.labels(desk) for desk in desks]
        for gauge in gauges:
            gauge.inc()
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            for gauge in gauges:
                gauge.dec()

    async def run(self) -> None:
        """Tell what is new, until cancelled."""
        since = time.time()
        while True:
            await woken(self._wake, LOOK_S)
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            now = time.time()
            if self._followers:
                await self._read(since)
            since = now

    async def end(self) -> None:
        """Let nobody wait any more once the server closes."""
        await self._platform.closing.wait()
        for follower in self._followers:
            follower.wake.set()

    async def _read(self, since: float) -> None:
        ids: Any = await DeskEvent.filter(id__gt=first_id(since - LATE_S)).values_list("id", flat=True)
        new = [one for one in ids if one not in self._told]
        for begin in range(0, len(new), ROWS_AT_ONCE):
            rows = DeskEvent.filter(id__in=new[begin : begin + ROWS_AT_ONCE]).order_by("id")
            for row in await rows.prefetch_related("enquiry"):
                data = written(self._platform, row)
                for follower in self._followers:
                    follower.tell(row, data)
        late = first_id(since - 2 * LATE_S)
        self._told = {one for one in {*self._told, *new} if one > late}


DESK_HUB: Key[DeskHub] = Key("the desk's streams")


@asynccontextmanager
async def open_hub(platform: Platform) -> AsyncIterator[DeskHub]:
    hub = DeskHub(platform)
    async with working("desk-stream", hub.run, hub.end):
        yield hub


def first_id(at: float) -> UUID:
    """The lowest UUIDv7 of that moment, in Unix seconds."""
    return UUID(int=int(at * 1000) << 80)


def written(platform: Platform, row: DeskEvent) -> bytes:
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
    parameters=(LAST,),
)
async def stream_desk(call: Call) -> web.StreamResponse:
    """Follow your desks live: who calls for a person, who is claimed, answered, given back, closed.

    `Last-Event-ID` goes on where a stream broke, for an hour.
    """
    platform, request = call.platform, call.request
    desks = [desk.code for desk in desks_of(platform, call.principal, OFFICER)]
    last = _last_seen(call)
    with platform[DESK_HUB].follow(call.principal.subject, desks) as follower:
        response = await event_stream(request)
        missed = [comeback()]
        if last is not None:
            after = max(last, first_id(time.time() - BACK_S))
            rows = await DeskEvent.filter(id__gt=after, desk__in=desks).order_by("id").prefetch_related("enquiry")
            missed += [written(platform, row) for row in rows]
            follower.known = frozenset(row.id for row in rows)
        ends = time.monotonic() + call.principal.expires_at - platform.now().timestamp()
        if request.method != "HEAD":
            await _follow(platform, request, response, follower, b"".join(missed), ends)
    return response


def _last_seen(call: Call) -> UUID | None:
    """The last event that they have. Raises InvalidParameter."""
    header = call.request.headers.get(LAST.name)
    try:
        return UUID(header) if header else None
    except ValueError:
        raise InvalidParameter(parameter=LAST.name) from None


async def _follow(
    platform: Platform, request: web.Request, response: web.StreamResponse, follower: Follower, data: bytes, ends: float
) -> None:
    """Write until the token ends, the server closes, or the reader takes nothing; whoever is there comes back."""
    while True:
        if not await is_taken(request, response, data, STALLED_S):
            return None
        if follower.is_behind:
            return cut(request)
        if platform.closing.is_set() or time.monotonic() >= ends:
            return None
        told = await woken(follower.wake, ALIVE_S)
        follower.wake.clear()
        data = follower.take() if told else b": alive\n\n"
