"""What is counted of conversations."""

from __future__ import annotations

from uuid import uuid4

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

__all__ = ["Figure"]


class Figure(Model):
    """Something that happened once, on a day: nothing says in which conversation, not even the order of the ids."""

    id = fields.UUIDField(primary_key=True, default=uuid4)
    #: Of the city.
    day = fields.DateField()
    account = fields.CharField(max_length=100)
    #: Its code, "" for what is about no item.
    item = fields.CharField(max_length=100, default="")
    #: Of `figures.counting.What`.
    what = fields.CharField(max_length=16)
    #: What was asked just then, where that says something: a JSON Pointer, "" for the form as a whole.
    pointer = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "conversations_figure"
        indexes = [Index(fields=("day",), name="conversations_figure_of")]
