"""The kernel's tables.

Nothing here knows a kind of item, a department or a channel by name. Keys are UUIDv7, so that the newest rows stand
together; a person is the identity provider's subject and nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId, PersonalJSON, PersonalLine, PersonalText
from banshi.foundation.trace_context import LENGTH, present_trace

__all__ = [
    "Attachment",
    "AuditRemoval",
    "AuditSeal",
    "Case",
    "CaseEvent",
    "Counter",
    "Hold",
    "IdempotencyKey",
    "Lease",
    "OutboxRow",
    "Pass",
    "Scan",
    "SigningKey",
]


class Case(Personal):
    """One citizen's business with one item. Only `banshi.cases` changes a row."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    number = fields.CharField(max_length=24, unique=True)
    item = fields.CharField(max_length=64)
    item_version = fields.IntField()
    kind = fields.CharField(max_length=32)
    department = fields.CharField(max_length=64)
    unit = fields.CharField(max_length=64, default="")
    state = fields.CharField(max_length=32)
    # Both are empty where somebody handed it in who doesn't say who they are.
    #: Subject of the citizen, and the name that the identity provider gave with it.
    person = PersonalId(255)
    person_name = PersonalLine(255, default="")
    answers: Any = PersonalJSON()
    #: Counts the steps: every change is conditional on it, so that of two at once one wins.
    version = fields.IntField(default=1)
    #: The clock of the deadline (see `banshi.calendar.Clock`): working days allowed, used before the present run, and
    #: the day since which it runs, or None while it stands.
    clock_allowed = fields.IntField(null=True)
    clock_used = fields.IntField(default=0)
    clock_since = fields.DateField(null=True)
    due_on = fields.DateField(null=True)
    due_provisional = fields.BooleanField(default=False)
    #: What the worklist is ordered by: `due_on`, or the end of time.
    urgency = fields.DateField(default=date.max)
    #: What the citizen was last told, as texts per language.
    reason: Any = PersonalJSON(null=True)
    #: The earlier case that this one renews.
    renews = fields.UUIDField(null=True)
    #: test, team or live: what its item and who made it were when it came to be, and so for good.
    mode = fields.CharField(max_length=4, default="live", db_default="live")
    #: Whether it is all there: kept, leaving (nobody moves it any more), gone (only what statistics count is left).
    content = fields.CharField(max_length=8, default="kept", db_default="kept")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "banshi_case"
        indexes = [
            Index(fields=("person", "id"), name="banshi_case_person"),
            Index(fields=("item", "state", "person"), name="banshi_case_people"),
            # The most urgent of each item and state, however many wait.
            Index(fields=("department", "state", "item", "urgency", "id"), name="banshi_case_work"),
            Index(fields=("mode", "created_at"), name="banshi_case_mode"),
            # What is over for long is found item by item, without those that have gone.
            Index(fields=("content", "item", "state", "updated_at"), name="banshi_case_content"),
        ]


