"""The inbox's face: reading by sequence number, and the live stream."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, Parameter, Route, reply
from mobile_push import inbox
from mobile_push.presence import DEVICE, note_presence
from mobile_push.service import PUSH

#: Messages read at once, and at most in one answer.
PAGE = 50
LONGEST_PAGE = 200

#: Milliseconds after which a browser or app reconnects a broken stream.
RECONNECT = 2_000

AFTER = Parameter(
    name="after",
    schema={"type": "integer", "minimum": 0, "maximum": 2**53, "default": 0},
    description="The last sequence number that the app has.",
)

MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["seq", "id", "kind", "title", "body", "link", "created_at"],
    "additionalProperties": False,
    "properties": {
        "seq": {"type": "integer", "description": "Without gaps, from 1."},
        "id": {"type": "string", "format": "uuid", "description": "What a push calls message_id."},
        "kind": {"type": "string", "enum": ["case", "notice", "alert"]},
        "title": {"type": "string"},
        "body": {"type": "string"},
        "link": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
    },
}


async def read_inbox(call: Call) -> web.StreamResponse:
    """The messages behind `after`, the oldest first."""
    await note_presence(call)
    limit = call.query.get("limit", PAGE)
    rows = await inbox.read(call.principal.subject, call.query.get("after", 0), limit + 1)
    shown = rows[:limit]
    documents = [inbox.document(call.platform, row, call.language) for row in shown]
    return reply(call, {"items": documents, "next": shown[-1].seq if len(rows) > limit else None})


async def stream_inbox(call: Call) -> web.StreamResponse:
    """Server-sent events: first what the app has missed, then each message as it comes."""
    last = _last_seen(call)
    await note_presence(call)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            # A proxy that gathers the answer would keep every message to itself.
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(call.request)
    transport = call.request.transport
    if transport is not None:
        try:
            with call.platform[PUSH].hub.listening(call.principal.subject, transport.abort) as news:
                await _follow(call, response, news, last)
        except (TimeoutError, ConnectionError):
            # It reads too slowly, or has left: it comes back with the last id that it has, and misses nothing.
            transport.abort()
    return response


async def _follow(call: Call, response: web.StreamResponse, news: asyncio.Event, last: int) -> None:
    """Write until the server closes or the caller's token ends. Raises TimeoutError where the phone does not read."""
    settings, platform = call.platform[PUSH].settings, call.platform
    await response.write(b"retry: %d\n\n" % RECONNECT)
    while not platform.closing.is_set() and (left := call.principal.expires_at - platform.now().timestamp()) > 0:
        news.clear()
        rows = await inbox.read(call.principal.subject, last, PAGE)
        if rows:
            page = b"".join(event(inbox.document(platform, row, call.language)) for row in rows)
            last = rows[-1].seq
        elif await _woken(news, min(settings.heartbeat, left)):
            continue
        else:
            page = b": alive\n\n"
        async with asyncio.timeout(settings.stream_timeout):
            await response.write(page)


def event(document: dict[str, Any]) -> bytes:
    """A message as one server-sent event; JSON has no line breaks of its own."""
    return b"id: %d\nevent: message\ndata: %b\n\n" % (document["seq"], orjson.dumps(document))


def _last_seen(call: Call) -> int:
    text = call.request.headers.get("Last-Event-ID")
    if text is None or text == "":
        return int(call.query.get("after", 0))
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise InvalidParameter("Last-Event-ID has to be the id of a message of this stream.", parameter="Last-Event-ID")
    return int(text)


async def _woken(news: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return False
    return True


ROUTES = (
    Route(
        method="GET",
        path="/v1/inbox",
        audience=Audience.CITIZEN,
        handler=read_inbox,
        operation="read_inbox",
        summary="Read the messages behind a sequence number.",
        tag="push",
        parameters=(
            AFTER,
            Parameter(
                name="limit",
                schema={"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE},
                description="Messages at most.",
            ),
            DEVICE,
        ),
        answers={
            200: Answer(
                description="Messages, and where to go on.",
                schema={
                    "type": "object",
                    "required": ["items", "next"],
                    "properties": {
                        "items": {"type": "array", "items": MESSAGE},
                        "next": {"type": ["integer", "null"], "description": "The next `after`; null at the end."},
                    },
                },
            )
        },
    ),
    Route(
        method="GET",
        path="/v1/inbox/stream",
        audience=Audience.CITIZEN,
        handler=stream_inbox,
        operation="stream_inbox",
        summary="Follow the inbox live; `Last-Event-ID` goes on without a gap.",
        tag="push",
        parameters=(
            AFTER,
            Parameter(
                name="Last-Event-ID",
                schema={"type": "string", "pattern": "^[0-9]{0,16}$"},
                description="The last event's id.",
                place="header",
            ),
            DEVICE,
        ),
        answers={200: Answer(description="Events named `message`.", media_type="text/event-stream")},
    ),
)
