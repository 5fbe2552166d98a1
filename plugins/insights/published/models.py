"""The weeks that were published."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model


class OpenWeek(Model):
    """A week's table as it was published, once and for all: two versions of it would tell more than one."""

    #: Its Monday.
    week = fields.DateField(primary_key=True)
    #: Each category with its group, "" where it has none.
    groups: Any = fields.JSONField()
    #: Division → category or group → figure, or null where it is hidden; "all" is the sum over all of them.
    figures: Any = fields.JSONField()
    published_at = fields.DatetimeField()

    class Meta:
        table = "insights_open_week"
