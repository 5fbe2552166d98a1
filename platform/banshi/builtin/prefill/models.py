"""That somebody had a form filled in, and with what sort of thing; never with which values."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from banshi.foundation.encryption.fields import Personal, PersonalId

__all__ = ["Prefill"]


class Prefill(Personal):
    """One consent of a person."""

    id = fields.UUIDField(primary_key=True)
    person = PersonalId(255, db_index=True)
    item = fields.CharField(max_length=64)
    #: Words of the forms' vocabulary, such as `phone`.
    known: Any = fields.JSONField()
    #: The cases that it came from, by their ids.
    cases: Any = fields.JSONField()
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "banshi_prefill"
