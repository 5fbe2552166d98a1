"""Reports that are followed live. However many follow the same broadcast, it is read once for all of them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from aiohttp import web

from banshi import Call, Platform, TooManyRequests
from banshi.sdk.http import comeback, event_stream, is_taken
from banshi.sdk.operations import woken
from banshi.sdk.sign_in import ENDED_SESSIONS, held
from mobile_push.delivery.service import PUSH
from mobile_push.reports.report import Report, report_of
from mobile_push.sentences import say
from mobile_push.tables.models import Broadcast

#: Seconds between two readings of a report, and how many times as long as a reading took it is left alone at least:
#: those who watch a broadcast to a million phones leave the database to those who send it.
MIN_PAUSE_S, PAUSE_FACTOR = 0.5, 10.0

#: Reports that are followed at once in this process, and by one person.
MAX_FOLLOWED, MAX_FOLLOWED_EACH = 64, 4


@dataclass(slots=True)
class Watch:
    """One report that somebody follows."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    followers: int = 0
    report: Report | None = None
    #: `time.monotonic()` from which on it is read anew.
    good_until: float = 0.0
    pause: float = MIN_PAUSE_S


@dataclass(slots=True)
class Watches:
    """The reports that are followed in this process."""

    platform: Platform
    _watches: dict[UUID, Watch] = field(default_factory=dict)
    _persons: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return self._persons.total()

    @contextmanager
    def follow(self, identity: UUID, person: str) -> Iterator[Watch]:
        """Follow a report. Raises TooManyRequests."""
        if len(self) >= MAX_FOLLOWED or self._persons[person] >= MAX_FOLLOWED_EACH:
            raise TooManyRequests(
                say("Too many reports are followed at once; close one, or look at the report again later."),
                headers={"Retry-After": "5"},
            )
        watch = self._watches.setdefault(identity, Watch())
        watch.followers += 1
        self._persons[person] += 1
        try:
            yield watch
        finally:
            watch.followers -= 1
            self._persons[person] -= 1
            self._persons += Counter()  # without those who follow nothing any more
            if not watch.followers:
                self._watches.pop(identity, None)

    async def read(self, watch: Watch, identity: UUID) -> Report:
        """The report, at most so old as a follower would wait for the next one anyway."""
        async with watch.lock:
            if watch.report is None or time.monotonic() >= watch.good_until:
                begun = time.monotonic()
                watch.report = await report_of(self.platform, await Broadcast.get(id=identity))
                now = time.monotonic()
                watch.pause = max(MIN_PAUSE_S, PAUSE_FACTOR * (now - begun))
                # A little less: whoever has slept that long gets a new one.
                watch.good_until = now + watch.pause * 0.9
            return watch.report


async def stream_report(call: Call, broadcast: Broadcast, watches: Watches) -> web.StreamResponse:
    """Server-sent events: `report` whenever it has changed, and `finished` with the last one."""
    with watches.follow(broadcast.id, call.principal.subject) as watch:
        report = await watches.read(watch, broadcast.id)
        response = await event_stream(call.request)
        if call.request.method == "HEAD":
            return response
        await _follow(call, response, watches, watch, report)
        return response


async def _follow(call: Call, response: web.StreamResponse, watches: Watches, watch: Watch, report: Report) -> None:
    platform, settings = call.platform, call.platform[PUSH].settings
    ends = time.monotonic() + call.principal.expires_at - platform.now().timestamp()
    begun, ended = held(call.principal.subject, platform.store.shared_clock.seconds()), platform[ENDED_SESSIONS]
    told, written = b"", 0.0
    data = comeback()
    while not ended.is_over(begun):
        document = orjson.dumps(report.document(platform))
        if document != told or report.finished:
            data += b"event: %b\ndata: %b\n\n" % (b"finished" if report.finished else b"report", document)
            told = document
        elif time.monotonic() - written >= settings.heartbeat:
            data += b": alive\n\n"
        if data:
            if not await is_taken(call.request, response, data, settings.stream_timeout):
                return
            data, written = b"", time.monotonic()
        if report.finished or time.monotonic() >= ends or await woken(platform.closing, watch.pause):
            return
        report = await watches.read(watch, report.broadcast.id)
