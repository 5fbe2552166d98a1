"""How much of the inbox is unread, and marking it as read."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, FieldProblem, InvalidFields, Platform, reply
from banshi.sdk.documents import Record
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox.common_log import EVERYBODY
from mobile_push.tables import cursor
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.models import InboxMessage, PhoneReceipt, Profile

ROUTES = Routes("push")

UNREAD: dict[str, Any] = Record(unread={"type": "integer", "minimum": 0, "description": "For the app's badge."})

MARK = Record(
    through={
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": cursor.MAX_NUMBER,
        "pattern": cursor.PATTERN,
        "description": "The last message that was seen: its `seq`, or a cursor of the inbox.",
        "x-pattern-hint": {
            "zh-CN": "请填写消息的 seq，或收件箱返回的 cursor。",
            "en": "Send a message's seq, or a cursor of the inbox, unchanged.",
        },
    }
).form()


async def unread(platform: Platform, person: str) -> int:
    """How many messages of a person are neither opened nor marked as read: their own, and those for everybody."""
    profile = await Profile.get_or_none(person=person) or Profile(person=person)
    own = await InboxMessage.filter(person=person, seq__gt=profile.read_seq, read_at__isnull=True).count()
    listener = await inbox_messages.listener_of(platform, person)
    common = platform[PUSH].hub.log.behind(profile.read_broadcast, listener)
    valid = {entry.broadcast.id for entry in common if not entry.ended}
    if not valid:
        return own
    opened = PhoneReceipt.filter(person=person, message_id__in=list(valid), opened_at__isnull=False)
    return own + len(valid - {receipt.message_id for receipt in await opened})


async def mark_read(platform: Platform, person: str, through: Cursor) -> None:
    """Mark both logs as read up to a place: never backwards, and nothing that has yet to come."""
    tops = await inbox_messages.tops(platform, [person, EVERYBODY])
    marks = {
        "read_seq": min(through.personal, tops.get(person, 0)),
        "read_broadcast": min(through.common, tops.get(EVERYBODY, 0)),
    }
    if not any(marks.values()):
        return
    await Profile.bulk_create([Profile(person=person)], ignore_conflicts=True)
    for column, mark in marks.items():
        await Profile.filter(person=person, **{f"{column}__lt": mark}).update(**{column: mark})


@ROUTES.get("/v1/inbox/unread", Audience.CITIZEN, {200: Answer("How many.", UNREAD)})
async def count_unread(call: Call) -> web.StreamResponse:
    """Count the messages that are neither opened nor marked as read."""
    return reply(call, {"unread": await unread(call.platform, call.principal.subject)})


@ROUTES.post(
    "/v1/inbox/read", Audience.CITIZEN, {200: Answer("How many are left.", UNREAD)}, body=MARK, operation="mark_read"
)
async def mark(call: Call) -> web.StreamResponse:
    """Mark all messages up to a place as read; again, or an earlier one, changes nothing.

    The answer says what is left.
    """
    through = call.body["through"]
    try:
        place = Cursor.of(through) if isinstance(through, str) else Cursor(int(through))
    except ValueError as error:
        raise InvalidFields(
            [FieldProblem("/through", f"That is no place in this inbox: {error}.", "unknown")]
        ) from None
    await mark_read(call.platform, call.principal.subject, place)
    return await count_unread(call)
