"""The tables of what signs and numbers passes, and of who looked at one."""

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId

__all__ = ["Counter", "Scan", "SigningKey"]


class SigningKey(Model):
    """The public half and the life of a key that signs passes, its private half is a file."""

    #: Eight hexadecimal digits, as every pass bears it.
    kid = fields.CharField(max_length=16, primary_key=True)
    public_pem = fields.TextField()
    created_at = fields.DatetimeField()
    #: It is published from its creation on and signs from here on, so that verifiers know it before they meet it.
    signs_from = fields.DatetimeField()
    #: It signs no more, and stays published for what it signed.
    retired_at = fields.DatetimeField(null=True)
    #: It was lost: nothing that it signed is valid.
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "banshi_signing_key"


class Counter(Model):
    """Numbers that are given out once: `value` is the last one taken."""

    name = fields.CharField(max_length=64, primary_key=True)
    value = fields.BigIntField()

    class Meta:
        table = "banshi_counter"


class Scan(Personal):
    """An officer looked at a pass. Rows are only ever added, the holder sees them."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: The pass's number, None where what was scanned is no pass of ours.
    number = fields.BigIntField(null=True, db_index=True)
    at = fields.DatetimeField()
    #: When it came in, of one whose phone says when it was; None where `at` is by our own clock.
    received_at = fields.DatetimeField(null=True)
    officer = PersonalId(255)
    department = fields.CharField(max_length=64)
    place = fields.CharField(max_length=200, default="")
    verdict = fields.CharField(max_length=32)

    class Meta:
        table = "banshi_scan"
