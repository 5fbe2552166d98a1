"""Counts: how many of what, where and when, and who told of them. No row knows a person."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

__all__ = ["Count", "CountSource"]


class Count(Model):
    """One figure: a category in a division on a day, or in the week from a Monday on. A period without one had none."""

    id = fields.BigIntField(primary_key=True)
    #: cases, appeals, postings, look-ups, or the name of an import.
    source = fields.CharField(max_length=32)
    #: Which file it is of: the later one has the larger number; 0 for what is counted here.
    batch = fields.BigIntField(default=0)
    category = fields.CharField(max_length=64)
    #: GB/T 2260, 6, 9 or 12 digits; "" for the whole city.
    division = fields.CharField(max_length=12, default="")
    day = fields.DateField()
    #: day or week.
    grain = fields.CharField(max_length=4)
    #: Its line in the file; 0 for what is counted here.
    line = fields.IntField(default=0)
    #: NULL where nobody knows: a gap.
    count = fields.IntField(null=True)
    #: Yuan in all, and of the largest single one; deaths. NULL where nobody told of them.
    loss = fields.BigIntField(null=True)
    largest_loss = fields.BigIntField(null=True)
    deaths = fields.IntField(null=True)

    class Meta:
        table = "insights_count"
        unique_together = (("source", "batch", "category", "division", "day", "grain", "line"),)
        indexes = [Index(fields=("grain", "day"), name="insights_count_day")]


class CountSource(Model):
    """Where figures come from, and up to which day they are whole. A file's are true once this row names its batch."""

    name = fields.CharField(max_length=32, primary_key=True)
    batch = fields.BigIntField(default=0)
    #: The file's own name, for whoever operates it.
    file = fields.CharField(max_length=255, default="")
    #: day, or week where it tells of no days.
    grain = fields.CharField(max_length=4, default="day")
    #: A digest of what is counted, where, and by whose days; with another one all is counted anew. "" for files.
    rule = fields.CharField(max_length=64, default="")
    #: The first and the last day that it tells of.
    since = fields.DateField()
    until = fields.DateField()
    #: The Mondays of weeks between in which a file has no line at all: nobody knows what was in them.
    gaps: Any = fields.JSONField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "insights_source"
