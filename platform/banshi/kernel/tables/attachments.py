"""Files that people uploaded."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalLine

__all__ = ["HELD", "REFUSED", "STORED", "Attachment"]

#: What a file's `state` says of its bytes: they can be read, wait until they were examined, or were harmful and went.
STORED, HELD, REFUSED = "stored", "held", "refused"


class Attachment(Personal):
    """A file that somebody uploaded. Its bytes lie in the attachments folder under the id: names are ours."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    person = PersonalId(255)
    #: The case that uses it, None until a submission names it.
    case_id = fields.UUIDField(null=True, db_index=True)
    #: What the citizen called it, for display only.
    name = PersonalLine(200, default="")
    #: What the bytes are, never what the client said.
    media_type = fields.CharField(max_length=64)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()
    #: Which document its case asked for with it, and what that is about. Empty where it is none or was replaced.
    document = fields.CharField(max_length=129, default="", db_default="")
    concerns = PersonalLine(200, default="", db_default="")
    #: When a member of staff found it right. None until then, and again once a case with the same bytes was refused.
    accepted_at = fields.DatetimeField(null=True)
    #: Where it was taken over from: the earlier case's id, number and item.
    origin: Any = fields.JSONField(null=True)
    state = fields.CharField(max_length=16, default=STORED, db_default=STORED, db_index=True)

    class Meta:
        table = "banshi_attachment"
        indexes = [Index(fields=("person", "case_id"), name="banshi_attachment_person")]
