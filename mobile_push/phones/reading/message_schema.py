"""What a message looks like to the app, and what was done with one."""

from __future__ import annotations

from typing import Any

from banshi.sdk.documents import MAYBE_MOMENT, Record, optional
from mobile_push.inbox.facts import SEVERITIES
from mobile_push.tables import cursor

_ABOUT = {"type": ["string", "null"]}

_MEMBERS: dict[str, Any] = dict(  # noqa: C408 - as the records beside it
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
    case={**_ABOUT, "format": "uuid", "description": "The caller's case that it is about; null where it is none's."},
    item={**_ABOUT, "description": "The item of that case, or of the posting."},
    number={**_ABOUT, "description": "The case's number, as people are told it."},
    state={
        **_ABOUT,
        "description": "What state the case's step led to. Of a notice or an alert `published`, `recalled` or "
        "`superseded`; take one that was recalled or superseded off the screen.",
    },
    category={
        **_ABOUT,
        "description": "The kind of the item, such as `appointment`; of an alert CAP's category, such as `Met`.",
    },
    severity={
        "type": ["string", "null"],
        "enum": [*SEVERITIES, None],
        "description": "Of an alert the worst that it says, in CAP's words.",
    },
    department=optional({"type": "string"}),
    title={"type": "string"},
    body={"type": "string"},
    content=optional({"type": "string", "description": "Markdown, for the page that shows it whole."}),
    image=optional({"type": "string"}),
    link={"type": "string"},
    supersedes=optional({"type": "string", "description": "The id of the one that it takes the place of."}),
    created_at={"type": "string", "format": "date-time"},
    expires_at=optional({"type": "string", "format": "date-time"}),
    read_at={**MAYBE_MOMENT, "description": "When the caller read it, on whichever phone; null: unread."},
    archived_at=MAYBE_MOMENT,
)

#: One message by itself: it is no place in the inbox.
ONE: dict[str, Any] = Record(**_MEMBERS)

MESSAGE: dict[str, Any] = Record(
    cursor={
        "type": "string",
        "pattern": cursor.PATTERN,
        "description": "Go on behind it; compare it with none.",
    },
    **_MEMBERS,
)

CHANGE: dict[str, Any] = Record(
    id={**_ABOUT, "format": "uuid", "description": "The message's; null for all up to `through`."},
    through={**_ABOUT, "description": "All up to this place that weren't read are read."},
    seq={"type": ["integer", "null"], "description": "Of an own message, so that a deleted one's number is known."},
    read_at=MAYBE_MOMENT,
    archived_at=MAYBE_MOMENT,
    deleted_at={**MAYBE_MOMENT, "description": "Take it off the phone; its number stays empty."},
)
