"""The tables of postings: what is published of each, and which lost thing may be which found one."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalLine, PersonalText

__all__ = ["Conversation", "ConversationMessage", "PostingMatch", "PostingRecord"]


class PostingRecord(Model):
    """What anybody may read of a case while it is published. It changes only together with the case."""

    case_id = fields.UUIDField(primary_key=True)
    item = fields.CharField(max_length=64)
    department = fields.CharField(max_length=64)
    #: lost, found or missing-person.
    sort = fields.CharField(max_length=16)
    #: waiting until somebody has looked at it, public, or ended.
    state = fields.CharField(max_length=8, default="waiting")
    title = fields.CharField(max_length=200)
    text = fields.TextField()
    place = fields.CharField(max_length=200, default="")
    #: The day on which it was lost or found, and GB/T 2260 where.
    day = fields.DateField(null=True)
    division = fields.CharField(max_length=6, default="")
    category = fields.CharField(max_length=64, default="")
    colour = fields.CharField(max_length=64, default="")
    brand = fields.CharField(max_length=64, default="")
    #: The values of the item's facts, by their pointers.
    facts: Any = fields.JSONField()
    #: The cleaned pictures: file, media type, size in pixels, digest.
    photos: Any = fields.JSONField()
    #: The search terms of what is published, with a blank before, between and behind them.
    terms = fields.TextField()
    published_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    #: When the keeper has to look at it: to remind its poster, and then to end it.
    due_at = fields.DatetimeField(null=True)
    is_extended = fields.BooleanField(default=False)
    ended_at = fields.DatetimeField(null=True)
    #: When it was compared with what others had posted by then.
    matched_at = fields.DatetimeField(null=True)

    class Meta:
        table = "posting"
        indexes = [
            Index(fields=("state", "published_at", "case_id"), name="posting_newest"),
            Index(fields=("due_at",), name="posting_due"),
            Index(fields=("state", "sort", "category", "case_id"), name="posting_compared"),
        ]


class PostingMatch(Model):
    """Something lost and something found that may be the same. Its posters were told in this row's transaction."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    lost_id = fields.UUIDField()
    found_id = fields.UUIDField()
    #: How alike they are, from 0 to 100.
    likeness = fields.SmallIntField()
    at = fields.DatetimeField()

    class Meta:
        table = "posting_match"
        unique_together = (("lost_id", "found_id"),)
        indexes = [Index(fields=("found_id",), name="posting_match_found")]


class Conversation(Personal):
    """Two people who write to each other about a posting, neither of whom learns who the other is."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    case_id = fields.UUIDField()
    #: Whose staff look into a report.
    department = fields.CharField(max_length=64)
    unit = fields.CharField(max_length=64, default="")
    #: Subjects: whose posting it is, and who wrote first.
    poster = PersonalId(255)
    writer = PersonalId(255)
    #: The writer's how-manieth conversation of that day it is: one number is given out once.
    day = fields.DateField()
    turn = fields.SmallIntField()
    created_at = fields.DatetimeField()
    last_at = fields.DatetimeField()
    #: Either side may end it for both, and take that back.
    poster_blocks = fields.BooleanField(default=False)
    writer_blocks = fields.BooleanField(default=False)
    reported_at = fields.DatetimeField(null=True)
    #: poster or writer, and why.
    reported_by = fields.CharField(max_length=8, default="")
    report = PersonalLine(1000, default="")
    #: Why the other side reported it too, before anybody had looked into the first report.
    other_reported_at = fields.DatetimeField(null=True)
    other_report = PersonalLine(1000, default="", db_default="")
    #: Staff have looked into the report, and may have closed it for good.
    reviewed_at = fields.DatetimeField(null=True)
    reviewer = PersonalId(255, default="")
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "posting_conversation"
        unique_together = (("case_id", "writer"), ("writer", "day", "turn"))
        indexes = [
            Index(fields=("poster", "last_at", "id"), name="posting_conversation_poster"),
            Index(fields=("writer", "last_at", "id"), name="posting_conversation_writer"),
            Index(fields=("department", "reported_at", "id"), name="posting_conversation_reports"),
        ]


class ConversationMessage(Personal):
    """One message of a conversation."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    conversation_id = fields.UUIDField()
    #: poster or writer.
    side = fields.CharField(max_length=8)
    text = PersonalText()
    at = fields.DatetimeField()
    #: The person's how-manieth message of that hour since 1970 it is: one number is given out once.
    person = PersonalId(255)
    hour = fields.IntField()
    turn = fields.SmallIntField()

    class Meta:
        table = "posting_message"
        unique_together = (("person", "hour", "turn"),)
        indexes = [Index(fields=("conversation_id", "id"), name="posting_message_order")]
