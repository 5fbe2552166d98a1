"""Webhooks: who wants to hear what, what there was to hear, and what became of it.

Moments are milliseconds since 1970, leases those of the database's clock.
"""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

__all__ = ["DeliveryRow", "EventRow", "Replay", "Sender", "Subscription", "Top"]


class Subscription(Model):
    """One receiver of a client's."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    client = fields.CharField(max_length=32, db_index=True)
    name = fields.CharField(max_length=100, default="")
    url = fields.TextField()
    #: structured, binary or batch.
    mode = fields.CharField(max_length=12)
    #: Which events, each an empty list for all that the scopes allow.
    types: fields.Field[list[str]] = fields.JSONField()
    departments: fields.Field[list[str]] = fields.JSONField()
    items: fields.Field[list[str]] = fields.JSONField()
    #: The scopes of the token that made or last changed it. What the client may no more is not sent either.
    scopes: fields.Field[list[str]] = fields.JSONField()
    #: The newest first, each {"secret", "until"}, sealed: those before sign beside it until then.
    secrets: fields.Field[list[dict[str, Any]]] = fields.JSONField()
    #: unproven, active, paused or disabled, and why it is not active.
    state = fields.CharField(max_length=10)
    reason = fields.CharField(max_length=200, default="")
    #: Requests a minute that the receiver allows, None for any number.
    pace = fields.IntField(null=True)
    #: Counts what its client changes: of two changes at once one wins.
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    #: Every event up to this one was delivered, waits in a row of its own, or is not for this receiver.
    position = fields.BigIntField()
    #: Failures in a row with no success between, since when, how often it was left alone, and until when it is.
    failures = fields.IntField(default=0)
    failing_since = fields.BigIntField(null=True)
    rests = fields.IntField(default=0)
    rest_until = fields.BigIntField(default=0)
    #: When it last took something, and what the last request ended with.
    taken_at = fields.BigIntField(null=True)
    tried_at = fields.BigIntField(null=True)
    code = fields.CharField(max_length=32, default="")
    #: One process at a time sends to it. The term counts the leases and is the fencing token.
    lease_until = fields.BigIntField(default=0)
    term = fields.IntField(default=0)

    class Meta:
        table = "webhooks_subscription"
        indexes = [Index(fields=("state", "lease_until"), name="webhooks_subscription_free")]


class EventRow(Model):
    """An event, in the order in which events were heard. Numbers rise and may have gaps."""

    seq = fields.BigIntField(primary_key=True, generated=False)
    event = fields.CharField(max_length=64, unique=True)
    type = fields.CharField(max_length=100)
    department = fields.CharField(max_length=64, default="")
    item = fields.CharField(max_length=64, default="")
    #: The one client that it is for, "" for all.
    client = fields.CharField(max_length=32, default="")
    #: What it happened to: the events of one are delivered in order.
    subject = fields.CharField(max_length=128)
    at = fields.BigIntField(db_index=True)
    #: The CloudEvent as JSON.
    document = fields.TextField()

    class Meta:
        table = "webhooks_event"


class Top(Model):
    """The last number of the events. Its row's lock makes numbers appear in their order."""

    name = fields.CharField(max_length=16, primary_key=True)
    value = fields.BigIntField()

    class Meta:
        table = "webhooks_top"


class DeliveryRow(Model):
    """What became of one event at one receiver, or of one batch."""

    id = fields.BigIntField(primary_key=True)
    subscription = fields.UUIDField()
    #: The event's number, a batch's first and last, and how many events these are.
    seq = fields.BigIntField()
    last_seq = fields.BigIntField()
    events = fields.IntField(default=1)
    event = fields.CharField(max_length=64)
    subject = fields.CharField(max_length=128)
    #: waiting, delivered or failed.
    state = fields.CharField(max_length=10)
    tries = fields.IntField()
    #: When it is tried next, when it was first and last tried.
    next_at = fields.BigIntField(default=0)
    since = fields.BigIntField()  # of a webhook that was resumed: its first try after that
    at = fields.BigIntField(db_index=True)
    #: What the last try ended with: an HTTP status where there was one, a word, and milliseconds.
    status = fields.SmallIntField(null=True)
    code = fields.CharField(max_length=32, default="")
    took = fields.IntField(default=0)

    class Meta:
        table = "webhooks_delivery"
        unique_together = (("subscription", "seq"),)
        indexes = [Index(fields=("subscription", "state", "seq"), name="webhooks_delivery_state")]


class Replay(Model):
    """A span that a receiver wants once more."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    subscription = fields.UUIDField(db_index=True)
    #: The moments, and the numbers between which their events are.
    begins = fields.BigIntField()
    ends = fields.BigIntField()
    until = fields.BigIntField()
    position = fields.BigIntField()
    #: due or done.
    state = fields.CharField(max_length=8, default="due")
    created_at = fields.DatetimeField()

    class Meta:
        table = "webhooks_replay"


class Sender(Model):
    """A process that sends, as long as it says so."""

    id = fields.CharField(max_length=32, primary_key=True)
    seen = fields.BigIntField()

    class Meta:
        table = "webhooks_sender"
