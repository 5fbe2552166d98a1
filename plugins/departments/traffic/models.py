"""The traffic plugin's own table."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

__all__ = ["ZoneClosure"]


class ZoneClosure(Model):
    """A zone that no pass opens for the time being."""

    zone = fields.CharField(max_length=8, primary_key=True)
    reason = fields.CharField(max_length=500)
    closed_at = fields.DatetimeField()
    closed_by = fields.CharField(max_length=255)
    #: When the last pass for it was revoked, None while that is still under way.
    passes_revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "traffic_zone_closure"
