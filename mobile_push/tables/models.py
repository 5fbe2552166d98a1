"""mobile_push's own tables."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON, PersonalText

__all__ = [
    "Broadcast",
    "BroadcastEvent",
    "CapMessage",
    "Chunk",
    "Delivery",
    "Device",
    "FanOut",
    "Follow",
    "InboxCounter",
    "InboxMessage",
    "PhoneReceipt",
    "Profile",
    "TopicChange",
    "TopicRound",
]


class Device(Personal):
    """A phone that a person registered."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    person = PersonalId(255, db_index=True)
    #: Name of the provider that reaches it.
    provider = fields.CharField(max_length=16)
    #: The provider's address of the app on this phone, and its hash by which it is found.
    token = PersonalText(family="device token")
    token_hash = fields.CharField(max_length=64, unique=True)
    platform = fields.CharField(max_length=16)
    language = fields.CharField(max_length=16)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    #: Where the phone is at home: an administrative division's code (GB/T 2260), and a position, as the app says.
    division = fields.CharField(max_length=12, default="", db_default="")
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    #: How many notices it was sent on which day (days since 1970 in the city), for the cap.
    notice_day = fields.IntField(default=0, db_default=0)
    notices = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "push_device"
        # A fan-out walks the phones of one provider by their ids.
        indexes = [Index(fields=("provider", "id"), name="push_device_walk")]


class Profile(Personal):
    """What a person wishes, for all phones alike, and how far they have read."""

    person = PersonalId(255, primary_key=True)
    #: Whether notices may wake the phones at all. Alerts always do.
    notices = fields.BooleanField(default=True)
    #: Minutes after midnight in that time zone between which nothing but an alert makes a noise, or None.
    quiet_from = fields.SmallIntField(null=True)
    quiet_until = fields.SmallIntField(null=True)
    timezone = fields.CharField(max_length=64, default="")
    #: The last numbers of the personal and the common log that are marked as read.
    read_seq = fields.BigIntField(default=0)
    read_broadcast = fields.BigIntField(default=0)

    class Meta:
        table = "push_profile"


class Follow(Personal):
    """A person follows a topic or, as `department:<slug>`, a department."""

    id = fields.BigIntField(primary_key=True)
    person = PersonalId(255)
    topic = fields.CharField(max_length=80)

    class Meta:
        table = "push_follow"
        unique_together = (("person", "topic"),)
        indexes = [Index(fields=("topic", "person"), name="push_follow_topic")]


class InboxCounter(Personal):
    """The last sequence number of a person's inbox. Its row lock puts a person's messages in one order."""

    person = PersonalId(255, primary_key=True)
    top = fields.BigIntField()

    class Meta:
        table = "push_inbox_counter"


class InboxMessage(Personal):
    """A message in a person's inbox. Numbers have no gaps, so an app knows that it has missed nothing."""

    #: The message's own id, so that one that is delivered twice arrives once.
    id = fields.UUIDField(primary_key=True)
    person = PersonalId(255)
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=16)
    title: Any = PersonalJSON()
    body: Any = PersonalJSON()
    link = fields.CharField(max_length=255)
    case_id = fields.UUIDField(null=True)
    #: The notice that it is this person's copy of.
    broadcast_id = fields.UUIDField(null=True)
    #: The case's: test, team or live.
    mode = fields.CharField(max_length=4, default="live", db_default="live")
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)

    class Meta:
        table = "push_inbox_message"
        indexes = [Index(fields=("broadcast_id",), name="push_inbox_message_broadcast")]
        unique_together = (("person", "seq"),)


