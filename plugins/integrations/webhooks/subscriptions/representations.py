"""Webhooks and deliveries as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from banshi import Platform
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, MAYBE_TEXT, MOMENT, TEXT, Record, array, optional

from ..models import DeliveryRow, Subscription
from .forms import MODES

STATES = ("unproven", "active", "paused", "disabled")
ENDS = ("waiting", "delivered", "failed")


def moment(at: int | None, zone: ZoneInfo) -> str | None:
    """Milliseconds as RFC 3339 in the city's time zone."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).isoformat() if at else None


NUMBER: dict[str, Any] = {"type": "integer"}
MAYBE_NUMBER: dict[str, Any] = {"type": ["integer", "null"]}
NAMES: dict[str, Any] = array(TEXT)

_WEBHOOK: dict[str, Any] = {
    "id": ID,
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
    "last_delivered_at": MAYBE_MOMENT,
    "last_tried_at": MAYBE_MOMENT,
    "last_outcome": {**TEXT, "description": "`ok`, `status-500`, `timeout`, `certificate`, `forbidden-address` …"},
    "failing_since": MAYBE_MOMENT,
    "links": LINKS,
}

WEBHOOK = Record(**_WEBHOOK)
WEBHOOKS = Record(items=array(WEBHOOK), next=MAYBE_TEXT)

#: With the secret, which is shown where it was made and never again.
WITH_SECRET = Record(**_WEBHOOK, secret=TEXT)
#: The answer that is kept for a repetition has none.
MADE = Record(
    **_WEBHOOK, secret=optional({**TEXT, "description": "Shown this once; not where the request is repeated."})
)

DELIVERY = Record(
    event={**TEXT, "description": "The event's id; in batch mode, that of the first of `events`."},
    events=NUMBER,
    subject=TEXT,
    state={"enum": list(ENDS)},
    tries=NUMBER,
    status=MAYBE_NUMBER,
    outcome=TEXT,
    took_ms=NUMBER,
    first_tried_at=MAYBE_MOMENT,
    last_tried_at=MAYBE_MOMENT,
    next_try_at=MAYBE_MOMENT,
)
DELIVERIES = Record(items=array(DELIVERY), next=MAYBE_TEXT)

TESTED = Record(event=TEXT, delivered={"type": "boolean"}, status=MAYBE_NUMBER, outcome=TEXT, took_ms=NUMBER)
REPLAYED = Record(id=ID, events={**NUMBER, "description": "In the span; those that its filters let through come."})
TYPES = Record(items=NAMES)


def webhook(platform: Platform, row: Subscription) -> dict[str, Any]:
    zone = platform.settings.timezone
    return WEBHOOK.of(
        platform,
        row,
        requests_per_minute=row.pace,
        last_delivered_at=moment(row.taken_at, zone),
        last_tried_at=moment(row.tried_at, zone),
        last_outcome=row.code,
        failing_since=moment(row.failing_since, zone),
        links={"self": f"/v1/webhooks/{row.id}", "deliveries": f"/v1/webhooks/{row.id}/deliveries"},
    )


def delivery(platform: Platform, row: DeliveryRow) -> dict[str, Any]:
    zone = platform.settings.timezone
    return DELIVERY.of(
        platform,
        row,
        outcome=row.code,
        took_ms=row.took,
        first_tried_at=moment(row.since, zone),
        last_tried_at=moment(row.at, zone),
        next_try_at=moment(row.next_at, zone) if row.state == "waiting" else None,
    )
