"""What a message looks like to the app, and what was done with one."""

from __future__ import annotations

from typing import Any

from banshi.sdk.documents import ID, MAYBE_MOMENT, MAYBE_TEXT, TEXT, Record, optional
from mobile_push.cap.vocabulary import SEVERITIES
from mobile_push.tables import cursor

#: A time as an app compares it, by whichever clock.
_TIME = {"type": "string", "format": "date-time"}

_MEMBERS: dict[str, Any] = dict(  # noqa: C408 - as the records beside it
    seq=optional(
        {
            "type": "integer",
            "description": "Of the person's own messages: from 1, without gaps but where a test case has left.",
        }
    ),
    id={**ID, "description": "What a push calls message_id."},
    kind={"type": "string", "enum": ["case", "notice", "alert"]},
    mode=optional(
        {
            "type": "string",
            "enum": ["test", "team", "live"],
            "description": "Of the person's own messages: that of a `test` case is made up, and leaves with it.",
        }
    ),
    case={
        **MAYBE_TEXT,
        "format": "uuid",
        "description": "The caller's case that it is about; null where it is none's.",
    },
    item={**MAYBE_TEXT, "description": "The item of that case, or of the posting."},
    number={**MAYBE_TEXT, "description": "The case's number, as people are told it."},
    state={
        **MAYBE_TEXT,
        "description": "What state the case's step led to. Of a notice or an alert `published`, `recalled` or "
        "`superseded`; take one that was recalled or superseded off the screen.",
    },
    category={
        **MAYBE_TEXT,
        "description": "The kind of the item, such as `appointment`; of a notice its kind, such as `roads`; of an "
        "alert CAP's category, such as `Met`.",
    },
    severity={
        "type": ["string", "null"],
        "enum": [*SEVERITIES, None],
        "description": "Of an alert the worst that it says, in CAP's words.",
    },
    department=optional(TEXT),
    title=TEXT,
    body=TEXT,
    content=optional({**TEXT, "description": "Markdown, for the page that shows it whole."}),
    image=optional(TEXT),
    link=TEXT,
    supersedes=optional({**TEXT, "description": "The id of the one that it takes the place of."}),
    created_at=_TIME,
    expires_at=optional(_TIME),
    read_at={**MAYBE_MOMENT, "description": "When the caller read it, on whichever phone; null: unread."},
    archived_at=MAYBE_MOMENT,
)

#: One message by itself: it is no place in the inbox.
ONE: dict[str, Any] = Record(**_MEMBERS)

MESSAGE: dict[str, Any] = Record(
    cursor={"type": "string", "pattern": cursor.PATTERN, "description": "Go on behind it; compare it with none."},
    **_MEMBERS,
)

CHANGE: dict[str, Any] = Record(
    id={**MAYBE_TEXT, "format": "uuid", "description": "The message's; null for all up to `through`."},
    through={**MAYBE_TEXT, "description": "All up to this place that weren't read are read."},
    seq={"type": ["integer", "null"], "description": "Of an own message, so that a deleted one's number is known."},
    read_at=MAYBE_MOMENT,
    archived_at=MAYBE_MOMENT,
    deleted_at={**MAYBE_MOMENT, "description": "Take it off the phone; its number stays empty."},
)
