"""How much of the inbox is unread, and marking it as read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from banshi import Answer, Audience, Call, Form, Route, reply
from mobile_push.models import Broadcast, InboxCounter, InboxMessage, Profile

if TYPE_CHECKING:
    from aiohttp import web

UNREAD: dict[str, Any] = {
    "type": "object",
    "required": ["unread"],
    "additionalProperties": False,
    "properties": {"unread": {"type": "integer", "minimum": 0, "description": "For the app's badge."}},
}

MARK = Form.from_schema(
    {
        "type": "object",
        "required": ["through"],
        "additionalProperties": False,
        "properties": {
            "through": {
                "type": ["integer", "string"],
                "minimum": 0,
                "maximum": 2**53,
                "pattern": r"^[0-9]{1,15}(\.[0-9]{1,15})?$",
                "description": "The last message that was seen: its `seq`, or a cursor of the inbox.",
                "x-pattern-hint": {
                    "zh-CN": "请填写消息的 seq，或收件箱返回的 cursor。",
                    "en": "Send a message's seq, or a cursor of the inbox, unchanged.",
                },
            }
        },
    }
)


async def unread(person: str) -> int:
    """How many messages of a person are neither opened nor marked as read."""
    profile = await Profile.get_or_none(person=person)
    read = profile.read_seq if profile else 0
    return await InboxMessage.filter(person=person, seq__gt=read, read_at__isnull=True).count()


async def mark_read(person: str, seq: int, broadcast: int) -> None:
    """Mark both logs as read up to these numbers: never backwards, and nothing that has yet to come."""
    counter = await InboxCounter.get_or_none(person=person)
    newest = await Broadcast.filter(seq__isnull=False).order_by("-seq").first() if broadcast else None
    marks = {
        "read_seq": min(seq, counter.top if counter else 0),
        "read_broadcast": min(broadcast, (newest.seq or 0) if newest else 0),
    }
    if not any(marks.values()):
        return
    await Profile.bulk_create([Profile(person=person)], ignore_conflicts=True)
    for column, mark in marks.items():
        await Profile.filter(person=person, **{f"{column}__lt": mark}).update(**{column: mark})


async def count(call: Call) -> web.StreamResponse:
    return reply(call, {"unread": await unread(call.principal.subject)})


async def mark(call: Call) -> web.StreamResponse:
    """Mark all up to a place as read, and say what is left."""
    through = call.body["through"]
    seq, _, broadcast = through.partition(".") if isinstance(through, str) else (through, "", "")
    await mark_read(call.principal.subject, int(seq), int(broadcast or 0))
    return await count(call)


ROUTES = (
    Route(
        method="GET",
        path="/v1/inbox/unread",
        audience=Audience.CITIZEN,
        handler=count,
        operation="count_unread",
        summary="Count the messages that are neither opened nor marked as read.",
        tag="push",
        answers={200: Answer(description="How many.", schema=UNREAD)},
    ),
    Route(
        method="POST",
        path="/v1/inbox/read",
        audience=Audience.CITIZEN,
        handler=mark,
        operation="mark_read",
        summary="Mark all messages up to a place as read; again, or an earlier one, changes nothing.",
        tag="push",
        body=MARK,
        answers={200: Answer(description="How many are left.", schema=UNREAD)},
    ),
)
