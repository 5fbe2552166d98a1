"""All tables of the plugin. No picture is kept, and no name of whom a claim is about."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from banshi.sdk.following import Follower

__all__ = ["Edition", "Hearer", "Refutation", "RefutationStep"]


class Refutation(Model):
    """One claim that goes around, and where its record stands."""

    id = fields.UUIDField(primary_key=True)
    #: Such as 2026-17, given with the first edition; "" before.
    number = fields.CharField(max_length=16, default="")
    department = fields.CharField(max_length=64)
    state = fields.CharField(max_length=24)
    #: Counts everything that was done with it.
    version = fields.IntField(default=1)
    #: The edition that anybody reads; 0 before the first.
    edition = fields.IntField(default=0)
    #: What the next edition says, as it is being written (`writing.forms`); NULL where nobody writes one.
    draft: Any = fields.JSONField(null=True)
    created_at = fields.DatetimeField()
    #: Until when the first edition is to be public.
    due_at = fields.DatetimeField()
    #: When the first and the newest edition became public.
    published_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refutations_record"
        indexes = [Index(fields=("state", "updated_at"), name="refutations_record_state")]


class Edition(Model):
    """What a record said from one moment on, word for word. Rows are only added."""

    id = fields.BigIntField(primary_key=True)
    refutation_id = fields.UUIDField()
    number = fields.IntField()
    words: Any = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "refutations_edition"
        unique_together = (("refutation_id", "number"),)


class RefutationStep(Model):
    """Who did what with a record, and when. Rows are only added."""

    id = fields.BigIntField(primary_key=True)
    refutation_id = fields.UUIDField()
    #: The record's version from this step on, and the edition that it is about.
    version = fields.IntField()
    edition = fields.IntField()
    at = fields.DatetimeField()
    action = fields.CharField(max_length=16)
    state = fields.CharField(max_length=24)
    #: Subject of the member of staff.
    actor = fields.CharField(max_length=255)
    reason = fields.TextField(default="")

    class Meta:
        table = "refutations_step"
        unique_together = (("refutation_id", "version"),)


class Hearer(Follower):
    """Somebody who is told of what is published: of all, or of the one that they have asked about."""

    #: The record's id; "" for whoever follows all; `muted` where they want to hear of it no more.
    about = fields.CharField(max_length=36, default="", db_index=True)
    #: The case in which they asked.
    case_id = fields.UUIDField(null=True)

    class Meta:
        table = "refutations_hearer"
        unique_together = (("person", "about"),)
