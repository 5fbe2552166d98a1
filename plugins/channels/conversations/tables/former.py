"""The desk's tables from before it was a plugin of its own. They are empty, and are dropped a version later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON, PersonalLine, PersonalText
from conversations.tables.of_conversation import OfConversation

__all__ = ["DeskDay", "DeskEvent", "DeskOfficer", "DeskPhrase", "Enquiry"]


class Enquiry(OfConversation):
    """One conversation with a person of a desk, from the call for one until it is closed."""

    #: A code of the settings.
    desk = fields.CharField(max_length=64)
    #: waiting, held, closed (by an officer, or as nobody said more), left (by the citizen), or word (the desk was
    #: closed, and a question was asked for).
    state = fields.CharField(max_length=8)
    #: Spoke of danger: goes before all others.
    urgent = fields.BooleanField(default=False)
    #: When a person was asked for: the place in the queue, also of what comes back to it.
    asked_at = fields.DatetimeField()
    #: Who holds it, "" for nobody, what they are called, and until when.
    officer = PersonalId(255, default="")
    officer_name = PersonalLine(255, default="")
    lease_until = fields.DatetimeField(null=True)
    #: Since when the citizen waits for a word, None while it is the citizen's turn.
    owed_since = fields.DatetimeField(null=True)
    #: When they were told that it takes longer.
    delayed_at = fields.DatetimeField(null=True)
    claimed_at = fields.DatetimeField(null=True)
    answered_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    #: 1 to 5, where they gave one.
    rating = fields.IntField(null=True)

    class Meta:
        table = "conversations_enquiry"
        indexes = [
            Index(fields=("desk", "state", "asked_at"), name="conversations_enquiry_queue"),
            Index(fields=("conversation_id", "state"), name="conversations_enquiry_of"),
        ]


class DeskEvent(Personal):
    """What happened to an enquiry: its history, and what the stream tells. Rows are only ever added."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    enquiry: Any = fields.ForeignKeyField("conversations.Enquiry", related_name=False, on_delete=fields.CASCADE)
    enquiry_id: UUID
    desk = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    #: Such as queued, claimed, note, cases; `desk.queue` has them.
    what = fields.CharField(max_length=16)
    #: Who of the staff, "" for the citizen and the platform.
    officer = PersonalId(255, default="")
    officer_name = PersonalLine(255, default="")
    #: A note, why it was handed on, or for what purpose the cases were read.
    text = PersonalText(default="")
    #: Ids of the cases that were read.
    cases: Any = PersonalJSON(default=list)

    class Meta:
        table = "conversations_desk_event"


class DeskDay(Model):
    """Other hours of a desk on one day than the calendar gives it; none at all: it is closed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    desk = fields.CharField(max_length=64)
    day = fields.DateField()
    hours: Any = fields.JSONField()

    class Meta:
        table = "conversations_desk_day"
        unique_together = (("desk", "day"),)


class DeskOfficer(Personal):
    """That an officer of a desk has called the platform on a day, by a token with the role there."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    desk = fields.CharField(max_length=64)
    officer = PersonalId(255)
    officer_name = PersonalLine(255)
    day = fields.DateField()

    class Meta:
        table = "conversations_desk_officer"
        unique_together = (("desk", "officer", "day"),)


class DeskPhrase(Model):
    """One version of a canned answer; the last one counts, and one without words has been taken away."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    desk = fields.CharField(max_length=64)
    code = fields.CharField(max_length=64)
    version = fields.IntField()
    #: By language.
    texts: Any = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "conversations_desk_phrase"
        unique_together = (("desk", "code", "version"),)