class CaseEvent(Personal):
    """One step of a case: its timeline and its audit. Rows are only ever added."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    case: Any = fields.ForeignKeyField("banshi.Case", related_name="events", on_delete=fields.RESTRICT)
    #: The case's version that this step made.
    version = fields.IntField()
    at = fields.DatetimeField()
    action = fields.CharField(max_length=32)
    state_before = fields.CharField(max_length=32)
    state = fields.CharField(max_length=32)
    # No column: the first entry bears its case's mode until it is written, so that its mark covers that too.
    mode = "live"
    #: citizen, staff or system, and the subject where a person acted.
    actor = fields.CharField(max_length=16)
    actor_id = PersonalId(255, default="")
    reason: Any = PersonalJSON(null=True)
    # "Without values" is true of corrected answers alone. The consents to files that were taken over, `reused` and
    # `reused_for`, are in it word for word: they name the earlier case, and the plate or person that it is about.
    # (The line below is the column's comment in the database, so another wording would be a migration.)
    #: What changed beside the state, without values: {"fields": ["/plate"]}.
    details: Any = PersonalJSON(null=True)
    # What makes a change of the row show, see `banshi.audit`. The store writes the first two with the row.
    #: What the personal columns are hashed with, None once they were blanked, and the keyed digest of all columns.
    salt = fields.BinaryField(null=True)
    mark = fields.BinaryField(null=True)
    #: Once personal columns were blanked: the hash of what they held, and the proof that it was the platform.
    redacted = fields.BinaryField(null=True)
    #: The seal that has this entry, None until it is sealed.
    seal = fields.BigIntField(null=True)

    class Meta:
        table = "banshi_case_event"
        unique_together = (("case", "version"),)
        indexes = [Index(fields=("seal", "id"), name="banshi_case_event_seal")]


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


class OutboxRow(Personal):
    """Something that a transaction promised to do for one consumer, at least once."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    consumer = fields.CharField(max_length=64)
    topic = fields.CharField(max_length=64)
    payload: Any = PersonalJSON()
    #: Smaller goes first.
    lane = fields.SmallIntField(default=0)
    # And dropped, where an operator gave it up. (The line below is the column's comment in the database.)
    #: due, done or parked.
    state = fields.CharField(max_length=8, default="due")
    #: Milliseconds of the database's clock: not tried before, and leased to a worker until.
    not_before = fields.BigIntField(default=0)
    lease_until = fields.BigIntField(default=0)
    #: How often it was claimed, also the fencing token that a settlement has to show.
    attempts = fields.IntField(default=0)
    #: How often it was tried, since it was promised or since an operator wished it to be tried again.
    tries = fields.IntField(default=0, db_default=0)
    #: The same promise is made once.
    dedup = fields.CharField(max_length=120, unique=True)
    #: The traceparent of what it was promised by.
    trace = fields.CharField(max_length=LENGTH, default=present_trace, db_default="")
    last_error = fields.CharField(max_length=500, default="")
    settled_at = fields.BigIntField(null=True)

    class Meta:
        table = "banshi_outbox"
        indexes = [Index(fields=("consumer", "state", "lane", "id"), name="banshi_outbox_due")]


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

    class Meta:
        table = "banshi_attachment"
        indexes = [Index(fields=("person", "case_id"), name="banshi_attachment_person")]


class Counter(Model):
    """Numbers that are given out once: `value` is the last one taken."""

    name = fields.CharField(max_length=64, primary_key=True)
    value = fields.BigIntField()

    class Meta:
        table = "banshi_counter"


class Lease(Model):
    """What one process of a deployment does for all, and until when, in milliseconds of the database's clock."""

    name = fields.CharField(max_length=64, primary_key=True)
    holder = fields.CharField(max_length=32)
    until = fields.BigIntField()

    class Meta:
        table = "banshi_lease"


class Hold(Model):
    """Why nothing goes out: while there is a row, no process claims what was promised, until it is released."""

    name = fields.CharField(max_length=16, primary_key=True)
    #: Milliseconds of the database's clock.
    since = fields.BigIntField()
    reason = fields.CharField(max_length=200)

    class Meta:
        table = "banshi_hold"


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


class Pass(Personal):
    """A signed QR pass. Its number is its place in the status list."""

    number = fields.BigIntField(primary_key=True, generated=False)
    case: Any = fields.ForeignKeyField("banshi.Case", related_name="passes", on_delete=fields.RESTRICT)
    item = fields.CharField(max_length=64)
    department = fields.CharField(max_length=64)
    kid = fields.CharField(max_length=16)
    issued_at = fields.DatetimeField()
    not_before = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    #: The compact text that the QR shows: fetching it again gives the same bytes.
    text = PersonalText()
    #: Of a dynamic one: the key of the phone that holds it, in hexadecimal, empty while none does.
    phone = fields.CharField(max_length=66, null=True)
    revoked_at = fields.DatetimeField(null=True)
    revoked_reason: Any = PersonalJSON(null=True)

    class Meta:
        table = "banshi_pass"
        # Each look at a case asks whether it has one.
        indexes = [Index(fields=("case_id", "number"), name="banshi_pass_case")]


class Scan(Personal):
    """An officer looked at a pass. Rows are only ever added, the holder sees them."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: The pass's number, None where what was scanned is no pass of ours.
    number = fields.BigIntField(null=True, db_index=True)
    at = fields.DatetimeField()
    officer = PersonalId(255)
    department = fields.CharField(max_length=64)
    place = fields.CharField(max_length=200, default="")
    verdict = fields.CharField(max_length=32)

    class Meta:
        table = "banshi_scan"
