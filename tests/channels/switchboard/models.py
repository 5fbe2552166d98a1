"""What is read out in a call."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7


class Spoken(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    call = fields.UUIDField()
    text = fields.TextField()
    officer = fields.CharField(max_length=64)
    at = fields.DatetimeField()

    class Meta:
        table = "switchboard_spoken"
