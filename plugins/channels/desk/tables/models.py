"""The desk: who waits for a person, who holds whom, what happened, days with other hours, and canned answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON, PersonalLine, PersonalText

__all__ = ["DeskDay", "DeskEvent", "DeskOfficer", "DeskPhrase", "DeskRule", "DeskSeat", "Enquiry"]

#: The table whose rows these were once, sealed for its columns.
FORMER = "conversations_{}"


class Enquiry(Personal):
    """Somebody with a person of a desk, from the call for one until it is closed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: The kind of the party at the other end, such as `conversation`, and its id of them.
    kind = fields.CharField(max_length=32)
    subject = fields.UUIDField()
    #: The citizen who was known there when a person was asked for; "" for a stranger.
    person = PersonalId(255, default="", db_index=True)
    #: A code of the settings.
    desk = fields.CharField(max_length=64)
    #: waiting, held, closed (by an officer, or as nobody said more), left (by the citizen), or word (the desk was
    #: closed, and a question was asked for).
    state = fields.CharField(max_length=8)
    #: Spoke of danger: goes before all others.
    urgent = fields.BooleanField(default=False)
    #: When a person was asked for: the place in the queue, also of what comes back to it.
    asked_at = fields.DatetimeField(db_index=True)
    #: Who holds it, "" for nobody, what they are called, and until when.
    officer = PersonalId(255, default="")
    officer_name = PersonalLine(255, default="", family=FORMER.format("enquiry.officer_name"))
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
    #: Until when its desk takes nothing of that contact but danger: an officer has blocked them.
    blocked_until = fields.DatetimeField(null=True)
    #: Codes of the desk's labels with a comma around each, such as ",visa,fees,": what is looked for is ",visa,".
    labels = fields.CharField(max_length=1024, default="", db_default="")

    class Meta:
        table = "desk_enquiry"
        indexes = [
            Index(fields=("desk", "state", "asked_at"), name="desk_enquiry_queue"),
            Index(fields=("subject", "state"), name="desk_enquiry_of"),
            Index(fields=("state", "lease_until"), name="desk_enquiry_lease"),
        ]


class Read(PersonalJSON):
    family = FORMER.format("desk_event.cases")


class DeskEvent(Personal):
    """What happened to an enquiry: its history, and what the stream tells. Rows are only ever added."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    enquiry: Any = fields.ForeignKeyField("desk.Enquiry", related_name=False, on_delete=fields.CASCADE)
    enquiry_id: UUID
    desk = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    #: Such as queued, claimed, note, cases; `desk.queue` has them.
    what = fields.CharField(max_length=16)
    #: Who of the staff, "" for the citizen and the platform.
    officer = PersonalId(255, default="")
    officer_name = PersonalLine(255, default="", family=FORMER.format("desk_event.officer_name"))
    #: A note, why it was handed on, or for what purpose something was read.
    text = PersonalText(default="", family=FORMER.format("desk_event.text"))
    #: What was said by it, as the party calls it.
    word = fields.UUIDField(null=True, db_index=True)
    #: Ids of the cases that were read.
    cases: Any = Read(default=list)

    class Meta:
        table = "desk_event"
        indexes = [Index(fields=("enquiry_id",), name="desk_event_of")]


class DeskDay(Model):
    """Other hours of a desk on one day than the calendar gives it; none at all: it is closed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    desk = fields.CharField(max_length=64)
    day = fields.DateField()
    hours: Any = fields.JSONField()

    class Meta:
        table = "desk_day"
        unique_together = (("desk", "day"),)


class DeskOfficer(Personal):
    """That an officer of a desk has called the platform on a day, by a token with the role there."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    desk = fields.CharField(max_length=64)
    officer = PersonalId(255)
    officer_name = PersonalLine(255, family=FORMER.format("desk_officer.officer_name"))
    day = fields.DateField()

    class Meta:
        table = "desk_officer"
        unique_together = (("desk", "officer", "day"),)


class DeskSeat(Personal):
    """An officer of a desk: whether they are there, and how many they may hold."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    desk = fields.CharField(max_length=64)
    officer = PersonalId(255)
    officer_name = PersonalLine(255)
    #: Since when they have been there without a break, and until when they count as there.
    since = fields.DatetimeField()
    here_until = fields.DatetimeField(db_index=True)
    #: They have said that they are away.
    away = fields.BooleanField(default=False)
    #: How many they may hold, where a lead has said so; None: the desk's number.
    most = fields.IntField(null=True)
    #: When they last got one, by any way; never the same twice.
    given_at = fields.DatetimeField(null=True)

    class Meta:
        table = "desk_seat"
        unique_together = (("desk", "officer"),)


class DeskRule(Model):
    """What a lead has set for a desk in place of its settings."""

    desk = fields.CharField(max_length=64, primary_key=True)
    #: Whether who waits is given out by turn; None: as the settings have it.
    by_turn = fields.BooleanField(null=True)

    class Meta:
        table = "desk_rule"


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
        table = "desk_phrase"
        unique_together = (("desk", "code", "version"),)
