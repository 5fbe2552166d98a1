"""The inbox's face: pages behind a cursor, with what was done with messages meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Link, Parameter, reply
from banshi.sdk.documents import MAYBE_TEXT, TEXT, Record, array
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox import states
from mobile_push.inbox.common_log import Entry
from mobile_push.phones.reading.filters import FILTERS, Filter
from mobile_push.phones.reading.message_schema import CHANGE, MESSAGE
from mobile_push.phones.reading.places import AFTER, BEYOND, DEVICE, asked_place, note_presence, refuse_beyond
from mobile_push.phones.reading.stream import PAGE_SIZE
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.models import InboxMessage, MessageState

ROUTES = Routes("push")

#: Messages at most in one answer, and as many changes.
MAX_PAGE_SIZE = 200


@ROUTES.get(
    "/v1/inbox",
    Audience.CITIZEN,
    {
        200: Answer(
            "Messages, what was done with others since, and where to go on.",
            Record(
                items=array(MESSAGE),
                changes=array(CHANGE, description="With messages that the app has by now, the earliest first."),
                cursor={**TEXT, "description": "Keep it: the `after` of the next time."},
                next={**MAYBE_TEXT, "description": "The next `after`; null at the end."},
            ),
            links=[
                Link("read_inbox", {"after": "$response.body#/next"}),
                Link("stream_inbox", {"after": "$response.body#/cursor"}),
                Link("mark_read", body={"through": "$response.body#/cursor"}),
                *Link.to("read_message", "change_message", "delete_message", at="/items/0"),
            ],
        ),
        **BEYOND,
    },
    parameters=(
        AFTER,
        Parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
            "Messages at most.",
        ),
        DEVICE,
        *FILTERS,
    ),
)
async def read_inbox(call: Call) -> web.StreamResponse:
    """Read the messages behind a cursor, all or those that a filter names.

    The oldest comes first: the person's own and those for everybody, in one order.
    """
    await note_presence(call)
    platform, person = call.platform, call.principal.subject
    limit, after, wanted = call.query.get("limit", PAGE_SIZE), asked_place(call), Filter.of(call)
    most = wanted.most(limit)
    standing, own = await inbox_messages.read_standing(platform, person, after.personal, most, wanted.condition)
    await refuse_beyond(call, after, standing)
    common = list(platform[PUSH].hub.log.behind(after.common, standing.listener)) if wanted.takes_broadcasts else []
    done: list[MessageState] = []
    if standing.changes and not wanted.is_any:
        since = after._replace(changes=standing.changes)
        done = await states.changes_after(person, after.changes, standing.changes, limit, since)
    reader = await states.Reader.of(person) if standing.changes and (common or done) else states.NOBODY
    page = _Page(call, after, standing.changes if len(done) < limit else done[-1].number, reader, wanted)
    for state in done:
        # Of a broadcast behind the place the page has the message itself.
        if not state.common or state.message_id == states.MARK or state.seq <= after.common:
            page.changes.append(states.document(platform, state, reader.mark))
    ended = page.fill(merged(own, common, page.place), limit) and len(own) < most and len(done) < limit
    place = str(page.place)
    return reply(
        call, {"items": page.items, "changes": page.changes, "cursor": place, "next": None if ended else place}
    )


class _Page:
    """One answer, as it is filled."""

    def __init__(self, call: Call, after: Cursor, changes: int, reader: states.Reader, wanted: Filter) -> None:
        self._call, self._reader, self._wanted = call, reader, wanted
        #: All changes up to this number are in here, or in the state of a message that is.
        self.place = after._replace(changes=max(after.changes, changes))
        self.items: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []

    def fill(self, found: Iterator[tuple[Cursor, InboxMessage | Entry]], limit: int) -> bool:
        """Take messages until there are `limit`; whether that was all."""
        platform, language, asked = self._call.platform, self._call.language, self._wanted.is_any
        for place, one in found:
            if len(self.items) == limit:
                return False
            self.place = place
            if isinstance(one, Entry):
                state = self._reader.states.get(one.broadcast.id)
                gone: MessageState | InboxMessage | None = state if state and state.deleted_at else None
                document = self._reader.document(platform, one, language)
            else:
                gone = one if one.deleted_at else None
                document = {} if gone else inbox_messages.document(platform, one, language)
            if gone is None and (not asked or self._wanted.takes(document)):
                self.items.append({"cursor": str(place), **document})
            elif gone is not None and not asked:
                self.changes.append(states.document(platform, gone, self._reader.mark))
        return True


def merged(
    own: Sequence[InboxMessage], common: Sequence[Entry], after: Cursor
) -> Iterator[tuple[Cursor, InboxMessage | Entry]]:
    """Both logs in the order of time, as far as each one's own order allows; each message with its place."""
    one, other = 0, 0
    while one < len(own) or other < len(common):
        published = common[other].broadcast.published_at or 0 if other < len(common) else None
        if published is None or (one < len(own) and own[one].created_at.timestamp() * 1000 <= published):
            after = Cursor(own[one].seq, after.common, after.changes)
            yield after, own[one]
            one += 1
        else:
            after = Cursor(after.personal, common[other].seq, after.changes)
            yield after, common[other]
            other += 1
