from tortoise import migrations
from tortoise.migrations import operations as ops
import datetime
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Attachment",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("person", fields.CharField(max_length=255)),
                (
                    "case_id",
                    fields.UUIDField(
                        null=True, db_index=True, description="The case that uses it, None until a submission names it."
                    ),
                ),
                (
                    "name",
                    fields.CharField(
                        default="", description="What the citizen called it, for display only.", max_length=200
                    ),
                ),
                (
                    "media_type",
                    fields.CharField(description="What the bytes are, never what the client said.", max_length=64),
                ),
                ("size", fields.BigIntField()),
                ("sha256", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "banshi_attachment",
                "app": "banshi",
                "indexes": [Index(fields=["person", "case_id"], name="banshi_attachment_person")],
                "pk_attr": "id",
                "table_description": "A file that somebody uploaded. Its bytes lie in the attachments folder under the id: names are ours.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Case",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("number", fields.CharField(unique=True, max_length=24)),
                ("item", fields.CharField(max_length=64)),
                ("item_version", fields.IntField()),
                ("kind", fields.CharField(max_length=32)),
                ("department", fields.CharField(max_length=64)),
                ("unit", fields.CharField(default="", max_length=64)),
                ("state", fields.CharField(max_length=32)),
                (
                    "person",
                    fields.CharField(
                        description="Subject of the citizen, and the name that the identity provider gave with it.",
                        max_length=255,
                    ),
                ),
                ("person_name", fields.CharField(default="", max_length=255)),
                ("answers", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "version",
                    fields.IntField(
                        default=1,
                        description="Counts the steps: every change is conditional on it, so that of two at once one wins.",
                    ),
                ),
                (
                    "clock_allowed",
                    fields.IntField(
                        null=True,
                        description="The clock of the deadline (see `banshi.calendar.Clock`): working days allowed, used before the present run, and",
                    ),
                ),
                ("clock_used", fields.IntField(default=0)),
                ("clock_since", fields.DateField(null=True)),
                ("due_on", fields.DateField(null=True)),
                ("due_provisional", fields.BooleanField(default=False)),
                (
                    "urgency",
                    fields.DateField(
                        default=datetime.date.fromisoformat("9999-12-31"),
                        description="What the worklist is ordered by: `due_on`, or the end of time.",
                    ),
                ),
                (
                    "reason",
                    fields.JSONField(
                        null=True,
                        description="What the citizen was last told, as texts per language.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("renews", fields.UUIDField(null=True, description="The earlier case that this one renews.")),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "banshi_case",
                "app": "banshi",
                "indexes": [
                    Index(fields=["person", "id"], name="banshi_case_person"),
                    Index(fields=["department", "state", "urgency", "id"], name="banshi_case_worklist"),
                ],
                "pk_attr": "id",
                "table_description": "One citizen's business with one item. Only `banshi.cases` changes a row.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CaseEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "banshi.Case",
                        source_field="case_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("version", fields.IntField(description="The case's version that this step made.")),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("action", fields.CharField(max_length=32)),
                ("state_before", fields.CharField(max_length=32)),
                ("state", fields.CharField(max_length=32)),
                (
                    "actor",
                    fields.CharField(
                        description="citizen, staff or system, and the subject where a person acted.", max_length=16
                    ),
                ),
                ("actor_id", fields.CharField(default="", max_length=255)),
                ("reason", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "details",
                    fields.JSONField(
                        null=True,
                        description='What changed beside the state, without values: {"fields": ["/plate"]}.',
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "banshi_case_event",
                "app": "banshi",
                "unique_together": (("case", "version"),),
                "pk_attr": "id",
                "table_description": "One step of a case: its timeline and its audit. Rows are only ever added.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Counter",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("value", fields.BigIntField()),
            ],
            options={
                "table": "banshi_counter",
                "app": "banshi",
                "pk_attr": "name",
                "table_description": "Numbers that are given out once: `value` is the last one taken.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Hash of the caller and the key.",
                        max_length=64,
                    ),
                ),
                ("fingerprint", fields.CharField(description="Hash of method, path and body.", max_length=64)),
                ("status", fields.SmallIntField()),
                ("headers", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("body", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "banshi_idempotency_key",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "The answer to a creating request, kept so that a repeated one gets the same.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutboxRow",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("consumer", fields.CharField(max_length=64)),
                ("topic", fields.CharField(max_length=64)),
                ("payload", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("lane", fields.SmallIntField(default=0, description="Smaller goes first.")),
                ("state", fields.CharField(default="due", description="due, done or parked.", max_length=8)),
                (
                    "not_before",
                    fields.BigIntField(
                        default=0,
                        description="Milliseconds of the database's clock: not tried before, and leased to a worker until.",
                    ),
                ),
                ("lease_until", fields.BigIntField(default=0)),
                (
                    "attempts",
                    fields.IntField(
                        default=0,
                        description="How often it was claimed, also the fencing token that a settlement has to show.",
                    ),
                ),
                ("dedup", fields.CharField(unique=True, description="The same promise is made once.", max_length=120)),
                ("last_error", fields.CharField(default="", max_length=500)),
                ("settled_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "banshi_outbox",
                "app": "banshi",
                "indexes": [Index(fields=["consumer", "state", "lane", "id"], name="banshi_outbox_due")],
                "pk_attr": "id",
                "table_description": "Something that a transaction promised to do for one consumer, at least once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Pass",
            fields=[
                ("number", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "banshi.Case",
                        source_field="case_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="passes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("item", fields.CharField(max_length=64)),
                ("department", fields.CharField(max_length=64)),
                ("kid", fields.CharField(max_length=16)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("not_before", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "text",
                    fields.TextField(
                        description="The compact text that the QR shows: fetching it again gives the same bytes.",
                        unique=False,
                    ),
                ),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_reason", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "banshi_pass",
                "app": "banshi",
                "pk_attr": "number",
                "table_description": "A signed QR pass. Its number is its place in the status list.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Scan",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "number",
                    fields.BigIntField(
                        null=True,
                        db_index=True,
                        description="The pass's number, None where what was scanned is no pass of ours.",
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("officer", fields.CharField(max_length=255)),
                ("department", fields.CharField(max_length=64)),
                ("place", fields.CharField(default="", max_length=200)),
                ("verdict", fields.CharField(max_length=32)),
            ],
            options={
                "table": "banshi_scan",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "An officer looked at a pass. Rows are only ever added, the holder sees them.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SigningKey",
            fields=[
                (
                    "kid",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Eight hexadecimal digits, as every pass bears it.",
                        max_length=16,
                    ),
                ),
                ("public_pem", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "signs_from",
                    fields.DatetimeField(
                        description="It is published from its creation on and signs from here on, so that verifiers know it before they meet it.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "retired_at",
                    fields.DatetimeField(
                        null=True,
                        description="It signs no more, and stays published for what it signed.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "revoked_at",
                    fields.DatetimeField(
                        null=True,
                        description="It was lost: nothing that it signed is valid.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "banshi_signing_key",
                "app": "banshi",
                "pk_attr": "kid",
                "table_description": "The public half and the life of a key that signs passes, its private half is a file.",
            },
            bases=["Model"],
        ),
    ]
