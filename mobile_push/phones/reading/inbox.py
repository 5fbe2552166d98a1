"""The inbox's face: reading behind a cursor, and the live stream's route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Link, Parameter, Platform, reply
from banshi.sdk.documents import MAYBE_TEXT, Record, array, optional
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox.common_log import Entry
from mobile_push.phones.presence import DEVICE, note_presence
from mobile_push.phones.reading.stream import AFTER, PAGE_SIZE, asked_place
from mobile_push.tables import cursor
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.models import InboxMessage

ROUTES = Routes("push")

#: Messages at most in one answer.
MAX_PAGE_SIZE = 200

MESSAGE: dict[str, Any] = Record(
    cursor={
        "type": "string",
        "pattern": cursor.PATTERN,
        "description": "Go on behind it; compare it with none.",
    },
    seq=optional(
        {
            "type": "integer",
            "description": "Of the person's own messages: from 1, without gaps but where a test case has left.",
        }
    ),
    id={"type": "string", "format": "uuid", "description": "What a push calls message_id."},
    kind={"type": "string", "enum": ["case", "notice", "alert"]},
    mode=optional(
        {
            "type": "string",
            "enum": ["test", "team", "live"],
            "description": "Of the person's own messages: that of a `test` case is made up, and leaves with it.",
        }
    ),
    state=optional(
        {
            "type": "string",
            "enum": ["published", "recalled", "superseded"],
            "description": "Of a notice or an alert; take one that was recalled or superseded off the screen.",
        }
    ),
    department=optional({"type": "string"}),
    title={"type": "string"},
    body={"type": "string"},
    content=optional({"type": "string", "description": "Markdown, for the page that shows it whole."}),
    image=optional({"type": "string"}),
    link={"type": "string"},
    supersedes=optional({"type": "string", "description": "The id of the one that it takes the place of."}),
    created_at={"type": "string", "format": "date-time"},
    expires_at=optional({"type": "string", "format": "date-time"}),
)


@ROUTES.get(
    "/v1/inbox",
    Audience.CITIZEN,
    {
        200: Answer(
            "Messages, and where to go on.",
            Record(items=array(MESSAGE), next={**MAYBE_TEXT, "description": "The next `after`; null at the end."}),
            links=[
                Link("read_inbox", {"after": "$response.body#/next"}),
                Link("stream_inbox", {"after": "$response.body#/items/0/cursor"}),
                Link("mark_read", body={"through": "$response.body#/items/0/cursor"}),
            ],
        )
    },
    parameters=(
        AFTER,
        Parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
            "Messages at most.",
        ),
        DEVICE,
    ),
)
async def read_inbox(call: Call) -> web.StreamResponse:
    """Read the messages behind a cursor.

    The oldest comes first: the person's own and those for everybody, in one order.
    """
    await note_presence(call)
    platform, person = call.platform, call.principal.subject
    limit = call.query.get("limit", PAGE_SIZE)
    after = asked_place(call)
    own = await inbox_messages.read(person, after.personal, limit + 1)
    listener = await inbox_messages.listener_of(platform, person)
    common = list(platform[PUSH].hub.log.behind(after.common, listener))
    documents = list(merged(platform, own, common, after, call.language, limit))
    more = len(own) + len(common) > limit
    return reply(call, {"items": documents, "next": documents[-1]["cursor"] if more else None})


def merged(
    platform: Platform, own: Sequence[InboxMessage], common: Sequence[Entry], after: Cursor, language: str, limit: int
) -> Iterator[dict[str, Any]]:
    """Both logs in the order of time, as far as each one's own order allows; each document with its cursor."""
    one, other = 0, 0
    while limit and (one < len(own) or other < len(common)):
        limit -= 1
        published = common[other].broadcast.published_at or 0 if other < len(common) else None
        if published is None or (one < len(own) and own[one].created_at.timestamp() * 1000 <= published):
            after = Cursor(own[one].seq, after.common)
            document = inbox_messages.document(platform, own[one], language)
            one += 1
        else:
            after = Cursor(after.personal, common[other].seq)
            document = common[other].document(language)
            other += 1
        yield {"cursor": str(after), **document}
