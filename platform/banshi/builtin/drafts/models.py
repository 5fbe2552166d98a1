"""What somebody has filled in so far."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalJSON

__all__ = ["Draft"]


class Draft(Personal):
    """One person's answers to one item, right or wrong."""

    #: Of whose it is and to what: `banshi.builtin.drafts.routes.key_of`.
    id = fields.CharField(max_length=32, primary_key=True)
    person = PersonalId(255, db_index=True)
    item = fields.CharField(max_length=64)
    answers: Any = PersonalJSON()
    saved_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "banshi_draft"
