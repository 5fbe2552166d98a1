"""One model."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class Case(Model):
    """A case; not ours."""

    #: Its number; unique.
    number = fields.CharField(max_length=8, primary_key=True)

    class Meta:
        table = "banshi_case"
