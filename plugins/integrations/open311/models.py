"""What came in through Open311, beside its case: who sent it, for whom, and where it is."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalJSON, PersonalLine, PersonalText

__all__ = ["ServiceRequest"]


class ServiceRequest(Personal):
    """A case that a client handed in. It goes when the case goes."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    case: Any = fields.OneToOneField("banshi.Case", related_name=False, on_delete=fields.CASCADE)
    service_code = fields.CharField(max_length=64)
    #: The client's id.
    client = fields.CharField(max_length=32)
    requested_at = fields.DatetimeField()
    #: SHA-256 of what was sent, by whom. The same again on one day is the same request.
    fingerprint = fields.CharField(max_length=64)
    day = fields.DateField()
    address = PersonalLine(500, default="")
    address_id = fields.CharField(max_length=200, default="")
    #: WGS 84, in degrees.
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    description = PersonalText(default="")
    #: Never fetched from here.
    media_url = fields.CharField(max_length=2000, default="")
    #: Who it is for, as the client says. Only the staff of the case ever see it.
    contact: Any = PersonalJSON()

    class Meta:
        table = "open311_request"
        unique_together = (("fingerprint", "day"),)
        # One by service too would be taken where all are asked for, and each page would be sorted anew.
        indexes = [Index(fields=("requested_at", "id"), name="open311_requested")]
