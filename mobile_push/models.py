"""mobile_push's own tables."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

__all__ = ["Delivery", "Device", "InboxCounter", "InboxMessage"]


class Device(Model):
    """A phone that a person registered."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    person = fields.CharField(max_length=255, db_index=True)
    #: Name of the provider that reaches it.
    provider = fields.CharField(max_length=16)
    #: The provider's address of the app on this phone, and its hash by which it is found.
    token = fields.TextField()
    token_hash = fields.CharField(max_length=64, unique=True)
    platform = fields.CharField(max_length=16)
    language = fields.CharField(max_length=16)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "push_device"


class InboxCounter(Model):
    """The last sequence number of a person's inbox. Its row lock puts a person's messages in one order."""

    person = fields.CharField(max_length=255, primary_key=True)
    top = fields.BigIntField()

    class Meta:
        table = "push_inbox_counter"


class InboxMessage(Model):
    """A message in a person's inbox. Numbers have no gaps, so an app knows that it has missed nothing."""

    #: The message's own id, so that one that is delivered twice arrives once.
    id = fields.UUIDField(primary_key=True)
    person = fields.CharField(max_length=255)
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=16)
    title: Any = fields.JSONField()
    body: Any = fields.JSONField()
    link = fields.CharField(max_length=255)
    case_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "push_inbox_message"
        unique_together = (("person", "seq"),)


class Delivery(Model):
    """One message on its way to one phone, and what became of it."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.UUIDField()
    device_id = fields.UUIDField()
    provider = fields.CharField(max_length=16)
    #: due, sent, dead (the token), failed or expired.
    state = fields.CharField(max_length=8, default="due")
    #: The provider's word for it.
    code = fields.CharField(max_length=64, default="")
    provider_message = fields.CharField(max_length=255, default="")
    #: Milliseconds of the database's clock.
    not_before = fields.BigIntField(default=0)
    lease_until = fields.BigIntField(default=0)
    expires = fields.BigIntField()
    #: How often it was claimed, also the fencing token of a settlement.
    attempts = fields.IntField(default=0)
    settled_at = fields.BigIntField(null=True)

    class Meta:
        table = "push_delivery"
        unique_together = (("message_id", "device_id"),)
        indexes = [Index(fields=("provider", "state", "id"), name="push_delivery_due")]
