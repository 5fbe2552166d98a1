"""Services of integrators, their versions, codes of items, answers that were taken, calls that failed or are owed."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

__all__ = ["FailedCall", "OwedCheck", "RemoteService", "ServiceItem", "ServiceVersion", "TakenAnswer"]


class RemoteService(Model):
    """A department's system elsewhere that offers items here."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(max_length=64, unique=True)
    department = fields.CharField(max_length=64)
    #: The client whose program registered it, by id and name.
    client = fields.CharField(max_length=32, db_index=True)
    client_name = fields.CharField(max_length=100)
    #: new, running, suspended, retired.
    state = fields.CharField(max_length=10)
    #: Who suspended it: client or staff. The other side can't resume it.
    suspended_by = fields.CharField(max_length=8, default="")
    #: Why staff refused, suspended or retired it.
    reason = fields.TextField(default="")
    #: The signing secret, sealed, and the one before until it ends.
    secret = fields.TextField()
    secret_before = fields.TextField(default="")
    before_ends_at = fields.DatetimeField(null=True)
    #: Number of the newest version, and of the one that staff approved last, or 0.
    newest = fields.IntField(default=1)
    current = fields.IntField(default=0)
    #: Counts up with each change, of its versions too: every process sees by the sum of all that something changed.
    revision = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "services_service"
        indexes = [Index(fields=("department", "code"), name="services_by_department")]


class ServiceVersion(Model):
    """What a service declared at one time."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    service_id = fields.UUIDField()
    number = fields.IntField()
    #: registered, waiting, current, superseded, refused, replaced.
    state = fields.CharField(max_length=10)
    #: The client's mode and team when it came: what staff approve stays as they approved it.
    mode = fields.CharField(max_length=8)
    team: fields.Field[list[str]] = fields.JSONField()
    endpoint = fields.CharField(max_length=2048)
    #: The calls beside queries that the endpoint takes.
    calls: fields.Field[list[str]] = fields.JSONField()
    items: fields.Field[list[dict[str, Any]]] = fields.JSONField()
    registers: fields.Field[list[dict[str, Any]]] = fields.JSONField()
    created_at = fields.DatetimeField()
    proven_at = fields.DatetimeField(null=True)
    decided_at = fields.DatetimeField(null=True)
    #: Subject of the member of staff who approved or refused it.
    decided_by = fields.CharField(max_length=255, default="")

    class Meta:
        table = "services_version"
        unique_together = (("service_id", "number"),)
        indexes = [Index(fields=("state", "id"), name="services_version_state")]


class ServiceItem(Model):
    """The code of an item, which is its service's for good."""

    code = fields.CharField(max_length=64, primary_key=True)
    service_id = fields.UUIDField(db_index=True)

    class Meta:
        table = "services_item"


class TakenAnswer(Model):
    """A signed answer that was taken, by its webhook-id: it is never taken twice."""

    id = fields.BigIntField(primary_key=True)
    service_id = fields.UUIDField()
    webhook_id = fields.CharField(max_length=128)
    taken_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "services_taken"
        unique_together = (("service_id", "webhook_id"),)


class FailedCall(Model):
    """A call that a service did not answer, or answered wrongly. Nothing that a person wrote is in it."""

    id = fields.BigIntField(primary_key=True)
    service_id = fields.UUIDField()
    version = fields.IntField()
    at = fields.DatetimeField(db_index=True)
    #: validate, review, claims, query or slots.
    call = fields.CharField(max_length=16)
    item = fields.CharField(max_length=64)
    webhook_id = fields.CharField(max_length=128)
    #: away or wrong.
    outcome = fields.CharField(max_length=8)
    #: The HTTP status of the answer, where there was one.
    status = fields.SmallIntField(null=True)
    reason = fields.TextField()

    class Meta:
        table = "services_failed_call"
        indexes = [Index(fields=("service_id", "id"), name="services_failed_by_service")]


class OwedCheck(Model):
    """A case that was handed in while its service was away: it is checked before it is accepted."""

    case_id = fields.UUIDField(primary_key=True)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "services_owed_check"
