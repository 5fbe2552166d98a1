"""When a broadcast goes out and when it is over, as staff say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from banshi import FieldProblem, Platform
from mobile_push.sentences import say
from mobile_push.tables.models import Broadcast

#: Seconds from its publication for which a provider keeps a message at most, and days ahead that one may be planned.
MAX_TTL_S, MAX_DAYS_AHEAD = 28 * 86_400, 366

_MOMENT = {"type": "string", "format": "date-time", "maxLength": 40, "description": "RFC 3339, with an offset."}
SEND_AT = {**_MOMENT, "type": ["string", "null"]}
EXPIRES_AT = _MOMENT
TTL = {"type": "integer", "minimum": 60, "maximum": MAX_TTL_S, "description": "Seconds from its publication."}

ADVICE = "write it as 2026-07-01T08:30:00+08:00"


def timing(
    platform: Platform, ttl: int, broadcast: Broadcast, body: Mapping[str, Any], values: dict[str, Any]
) -> Iterator[FieldProblem]:
    """Take a body's times into the columns of a broadcast; what is wrong with them."""
    now = platform.now()
    send_at = broadcast.send_at
    if "send_at" in body:
        send_at = None if body["send_at"] is None else moment(body["send_at"])
        values["send_at"] = send_at
        if body["send_at"] is not None:
            yield from _ahead(send_at, now)
    if "ttl" in body and "expires_at" in body:
        yield FieldProblem("/ttl", say("Say how long it holds or until when, not both."), "both")
    # What lies farther ahead is refused: nothing is reckoned from there.
    start = min(max(send_at, now), now + timedelta(days=MAX_DAYS_AHEAD)) if send_at else now
    if "expires_at" in body:
        end = moment(body["expires_at"])
        values |= {"ttl": None, "expires_at": end}
        yield from _end(end, start)
        return
    # A new broadcast has no end yet.
    end = getattr(broadcast, "expires_at", None)
    if "ttl" in body or broadcast.ttl is not None or end is None:
        seconds = body.get("ttl") or broadcast.ttl or ttl
        values |= {"ttl": seconds, "expires_at": start + timedelta(seconds=seconds)}
    elif "send_at" in body:
        yield from _end(end, start)


def moment(text: str) -> datetime | None:
    """A time in UTC, as tables keep it (SQLite compares times as text); None for one that can't be."""
    try:
        value = datetime.fromisoformat(text)
        return value.astimezone(UTC) if value.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _ahead(send_at: datetime | None, now: datetime) -> Iterator[FieldProblem]:
    if send_at is None:
        yield FieldProblem("/send_at", say("This is no time that there is; {advice}.", advice=ADVICE), "format")
    elif send_at <= now:
        yield FieldProblem("/send_at", say("The time has passed; leave it out to send it at once."), "past")
    elif send_at > now + timedelta(days=MAX_DAYS_AHEAD):
        yield FieldProblem(
            "/send_at", say("It lies more than {days} days ahead; give an earlier time.", days=MAX_DAYS_AHEAD), "far"
        )


def _end(end: datetime | None, start: datetime) -> Iterator[FieldProblem]:
    if end is None:
        yield FieldProblem("/expires_at", say("This is no time that there is; {advice}.", advice=ADVICE), "format")
    elif end <= start:
        yield FieldProblem("/expires_at", say("It would be over before it is sent; give a later time."), "past")
    elif end > start + timedelta(seconds=MAX_TTL_S):
        yield FieldProblem(
            "/expires_at", say("That is more than 28 days after it is sent; give an earlier time."), "far"
        )
