"""What transactions promised."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import PartialIndex
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalJSON
from banshi.foundation.trace_context import TRACEPARENT_CHARS, present_trace

__all__ = ["OPEN", "OutboxRow"]

#: SQL that is true of what is not over.
OPEN = "state = 'parked' OR state = 'due'"


class OutboxRow(Personal):
    """Something that a transaction promised to do for one consumer, at least once."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    consumer = fields.CharField(max_length=64)
    topic = fields.CharField(max_length=64)
    payload: Any = PersonalJSON()
    #: Smaller goes first.
    lane = fields.SmallIntField(default=0)
    # And dropped, where an operator gave it up. (The line below is the column's comment in the database.)
    #: due, done or parked.
    state = fields.CharField(max_length=8, default="due")
    #: Milliseconds of the database's clock: not tried before, and leased to a worker until.
    not_before = fields.BigIntField(default=0)
    lease_until = fields.BigIntField(default=0)
    #: How often it was claimed, also the fencing token that a settlement has to show.
    attempts = fields.IntField(default=0)
    #: How often it was tried, since it was promised or since an operator wished it to be tried again.
    tries = fields.IntField(default=0, db_default=0)
    #: The same promise is made once.
    dedup = fields.CharField(max_length=120, unique=True)
    #: The traceparent of what it was promised by.
    trace = fields.CharField(max_length=TRACEPARENT_CHARS, default=present_trace, db_default="")
    last_error = fields.CharField(max_length=500, default="")
    settled_at = fields.BigIntField(null=True)

    class Meta:
        table = "banshi_outbox"
        # What is over is in no index but those of its keys: of a week's rows these are nearly all.
        indexes = [
            PartialIndex(
                fields=("consumer", "state", "lane", "id"),
                name="banshi_outbox_open",
                # Word for word `OPEN`, which Tortoise knows no other way to say.
                condition={"state = 'parked' OR state": "due"},
            )
        ]
