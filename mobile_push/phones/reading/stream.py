"""The live stream: first what the phone has missed, then each message as it comes, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import orjson
from aiohttp import HttpVersion11, web

from banshi import Answer, Audience, Call
from banshi.sdk.http import Routes, comeback, event_stream
from banshi.sdk.sign_in import ENDED_SESSIONS, EndedSessions, held
from mobile_push.delivery.service import PUSH, Push
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox import standings, states
from mobile_push.inbox.hub import ALIVE, MAX_STREAMS_A_TURN, UNKNOWN, Hub, Stream, event
from mobile_push.inbox.standings import Standing
from mobile_push.inbox.states import NO_MARK, Mark
from mobile_push.phones.reading import places
from mobile_push.phones.reading.places import AFTER, BEYOND, DEVICE, LAST_EVENT_ID, note_presence
from mobile_push.settings import PushSettings
from mobile_push.tables.models import InboxMessage, MessageState

ROUTES = Routes("push")

#: Own messages that are read at once.
PAGE_SIZE = 50

#: Changes that are read at once.
MAX_CHANGES_A_STEP = 200

#: Seconds between two looks whether a phone that reads slowly has caught up, and between two rounds of the sweeper.
LOOK_S, ROUND_S = 0.05, 1.0


@ROUTES.get(
    "/v1/inbox/stream",
    Audience.CITIZEN,
    {200: Answer("Events named `message` and `change`.", media_type="text/event-stream"), **BEYOND},
    parameters=(AFTER, LAST_EVENT_ID, DEVICE),
)
async def stream_inbox(call: Call) -> web.StreamResponse:
    """Follow the inbox live; `Last-Event-ID` goes on without a gap.

    First comes what the app has missed, then each message as it comes.
    """
    place = places.last_seen(call)
    await note_presence(call)
    push, request = call.platform[PUSH], call.request
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the phone has left already")
    left = call.principal.expires_at - call.platform.now().timestamp()
    stream = Stream(
        person=call.principal.subject,
        language=call.language,
        cursor=place,
        transport=transport,
        chunked=request.version >= HttpVersion11,
        ends=time.monotonic() + left,
        held=held(call.principal.subject, push.platform.store.shared_clock.seconds()),
    )
    with push.hub.open(stream):
        await places.refuse_beyond(call, place, await arrive(push, stream))
        response = await event_stream(request)
        # From now on the stream writes its chunks by itself.
        await response.write(comeback())
        await follow(push, stream)
    return response


async def arrive(push: Push, stream: Stream) -> Standing:
    """Find out where the person stands. The stream is open already: what comes meanwhile is told to it."""
    standing = await push.arrivals.standing(stream.person)
    if stream.listener is UNKNOWN:
        stream.listener = standing.listener
    if standing.top > stream.cursor.personal:
        stream.personal = True
    # Last of all: what is told of broadcasts is the same for everybody, and says nothing of what was done with them.
    stream.arrived = stream.cursor._replace(changes=standing.changes)
    stream.changed = standing.changes > 0
    return standing


async def follow(push: Push, stream: Stream) -> None:
    """Write what is new until the stream ends, and let others write."""
    stream.written = time.monotonic()
    while not (stream.ending or push.platform.closing.is_set()):
        if stream.full and not await _drained(stream, push.settings.stream_timeout):
            stream.cut()
            return
        if stream.personal:
            await _tell_own(push, stream)
        elif not stream.current:
            _tell_common(push.hub, stream)
        elif stream.changed:
            await _tell_changes(push, stream)
        else:
            await stream.news()


async def _tell_own(push: Push, stream: Stream) -> None:
    """Write the next page of the person's own messages."""
    # Not afterwards: what is stored while this reads wakes the stream again.
    stream.personal = False
    rows = await inbox_messages.read(push.platform, stream.person, stream.cursor.personal, PAGE_SIZE)
    for row in rows:
        stream.cursor = stream.cursor._replace(personal=row.seq)
        if row.deleted_at:
            _tell_change(push, stream, row)
            continue
        document = inbox_messages.document(push.platform, row, stream.language)
        stream.write(event(stream.cursor, orjson.dumps(document)[1:] + b"\n\n"))
    if len(rows) == PAGE_SIZE:
        stream.personal = True


