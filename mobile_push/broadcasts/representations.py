"""Broadcasts as the API shows them: the whole record to staff, a page to whoever it is for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from banshi import LANGUAGES, Platform, text_in
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, MOMENT, TEXT, Record, array
from banshi.sdk.toml import REQUIRED_LANGUAGES
from mobile_push.broadcasts import addressing, steps
from mobile_push.broadcasts.publication import earlier_of
from mobile_push.cap.representations import ALERT_DOCUMENT_SCHEMA
from mobile_push.tables.models import Broadcast

RECORD = Record(
    id=ID,
    kind={"type": "string", "enum": ["notice", "alert"]},
    department=TEXT,
    state={"type": "string", "enum": list(steps.STATES)},
    version={"type": "integer", "minimum": 1, "description": "Send it along to change or decide what you read."},
    title=LINKS,
    body=LINKS,
    content={**LINKS, "type": ["object", "null"]},
    image=TEXT,
    link=TEXT,
    category=TEXT,
    audience={**addressing.SCHEMA, "minProperties": 0},
    collapse_key=TEXT,
    supersedes=array(ID),
    alert={
        **ALERT_DOCUMENT_SCHEMA,
        "type": ["object", "null"],
        "description": "Of an alert. Its `sent` is provisional until it is public.",
    },
    author=TEXT,
    second_person={"type": "boolean", "description": "A second person approves it, whatever the settings say."},
    approver=TEXT,
    created_at=MOMENT,
    send_at=MAYBE_MOMENT,
    ttl={"type": ["integer", "null"]},
    expires_at=MOMENT,
    published_at=MAYBE_MOMENT,
    links=LINKS,
)

ENTRY = Record(
    version={"type": "integer"},
    at=MOMENT,
    action=TEXT,
    state=TEXT,
    actor={"type": "string", "description": "Empty for the platform itself."},
    reason=TEXT,
)


ACTIONS = array({"type": "string", "enum": list(steps.ACTIONS)})
WHOLE_RECORD = Record(**RECORD["properties"], permitted_actions=ACTIONS, history=array(ENTRY))

PAGE = Record(
    id=ID,
    kind={"type": "string", "enum": ["notice"]},
    department=TEXT,
    state={"type": "string", "enum": sorted(steps.PUBLIC)},
    title=TEXT,
    body=TEXT,
    content={"type": "string", "description": "Markdown."},
    image=TEXT,
    link=TEXT,
    category={"type": "string", "description": "Its kind; empty for none."},
    published_at=MAYBE_MOMENT,
    expires_at=MOMENT,
)

#: Where staff find the whole record: what anybody may read of an alert has its own address.
RECORDED = {"notice": "", "alert": "/record"}


def record(platform: Platform, broadcast: Broadcast) -> dict[str, Any]:
    """All of it, for staff of its department."""
    address = f"/v1/{broadcast.kind}s/{broadcast.id}"
    return RECORD.of(
        platform,
        broadcast,
        supersedes=[str(one) for one in earlier_of(broadcast)],
        alert=broadcast.cap,
        published_at=published_at(platform, broadcast),
        links={
            "self": address,
            "record": f"{address}{RECORDED[broadcast.kind]}",
            "preview": f"{address}/preview",
            "report": f"{address}/report",
        },
    )


def page(platform: Platform, broadcast: Broadcast, language: str) -> dict[str, Any]:
    """A notice as whoever it is for reads it; nothing of what it said, once it was taken back."""
    gone = broadcast.state != "published"

    def text(texts: Any) -> str:
        return "" if gone or not texts else text_in(texts, language)

    return PAGE.of(
        platform,
        broadcast,
        title=text(broadcast.title),
        body=text(broadcast.body),
        content=text(broadcast.content),
        image="" if gone else broadcast.image,
        published_at=published_at(platform, broadcast),
    )


def published_at(platform: Platform, broadcast: Broadcast) -> str | None:
    at = broadcast.published_at
    return None if at is None else platform.moment(datetime.fromtimestamp(at / 1000, UTC))


def filled(texts: Mapping[str, str] | None) -> dict[str, str]:
    """A text in each of our languages: where one is missing, in the one that is there; empty without any."""
    given = texts or {}
    other = next(iter(given.values()), "")
    return {language: given.get(language, other) for language in LANGUAGES}


def texts_schema(most: int, *, both: bool, about: str) -> dict[str, Any]:
    """JSON Schema of a text in several languages."""
    one = {"type": "string", "minLength": 1, "maxLength": most, "pattern": r"\S"}
    return {
        "type": "object",
        "required": list(REQUIRED_LANGUAGES) if both else [],
        "minProperties": 1,
        "additionalProperties": False,
        "properties": dict.fromkeys(LANGUAGES, one),
        "description": about,
    }
