"""The tables of postings: what is published of each, and which lost thing may be which found one."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

__all__ = ["PostingRecord"]


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
    #: The poster was told that it ends soon, and has asked for more time.
    reminded_at = fields.DatetimeField(null=True)
    is_extended = fields.BooleanField(default=False)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "posting"
        indexes = [
            Index(fields=("state", "published_at", "case_id"), name="posting_newest"),
            Index(fields=("state", "expires_at"), name="posting_expiry"),
        ]
