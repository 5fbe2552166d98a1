"""The tables of appeals: what each is about, and how it was answered and rated."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalLine, PersonalText

__all__ = ["AppealRecord", "Letter", "Reply", "TipCode"]


class AppealRecord(Personal):
    """What a case has beside its answers. It changes only together with the case."""

    case_id = fields.UUIDField(primary_key=True)
    sort = fields.CharField(max_length=16)
    #: One of the item's categories, or empty until a person has read it.
    category = fields.CharField(max_length=64, default="")
    received_at = fields.DatetimeField()
    #: The appeal that says the same, and is answered for both.
    merged_into = fields.UUIDField(null=True)
    #: The citizen's stars for the first answer, from 1 to 5.
    rating = fields.SmallIntField(null=True)
    rating_text = PersonalLine(1000, default="")
    rated_at = fields.DatetimeField(null=True)
    #: How often it was urged, and when last.
    urged = fields.IntField(default=0, db_default=0)
    urged_at = fields.DatetimeField(null=True)

    class Meta:
        table = "appeal"
        indexes = [
            Index(fields=("merged_into", "received_at"), name="appeal_received"),
            Index(fields=("rated_at",), name="appeal_rated"),
        ]


class Reply(Personal):
    """An answer: the first one, or the one after a low rating."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    case_id = fields.UUIDField()
    # More where somebody who need not say who they are wrote after the answer.
    #: 1 or 2.
    number = fields.SmallIntField()
    text = PersonalText()
    at = fields.DatetimeField()
    #: Whether it came by the day that was promised.
    on_time = fields.BooleanField(default=True)

    class Meta:
        table = "appeal_reply"
        unique_together = (("case_id", "number"),)


class Letter(Personal):
    """A message between the citizen and the unit, beside the answers."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    case_id = fields.UUIDField()
    number = fields.SmallIntField()
    #: citizen or staff.
    by = fields.CharField(max_length=8)
    text = PersonalText()
    #: The ids of the attachments that came with it.
    files: Any = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "appeal_letter"
        unique_together = (("case_id", "number"),)


class TipCode(Model):
    """What leads from a code to the appeal that somebody handed in without a name."""

    #: SHA-256 of the code.
    id = fields.CharField(max_length=64, primary_key=True)
    case_id = fields.UUIDField(unique=True)

    class Meta:
        table = "appeal_tip_code"
