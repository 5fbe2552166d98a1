"""Signed passes."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from banshi.foundation.encryption.fields import Personal, PersonalJSON, PersonalText

__all__ = ["Pass"]


class Pass(Personal):
    """A signed QR pass. Its number is its place in the status list."""

    number = fields.BigIntField(primary_key=True, generated=False)
    case: Any = fields.ForeignKeyField("banshi.Case", related_name="passes", on_delete=fields.RESTRICT)
    item = fields.CharField(max_length=64)
    department = fields.CharField(max_length=64)
    kid = fields.CharField(max_length=16)
    issued_at = fields.DatetimeField()
    not_before = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    #: The compact text that the QR shows: fetching it again gives the same bytes.
    text = PersonalText()
    #: Of a dynamic one: the key of the phone that holds it, in hexadecimal, empty while none does.
    phone = fields.CharField(max_length=66, null=True)
    revoked_at = fields.DatetimeField(null=True)
    revoked_reason: Any = PersonalJSON(null=True)

    class Meta:
        table = "banshi_pass"
        # Each look at a case asks whether it has one.
        indexes = [Index(fields=("case_id", "number"), name="banshi_pass_case")]