def _tell_common(hub: Hub, stream: Stream) -> None:
    """Write what the stream has missed of the common log, as far as the phone can take it."""
    for entry in hub.log.behind(stream.cursor.common, stream.listener):
        if stream.full:
            return
        stream.tell(entry)
    stream.current = True


async def _tell_changes(push: Push, stream: Stream) -> None:
    """Write what was done with messages since the last change that the stream was told of."""
    # Not afterwards: what is done while this reads wakes the stream again.
    stream.changed = False
    person, arrived = stream.person, stream.arrived
    top = await states.last(person)
    rows = await states.changes_after(person, stream.cursor.changes, top, MAX_CHANGES_A_STEP, arrived)
    mark = await states.mark_of(person) if arrived or any(row.common for row in rows) else NO_MARK
    if any(row.common and row.seq > push.hub.log.top for row in rows):
        # What another process has published a moment ago comes before what was done with it.
        await push.read_on()
        if not stream.current:
            stream.changed = True
            return
    if arrived is not None and arrived.common < stream.cursor.common:
        coming = {row.id for row in rows}
        for row in await states.of_broadcasts(person, arrived.common):
            if row.id not in coming:
                _tell_change(push, stream, row, mark)
    for row in rows:
        stream.cursor = stream.cursor._replace(changes=row.number)
        _tell_change(push, stream, row, mark)
    if len(rows) == MAX_CHANGES_A_STEP:
        stream.changed = True
        stream.arrived = arrived and arrived._replace(common=stream.cursor.common)
        return
    stream.cursor = stream.cursor._replace(changes=max(top, stream.cursor.changes))
    stream.arrived = None


def _tell_change(push: Push, stream: Stream, row: MessageState | InboxMessage, mark: Mark = NO_MARK) -> None:
    """Write one change."""
    document = states.document(push.platform, row, mark)
    stream.write(event(stream.cursor, orjson.dumps(document)[1:] + b"\n\n", b"change"))


async def _drained(stream: Stream, seconds: float) -> bool:
    """Wait until the phone has read what was written; False where it doesn't, or has left."""
    deadline = time.monotonic() + seconds
    while stream.full:
        if stream.transport.is_closing() or time.monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK_S)
    return True


async def sweep(push: Push) -> None:
    """Look after the open streams, round by round: signs of life, phones that left, and messages of other processes."""
    while True:
        await asyncio.sleep(ROUND_S)
        streams = push.hub.all()
        for start in range(0, len(streams), MAX_STREAMS_A_TURN):
            some = streams[start : start + MAX_STREAMS_A_TURN]
            _end_over(some, push.platform[ENDED_SESSIONS])
            quiet = _look_at(some, push.settings)
            # Whoever has heard nothing for a while may have missed what another process wrote.
            counters = await standings.counters(push.platform, sorted({stream.person for stream in quiet}))
            for stream in quiet:
                top, changes = counters.get(stream.person, (0, 0))
                stream.personal |= top > stream.cursor.personal
                stream.changed |= changes > stream.cursor.changes
                if stream.personal or stream.changed:
                    stream.wake()
            await asyncio.sleep(0)


def _end_over(streams: Sequence[Stream], ended: EndedSessions) -> None:
    """End the streams of people whose sessions were ended."""
    for stream in streams if ended.until else ():
        if ended.is_over(stream.held):
            stream.end()


def _look_at(streams: Sequence[Stream], settings: PushSettings) -> list[Stream]:
    """End the streams whose time has come; those that got a sign of life."""
    now = time.monotonic()
    quiet = []
    for stream in streams:
        waiting = stream.transport.get_write_buffer_size()
        if stream.transport.is_closing() or now > stream.ends:
            stream.end()
        elif not waiting:
            stream.stalled = 0.0
        elif not stream.stalled:
            stream.stalled = now
        elif now - stream.stalled > settings.stream_timeout:
            stream.cut()
        if not (waiting or stream.ending) and now - stream.written >= settings.heartbeat:
            stream.write(ALIVE)
            quiet.append(stream)
    return quiet
