"""The tables of the chain of audit entries, of who read what, and of who was refused."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalLine

__all__ = ["AuditRemoval", "AuditSeal", "CaseReading", "OperatorCommand", "Refusal"]


class AuditSeal(Model):
    """A link of the audit's chain: which entries there were, bound to the seal before. Rows are only ever added."""

    number = fields.BigIntField(primary_key=True, generated=False)
    at = fields.DatetimeField()
    #: How many entries it has, and for each its id, its case, whether it was found without a mark, and the mark.
    count = fields.IntField()
    entries = fields.BinaryField()
    #: Hash of the seal before, hash of this one, and who signed that, in hexadecimal digits.
    previous = fields.CharField(max_length=64)
    hash = fields.CharField(max_length=64)
    kid = fields.CharField(max_length=16)
    signature = fields.BinaryField()

    class Meta:
        table = "banshi_audit_seal"


class AuditRemoval(Model):
    """An entry that was sealed and has left lawfully: nothing of it but its id."""

    id = fields.UUIDField(primary_key=True)
    at = fields.DatetimeField()
    #: Such as test or tip.
    cause = fields.CharField(max_length=16)
    #: Keyed digest: it was the platform.
    proof = fields.BinaryField()

    class Meta:
        table = "banshi_audit_removal"


class CaseReading(Personal):
    """That a member of staff has read a case. Rows are only ever added, and leave after a time."""

    # Of all that one reads of the other in a quarter of an hour there is one row, whichever processes write it.
    #: A UUIDv7 of the quarter's beginning, its rest a keyed digest of reader and case.
    id = fields.UUIDField(primary_key=True)
    # No foreign key: who reads waits for nobody who works on the case, and the row stays a while behind it.
    case_id = fields.UUIDField()
    #: When it was read first in that quarter.
    at = fields.DatetimeField()
    reader = PersonalId(255)
    #: The role by which they may; the unit is empty where it is for the whole department.
    department = fields.CharField(max_length=64)
    unit = fields.CharField(max_length=64, default="")
    role = fields.CharField(max_length=64)
    # What makes a change of the row show, see `banshi.audit`.
    #: The keyed digest of all columns.
    mark = fields.BinaryField()
    #: The seal that has this entry, None until it is sealed.
    seal = fields.BigIntField(null=True)

    class Meta:
        table = "banshi_case_reading"
        indexes = [
            Index(fields=("case_id", "id"), name="banshi_case_reading_case"),
            Index(fields=("seal", "id"), name="banshi_case_reading_seal"),
        ]


class OperatorCommand(Personal):
    """That an operator has run a command that reads or changes. Rows are only ever added, and leave after a time."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    at = fields.DatetimeField()
    #: The account of the system, and before it whom the operator says they are.
    operator = PersonalLine(255)
    #: As it is typed, such as `keys rotate`.
    command = fields.CharField(max_length=64)
    #: Which options it was given, of those that say what it does: `at_once=True`.
    about = fields.CharField(max_length=200, default="")
    #: Keyed digest of the person whose data it is about, in hexadecimal digits; empty where it is about nobody's.
    whose = fields.CharField(max_length=32, default="")
    #: As the operator says it, and the person reads it.
    purpose = PersonalLine(200, default="")
    # What makes a change of the row show, as of a reading.
    mark = fields.BinaryField()
    seal = fields.BigIntField(null=True)

    class Meta:
        table = "banshi_operator_command"
        indexes = [
            Index(fields=("whose", "id"), name="banshi_operator_command_whose"),
            Index(fields=("seal", "id"), name="banshi_operator_command_seal"),
        ]


class Refusal(Model):
    """That somebody asked for what they may not: once for a subject, an operation and a quarter of an hour."""

    #: As a reading's, of subject and operation.
    id = fields.UUIDField(primary_key=True)
    #: When it was first and last refused in that quarter, and how often.
    first_at = fields.DatetimeField()
    last_at = fields.DatetimeField()
    count = fields.IntField()
    #: Keyed digest of the subject, in hexadecimal digits; empty for all whom there was no room to tell apart.
    subject = fields.CharField(max_length=32)
    #: As the API's document calls it, and the code of the problem.
    operation = fields.CharField(max_length=64)
    code = fields.CharField(max_length=64)

    class Meta:
        table = "banshi_refusal"
