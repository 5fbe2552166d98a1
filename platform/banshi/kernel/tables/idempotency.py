"""Answers kept for requests that are repeated."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalText

__all__ = ["IdempotencyKey"]


class IdempotencyKey(Personal):
    """The answer to a creating request, kept so that a repeated one gets the same."""

    #: Hash of the caller and the key.
    id = fields.CharField(max_length=64, primary_key=True)
    #: Hash of method, path and body.
    fingerprint = fields.CharField(max_length=64)
    status = fields.SmallIntField()
    headers: Any = fields.JSONField()
    body = PersonalText()
    created_at = fields.DatetimeField(db_index=True)
    #: Whose answer it is: it goes when they are forgotten. Empty for whoever doesn't say who they are.
    person = PersonalId(255, default="", db_default="")

    class Meta:
        table = "banshi_idempotency_key"
        indexes = [Index(fields=("person",), name="banshi_idempotency_key_person")]
