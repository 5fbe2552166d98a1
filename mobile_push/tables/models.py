"""mobile_push's own tables. Those of messages on their way stand beside, in `delivery_models`."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON, PersonalText
from mobile_push.tables.delivery_models import Chunk as Chunk  # named again: other rooms find all tables here
from mobile_push.tables.delivery_models import Delivery as Delivery
from mobile_push.tables.delivery_models import FanOut as FanOut
from mobile_push.tables.delivery_models import PushId as PushId
from mobile_push.tables.delivery_models import TopicChange as TopicChange
from mobile_push.tables.delivery_models import TopicRound as TopicRound


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
    # The address above is the one that walks find it by, and stays so while the app doesn't change it.
    #: How many other addresses it has (`Address`).
    ways = fields.SmallIntField(default=0, db_default=0)
    #: Milliseconds of the database's clock: when the app gave the address, and until when it is left alone.
    given_at = fields.BigIntField(default=0, db_default=0)
    away_until = fields.BigIntField(default=0, db_default=0)

    class Meta:
        table = "push_device"
        # A fan-out walks the phones of one provider by their ids.
        indexes = [Index(fields=("provider", "id"), name="push_device_walk")]


class Address(Personal):
    """Another address of a phone, at another provider than its row's own."""

    id = fields.BigIntField(primary_key=True)
    device_id = fields.UUIDField()
    provider = fields.CharField(max_length=16)
    token = PersonalText(family="device token")
    token_hash = fields.CharField(max_length=64, unique=True)
    given_at = fields.BigIntField()
    away_until = fields.BigIntField(default=0)

    class Meta:
        table = "push_address"
        unique_together = (("device_id", "provider"),)


#: Behind a provider's name in place of a kind: since when it isn't believed that calls its addresses dead.
DOUBTED = "doubted"


class Spent(Model):
    """What a provider takes no more of before a moment: its quota is used up."""

    #: `<provider>/<kind>`.
    key = fields.CharField(max_length=32, primary_key=True)
    #: Milliseconds of the database's clock.
    until = fields.BigIntField()

    class Meta:
        table = "push_spent"


class AnonymousDevice(Model):
    """A phone on which nobody has signed in: a `Device` under a subject that is made up of its id, and nobody's."""

    #: The device's.
    id = fields.UUIDField(primary_key=True)
    #: SHA-256 of what its app proves itself with.
    secret_hash = fields.CharField(max_length=64)

    class Meta:
        table = "push_anonymous_device"


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
    #: Milliseconds since 1970 at which they were last moved on.
    marked_at = fields.BigIntField(default=0, db_default=0)

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


class Silence(Personal):
    """Messages that wake none of a person's phones: of a category, `category:posting`, or about a case, `case:<id>`.

    Or notices of a kind, `notice:roads`.
    """

    id = fields.BigIntField(primary_key=True)
    person = PersonalId(255)
    about = fields.CharField(max_length=64)

    class Meta:
        table = "push_silence"
        unique_together = (("person", "about"),)


class InboxCounter(Personal):
    """The last sequence number of a person's inbox. Its row lock puts a person's messages in one order."""

    person = PersonalId(255, primary_key=True)
    top = fields.BigIntField()
    #: The number of the last change (`MessageState`).
    changes = fields.BigIntField(default=0, db_default=0)

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
    #: The item, the case's number and the state that the message tells of; "" where it is about none.
    item = fields.CharField(max_length=64, default="", db_default="")
    number = fields.CharField(max_length=24, default="", db_default="")
    state = fields.CharField(max_length=32, default="", db_default="")
    # Of a notice its kind.
    #: The kind of the item, or of an alert's copy what CAP says.
    category = fields.CharField(max_length=32, default="", db_default="")
    severity = fields.CharField(max_length=16, default="", db_default="")
    #: The notice that it is this person's copy of.
    broadcast_id = fields.UUIDField(null=True)
    #: The case's: test, team or live.
    mode = fields.CharField(max_length=4, default="live", db_default="live")
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)
    archived_at = fields.DatetimeField(null=True)
    #: Its number stays, and nothing of what it said.
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "push_inbox_message"
        indexes = [Index(fields=("broadcast_id",), name="push_inbox_message_broadcast")]
        unique_together = (("person", "seq"),)


class MessageState(Personal):
    """What a person has done with a message, numbered by its last change: a phone that was off reads on behind it."""

    id = fields.BigIntField(primary_key=True)
    person = PersonalId(255)
    #: The message's or the broadcast's; zeros for what is marked as read up to a place (`Profile`).
    message_id = fields.UUIDField()
    #: Whether it is a broadcast, and its place in its log.
    common = fields.BooleanField()
    seq = fields.BigIntField()
    #: Of the last change, from the person's counter.
    number = fields.BigIntField()
    read_at = fields.DatetimeField(null=True)
    archived_at = fields.DatetimeField(null=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "push_message_state"
        indexes = [Index(fields=("person", "number"), name="push_message_state_number")]
        unique_together = (("person", "message_id"),)


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
    #: Of a notice its kind, a code of `NOTICE_KINDS`; "" for none.
    category = fields.CharField(max_length=32, default="", db_default="")
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
    #: Whether a second person has to approve it, whatever the settings say of its department.
    second_person = fields.BooleanField(default=False, db_default=False)
    #: The plugin that drafted it, and is asked before it goes out; "" for none.
    origin = fields.CharField(max_length=64, default="", db_default="")
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


class PhoneReceipt(Personal):
    """What a phone says of a message: that it arrived, that it was opened."""

    id = fields.BigIntField(primary_key=True)
    #: The broadcast's or the inbox message's.
    message_id = fields.UUIDField()
    device_id = fields.UUIDField()
    person = PersonalId(255, db_index=True)
    received_at = fields.DatetimeField(null=True)
    opened_at = fields.DatetimeField(null=True)
    #: What the provider said of it by itself, and which one: by what way it came.
    shown_at = fields.DatetimeField(null=True)
    provider = fields.CharField(max_length=16, default="", db_default="")

    class Meta:
        table = "push_receipt"
        unique_together = (("message_id", "device_id"),)