class Delivery(Model):
    """One message on its way to one phone, and what became of it."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.UUIDField()
    device_id = fields.UUIDField()
    provider = fields.CharField(max_length=16)
    #: The urgent lanes go first.
    lane = fields.SmallIntField(default=0, db_default=0)
    # A test case's is `sandbox` where no sandbox is set up to take it.
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


class Broadcast(Model):
    """A notice or an alert to an audience. It is stored once, however many phones it goes to.

    A kind with `-withdrawn` behind it takes one back from screens: nobody lists that, and it has no number in the log.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: notice or alert.
    kind = fields.CharField(max_length=16)
    department = fields.CharField(max_length=64)
    #: draft, proposed, scheduled, published, cancelled, recalled or superseded.
    state = fields.CharField(max_length=16)
    version = fields.IntField(default=1)
    #: Its place in the common log, from its publication on. Given in the publishing transaction, so that no reader
    #: sees a number before a smaller one.
    seq = fields.BigIntField(null=True, unique=True)
    title: Any = fields.JSONField()
    body: Any = fields.JSONField()
    #: Markdown by language, read inside the app, and a picture's https address.
    content: Any = fields.JSONField(null=True)
    image = fields.CharField(max_length=500, default="")
    link = fields.CharField(max_length=255)
    audience: Any = fields.JSONField()
    #: An alert as CAP has it, None for a notice.
    cap: Any = fields.JSONField(null=True)
    collapse_key = fields.CharField(max_length=64, default="")
    #: What it is called on screens where it took over an earlier one's name.
    tag = fields.CharField(max_length=64, default="", db_default="")
    #: The earlier one that this one takes the place of.
    supersedes = fields.UUIDField(null=True)
    #: The ids of all of them, where there are several.
    earlier: Any = fields.JSONField(null=True)
    author = fields.CharField(max_length=255)
    approver = fields.CharField(max_length=255, default="")
    created_at = fields.DatetimeField()
    send_at = fields.DatetimeField(null=True)
    #: Seconds from its publication to its end, where no time was given. It then sets `expires_at` anew.
    ttl = fields.IntField(null=True)
    expires_at = fields.DatetimeField()
    #: Milliseconds of the database's clock.
    published_at = fields.BigIntField(null=True)
    ended_at = fields.DatetimeField(null=True)
    #: The traceparent of its publication.
    trace = fields.CharField(max_length=55, default="", db_default="")

    @property
    def name(self) -> str:
        """What it is called on phones' screens."""
        return self.tag or self.collapse_key or str(self.id)

    class Meta:
        table = "push_broadcast"
        indexes = [Index(fields=("kind", "state", "id"), name="push_broadcast_state")]


class BroadcastEvent(Model):
    """One step in the life of a broadcast: who did what, when. Rows are only added."""

    id = fields.BigIntField(primary_key=True)
    broadcast_id = fields.UUIDField()
    #: The broadcast's version from this step on.
    version = fields.IntField()
    at = fields.DatetimeField()
    action = fields.CharField(max_length=16)
    state = fields.CharField(max_length=16)
    #: Subject of the member of staff, empty for the platform itself.
    actor = fields.CharField(max_length=255)
    reason = fields.TextField(default="")

    class Meta:
        table = "push_broadcast_event"
        unique_together = (("broadcast_id", "version"),)


class CapMessage(Model):
    """A published alert as the XML that is served, found by what CAP names it by."""

    #: The broadcast's id.
    id = fields.UUIDField(primary_key=True)
    #: Hash of sender, identifier and time.
    name = fields.CharField(max_length=64, unique=True)
    #: As it was signed, to the byte.
    xml = fields.BinaryField()

    class Meta:
        table = "push_cap_message"


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

    class Meta:
        table = "push_chunk"
        indexes = [
            Index(fields=("provider", "state", "lane", "id"), name="push_chunk_due"),
            Index(fields=("broadcast_id",), name="push_chunk_broadcast"),
        ]


class PhoneReceipt(Personal):
    """What a phone says of a message: that it arrived, that it was opened."""

    id = fields.BigIntField(primary_key=True)
    #: The broadcast's or the inbox message's.
    message_id = fields.UUIDField()
    device_id = fields.UUIDField()
    person = PersonalId(255, db_index=True)
    received_at = fields.DatetimeField(null=True)
    opened_at = fields.DatetimeField(null=True)

    class Meta:
        table = "push_receipt"
        unique_together = (("message_id", "device_id"),)


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
