"""Cases, and their steps.

Nothing here knows a kind of item, a department or a channel by name. Keys are UUIDv7, so that the newest rows stand
together; a person is the identity provider's subject and nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalJSON, PersonalLine

__all__ = ["Case", "CaseEvent"]

#: The state of a case that is being forgotten: no state table has it, so nothing can be done with it any more.
LEAVING = "leaving"

#: How much of a case is there (`Case.content`): all; all, but it goes now; what statistics count.
KEPT, GOING, GONE = "kept", "leaving", "gone"


class Case(Personal):
    """One citizen's business with one item. Only `banshi.cases` changes a row."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    number = fields.CharField(max_length=24, unique=True)
    item = fields.CharField(max_length=64)
    item_version = fields.IntField()
    kind = fields.CharField(max_length=32)
    department = fields.CharField(max_length=64)
    unit = fields.CharField(max_length=64, default="")
    state = fields.CharField(max_length=32)
    # Both are empty where somebody handed it in who doesn't say who they are.
    #: Subject of the citizen, and the name that the identity provider gave with it.
    person = PersonalId(255)
    person_name = PersonalLine(255, default="")
    answers: Any = PersonalJSON()
    #: Counts the steps: every change is conditional on it, so that of two at once one wins.
    version = fields.IntField(default=1)
    #: The clock of the deadline (see `banshi.calendar.Clock`): working days allowed, used before the present run, and
    #: the day since which it runs, or None while it stands.
    clock_allowed = fields.IntField(null=True)
    #: What is counted of them: working-day, or calendar-day for all.
    clock_unit = fields.CharField(max_length=12, default="working-day", db_default="working-day")
    clock_used = fields.IntField(default=0)
    clock_since = fields.DateField(null=True)
    due_on = fields.DateField(null=True)
    due_provisional = fields.BooleanField(default=False)
    #: What the worklist is ordered by: `due_on`, or the end of time.
    urgency = fields.DateField(default=date.max)
    #: What the citizen was last told, as texts per language.
    reason: Any = PersonalJSON(null=True)
    #: The earlier case that this one renews.
    renews = fields.UUIDField(null=True)
    #: test, team or live: what its item and who made it were when it came to be, and so for good.
    mode = fields.CharField(max_length=4, default="live", db_default="live")
    #: By which channel it was begun, such as `site` or `wechat`; "" for an app or another program.
    channel = fields.CharField(max_length=32, default="", db_default="")
    #: Whether it is all there: kept, leaving (nobody moves it any more), gone (only what statistics count is left).
    content = fields.CharField(max_length=8, default="kept", db_default="kept")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "banshi_case"
        indexes = [
            Index(fields=("person", "id"), name="banshi_case_person"),
            Index(fields=("item", "state", "person"), name="banshi_case_people"),
            # The most urgent of each item and state, however many wait.
            Index(fields=("department", "state", "item", "urgency", "id"), name="banshi_case_work"),
            Index(fields=("mode", "created_at"), name="banshi_case_mode"),
            # What is over for long is found item by item, without those that have gone.
            Index(fields=("content", "item", "state", "updated_at"), name="banshi_case_content"),
        ]


class CaseEvent(Personal):
    """One step of a case: its timeline and its audit. Rows are only ever added."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    case: Any = fields.ForeignKeyField("banshi.Case", related_name="events", on_delete=fields.RESTRICT)
    #: The case's version that this step made.
    version = fields.IntField()
    at = fields.DatetimeField()
    action = fields.CharField(max_length=32)
    state_before = fields.CharField(max_length=32)
    state = fields.CharField(max_length=32)
    # No columns: the case and what the step sets in it, until the entry is written. Its mark covers both.
    mode = "live"
    of_case: Any = None
    #: citizen, staff or system, and the subject where a person acted.
    actor = fields.CharField(max_length=16)
    actor_id = PersonalId(255, default="")
    reason: Any = PersonalJSON(null=True)
    # "Without values" is true of corrected answers alone. The consents to files that were taken over, `reused` and
    # `reused_for`, are in it word for word, with the plate or person. (What follows is the column's comment as well.)
    #: What changed beside the state, without values: {"fields": ["/plate"]}.
    details: Any = PersonalJSON(null=True)
    # What makes a change of the row show, see `banshi.audit`. The store writes the first two with the row.
    #: What the personal columns are hashed with, None once they were blanked, and the keyed digest of all columns.
    salt = fields.BinaryField(null=True)
    mark = fields.BinaryField(null=True)
    #: What the case's row says after this step (`banshi.builtin.audit.marks.ROW`), as a digest by key and salt.
    row_digest = fields.BinaryField(null=True)
    #: Once personal columns were blanked: the hash of what they held, and the proof that it was the platform.
    redacted = fields.BinaryField(null=True)
    #: The seal that has this entry, None until it is sealed.
    seal = fields.BigIntField(null=True)

    class Meta:
        table = "banshi_case_event"
        unique_together = (("case", "version"),)
        indexes = [Index(fields=("seal", "id"), name="banshi_case_event_seal")]
