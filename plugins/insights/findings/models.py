"""Findings and what was done with each: one that was dismissed is the rule for later ones. No row knows a citizen."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from banshi.sdk.http import MIN_SHOWN

__all__ = ["FIGURES", "Finding", "FindingStep", "JudgedUntil"]

#: What was counted.
FIGURES = ("count", "loss", "deaths")


class Finding(Model):
    """One series that rose in one week, or what was urgent on one day. Found again, it is the same row."""

    #: Made of the series and the period.
    id = fields.UUIDField(primary_key=True)
    category = fields.CharField(max_length=64)
    #: Where it was counted, and where it is told of: the division over it where fewer than five are recognised.
    division = fields.CharField(max_length=12)
    area = fields.CharField(max_length=12)
    department = fields.CharField(max_length=64)
    #: hint, warn or urgent.
    level = fields.CharField(max_length=8)
    #: week or day, and its first day.
    grain = fields.CharField(max_length=4)
    at = fields.DateField()
    count = fields.IntField()
    loss = fields.BigIntField(null=True)
    deaths = fields.IntField(null=True)
    #: Why it is told, as `weekly` and `urgent` write it.
    facts: Any = fields.JSONField()
    #: open, drafted, dismissed, silenced, or withdrawn since its figure was corrected.
    state = fields.CharField(max_length=12)
    version = fields.IntField(default=1)
    #: Of a dismissed one: until when its series isn't told again, and the most that isn't all the same.
    until = fields.DateField(null=True)
    unless_over = fields.IntField(null=True)
    #: The dismissed one that silenced it.
    silenced_by = fields.UUIDField(null=True)
    #: The warning that was drafted: notice or alert, and its id.
    draft_kind = fields.CharField(max_length=8, default="")
    draft_id = fields.UUIDField(null=True)
    found_at = fields.DatetimeField()

    class Meta:
        table = "insights_finding"
        indexes = [Index(fields=("department", "found_at", "id"), name="insights_finding_list")]

    @property
    def told(self) -> dict[str, int | None]:
        """Count, loss and deaths of the area, which are what others are told; its own are of where it was counted."""
        return self.facts.get("told") or {name: getattr(self, name) for name in FIGURES}

    @property
    def is_few(self) -> bool:
        """Whether even in the area there are so few that no figure is told."""
        return (self.told["count"] or 0) < MIN_SHOWN

    @property
    def told_places(self) -> dict[str, int]:
        """How many its warning tells of, by division: of the area, and of each place on the page behind it."""
        places = {one["division"]: one["count"] for one in self.facts.get("places", ()) if one["division"]}
        return {} if self.is_few else {**places, self.area: self.told["count"] or 0}


class JudgedUntil(Model):
    """Up to which period the series of a category were judged: all that closed since are judged in the next round."""

    #: Category and grain.
    series = fields.CharField(max_length=72, primary_key=True)
    until = fields.DateField()

    class Meta:
        table = "insights_judged"


class FindingStep(Model):
    """One step of a finding: who did what, when and why. Rows are only added."""

    id = fields.BigIntField(primary_key=True)
    finding_id = fields.UUIDField()
    #: The finding's version from this step on.
    version = fields.IntField()
    at = fields.DatetimeField()
    action = fields.CharField(max_length=16)
    state = fields.CharField(max_length=12)
    #: Subject of the member of staff.
    actor = fields.CharField(max_length=255)
    reason = fields.TextField(default="")

    class Meta:
        table = "insights_finding_step"
        unique_together = (("finding_id", "version"),)
