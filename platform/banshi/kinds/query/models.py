"""The tables of queries: registers that the platform holds itself, who looked whom up, and how often one may."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalLine

__all__ = ["Allowance", "Batch", "LookUp", "LookUpPerson", "Record", "RegisterPointer"]


class RegisterPointer(Model):
    """Which batch of a register is the one that is asked. An import is true from the moment that this row says so."""

    code = fields.CharField(max_length=64, primary_key=True)
    batch = fields.BigIntField()

    class Meta:
        table = "query_register"


class Batch(Model):
    """One import of a whole register."""

    id = fields.BigIntField(primary_key=True)
    register = fields.CharField(max_length=64, db_index=True)
    #: Name of the file, for whoever operates it.
    file = fields.CharField(max_length=255)
    rows = fields.IntField(default=0)
    #: The time that the data are from.
    as_of = fields.DatetimeField()
    #: Made up, for development.
    sample = fields.BooleanField()
    #: Which key its rows were hashed with.
    key_id = fields.CharField(max_length=16)
    started_at = fields.DatetimeField()

    class Meta:
        table = "query_batch"


class Record(Model):
    """One record of a register. Keys and owner are keyed hashes, what is shown stands in `data`."""

    id = fields.BigIntField(primary_key=True)
    batch = fields.BigIntField()
    key = fields.CharField(max_length=32)
    #: "" where the record is about nobody.
    owner = fields.CharField(max_length=32)
    #: Its line in the file.
    line = fields.IntField()
    data: Any = fields.JSONField()

    class Meta:
        table = "query_record"
        indexes = [Index(fields=("batch", "key", "line"), name="query_record_key")]


class LookUp(Personal):
    """Somebody asked a register about a person. Neither the question nor the answer is kept."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    item = fields.CharField(max_length=64)
    department = fields.CharField(max_length=64)
    register = fields.CharField(max_length=64)
    #: The asker's subject.
    asker = PersonalId(255)
    #: A member of the department's staff, at the counter.
    staff = fields.BooleanField()
    purpose = PersonalLine(200)
    #: The channel of the chat that asked for them, such as `wechat`; "" where they asked themselves.
    channel = fields.CharField(max_length=32, default="", db_default="")
    at = fields.DatetimeField(db_index=True)
    #: Records that were shown, or None where the register gave no answer.
    found = fields.IntField(null=True)

    class Meta:
        table = "query_look_up"


class LookUpPerson(Model):
    """A person whose record was shown by a look-up, as the keyed hash of their number."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    look_up: Any = fields.ForeignKeyField("query.LookUp", related_name="people", on_delete=fields.CASCADE)
    about = fields.CharField(max_length=32)

    class Meta:
        table = "query_look_up_person"
        indexes = [Index(fields=("about", "id"), name="query_look_up_about")]


class Allowance(Model):
    """How often somebody has asked one item within an hour."""

    #: Hash of the asker and the item.
    id = fields.CharField(max_length=32, primary_key=True)
    #: Milliseconds since 1970 at which the hour began.
    since = fields.BigIntField(db_index=True)
    used = fields.IntField()
    #: Those that found nothing, and those whose answer isn't there yet.
    spent = fields.IntField()
    #: Those whose answer isn't there yet.
    waiting = fields.IntField()

    class Meta:
        table = "query_allowance"
