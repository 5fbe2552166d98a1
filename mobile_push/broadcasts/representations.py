"""Broadcasts as the API shows them: the whole record to staff, a page to whoever it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from banshi import LANGUAGES, Platform, text_in
from mobile_push.broadcasts import addressing, steps
from mobile_push.broadcasts.publication import earlier_of
from mobile_push.cap import ALERT_DOCUMENT_SCHEMA
from mobile_push.tables.models import Broadcast, BroadcastEvent

_ID = {"type": "string", "format": "uuid"}
_MOMENT = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT = {**_MOMENT, "type": ["string", "null"]}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_STRING = {"type": "string"}
_LINKS = {"type": "object", "additionalProperties": {"type": "string"}}

_RECORD: dict[str, Any] = {
    "id": _ID,
    "kind": {"type": "string", "enum": ["notice", "alert"]},
    "department": _STRING,
    "state": {"type": "string", "enum": list(steps.STATES)},
    "version": {"type": "integer", "minimum": 1, "description": "Send it along to change or decide what you read."},
    "title": _TEXTS,
    "body": _TEXTS,
    "content": {**_TEXTS, "type": ["object", "null"]},
    "image": _STRING,
    "link": _STRING,
    "audience": {**addressing.SCHEMA, "minProperties": 0},
    "collapse_key": _STRING,
    "supersedes": {"type": "array", "items": _ID},
    "alert": {
        **ALERT_DOCUMENT_SCHEMA,
        "type": ["object", "null"],
        "description": "Of an alert. Its `sent` is provisional until it is public.",
    },
    "author": _STRING,
    "approver": _STRING,
    "created_at": _MOMENT,
    "send_at": _MAYBE_MOMENT,
    "ttl": {"type": ["integer", "null"]},
    "expires_at": _MOMENT,
    "published_at": _MAYBE_MOMENT,
    "links": _LINKS,
}

_HISTORY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["version", "at", "action", "state", "actor", "reason"],
        "additionalProperties": False,
        "properties": {
            "version": {"type": "integer"},
            "at": _MOMENT,
            "action": _STRING,
            "state": _STRING,
            "actor": {"type": "string", "description": "Empty for the platform itself."},
            "reason": _STRING,
        },
    },
}


def _closed(properties: dict[str, Any], optional: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
        "properties": properties,
    }


ACTIONS = {"type": "array", "items": {"type": "string", "enum": list(steps.ACTIONS)}}
RECORD = _closed(_RECORD)
WHOLE_RECORD = _closed({**_RECORD, "permitted_actions": ACTIONS, "history": _HISTORY})
RECORDS = _closed({"items": {"type": "array", "items": RECORD}, "next": {"type": ["string", "null"]}})

_PAGE: dict[str, Any] = {
    "id": _ID,
    "kind": {"type": "string", "enum": ["notice"]},
    "department": _STRING,
    "state": {"type": "string", "enum": sorted(steps.PUBLIC)},
    "title": _STRING,
    "body": _STRING,
    "content": {"type": "string", "description": "Markdown."},
    "image": _STRING,
    "link": _STRING,
    "published_at": _MAYBE_MOMENT,
    "expires_at": _MOMENT,
}
PAGE = _closed(_PAGE)


#: Where staff find the whole record: what anybody may read of an alert has its own address.
RECORDED = {"notice": "", "alert": "/record"}


def record(platform: Platform, broadcast: Broadcast) -> dict[str, Any]:
    """All of it, for staff of its department."""
    address = f"/v1/{broadcast.kind}s/{broadcast.id}"
    return {
        "id": str(broadcast.id),
        "kind": broadcast.kind,
        "department": broadcast.department,
        "state": broadcast.state,
        "version": broadcast.version,
        "title": broadcast.title,
        "body": broadcast.body,
        "content": broadcast.content,
        "image": broadcast.image,
        "link": broadcast.link,
        "audience": broadcast.audience,
        "collapse_key": broadcast.collapse_key,
        "supersedes": [str(one) for one in earlier_of(broadcast)],
        "alert": broadcast.cap,
        "author": broadcast.author,
        "approver": broadcast.approver,
        "created_at": moment(platform, broadcast.created_at),
        "send_at": moment(platform, broadcast.send_at),
        "ttl": broadcast.ttl,
        "expires_at": moment(platform, broadcast.expires_at),
        "published_at": published_at(platform, broadcast),
        "links": {
            "self": address,
            "record": f"{address}{RECORDED[broadcast.kind]}",
            "preview": f"{address}/preview",
            "report": f"{address}/report",
        },
    }


def history(platform: Platform, events: Sequence[BroadcastEvent]) -> list[dict[str, Any]]:
    return [
        {
            "version": event.version,
            "at": moment(platform, event.at),
            "action": event.action,
            "state": event.state,
            "actor": event.actor,
            "reason": event.reason,
        }
        for event in events
    ]


def page(platform: Platform, broadcast: Broadcast, language: str) -> dict[str, Any]:
    """A notice as whoever it is for reads it; nothing of what it said, once it was taken back."""
    gone = broadcast.state != "published"

    def text(texts: Any) -> str:
        return "" if gone or not texts else text_in(texts, language)

    return {
        "id": str(broadcast.id),
        "kind": broadcast.kind,
        "department": broadcast.department,
        "state": broadcast.state,
        "title": text(broadcast.title),
        "body": text(broadcast.body),
        "content": text(broadcast.content),
        "image": "" if gone else broadcast.image,
        "link": broadcast.link,
        "published_at": published_at(platform, broadcast),
        "expires_at": moment(platform, broadcast.expires_at),
    }


def moment(platform: Platform, at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(platform.settings.timezone).isoformat(timespec="milliseconds")


def published_at(platform: Platform, broadcast: Broadcast) -> str | None:
    at = broadcast.published_at
    return None if at is None else moment(platform, datetime.fromtimestamp(at / 1000, UTC))


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
        "required": list(LANGUAGES) if both else [],
        "minProperties": 1,
        "additionalProperties": False,
        "properties": dict.fromkeys(LANGUAGES, one),
        "description": about,
    }
