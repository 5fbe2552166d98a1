"""How much of the inbox is unread, and marking it as read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, FieldProblem, Form, InvalidFields, reply
from banshi.sdk.documents import Record, array
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import states
from mobile_push.inbox.unread import unread
from mobile_push.sentences import say
from mobile_push.tables import cursor
from mobile_push.tables.cursor import Cursor

ROUTES = Routes("push")

UNREAD: dict[str, Any] = Record(unread={"type": "integer", "minimum": 0, "description": "For the app's badge."})

#: Messages that are marked at once.
MAX_MARKED = 200

_MARKS: dict[str, Any] = {
    "through": {
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": cursor.MAX_NUMBER,
        "pattern": cursor.PATTERN,
        "description": "All up to the last message that was seen: its `seq`, or a cursor of the inbox.",
        "x-pattern-hint": {
            "zh-CN": "收件箱中没有这个位置，请重新读取收件箱。",
            "en": "Send a message's seq, or a cursor of the inbox, unchanged.",
        },
    },
    "ids": {
        **array({"type": "string", "format": "uuid"}, minItems=1, maxItems=MAX_MARKED),
        "description": "These messages; what isn't in the caller's inbox is left out.",
    },
}

MARK = Form.from_schema(
    {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False, "properties": _MARKS}
)


@ROUTES.get("/v1/inbox/unread", Audience.CITIZEN, {200: Answer("How many.", UNREAD)})
async def count_unread(call: Call) -> web.StreamResponse:
    """Count the messages that are neither opened nor marked as read."""
    person = call.principal.subject
    return reply(call, {"unread": (await unread(call.platform, [person]))[person]})


@ROUTES.post(
    "/v1/inbox/read",
    Audience.CITIZEN,
    {200: Answer("How many are left.", UNREAD)},
    body=MARK,
    operation="mark_read",
    counts=False,
)
async def mark(call: Call) -> web.StreamResponse:
    """Mark messages as read, these or all up to a place; again, or an earlier one, changes nothing.

    The answer says what is left, and the caller's phones hear of it on their streams.
    """
    platform, person, body = call.platform, call.principal.subject, call.body
    if "ids" in body:
        read = {UUID(one) for one in body["ids"]}
        new = await states.change(platform, person, read, {"read_at": call.now})
    else:
        new = await states.mark_read(platform, person, _place(body["through"]))
        read = await states.read_since(person, call.now) if new else set()
    if new:
        platform[PUSH].show_changes(person)
        await platform[PUSH].clear(person, read)
    return await count_unread(call)


def _place(through: int | str) -> Cursor:
    try:
        return Cursor.of(through) if isinstance(through, str) else Cursor(int(through))
    except ValueError:
        raise InvalidFields(
            [FieldProblem("/through", say("That is no place in this inbox; read the inbox again."), "unknown")]
        ) from None
