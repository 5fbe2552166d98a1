"""Webhooks and deliveries as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .forms import MODES

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..models import DeliveryRow, Replay, Subscription

STATES = ("unproven", "active", "paused", "disabled")
ENDS = ("waiting", "delivered", "failed")


def moment(at: int | None, zone: ZoneInfo) -> str | None:
    """Milliseconds as RFC 3339 in the city's time zone."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).isoformat() if at else None


def webhook(row: Subscription, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "url": row.url,
        "mode": row.mode,
        "types": row.types,
        "departments": row.departments,
        "items": row.items,
        "state": row.state,
        "reason": row.reason,
        "requests_per_minute": row.pace,
        "created_at": row.created_at.astimezone(zone).isoformat(),
        "last_delivered_at": moment(row.taken_at, zone),
        "last_tried_at": moment(row.tried_at, zone),
        "last_outcome": row.code,
        "failing_since": moment(row.failing_since, zone),
        "links": {"self": f"/v1/webhooks/{row.id}", "deliveries": f"/v1/webhooks/{row.id}/deliveries"},
    }


def delivery(row: DeliveryRow, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "event": row.event,
        "events": row.events,
        "subject": row.subject,
        "state": row.state,
        "tries": row.tries,
        "status": row.status,
        "outcome": row.code,
        "took_ms": row.took,
        "first_tried_at": moment(row.since, zone),
        "last_tried_at": moment(row.at, zone),
        "next_try_at": moment(row.next_at, zone) if row.state == "waiting" else None,
    }


def replay(row: Replay, events: int) -> dict[str, Any]:
    return {"id": str(row.id), "events": events}


def record(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}


def page(row: dict[str, Any]) -> dict[str, Any]:
    return record({"items": {"type": "array", "items": row}, "next": {"type": ["string", "null"]}})


TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
MAYBE_NUMBER: dict[str, Any] = {"type": ["integer", "null"]}
NAMES: dict[str, Any] = {"type": "array", "items": TEXT}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
MAYBE: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
UUID: dict[str, Any] = {"type": "string", "format": "uuid"}

_WEBHOOK: dict[str, Any] = {
    "id": UUID,
    "name": TEXT,
    "url": TEXT,
    "mode": {"enum": list(MODES)},
    "types": NAMES,
    "departments": NAMES,
    "items": NAMES,
    "state": {"enum": list(STATES)},
    "reason": {**TEXT, "description": "Why nothing is sent; empty while it is."},
    "requests_per_minute": {**MAYBE_NUMBER, "description": "What the receiver allows; null for any number."},
    "created_at": MOMENT,
    "last_delivered_at": MAYBE,
    "last_tried_at": MAYBE,
    "last_outcome": {**TEXT, "description": "`ok`, `status-500`, `timeout`, `certificate`, `forbidden-address` …"},
    "failing_since": MAYBE,
    "links": {"type": "object", "additionalProperties": TEXT},
}

WEBHOOK = record(_WEBHOOK)
WEBHOOKS = page(WEBHOOK)

#: With the secret, which is shown where it was made and never again.
WITH_SECRET = record(_WEBHOOK | {"secret": TEXT})

DELIVERY = record(
    {
        "event": {**TEXT, "description": "The event's id; in batch mode, that of the first of `events`."},
        "events": NUMBER,
        "subject": TEXT,
        "state": {"enum": list(ENDS)},
        "tries": NUMBER,
        "status": MAYBE_NUMBER,
        "outcome": TEXT,
        "took_ms": NUMBER,
        "first_tried_at": MAYBE,
        "last_tried_at": MAYBE,
        "next_try_at": MAYBE,
    }
)
DELIVERIES = page(DELIVERY)

TESTED = record(
    {"event": TEXT, "delivered": {"type": "boolean"}, "status": MAYBE_NUMBER, "outcome": TEXT, "took_ms": NUMBER}
)
REPLAYED = record(
    {"id": UUID, "events": {**NUMBER, "description": "In the span; those that its filters let through come."}}
)
TYPES = record({"items": NAMES})
