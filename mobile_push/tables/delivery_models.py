"""The tables of messages on their way: deliveries, fan-outs, chunks, and the topics of a provider."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from banshi.sdk.database import Personal, PersonalId, PersonalText


class Delivery(Model):
    """One message on its way to one phone, and what became of it."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.UUIDField()
    device_id = fields.UUIDField()
    provider = fields.CharField(max_length=16)
    #: The urgent lanes go first.
    lane = fields.SmallIntField(default=0, db_default=0)
    # A test case's is `sandbox` where no sandbox is set up to take it.
    # One that is to leave its screen is `done`, and then `sent` again.
    #: due, sent, dead (the token), failed, expired, parked or dropped.
    state = fields.CharField(max_length=8, default="due")
    #: The provider's word for it.
    code = fields.CharField(max_length=64, default="")
    provider_message = fields.CharField(max_length=255, default="")
    #: Milliseconds of the database's clock.
    not_before = fields.BigIntField(default=0)
    lease_until = fields.BigIntField(default=0)
    expires = fields.BigIntField()
    #: How often it was claimed, also the fencing token of a settlement.
    attempts = fields.IntField(default=0)
    #: How often it was tried, since it was planned or since an operator wished it to be sent again.
    tries = fields.IntField(default=0, db_default=0)
    settled_at = fields.BigIntField(null=True)
    #: The traceparent of the message's promise.
    trace = fields.CharField(max_length=55, default="", db_default="")

    class Meta:
        table = "push_delivery"
        unique_together = (("message_id", "device_id"),)
        indexes = [Index(fields=("provider", "state", "lane", "id"), name="push_delivery_lane")]


class FanOut(Personal):
    """The walk of one broadcast over the phones of one provider, or over the people whom it names."""

    id = fields.BigIntField(primary_key=True)
    broadcast_id = fields.UUIDField()
    #: Empty for a walk over people.
    provider = fields.CharField(max_length=16)
    lane = fields.SmallIntField()
    #: due, done or recalled.
    state = fields.CharField(max_length=8, default="due")
    #: The last key that is planned: everything up to it lies in chunks.
    through = PersonalId(255, default="")
    #: How many phones or people were found so far.
    found = fields.BigIntField(default=0)
    lease_until = fields.BigIntField(default=0)
    #: How often it was claimed, also the fencing token.
    attempts = fields.IntField(default=0)
    planned_at = fields.BigIntField(null=True)

    class Meta:
        table = "push_fan_out"
        unique_together = (("broadcast_id", "provider"),)
        indexes = [Index(fields=("state", "lane", "id"), name="push_fan_out_due")]


class Chunk(Model):
    """Some hundred phones that a broadcast goes to together, and how far it has got with them."""

    id = fields.BigIntField(primary_key=True)
    broadcast_id = fields.UUIDField()
    provider = fields.CharField(max_length=16)
    lane = fields.SmallIntField()
    #: due, done, parked, recalled or dropped.
    state = fields.CharField(max_length=8, default="due")
    #: The phones' ids, 16 bytes each, and a bit for each that is dealt with.
    devices = fields.BinaryField()
    done = fields.BinaryField()
    #: A bit for each that has the message or may have it. None of a version that did not write it down.
    reached = fields.BinaryField(null=True)
    size = fields.IntField()
    #: A provider's own topic in place of phones.
    topic = fields.CharField(max_length=160, default="")
    #: How often these phones have been tried before, and why they are tried again.
    tries = fields.SmallIntField(default=0)
    code = fields.CharField(max_length=64, default="")
    #: Milliseconds of the database's clock.
    not_before = fields.BigIntField(default=0)
    lease_until = fields.BigIntField(default=0)
    expires = fields.BigIntField()
    #: How often it was claimed, also the fencing token of a checkpoint.
    attempts = fields.IntField(default=0)
    #: What became of its phones: {"accepted": 500, "UNREGISTERED": 2}, and how long it took, as a histogram.
    outcomes: Any = fields.JSONField(default=dict)
    seconds: Any = fields.JSONField(default=dict)
    #: Whoever had claimed it last did not give it back: what it wrote nothing down of may have been sent.
    unsure = fields.BooleanField(default=False, db_default=False)
    #: Phones that may have got it twice.
    twice = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "push_chunk"
        indexes = [
            Index(fields=("provider", "state", "lane", "id"), name="push_chunk_due"),
            Index(fields=("broadcast_id",), name="push_chunk_broadcast"),
        ]


class PushId(Model):
    """The id by which a service knows a push that it has taken: a repeat of it is none."""

    #: Hash of the message and the phones that it goes to together.
    key = fields.CharField(max_length=64, primary_key=True)
    given = fields.CharField(max_length=100)
    #: Milliseconds of the database's clock until which it is kept.
    until = fields.BigIntField()

    class Meta:
        table = "push_id"


class TopicRound(Model):
    """A provider's topics: their names' beginning, and how far the phones that were there before have got into them.

    Each time that topics are turned on is a round with names of its own: nobody follows them yet, whatever was left
    behind.
    """

    provider = fields.CharField(max_length=16, primary_key=True)
    round = fields.CharField(max_length=16)
    active = fields.BooleanField()
    #: The last phone whose changes are written down, and whether it was the last of all.
    through = fields.CharField(max_length=36, default="")
    complete = fields.BooleanField(default=False)
    #: The one process that carries changes out, and the database's milliseconds until which it does.
    holder = fields.CharField(max_length=32, default="")
    lease_until = fields.BigIntField()

    class Meta:
        table = "push_topic_round"


class TopicChange(Personal):
    """A phone is to follow one of a provider's topics, or no more. The row goes once the provider has done it."""

    id = fields.BigIntField(primary_key=True)
    provider = fields.CharField(max_length=16)
    token_hash = fields.CharField(max_length=64)
    token = PersonalText(family="device token")
    topic = fields.CharField(max_length=160)
    follow = fields.BooleanField()
    #: Which wish it is: a later one takes the place of an earlier one.
    version = fields.IntField(default=1)
    attempts = fields.IntField(default=0)
    #: The provider's word for why it is tried again.
    code = fields.CharField(max_length=64, default="")
    #: Milliseconds of the database's clock.
    not_before = fields.BigIntField(default=0)

    class Meta:
        table = "push_topic_change"
        unique_together = (("topic", "token_hash"),)
        indexes = [Index(fields=("provider", "not_before", "id"), name="push_topic_change_due")]
