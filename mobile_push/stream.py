"""The live stream: first what the phone has missed, then each message as it comes, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import orjson
from aiohttp import HttpVersion11, web

from banshi import Call, InvalidParameter
from mobile_push import inbox
from mobile_push.cursor import Cursor
from mobile_push.hub import ALIVE, Hub, Stream, event
from mobile_push.presence import note_presence
from mobile_push.service import PUSH

if TYPE_CHECKING:
    from mobile_push.service import Push

#: Own messages that are read at once.
PAGE = 50

#: Milliseconds after which a browser or app reconnects a broken stream.
RECONNECT = 2_000

#: Seconds between two looks whether a phone that reads slowly has caught up, and between two rounds of the sweeper.
LOOK, ROUND = 0.05, 1.0


async def stream_inbox(call: Call) -> web.StreamResponse:
    """Server-sent events: first what the app has missed, then each message as it comes."""
    cursor = last_seen(call)
    await note_presence(call)
    push, request = call.platform[PUSH], call.request
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            # A proxy that gathers the answer would keep every message to itself.
            "X-Accel-Buffering": "no",
        }
    )
    chunked = request.version >= HttpVersion11
    if chunked:
        response.enable_chunked_encoding()
    listener = await inbox.listener_of(call.platform, call.principal.subject)
    await response.prepare(request)
    # The head goes out with the first write; from then on the stream writes its chunks by itself.
    await response.write(b"retry: %d\n\n" % RECONNECT)
    transport = request.transport
    if transport is None:
        return response
    left = call.principal.expires_at - call.platform.now().timestamp()
    stream = Stream(
        person=call.principal.subject,
        language=call.language,
        listener=listener,
        cursor=cursor,
        transport=transport,
        chunked=chunked,
        ends=time.monotonic() + left,
    )
    with push.hub.open(stream):
        await follow(push, stream)
    return response


async def follow(push: Push, stream: Stream) -> None:
    """Write what is new until the stream ends."""
    while not (stream.ending or push.platform.closing.is_set()):
        stream.news.clear()
        if stream.full and not await _drained(stream, push.settings.stream_timeout):
            stream.cut()
            return
        if stream.personal:
            stream.personal = await _tell_own(push, stream)
        elif not stream.current:
            _tell_common(push.hub, stream)
        else:
            await stream.news.wait()


async def _tell_own(push: Push, stream: Stream) -> bool:
    """Write the next page of the person's own messages; whether there may be more."""
    rows = await inbox.read(stream.person, stream.cursor.personal, PAGE)
    for row in rows:
        stream.cursor = Cursor(row.seq, stream.cursor.common)
        document = inbox.document(push.platform, row, stream.language)
        stream.write(event(stream.cursor, orjson.dumps(document)[1:] + b"\n\n"))
    return len(rows) == PAGE


def _tell_common(hub: Hub, stream: Stream) -> None:
    """Write what the stream has missed of the common log, as far as the phone can take it."""
    for entry in hub.log.behind(stream.cursor.common, stream.listener):
        if stream.full:
            return
        stream.tell(entry)
    stream.current = True


async def _drained(stream: Stream, seconds: float) -> bool:
    """Wait until the phone has read what was written; False where it doesn't, or has left."""
    deadline = time.monotonic() + seconds
    while stream.full:
        if stream.transport.is_closing() or time.monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK)
    return True


async def sweep(push: Push) -> None:
    """Look after the open streams, round by round: signs of life, phones that left, and messages of other processes."""
    while True:
        await asyncio.sleep(ROUND)
        quiet = _look_at_all(push)
        # Whoever has heard nothing for a while may have missed what another process wrote.
        tops = await inbox.tops(push.platform, sorted({stream.person for stream in quiet}))
        for stream in quiet:
            if tops.get(stream.person, 0) > stream.cursor.personal:
                stream.personal = True
                stream.wake()


def _look_at_all(push: Push) -> list[Stream]:
    """End the streams whose time has come; those that got a sign of life."""
    now, settings = time.monotonic(), push.settings
    quiet = []
    for stream in push.hub.all():
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


def last_seen(call: Call) -> Cursor:
    """Where the app goes on: behind the last event that it has, or where it says."""
    header = call.request.headers.get("Last-Event-ID")
    name, text = ("Last-Event-ID", header) if header else ("after", str(call.query.get("after", "0")))
    try:
        return Cursor.of(text)
    except ValueError as error:
        raise InvalidParameter(f"{name} is no place in this inbox: {error}.", parameter=name) from None
